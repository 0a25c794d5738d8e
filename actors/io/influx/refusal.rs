//! What InfluxDB says when it refuses points.

use chrono::DateTime;
use serde_json::Value;

use super::retype::Conflict;
use crate::io::quoted::without_secrets;

/// A refusal in InfluxDB's own words, and what it says about the points.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The server's words, bounded, on one line.
    pub(super) message: String,
    /// Points that were not named were stored.
    pub(super) partial: bool,
    /// How many points were not stored, where the server says.
    pub(super) dropped: Option<usize>,
    /// Lines of the request that were not stored, where the server numbers them.
    pub(super) lines: Vec<BadLine>,
    /// Lines that could not be parsed, where the server quotes them.
    pub(super) quoted: Vec<String>,
    /// The column that has another type.
    pub(super) conflict: Option<Conflict>,
    /// Points that are older than the database keeps points.
    pub(super) too_old: Option<TooOld>,
    /// The request is larger than the server takes.
    pub(super) too_large: bool,
}

/// A line of the request that was not stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BadLine {
    /// Its number in the request, from 0.
    pub(super) index: usize,
    /// Its beginning as the server has read it, where the server says.
    pub(super) text: Option<String>,
    /// Why, bounded, on one line; the refusal's own words where there is nothing else.
    pub(super) message: String,
}

/// Points beyond the retention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooOld {
    /// How many.
    pub(super) points: usize,
    /// The oldest stamp that is taken, where the server says.
    pub(super) bound: Option<i64>,
}

impl Refusal {
    /// Reads a body in which [`influx_message`] has found `message`.
    pub(super) fn read(status: u16, message: &str, body: &[u8]) -> Self {
        let words = for_log(message);
        let json: Value = serde_json::from_slice(body).unwrap_or_default();
        let too_old = too_old(message);
        let dropped = too_old.map(|old| old.points).or_else(|| dropped(message));
        Self {
            partial: message.contains("partial write"),
            dropped,
            lines: numbered(&json, message, &words),
            quoted: quoted(message),
            conflict: Conflict::find(message),
            too_old,
            too_large: status == 413,
            message: words,
        }
    }

    /// Whether nothing in it leads to a line, a column or an age.
    pub(super) fn names_nothing(&self) -> bool {
        self.lines.is_empty()
            && self.quoted.is_empty()
            && self.conflict.is_none()
            && self.too_old.is_none()
    }
}

/// The message of an answer that only InfluxDB gives: `code` with `message` in version 2 and on
/// its path in version 3, `error` alone or with `data` in versions 1 and 3.
pub(super) fn influx_message(body: &[u8]) -> Option<String> {
    let Value::Object(json) = serde_json::from_slice(body).ok()? else {
        return None;
    };
    let text = |name: &str| json.get(name).and_then(Value::as_str).map(str::to_owned);
    match (text("code"), text("message"), text("error")) {
        (Some(_), Some(message), _) => Some(message),
        (None, None, Some(error)) => {
            json.keys().all(|key| matches!(key.as_str(), "error" | "data")).then_some(error)
        }
        _ => None,
    }
}

/// Text from the network for a log line: bounded.
pub(super) fn for_log(text: &str) -> String {
    const LONGEST: usize = 300;
    let text = without_secrets(text.trim());
    let cut: String = text.chars().take(LONGEST).collect();
    if cut.len() < text.len() { format!("{cut}…") } else { cut }
}

/// Version 3 gives a list, or one object; the hosted services a number beside the message, or
/// `first error: at line 3:13` in it.
fn numbered(json: &Value, message: &str, words: &str) -> Vec<BadLine> {
    let read = |entry: &Value, number: &str| {
        let index = entry.get(number)?.as_u64()?.checked_sub(1)?;
        let text = |name: &str| entry.get(name).and_then(Value::as_str);
        Some(BadLine {
            index: usize::try_from(index).ok()?,
            text: text("original_line").map(str::to_owned),
            message: text("error_message").map_or_else(|| words.to_owned(), for_log),
        })
    };
    let lines: Vec<BadLine> = match json.get("data") {
        Some(Value::Array(entries)) => {
            entries.iter().filter_map(|entry| read(entry, "line_number")).collect()
        }
        Some(entry) => read(entry, "line_number").into_iter().collect(),
        None => read(json, "line").into_iter().collect(),
    };
    if !lines.is_empty() {
        return lines;
    }
    let index = message.split_once("error: at line ").and_then(|(_, rest)| leading_number(rest));
    let index = index.and_then(|number| number.checked_sub(1));
    index
        .map(|index| BadLine { index, text: None, message: words.to_owned() })
        .into_iter()
        .collect()
}

/// The lines in `unable to parse 'LINE': reason`, of which there can be many.
fn quoted(message: &str) -> Vec<String> {
    let parts = message.split("unable to parse '").skip(1);
    parts.filter_map(|part| part.rsplit_once("': ")).map(|(line, _)| line.to_owned()).collect()
}

/// `dropped=N` in versions 1 and 2, `N/M points rejected` at the hosted service.
fn dropped(message: &str) -> Option<usize> {
    let rejected = || {
        let (before, _) = message.split_once(" points rejected")?;
        let (number, _) = before.rsplit(' ').next()?.split_once('/')?;
        number.parse().ok()
    };
    message.rsplit_once("dropped=").and_then(|(_, rest)| leading_number(rest)).or_else(rejected)
}

/// `points beyond retention policy dropped=N` in version 1; version 2 has
/// `dropped N points outside retention policy`, and tells the bound.
fn too_old(message: &str) -> Option<TooOld> {
    if message.contains("points beyond retention policy") {
        return Some(TooOld { points: dropped(message)?, bound: None });
    }
    let (before, rest) = message.split_once(" points outside retention policy")?;
    let points = before.rsplit_once("dropped ")?.1.parse().ok()?;
    let bound = rest.split_once("Retention Policy Lower Bound at ").and_then(|(_, rest)| {
        let text = rest.split([',', ' ']).next()?;
        DateTime::parse_from_rfc3339(text).ok()?.timestamp_nanos_opt()
    });
    Some(TooOld { points, bound })
}

fn leading_number(text: &str) -> Option<usize> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    text[..digits].parse().ok()
}

#[cfg(test)]
#[path = "refusal_tests.rs"]
mod tests;
