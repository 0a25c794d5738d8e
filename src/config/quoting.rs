//! Texts that need quotes: a secret may begin with any letter, YAML gives some of them a meaning.

use actors::config::{Mistake, is_secret};

/// Letters that no text without quotes may begin with.
const INDICATORS: &str = "@%`!|>*&#[]{},\"'?";

/// What helps against a mistake in a text, where something does. Nothing of a value but its first
/// letter is in it.
pub(super) fn help(text: &str, mistake: &Mistake) -> Option<String> {
    let reason = &mistake.reason;
    if mistake.hint.is_some() {
        return mistake.hint.clone();
    }
    if reason.contains("escape") && !reason.contains("tag") {
        return Some("put paths with backslashes into single quotes".to_owned());
    }
    if text.lines().any(|line| line.trim_start_matches(' ').starts_with('\t')) {
        return Some("indent with spaces, not with tabs".to_owned());
    }
    quotes(text, mistake.at, reason)
}

/// What helps at a line and column, from 1, where quotes do.
fn quotes(text: &str, at: (usize, usize), reason: &str) -> Option<String> {
    let (number, column) = at;
    let line = text.lines().nth(number - 1).unwrap_or_default();
    if reason.contains("mapping values") || reason.contains("simple key") {
        let several = values(line).any(|(_, value)| value.contains(": "));
        if several {
            return Some("put a text that has a colon and a blank in it into single quotes".into());
        }
    }
    let there = line.chars().nth(column - 1).filter(|c| "@%`*&!|>".contains(*c));
    let begins = || values(line).find_map(|(_, value)| indicator(value));
    if let Some(letter) = there.or_else(begins) {
        return Some(advice(letter));
    }
    // A bracket or a quotation mark that is never closed is an error far below.
    text.lines().enumerate().take(number).find_map(|(index, line)| {
        let open = |(key, value): (&str, &str)| indicator(value).filter(|_| is_secret(key));
        let letter = values(line).find_map(open)?;
        Some(format!("if it is because of line {}: {}", index + 1, advice(letter)))
    })
}

fn advice(letter: char) -> String {
    format!("put a text that begins with {letter} into single quotes")
}

/// The first letter of a value, if it means something.
fn indicator(value: &str) -> Option<char> {
    value.chars().next().filter(|letter| INDICATORS.contains(*letter))
}

/// Keys of a line with the text behind them, in block and flow style.
fn values(line: &str) -> impl Iterator<Item = (&str, &str)> {
    line.match_indices(": ").map(|(at, _)| {
        let key = line[..at].rsplit(['{', ',', ' ', '\t']).next().unwrap_or_default();
        (key.trim_matches(['\'', '"']), line[at + 2..].trim_start())
    })
}

/// Secrets without a value because YAML took what stands there for something else: line from 1,
/// key, and what is to be told.
pub(super) fn swallowed(text: &str) -> Vec<(usize, &str, String)> {
    let lines = text.lines().enumerate();
    let found = lines.filter_map(|(index, line)| {
        let (key, value) = values(line).find(|(_, value)| value.starts_with(['#', '&']))?;
        let meaning = match value[1..].chars().next()? {
            ' ' | '\t' | '#' => return None,
            _ if value.starts_with('#') => "begins a comment",
            // What follows a name is a value after all.
            _ if value.trim_end().contains(' ') => return None,
            _ => "names a value that is not there",
        };
        let in_comment = line.split(key).next().is_some_and(|before| before.contains('#'));
        let said = format!(
            "has no value, because {} {meaning}: if it was meant to be the first letter of the \
             value, put that into single quotes",
            &value[..1]
        );
        (is_secret(key) && !in_comment).then_some((index + 1, key, said))
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use actors::config::compose;

    use super::*;

    fn error(text: &str) -> String {
        let mistake = compose(text).expect_err("an error");
        let help = help(text, &mistake).unwrap_or_default();
        format!("{}; {help}", mistake.reason)
    }

    #[test]
    fn a_secret_that_needs_quotes_is_told_so_and_not_shown() {
        for secret in ["@hunter2", "%hunter2", "`hunter2", "!hunter2", "!hun:ter2", "!!hunter2"] {
            for text in [
                format!("Butler-SOS:\n  v2Config:\n    token: {secret}\n    org: o\n"),
                format!("Butler-SOS: {{ v2Config: {{ org: o, token: {secret} }} }}\n"),
                format!("Butler-SOS:\n  headers:\n    - {{ name: x, token: {secret} }}\n"),
            ] {
                let told = error(&text);
                let letter = &secret[..1];
                let advice = format!("put a text that begins with {letter} into single quotes");
                assert!(told.contains(&advice), "{text}: {told}");
                assert!(!told.contains("hunter2") && !told.contains("ter2"), "{told}");
            }
        }
        for secret in ["*hunter2", "|hunter2", ">hunter2", "{hunter2", "[hunter2", "\"hunter2"] {
            let told = error(&format!("Butler-SOS:\n  token: {secret}\n  org: o\n"));
            let advice = format!("put a text that begins with {} into single quotes", &secret[..1]);
            assert!(told.contains(&advice), "{secret}: {told}");
            assert!(!told.contains("hunter2"), "{told}");
        }
        let told = error("Butler-SOS:\n  password: hun: ter2\n");
        assert!(told.contains("put a text that has a colon and a blank in it into"), "{told}");
    }

    #[test]
    fn other_mistakes_are_not_blamed_on_quotes() {
        for text in ["Butler-SOS:\n  a: 1\n b: 2\n", "a: 1\na: 2\n", "a: 1\n---\nb: 1\n"] {
            assert!(!error(text).contains("single quotes"), "{}", error(text));
        }
    }

    #[test]
    fn a_secret_that_was_swallowed_is_noticed() {
        for (line, letter) in [
            ("  password: #hunter2", Some('#')),
            ("  token: &hunter2", Some('&')),
            ("  clientCertPassphrase:    #hunter2", Some('#')),
            ("  - { name: x, apiKey: &hunter2", Some('&')),
            ("  password: # none", None),
            ("  password: ## none ##", None),
            ("  password: &all hunter2", None),
            ("  password: '#hunter2'", None),
            ("  # password: #hunter2", None),
            ("  logLevel: #debug", None),
        ] {
            let found = swallowed(line);
            assert_eq!(found.len(), usize::from(letter.is_some()), "{line}");
            for (number, _, said) in found {
                assert_eq!(number, 1);
                assert!(said.contains(&format!("because {} ", letter.unwrap())), "{said}");
                assert!(!said.contains("hunter2"), "{said}");
            }
        }
    }
}
