//! From options to a filter. What nothing can pass is an error: "no errors" would be good news.

use std::path::Path;

use actors::domain::errors::{Category, ErrorType, Module};
use actors::domain::point::Stamp;
use actors::io::error_log::{ErrorReader, Filter};
use actors::runtime::clock::Clock;

use super::layout::printable;
use super::moment::{Edge, hours_before, parse};
use crate::cli::ErrorsArgs;

/// Hours when nobody says since when.
const HOURS: i64 = 24;

/// Names that a message lists.
const LISTED: usize = 30;

/// The filter that the options ask for.
///
/// # Errors
/// A message that names the option, and what it takes.
pub(super) fn of(args: &ErrorsArgs, clock: &Clock) -> Result<Filter, String> {
    let now = clock.now();
    let until = args.until.as_deref().map(|text| parse(Edge::End, text, now)).transpose()?;
    let since = match args.since.as_deref() {
        Some(text) => parse(Edge::Begin, text, now)?,
        None => {
            let end = until.or(now.timestamp_nanos_opt().map(Stamp));
            hours_before(end.unwrap_or(Stamp(0)), HOURS)
        }
    };
    if let Some(until) = until.filter(|until| *until <= since) {
        return Err(format!(
            "error: nothing lies between --since and --until: {} is not before {}",
            minute(since),
            minute(until)
        ));
    }
    let types = ErrorType::ALL.map(ErrorType::as_str);
    let modules = Module::ALL.map(Module::as_str);
    let categories = Category::ALL.map(Category::as_str);
    Ok(Filter {
        since: Some(since),
        until,
        error_types: each(&args.error_type, "error type", &types, |text| {
            ErrorType::from_text(&text.to_uppercase())
        })?,
        servers: args.server.clone(),
        hosts: args.host.clone(),
        modules: each(&args.module, "module", &modules, |text| {
            Module::from_text(&text.to_uppercase())
        })?,
        categories: each(&args.category, "category", &categories, |text| {
            Category::from_text(&text.to_lowercase())
        })?,
    })
}

fn each<T>(
    texts: &[String],
    what: &str,
    all: &[&str],
    read: impl Fn(&str) -> Option<T>,
) -> Result<Vec<T>, String> {
    let read = |text: &String| {
        read(text).ok_or_else(|| {
            format!("error: there is no {what} {text:?}\n\nAllowed are: {}", all.join(", "))
        })
    };
    texts.iter().map(read).collect()
}

/// Checks that servers and hosts that are asked for are known at all: to the history, or as one of
/// the `configured` servers.
///
/// # Errors
/// A message with the names that are known.
pub(super) fn check_names(
    filter: &Filter,
    reader: &ErrorReader,
    configured: &[String],
    file: &Path,
) -> Result<(), String> {
    let unreadable = |error: &dyn std::fmt::Display| {
        format!("error: {} cannot be read: {error}", file.display())
    };
    if filter.servers.iter().any(|server| !server.is_empty()) {
        let mut known = reader.servers().map_err(|error| unreadable(&error))?;
        known.extend(configured.iter().cloned());
        known.sort();
        known.dedup();
        let asked = filter.servers.iter().filter(|server| !server.is_empty());
        if let Some(server) = asked.into_iter().find(|server| !known.contains(server)) {
            return Err(unknown("server", server, &known));
        }
    }
    for host in &filter.hosts {
        let alone = Filter { hosts: vec![host.clone()], ..Filter::default() };
        if reader.totals(&alone).map_err(|error| unreadable(&error))?.is_empty() {
            let known = reader.hosts().map_err(|error| unreadable(&error))?;
            return Err(unknown("host", host, &known));
        }
    }
    Ok(())
}

fn unknown(what: &str, name: &str, known: &[String]) -> String {
    let listed = known.iter().take(LISTED).map(|name| printable(name)).collect::<Vec<_>>();
    let known = match known.len() {
        0 => "The history names none yet.".to_owned(),
        all if all > LISTED => {
            format!("Known are: {} and {} more", listed.join(", "), all - LISTED)
        }
        _ => format!("Known are: {}", listed.join(", ")),
    };
    format!("error: there is no {what} {name:?} in the history\n\n{known}")
}

/// The time that a filter covers, in words.
pub(super) fn period(filter: &Filter) -> String {
    let since = filter.since.filter(|since| since.0 > i64::MIN);
    match (since, filter.until) {
        (Some(since), Some(until)) => format!("from {} until {}", minute(since), minute(until)),
        (Some(since), None) => format!("since {}", minute(since)),
        (None, Some(until)) => format!("until {}", minute(until)),
        (None, None) => "at all".to_owned(),
    }
}

fn minute(stamp: Stamp) -> String {
    stamp.to_utc().format("%Y-%m-%d %H:%M UTC").to_string()
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command};

    fn filter(options: &str) -> Result<Filter, String> {
        let line = format!("butler-sos errors {options}");
        let Some(Command::Errors(args)) =
            Cli::try_parse_from(line.split_whitespace()).unwrap().command
        else {
            panic!("{line}")
        };
        of(&args, &Clock::manual("2026-11-25T15:30:00Z".parse().unwrap()))
    }

    #[test]
    fn options_may_be_repeated_and_spelt_in_small_letters() {
        let found =
            filter("--type health_api --type PROXY_API --module log_events --server a").unwrap();
        assert_eq!(found.error_types, [ErrorType::HealthApi, ErrorType::ProxyApi]);
        assert_eq!(
            found.modules.iter().map(|module| module.as_str()).collect::<Vec<_>>(),
            ["LOG_EVENTS"]
        );
        assert_eq!((found.servers, found.hosts), (vec!["a".to_owned()], Vec::new()));
        let error = filter("--module HEALTH").unwrap_err();
        assert!(error.contains("Allowed are: HEALTH_METRICS, "), "{error}");
    }

    #[test]
    fn the_period_is_a_day_unless_it_is_said() {
        for (options, expected) in [
            ("", "since 2026-11-24 15:30 UTC"),
            ("--until 2026-11-20", "from 2026-11-20 00:00 UTC until 2026-11-21 00:00 UTC"),
            (
                "--since 2026-11-20 --until 1h",
                "from 2026-11-20 00:00 UTC until 2026-11-25 14:30 UTC",
            ),
            ("--since 9999999999w", "at all"),
        ] {
            assert_eq!(period(&filter(options).unwrap()), expected, "{options}");
        }
        let error = filter("--since 1h --until 2h").unwrap_err();
        assert!(
            error.contains("2026-11-25 14:30 UTC is not before 2026-11-25 13:30 UTC"),
            "{error}"
        );
    }
}
