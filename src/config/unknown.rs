//! Keys that nobody reads, and what was probably meant.

use std::sync::LazyLock;

use actors::config::{Catalog, Problems, Tree, VisitedSection, is_secret};
use strsim::osa_distance;

/// So many are told one by one; a file with more is not a configuration file.
const MOST: usize = 200;

/// Warns about each key of a file that nobody reads; `written` is what stands below `Butler-SOS`.
/// Returns the paths of those that were meant to hold a secret.
pub(super) fn report(
    visited: &[VisitedSection],
    catalog: &Catalog,
    written: &Tree,
    problems: &Problems,
) -> Vec<String> {
    static NAMES: LazyLock<Names> = LazyLock::new(|| Names::of(super::catalog()));
    report_with(&NAMES, visited, catalog, written, problems)
}

fn report_with(
    names: &Names,
    visited: &[VisitedSection],
    catalog: &Catalog,
    written: &Tree,
    problems: &Problems,
) -> Vec<String> {
    let mut secrets = Vec::new();
    let unknown =
        visited.iter().flat_map(|section| section.unknown.iter().map(move |key| (section, key)));
    let mut left_out = 0;
    for (index, (section, key)) in unknown.enumerate() {
        let path = format!("{}.{key}", section.path);
        if index >= MOST {
            // Nobody knows any more.
            secrets.push(path);
            left_out += 1;
            continue;
        }
        let at = problems.at(&path);
        let missing = names.missing(section, key, written);
        if !missing.is_empty() {
            let list = missing.join(" and ");
            let said = format!("is not known, and {list} is missing{}", suggestion(&missing));
            at.error(said);
            continue;
        }
        let mut meant = nearest(key, section.known.iter().map(String::as_str), |known| known);
        if meant.is_empty() {
            meant = names.further(section, key);
        }
        at.warning(format!("unknown key, ignored{}", suggestion(&meant)));
        let beside = |name: &&str| {
            let path = format!("{}.{name}", section.path);
            let below = path.strip_prefix(super::ROOT).unwrap_or_default().trim_start_matches('.');
            is_secret(&path) || catalog.is_secret(below)
        };
        if meant.iter().any(|name| beside(name) || is_secret(name)) {
            secrets.push(path);
        }
    }
    if left_out > 0 {
        let at = problems.at(super::ROOT);
        at.warning(format!("has {left_out} more unknown keys, ignored"));
    }
    secrets
}

/// Paths of keys, for suggestions.
struct Names {
    /// All that somebody may be sent to.
    current: Vec<String>,
    /// All that nobody is sent to.
    retired: Vec<String>,
    /// Sections and lists that the original requires. What stands in one that is misspelt is
    /// switched off without them, as if it had never been written.
    required: Vec<String>,
}

impl Names {
    fn of(catalog: &Catalog) -> Self {
        let rooted = |paths: Vec<String>| -> Vec<String> {
            paths.iter().map(|path| format!("{}.{path}", super::ROOT)).collect()
        };
        let retired = rooted(catalog.retired());
        let mut current = rooted(catalog.paths());
        let is_old = |key: &str| retired.iter().any(|old| key == old || is_below(key, old));
        current.retain(|key| !is_old(key));
        Self { current, retired, required: catalog.required() }
    }

    /// Required sections that a key is spelt almost like, and that are not in the file.
    fn missing<'a>(&self, section: &'a VisitedSection, key: &str, written: &Tree) -> Vec<&'a str> {
        let Some(above) = section.path.strip_prefix(super::ROOT) else { return Vec::new() };
        let path = |name: &str| format!("{above}.{name}").trim_start_matches('.').to_owned();
        let has =
            |path: &str| path.split('.').try_fold(written, |tree, key| tree.get(key)).is_some();
        let mut close = nearest(key, section.known.iter().map(String::as_str), |known| known);
        close.retain(|name| self.required.contains(&path(name)) && !has(&path(name)));
        close
    }

    /// What a key was probably meant to be that is like none of its siblings: another key of its
    /// section, then of the section around it, and at last any key. A name is close by its
    /// letters, and within a section by one of its words too: `host` is meant to be `brokerHost`.
    /// All but siblings have their whole paths.
    fn further<'a>(&'a self, section: &'a VisitedSection, key: &str) -> Vec<&'a str> {
        let own = any_index(&section.path);
        let mut around = Some(own.as_str());
        let mut close = Vec::new();
        while let Some(path) = around.filter(|_| close.is_empty()) {
            let below = || {
                let all = self.current.iter().map(String::as_str);
                all.filter(move |key| is_below(key, path))
            };
            close = nearest(key, below(), last);
            if close.is_empty() && path == own {
                let siblings = section.known.iter().map(String::as_str);
                let siblings = siblings.filter(|known| has_word(known, key));
                close = siblings
                    .filter(|known| !self.retired.contains(&format!("{own}.{known}")))
                    .collect();
            }
            if close.is_empty() && path != super::ROOT {
                close = below().filter(|path| has_word(last(path), key)).collect();
                close.sort_by_key(|path| path.len());
            }
            around = path.rsplit_once('.').map(|(above, _)| above);
        }
        close
    }
}

/// The name at the end of a path.
fn last(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

fn is_below(key: &str, path: &str) -> bool {
    key.strip_prefix(path).is_some_and(|rest| rest.starts_with(['.', '[']))
}

/// A path with `[]` for every index.
fn any_index(path: &str) -> String {
    let mut parts = path.split('[');
    let begin = parts.next().unwrap_or_default().to_owned();
    parts.fold(begin, |path, part| {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit());
        format!("{path}[{rest}")
    })
}

