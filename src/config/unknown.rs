//! Keys that nobody reads, and what was probably meant.

use actors::domain::yaml::{Problems, Visited, is_secret};
use strsim::osa_distance;

/// So many are told one by one; a file with more is not a configuration file.
const MOST: usize = 200;

/// Warns about each key that nobody reads. `all` are the paths of all keys there are, with `[]`
/// for the items of lists. Returns the paths of those that were meant to hold a secret.
pub(super) fn tell(
    visited: &[Visited],
    all: impl Fn() -> Vec<String>,
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
        let mut meant = nearest(key, section.known.iter().copied(), |known| known);
        if meant.is_empty() {
            let all_keys = all_keys.get_or_insert_with(&all);
            let paths = all_keys.iter().map(String::as_str);
            meant = nearest(key, paths, |path| path.rsplit('.').next().unwrap_or(path));
        }
        let at = problems.reader(&path);
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

    fn said(unknown: &str) -> String {
        let section = Visited {
            path: "R.a".to_owned(),
            known: &["enable", "measurementName", "host", "port", "v1Config", "v2Config"],
            unknown: vec![unknown.to_owned()],
        };
        let all = || vec!["R.a".to_owned(), "R.b.retentionDays".to_owned()];
        let problems = Problems::default();
        tell(&[section], all, &problems);
        problems.take().remove(0).message
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
}
