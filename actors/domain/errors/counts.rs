//! How many errors there were today, by type and server.

use std::collections::HashMap;
use std::fmt::{self, Write};

use chrono::NaiveDate;

use super::ErrorType;
use crate::domain::names::ServerName;
use crate::domain::point::Stamp;

/// The key of errors that belong to no server (the page, "Per-error summary").
pub const NO_SERVER_CONTEXT: &str = "_no_server_context";

/// Counts of one UTC day, in the order in which types and servers were first seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorCounts {
    day: NaiveDate,
    total: u64,
    types: Vec<TypeCounts>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct TypeCounts {
    kind: ErrorType,
    total: u64,
    /// First seen first; `None` is [`NO_SERVER_CONTEXT`].
    servers: Vec<(Option<ServerName>, u64)>,
    /// Place of each server in `servers`.
    places: HashMap<Option<ServerName>, usize>,
}

impl ErrorCounts {
    /// No errors yet on this UTC day.
    pub fn new(day: NaiveDate) -> Self {
        Self { day, total: 0, types: Vec::new() }
    }

    /// The UTC day being counted.
    pub fn day(&self) -> NaiveDate {
        self.day
    }

    /// All errors of the day.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Counts one error and returns the new count of its type and server.
    pub fn add(&mut self, kind: ErrorType, server: Option<&ServerName>) -> u64 {
        self.add_many(kind, server, 1)
    }

    /// Counts `n` errors at once, as when a day is read back from the history.
    pub fn add_many(&mut self, kind: ErrorType, server: Option<&ServerName>, n: u64) -> u64 {
        self.total += n;
        let known = self.types.iter().position(|counts| counts.kind == kind);
        let place = known.unwrap_or_else(|| {
            self.types.push(TypeCounts {
                kind,
                total: 0,
                servers: Vec::new(),
                places: HashMap::new(),
            });
            self.types.len() - 1
        });
        self.types[place].add(server, n)
    }

    /// Counts everything that `later` has as well. What this one has seen comes first.
    pub fn add_all(&mut self, later: &Self) {
        for counts in &later.types {
            for (server, count) in &counts.servers {
                self.add_many(counts.kind, server.as_ref(), *count);
            }
        }
    }

    /// Forgets everything and starts another day.
    pub fn reset(&mut self, day: NaiveDate) {
        *self = Self::new(day);
    }

    /// Count of one type and server.
    pub fn of(&self, kind: ErrorType, server: Option<&ServerName>) -> u64 {
        self.types
            .iter()
            .find(|counts| counts.kind == kind)
            .and_then(|counts| counts.servers.iter().find(|(name, _)| name.as_ref() == server))
            .map_or(0, |(_, count)| *count)
    }

    /// Count of one type, all servers together.
    pub fn of_type(&self, kind: ErrorType) -> u64 {
        let counts = self.types.iter().find(|counts| counts.kind == kind);
        counts.map_or(0, |counts| counts.total)
    }

    /// The `Details` JSON of the summary line, in first-seen order.
    pub fn details(&self) -> Details<'_> {
        Details(self)
    }
}

impl TypeCounts {
    fn add(&mut self, server: Option<&ServerName>, n: u64) -> u64 {
        self.total += n;
        // The lookup by an owned key costs one reference count, not a copy of the text.
        let key = server.cloned();
        let place = match self.places.get(&key) {
            Some(place) => *place,
            None => {
                self.servers.push((key.clone(), 0));
                self.places.insert(key, self.servers.len() - 1);
                self.servers.len() - 1
            }
        };
        let count = &mut self.servers[place].1;
        *count += n;
        *count
    }
}

/// What was recorded before this start, found out only after counting had begun again.
#[derive(Debug, Clone, PartialEq, Eq, actix::Message)]
#[rtype(result = "()")]
pub struct EarlierErrors {
    /// What was counted earlier on the same day.
    pub counts: ErrorCounts,
    /// Stamps that were given out and lie ahead, because the clock was set back since then. They
    /// must not be given out again.
    pub ahead: Vec<Stamp>,
}

/// Prints counts as `{"TYPE":{"total":n,"servers":{"name":n}}}`.
pub struct Details<'a>(&'a ErrorCounts);

impl fmt::Display for Details<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('{')?;
        for (i, counts) in self.0.types.iter().enumerate() {
            let comma = if i == 0 { "" } else { "," };
            write!(f, "{comma}\"{}\":{{\"total\":{},\"servers\":{{", counts.kind, counts.total)?;
            for (i, (server, count)) in counts.servers.iter().enumerate() {
                if i > 0 {
                    f.write_char(',')?;
                }
                json_string(f, server.as_ref().map_or(NO_SERVER_CONTEXT, ServerName::as_str))?;
                write!(f, ":{count}")?;
            }
            f.write_str("}}")?;
        }
        f.write_char('}')
    }
}

/// RFC 8259, section 7: what must be escaped is, nothing else.
fn json_string(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('"')?;
    let mut plain = 0;
    for (at, byte) in text.bytes().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        f.write_str(&text[plain..at])?;
        match byte {
            b'"' => f.write_str("\\\"")?,
            b'\\' => f.write_str("\\\\")?,
            control => write!(f, "\\u{control:04x}")?,
        }
        plain = at + 1;
    }
    f.write_str(&text[plain..])?;
    f.write_char('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 5, 3).unwrap()
    }

    #[test]
    fn details_are_the_json_of_the_page_in_first_seen_order() {
        let mut counts = ErrorCounts::new(day());
        let sense1 = ServerName::from("sense1");
        assert_eq!(counts.add(ErrorType::ProxyApi, Some(&sense1)), 1);
        assert_eq!(counts.add(ErrorType::HealthApi, Some(&sense1)), 1);
        assert_eq!(counts.add(ErrorType::ProxyApi, Some(&sense1)), 2);
        assert_eq!(
            counts.details().to_string(),
            r#"{"PROXY_API":{"total":2,"servers":{"sense1":2}},"HEALTH_API":{"total":1,"servers":{"sense1":1}}}"#
        );
        assert_eq!(counts.total(), 3);
    }

    #[test]
    fn an_error_without_a_server_has_its_own_key() {
        let mut counts = ErrorCounts::new(day());
        counts.add(ErrorType::UdpLogEvent, None);
        assert_eq!(
            counts.details().to_string(),
            r#"{"UDP_LOG_EVENT":{"total":1,"servers":{"_no_server_context":1}}}"#
        );
    }

    #[test]
    fn any_server_name_is_valid_json() {
        let mut counts = ErrorCounts::new(day());
        for name in ["10", "a\"b", "c\\d", "e\nf", "ü 😀"] {
            counts.add(ErrorType::HealthApi, Some(&name.into()));
        }
        let json: serde_json::Value = serde_json::from_str(&counts.details().to_string()).unwrap();
        let servers = json["HEALTH_API"]["servers"].as_object().unwrap();
        let names: Vec<_> = servers.keys().map(String::as_str).collect();
        assert_eq!(names, ["10", "a\"b", "c\\d", "e\nf", "ü 😀"]);
    }

    #[test]
    fn a_new_day_starts_at_zero() {
        let mut counts = ErrorCounts::new(day());
        counts.add_many(ErrorType::HealthApi, None, 7);
        counts.reset(day().succ_opt().unwrap());
        assert_eq!((counts.total(), counts.details().to_string()), (0, "{}".into()));
        assert_eq!(counts.of(ErrorType::HealthApi, None), 0);
    }
}
