//! Browser and operating system from a user agent, as the library of the original names them. The
//! tables are in `agents.rs`.

use std::borrow::Cow;
use std::ops::Range;

use super::agents::{Browser, Place, Release, System, Version};
use super::markers::find;

/// What a user agent says; empty where it says nothing that is known.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct UserAgent<'a> {
    /// `Chrome`; of an agent that nobody knows, what stands before its version.
    pub(super) browser: &'a str,
    /// Leading digits of the browser's version.
    pub(super) browser_major: &'a str,
    /// `Windows`.
    pub(super) os: &'static str,
    /// `NT 10.0`.
    pub(super) os_version: Cow<'a, str>,
}

impl<'a> UserAgent<'a> {
    /// Reads a user agent.
    pub(super) fn of(agent: &'a str) -> Self {
        let (browser, system) = find(agent);
        let (name, version) = match browser {
            Some((row, end)) => (row.name, row.version(agent, end)),
            None => by_its_shape(agent),
        };
        let major = version.bytes().take_while(u8::is_ascii_digit).count();
        let (os, os_version) = match system {
            Some((row, end)) => row.name_and_version(agent, end),
            None => ("", "".into()),
        };
        Self { browser: name, browser_major: &version[..major], os, os_version }
    }

    /// The agent inside the message of a user event: what follows the first `UserAgent:`, up to a
    /// second one, without quotes.
    pub(super) fn in_message(message: &str) -> Option<Cow<'_, str>> {
        let (_, agent) = message.split_once(MARK)?;
        let agent = agent.split(MARK).next().unwrap_or_default().trim();
        // Most have one quote at each end.
        let inner = agent.strip_prefix('\'').unwrap_or(agent);
        let inner = inner.strip_suffix('\'').unwrap_or(inner);
        Some(if inner.contains('\'') {
            Cow::Owned(inner.replace('\'', ""))
        } else {
            Cow::Borrowed(inner)
        })
    }
}

const MARK: &str = "UserAgent:";

impl Place {
    /// Whether a marker at `at` counts.
    pub(super) fn counts(self, agent: &str, at: Range<usize>) -> bool {
        let (before, after) = (&agent[..at.start], &agent[at.end..]);
        match self {
            Self::Anywhere => true,
            Self::Word => !before.ends_with(|c: char| c.is_ascii_alphanumeric()),
            Self::End => {
                before.ends_with(' ') && after.bytes().all(|b| b.is_ascii_digit() || b == b'.')
            }
            Self::Numbered => !number(after).is_empty(),
            Self::NotLike => !ends_with(before, "like "),
            Self::Spelled(text) => &agent[at] == text,
        }
    }
}

impl Browser {
    fn version<'a>(&self, agent: &'a str, end: usize) -> &'a str {
        let own = || number(without_separator(&agent[end..]));
        let common = || behind(agent, "version/");
        let first =
            |one: &'a str, or: &dyn Fn() -> &'a str| if one.is_empty() { or() } else { one };
        match self.version {
            Version::Marker => first(own(), &common),
            Version::Common => first(common(), &own),
            Version::MarkerOnly => own(),
            Version::CommonOnly => common(),
            Version::Behind(texts) => {
                texts.iter().map(|text| behind(agent, text)).find(|it| !it.is_empty()).unwrap_or("")
            }
            Version::Unknown => "",
        }
    }
}

impl System {
    fn name_and_version<'a>(&self, agent: &'a str, end: usize) -> (&'static str, Cow<'a, str>) {
        let after = &agent[end..];
        let version = match self.release {
            Release::Windows => windows(after),
            // Firefox on a tablet calls itself a computer.
            Release::Mac if after.contains(" FxiOS") => {
                return ("iOS", behind(agent, "version/").into());
            }
            Release::Mac => behind(after, "mac os x "),
            Release::Ios => ios(agent),
            Release::Marker => digits_and_dots(without_separator(after)),
            Release::Only(version) => version,
            Release::Unknown => "",
        };
        let dotted = if version.contains(['_', ' ']) && self.release != Release::Windows {
            Cow::Owned(version.replace(['_', ' '], "."))
        } else {
            Cow::Borrowed(version)
        };
        (self.name, dotted)
    }
}

