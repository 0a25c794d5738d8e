//! Keys that nobody reads, and what was probably meant.

use actors::domain::yaml::{Problems, Visited, is_secret};
use strsim::osa_distance;

/// So many are told one by one; a file with more is not a configuration file.
const MOST: usize = 200;

/// Old spellings and keys that are not used any more, below `Butler-SOS`. They are read, but nobody
/// is sent to them.
pub const OLD_KEYS: [&str; 18] = [
    "cert.rejectUnauthorized",
    "dockerHealthCheck.enabled",
    "heartbeat.enabled",
    "influxdbConfig.auth",
    "influxdbConfig.dbName",
    "influxdbConfig.enableInfluxdb",
    "influxdbConfig.hostIP",
    "influxdbConfig.hostPort",
    "influxdbConfig.retentionPolicy",
    "logEvents.tags[].tag",
    "logdb",
    "mqttConfig.brokerIP",
    "mqttConfig.enableMQTT",
    "newRelic.metric.enable",
    "serversToMonitor.servers[].logDbHost",
    "uptimeMonitor.enabled",
    "userEvents.sendToMQTT.topic",
    "userEvents.tags[].tag",
];

/// Sections and lists that the original requires, below `Butler-SOS`. What stands in one that is
/// misspelt is switched off without them, as if it had never been written.
const REQUIRED: [&str; 20] = [
    "appNames",
    "cert",
    "configVisualisation",
    "crashFile",
    "dockerHealthCheck",
    "errorTracking",
    "heartbeat",
    "influxdbConfig",
    "logEvents",
    "mqttConfig",
    "newRelic",
    "prometheus",
    "qlikSenseEvents",
    "serversToMonitor",
    "serversToMonitor.servers",
    "systemInfo",
    "thirdPartyToolsCredentials",
    "uptimeMonitor",
    "userEvents",
    "userSessions",
];

/// Warns about each key that nobody reads. `all` are the paths of all keys there are, with `[]`
/// for the items of lists; `has` says whether a path below `Butler-SOS` is in the file. Returns
/// the paths of those that were meant to hold a secret.
pub(super) fn tell(
    visited: &[Visited],
    all: impl Fn() -> Vec<String>,
    has: impl Fn(&str) -> bool,
    problems: &Problems,
) -> Vec<String> {
    let mut all_keys = None;
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
        let at = problems.reader(&path);
        let missing = missing(section, key, &has);
        if !missing.is_empty() {
            let names = missing.join(" and ");
            let said = format!("is not known, and {names} is missing{}", suggestion(&missing));
            at.error(said);
            continue;
        }
        let mut meant = nearest(key, section.known.iter().copied(), |known| known);
        if meant.is_empty() {
            // They take a while to find.
            meant = further(section, key, all_keys.get_or_insert_with(&all));
        }
        at.warning(format!("unknown key, ignored{}", suggestion(&meant)));
        let beside = |name: &&str| is_secret(&format!("{}.{name}", section.path));
        if meant.iter().any(|name| beside(name) || is_secret(name)) {
            secrets.push(path);
        }
    }
    if left_out > 0 {
        let at = problems.reader(super::ROOT);
        at.warning(format!("has {left_out} more unknown keys, ignored"));
    }
    secrets
}

/// Required sections that a key is spelt almost like, and that are not in the file.
fn missing<'a>(section: &'a Visited, key: &str, has: impl Fn(&str) -> bool) -> Vec<&'a str> {
    let Some(above) = section.path.strip_prefix(super::ROOT) else { return Vec::new() };
    let path = |name: &str| format!("{above}.{name}").trim_start_matches('.').to_owned();
    let mut close = nearest(key, section.known.iter().copied(), |known| known);
    close.retain(|name| REQUIRED.contains(&path(name).as_str()) && !has(&path(name)));
    close
}

/// What a key was probably meant to be that is like none of its siblings: another key of its
/// section, then of the section around it, and at last any key. A name is close by its letters, and
/// within a section by one of its words too: `host` is meant to be `brokerHost`. All but siblings
/// have their whole paths.
fn further<'a>(section: &Visited, key: &str, all: &'a [String]) -> Vec<&'a str> {
    let own = any_index(&section.path);
    let mut around = Some(own.as_str());
    let mut close = Vec::new();
    while let Some(path) = around.filter(|_| close.is_empty()) {
        let new = all.iter().map(String::as_str).filter(|key| !is_old(key));
        let below = || new.clone().filter(|key| is_below(key, path));
        close = nearest(key, below(), last);
        if close.is_empty() && path == own {
            let siblings = section.known.iter().copied().filter(|known| has_word(known, key));
            close = siblings.filter(|known| !is_old(&format!("{own}.{known}"))).collect();
        }
        if close.is_empty() && path != super::ROOT {
            close = below().filter(|path| has_word(last(path), key)).collect();
            close.sort_by_key(|path| path.len());
        }
        around = path.rsplit_once('.').map(|(above, _)| above);
    }
    close
}

/// The name at the end of a path.
fn last(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

fn is_old(path: &str) -> bool {
    let below_root = path.strip_prefix(super::ROOT).and_then(|path| path.strip_prefix('.'));
    below_root.is_some_and(|key| OLD_KEYS.iter().any(|old| key == *old || is_below(key, old)))
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

    fn said_in(path: &str, known: &'static [&'static str], unknown: &str, all: &[&str]) -> String {
        let section = Visited { path: path.to_owned(), known, unknown: vec![unknown.to_owned()] };
        let all = || all.iter().copied().map(str::to_owned).collect();
        let problems = Problems::default();
        tell(&[section], all, |_| false, &problems);
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
