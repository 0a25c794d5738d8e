//! How a stream behaves.

use std::time::Duration;

use super::backoff;

/// How a stream behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// How long the first job of a batch waits for company. Zero: not at all, so jobs gather only
    /// while a request is under way.
    pub linger: Duration,
    /// Most points that wait; beyond that the oldest are dropped.
    pub max_points: usize,
    /// The first pause after a failure, [`Style::PAUSE`]; it doubles up to sixty times that.
    pub pause: Duration,
    /// When the database is looked at.
    pub look: Look,
}

/// When a stream makes sure of the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Before the first write, and when a write misses it.
    First,
    /// Only when a write misses it: another stream of the program looks first.
    WhenMissed,
}

impl Style {
    /// One second.
    pub const PAUSE: Duration = backoff::FIRST;
}