/// `NT` or `XP`, and a version like `10.0` where there is one.
fn windows(text: &str) -> &str {
    let Some(kernel) = text.get(..2).filter(|it| it.eq_ignore_ascii_case("NT") || *it == "XP")
    else {
        return "";
    };
    let version = digits_and_dots(text[2..].strip_prefix(' ').unwrap_or_default());
    match version.split_once('.') {
        Some((major, minor)) if major.len() <= 2 && !minor.is_empty() => {
            &text[..kernel.len() + 1 + major.len() + 2]
        }
        _ => kernel,
    }
}

/// What stands between `OS ` and ` like Mac OS X`.
fn ios(agent: &str) -> &str {
    let mut rest = agent;
    while let Some(at) = find_text(rest, "os ") {
        rest = &rest[at + 3..];
        let is_inside = |b: &u8| b.is_ascii_digit() || matches!(b, b'_' | b' ');
        let version = rest[..rest.bytes().take_while(|b| is_inside(b)).count()].trim_end();
        if !version.is_empty() && starts_with(&rest[version.len()..], " like mac os x") {
            return version;
        }
    }
    ""
}

/// The name and the version of an agent of which only the shape is known: `name/version (…`, or
/// without brackets `name/version …`. The last ones count.
fn by_its_shape(agent: &str) -> (&str, &str) {
    let end = if agent.contains('(') {
        agent.rmatch_indices('(').map(|(at, _)| at).find(|at| agent[..*at].ends_with([' ', '\t']))
    } else {
        agent.rfind(' ').map(|at| at + 1)
    };
    let head = end.map(|end| &agent[..end - 1]);
    head.and_then(|head| head.rsplit_once('/')).unwrap_or_default()
}

/// The version behind the first place of a text, in lower case, that has one.
fn behind<'a>(agent: &'a str, text: &str) -> &'a str {
    let mut rest = agent;
    while let Some(at) = find_text(rest, text) {
        rest = &rest[at + text.len()..];
        let version = number(rest);
        if !version.is_empty() {
            return version;
        }
    }
    ""
}

fn without_separator(text: &str) -> &str {
    text.strip_prefix([' ', '/']).unwrap_or(text)
}

/// A version in front: digits, between them dots and underscores. One digit alone is none.
fn number(text: &str) -> &str {
    let bytes = text.as_bytes();
    let (mut end, mut digits) = (0, 0);
    loop {
        let more = bytes[end..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        if more == 0 {
            break;
        }
        (end, digits) = (end + more, digits + more);
        let between = usize::from(bytes.get(end) == Some(&b'.'));
        let between = between + usize::from(bytes.get(end + between) == Some(&b'_'));
        if between == 0 || !bytes.get(end + between).is_some_and(u8::is_ascii_digit) {
            break;
        }
        end += between;
    }
    if digits < 2 { "" } else { &text[..end] }
}

/// Digits with dots between them.
fn digits_and_dots(text: &str) -> &str {
    let end = text.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
    text[..end].trim_end_matches('.')
}

/// Where a text, in lower case, begins; letter case does not matter.
fn find_text(agent: &str, text: &str) -> Option<usize> {
    let first = *text.as_bytes().first()?;
    memchr::memchr2_iter(first, first.to_ascii_uppercase(), agent.as_bytes())
        .find(|at| starts_with(&agent[*at..], text))
}

fn starts_with(agent: &str, text: &str) -> bool {
    agent.get(..text.len()).is_some_and(|head| head.eq_ignore_ascii_case(text))
}

fn ends_with(agent: &str, text: &str) -> bool {
    let tail = agent.len().checked_sub(text.len()).and_then(|at| agent.get(at..));
    tail.is_some_and(|tail| tail.eq_ignore_ascii_case(text))
}

#[cfg(test)]
#[path = "agent_tests.rs"]
mod tests;
