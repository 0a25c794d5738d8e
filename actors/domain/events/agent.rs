//! Browser and operating system from a user agent: the two tables of section 1.4 of the page on
//! events. Rarer agents stay unnamed; a wrong name would be worse.

use std::borrow::Cow;
use std::sync::LazyLock;

use memchr::memmem::Finder;

/// What a user agent says; empty where it says nothing that is known.
pub(super) struct UserAgent<'a> {
    /// `Chrome`.
    pub(super) browser: &'static str,
    /// Leading digits of the browser's version.
    pub(super) browser_major: &'a str,
    /// `Windows`.
    pub(super) os: &'static str,
    /// `NT `: stands before the version.
    pub(super) os_kernel: &'static str,
    /// `10.0`.
    pub(super) os_version: Cow<'a, str>,
}

/// A text that is looked for in every agent.
struct Marker(Finder<'static>, &'static str);

impl Marker {
    fn new(text: &'static str) -> Self {
        Self(Finder::new(text), text)
    }

    /// What follows the marker.
    fn after<'a>(&self, agent: &'a str) -> Option<&'a str> {
        let at = self.0.find(agent.as_bytes())?;
        agent.get(at + self.1.len()..)
    }
}

/// What is prepared once for all agents: looking is cheap, getting ready to look is not.
static MARKERS: LazyLock<Markers> = LazyLock::new(|| Markers {
    browsers: BROWSERS.map(|(marker, name)| (Marker::new(marker), name)),
    windows: Marker::new("Windows NT "),
    versioned: VERSIONED.map(|(marker, name)| (Marker::new(marker), name)),
    named: NAMED.map(|(marker, name)| (Marker::new(marker), name)),
});

struct Markers {
    browsers: [(Marker, &'static str); BROWSERS.len()],
    windows: Marker,
    versioned: [(Marker, &'static str); VERSIONED.len()],
    named: [(Marker, &'static str); NAMED.len()],
}

/// Marker in the agent, browser. The first that is found counts: most agents name several.
const BROWSERS: [(&str, &str); 12] = [
    ("Edg/", "Microsoft Edge"),
    ("Edge/", "Microsoft Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet for Android"),
    ("MSIE ", "Internet Explorer"),
    ("Trident/", "Internet Explorer"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("HeadlessChrome/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

impl<'a> UserAgent<'a> {
    /// Reads a user agent.
    pub(super) fn of(agent: &'a str) -> Self {
        let (browser, version) = browser(agent);
        let major = version.bytes().take_while(u8::is_ascii_digit).count();
        let (os, os_kernel, os_version) = os(agent);
        Self { browser, browser_major: &version[..major], os, os_kernel, os_version }
    }
}

impl UserAgent<'_> {
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

fn browser(agent: &str) -> (&'static str, &str) {
    if let Some(version) = agent.strip_prefix("Opera/") {
        return ("Opera", version);
    }
    let after = |marker| agent.split_once(marker).map(|(_, after)| after);
    for (marker, name) in &MARKERS.browsers {
        let Some(version) = marker.after(agent) else { continue };
        return match marker.1 {
            "Trident/" => (name, after("rv:").unwrap_or_default()),
            "Safari/" => match after("Version/") {
                Some(version) => (name, version),
                None => continue,
            },
            _ => (name, version),
        };
    }
    ("", "")
}

/// Digits with dots or underscores, the latter written as dots.
fn version(text: &str) -> Cow<'_, str> {
    let end = text.bytes().take_while(|b| b.is_ascii_digit() || matches!(b, b'.' | b'_')).count();
    let version = &text[..end];
    if version.contains('_') { Cow::Owned(version.replace('_', ".")) } else { version.into() }
}

/// Name, kernel and version.
fn os(agent: &str) -> (&'static str, &'static str, Cow<'_, str>) {
    if let Some(rest) = MARKERS.windows.after(agent) {
        return ("Windows", "NT ", version(rest));
    }
    for (marker, name) in &MARKERS.versioned {
        if let Some(rest) = marker.after(agent) {
            return (name, "", version(rest));
        }
    }
    let named = MARKERS.named.iter().find(|(marker, _)| marker.after(agent).is_some());
    (named.map_or("", |(_, name)| name), "", "".into())
}

/// Systems whose version follows the marker, beside Windows.
const VERSIONED: [(&str, &str); 4] =
    [("iPhone OS ", "iOS"), ("CPU OS ", "iOS"), ("Mac OS X ", "macOS"), ("Android ", "Android")];

/// Systems that do not say their version.
const NAMED: [(&str, &str); 2] = [("CrOS", "Chrome OS"), ("Linux", "Linux")];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_agents_are_named() {
        const KIT: &str = "AppleWebKit/537.36 (KHTML, like Gecko)";
        for (agent, expected) in [
            (
                format!("Mozilla/5.0 (Windows NT 10.0; Win64; x64) {KIT} Chrome/138.0.0.0 Safari/537.36"),
                ["Chrome", "138", "Windows", "NT 10.0"],
            ),
            (
                format!("Mozilla/5.0 (X11; Linux x86_64) {KIT} Chrome/120.0.0.0 Safari/537.36 Edg/120.1"),
                ["Microsoft Edge", "120", "Linux", ""],
            ),
            (
                format!("Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {KIT} Chrome/119.0 Safari/537.36 OPR/105.0"),
                ["Opera", "105", "Chrome OS", ""],
            ),
            (
                "Mozilla/5.0 (Windows NT 6.1; Trident/7.0; rv:11.0) like Gecko".to_owned(),
                ["Internet Explorer", "11", "Windows", "NT 6.1"],
            ),
            (
                "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 5.1)".to_owned(),
                ["Internet Explorer", "8", "Windows", "NT 5.1"],
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605 Version/17.4 Safari/605".to_owned(),
                ["Safari", "17", "macOS", "10.15.7"],
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) CriOS/118.0 Safari/604".to_owned(),
                ["Chrome", "118", "iOS", "17.1"],
            ),
            (
                "Mozilla/5.0 (Linux; Android 14; SM) SamsungBrowser/23.0 Chrome/115.0 Safari/537".to_owned(),
                ["Samsung Internet for Android", "23", "Android", "14"],
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:109.0) Gecko Firefox/121.0".to_owned(),
                ["Firefox", "121", "macOS", "10.15"],
            ),
            ("curl/8".to_owned(), ["", "", "", ""]),
            ("Mozilla/5.0".to_owned(), ["", "", "", ""]),
            ("".to_owned(), ["", "", "", ""]),
        ] {
            let read = UserAgent::of(&agent);
            assert_eq!(
                [read.browser, read.browser_major, read.os, &(read.os_kernel.to_owned() + &read.os_version)],
                expected,
                "{agent}"
            );
        }
    }

    #[test]
    fn the_agent_is_found_in_the_message() {
        for (message, agent) in [
            ("Start; UserAgent: 'curl/8'", Some("curl/8")),
            ("UserAgent: a'b UserAgent: c", Some("ab")),
            ("UserAgent:", Some("")),
            ("none", None),
        ] {
            assert_eq!(UserAgent::in_message(message).as_deref(), agent);
        }
    }
}
