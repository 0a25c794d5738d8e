//! Events that Qlik Sense sends by UDP: from the bytes of a datagram to an event, as pure
//! functions over borrowed text. An event is built only when somebody will receive it.
//!
//! ```text
//! text.rs         rules that every field follows: cleaning, numbers, ids, times
//! flaw.rs         what is wrong with a datagram
//! user.rs         user events; agent.rs reads their user agent by the tables of agents.rs, in which
//!                 markers.rs looks
//! log.rs          log events: which source, where its fields are; layout.rs has the tables
//! split.rs        separators inside of texts
//! numbers.rs      performance events: their numbers, and their earlier layout
//! texts.rs        all texts of an event in one allocation
//! specials.rs     what has to be escaped in them
//! json.rs         an event as JSON
//! categorise.rs   categories of log events, and which are dropped
//! performance.rs  which performance events of the engine are kept
//! counts.rs       how many events came, by source, host and subsystem
//! directory.rs    which configured server a host name belongs to
//! ```

mod agent;
mod agents;
mod categorise;
mod counts;
mod directory;
mod flaw;
mod json;
mod layout;
mod log;
mod markers;
mod numbers;
mod performance;
mod specials;
mod split;
mod text;
mod texts;
mod user;

pub use categorise::{Action, Categories, Categorise, Filter, Match, Rule};
pub use counts::{CountKey, EventCounts, RejectedCount, RejectedKey};
pub use directory::ServerDirectory;
pub use flaw::Flaw;
pub use layout::{Key, Source};
pub use log::{LogDatagram, LogEvent, RawPerformance};
pub use numbers::Performance;
pub use performance::{AppFilter, AppMatch, Choice, PerformanceFilter};
pub use specials::Specials;
pub use user::{UserDatagram, UserEvent, UserEventKind, UserKey};

use std::borrow::Cow;
use std::sync::Arc;

use encoding_rs::WINDOWS_1252;

use crate::domain::names::ServerName;
use crate::domain::point::Stamp;

/// An event with what the receiver knows about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Received<E> {
    /// When it was received. The times inside an event are not used: they have no reliable zone.
    pub stamp: Stamp,
    /// The configured server that sent it, if one did (decision E12).
    pub server: Option<ServerName>,
    /// What it says.
    pub event: E,
}

/// The text of a datagram, without a byte order mark in front and a line end behind. Borrowed where
/// it is UTF-8; else it is read as Windows-1252, the encoding of log4net there when an appender
/// names none (decision V3), which can read any bytes.
pub fn text_of(datagram: &[u8]) -> Cow<'_, str> {
    let datagram = datagram.strip_prefix("\u{feff}".as_bytes()).unwrap_or(datagram);
    let ends = |byte: &u8| matches!(byte, b'\r' | b'\n');
    let end = datagram.iter().rposition(|byte| !ends(byte)).map_or(0, |last| last + 1);
    let datagram = &datagram[..end];
    match std::str::from_utf8(datagram) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => WINDOWS_1252.decode_without_bom_handling(datagram).0,
    }
}

/// The first characters of a datagram for a log line: `most` at most, without control characters.
pub fn excerpt(text: &str, most: usize) -> Cow<'_, str> {
    text::clean(text, most)
}

/// Stands for a part of an event that is missing or too varied to be counted by itself.
pub const UNKNOWN: &str = "Unknown";

/// Names and values, shared by all events that have them.
pub type Pairs = Arc<[(Arc<str>, Arc<str>)]>;

/// Names and values, to be shared.
pub fn pairs(list: impl IntoIterator<Item = (String, String)>) -> Pairs {
    list.into_iter().map(|(name, value)| (Arc::from(name), Arc::from(value))).collect()
}

#[cfg(test)]
mod case_tests;
#[cfg(test)]
mod tests;