/// Whether a name begins or ends with certain words: `clientCertKey` does with `client` and `key`.
fn has_word(name: &str, word: &str) -> bool {
    let word = plain(word);
    let ends = name.char_indices().filter(|(_, c)| c.is_uppercase()).map(|(at, _)| at);
    word.len() > 2
        && ends.into_iter().any(|at| plain(&name[..at]) == word || plain(&name[at..]) == word)
}

fn suggestion(meant: &[&str]) -> String {
    let quoted: Vec<String> = meant.iter().take(3).map(|name| format!("\"{name}\"")).collect();
    match quoted.split_last() {
        None => String::new(),
        Some((last, [])) => format!("; did you mean {last}?"),
        Some((last, others)) => format!("; did you mean {} or {last}?", others.join(", ")),
    }
}

/// The candidates whose names are closest, if they are close enough: two letters may differ, in a
/// name of up to four letters one; two letters that changed places count as one. Shorter ones come
/// first.
fn nearest<'a>(
    key: &str,
    candidates: impl Iterator<Item = &'a str>,
    name: impl Fn(&'a str) -> &'a str,
) -> Vec<&'a str> {
    let wanted = plain(key);
    let allowed = if wanted.chars().count() <= 4 { 1 } else { 2 };
    let mut close: Vec<(usize, &str)> = candidates
        .map(|candidate| (osa_distance(&wanted, &plain(name(candidate))), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .collect();
    close.sort_by_key(|(distance, candidate)| (*distance, candidate.len()));
    let closest = close.first().map(|(distance, _)| *distance);
    close.retain(|(distance, _)| Some(*distance) == closest);
    close.into_iter().map(|(_, candidate)| candidate).collect()
}

/// Without letter case, hyphens and underscores.
fn plain(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '-' | '_')).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: [&str; 9] = [
        "Butler-SOS.a",
        "Butler-SOS.a.host",
        "Butler-SOS.a.brokerHost",
        "Butler-SOS.a.list",
        "Butler-SOS.a.list[].clientCertKey",
        "Butler-SOS.a.sub",
        "Butler-SOS.a.sub.topic",
        "Butler-SOS.b.retentionDays",
        "Butler-SOS.topics",
    ];

    fn said_in(path: &str, known: &[&str], unknown: &str, all: &[&str]) -> String {
        let owned = |names: &[&str]| names.iter().copied().map(str::to_owned).collect();
        let section = VisitedSection {
            path: path.to_owned(),
            known: owned(known),
            unknown: owned(&[unknown]),
        };
        let names = Names { current: owned(all), retired: Vec::new(), required: Vec::new() };
        let (catalog, problems) = (Catalog::new(Vec::new()), Problems::default());
        report_with(&names, &[section], &catalog, &Tree::Null, &problems);
        problems.take().remove(0).message
    }

    fn said(unknown: &str) -> String {
        let known = &["enable", "measurementName", "host", "port", "v1Config", "v2Config"];
        said_in("R.a", known, unknown, &["R.a", "R.b.retentionDays"])
    }

    #[test]
    fn what_was_meant_is_found_beside_the_key_then_anywhere() {
        for (unknown, meant) in [
            ("measurmentName", Some("\"measurementName\"")),
            ("Measurement-Name", Some("\"measurementName\"")),
            ("enabled", Some("\"enable\"")),
            ("hsot", Some("\"host\"")),
            ("hosts", Some("\"host\"")),
            ("retentionDay", Some("\"R.b.retentionDays\"")),
            ("vConfig", Some("\"v1Config\" or \"v2Config\"")),
            ("colour", None),
        ] {
            let suggestion = meant.map_or(String::new(), |m| format!("; did you mean {m}?"));
            assert_eq!(said(unknown), format!("unknown key, ignored{suggestion}"), "{unknown}");
        }
    }

    #[test]
    fn a_suggestion_stays_in_the_section_while_something_there_fits() {
        let none: &[&'static str] = &[];
        for (section, known, unknown, meant) in [
            // The nearest of all would be Butler-SOS.topics.
            ("a", none, "topics", Some("a.sub.topic")),
            ("a.sub", none, "clientCertKye", Some("a.list[].clientCertKey")),
            ("a.list[7]", none, "topics", Some("a.sub.topic")),
            ("b", none, "hots", Some("a.host")),
            // By one of their words only keys of the section are found.
            ("a", none, "broker", Some("a.brokerHost")),
            ("a.list[7]", none, "key", Some("a.list[].clientCertKey")),
            ("b", none, "days", Some("b.retentionDays")),
            ("b", none, "broker", None),
            ("b", none, "ost", Some("a.host")),
            ("a", none, "oker", None),
        ] {
            let meant = meant.map(|path| format!("; did you mean \"Butler-SOS.{path}\"?"));
            let expected = format!("unknown key, ignored{}", meant.unwrap_or_default());
            let found = said_in(&format!("Butler-SOS.{section}"), known, unknown, &KEYS);
            assert_eq!(found, expected, "{section}.{unknown}");
        }
        let beside = said_in("Butler-SOS.a", &["brokerHost"], "broker", &KEYS);
        assert_eq!(beside, "unknown key, ignored; did you mean \"brokerHost\"?");
    }
}
