//! What a stream tells its owner.

use crate::domain::errors::{Failure, Origin};

/// Why points were dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DropReason {
    /// More waited than the queue may hold.
    Overflow,
    /// The destination will never take them.
    Refused,
    /// More lay on disk than may.
    Size,
    /// They lay on disk for too long.
    Age,
    /// The file on disk was damaged.
    Damaged,
    /// They were tried once, and what they were sent to was away.
    Away,
}

/// What becomes of an operation that was not stored at its first attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It waits and is sent again.
    Kept,
    /// The destination refuses points of it; that is no outage.
    Refused,
    /// It was tried once, and is lost.
    Lost,
}

/// What a stream tells its owner.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// An operation was not stored at its first attempt; told once.
    NotStored {
        /// The job's.
        origin: Origin,
        /// Why.
        failure: Failure,
        /// What becomes of it.
        fate: Fate,
    },
    /// The destination cannot take anything from now on, or still cannot, for another reason.
    Away {
        /// Why.
        failure: Failure,
        /// The same for the log, with the server's words.
        message: String,
    },
    /// The destination takes points again.
    Back {
        /// Points that had to wait, those included that were stored just now.
        backlog_points: usize,
    },
    /// Points are lost.
    Dropped {
        /// How many.
        points: usize,
        /// Why.
        reason: DropReason,
        /// The same for the log.
        message: String,
        /// Whether this is the first that is said about this loss.
        begins: bool,
    },
    /// A batch was tried once and is lost.
    Lost {
        /// Its points.
        points: usize,
        /// Why.
        failure: Failure,
    },
    /// A batch was stored.
    Stored {
        /// Its points, without those that were refused.
        points: usize,
    },
}

/// Counters of a stream since it was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// Points stored.
    pub written: u64,
    /// Points dropped because too many waited.
    pub dropped_overflow: u64,
    /// Points dropped because the server refused them.
    pub dropped_refused: u64,
    /// Points dropped because too many lay on disk.
    pub dropped_size: u64,
    /// Points dropped because they lay on disk for too long.
    pub dropped_age: u64,
    /// Points that were lost with a damaged file.
    pub dropped_damaged: u64,
    /// Points that were tried once and are lost.
    pub dropped_away: u64,
    /// Points that wait now.
    pub waiting: usize,
    /// Write requests sent.
    pub requests: u64,
    /// Those of `requests` that sent again what an earlier one could not store: after an outage,
    /// with another type, or in smaller parts.
    pub retries: u64,
}

impl Stats {
    /// Points were dropped.
    pub(super) fn count_drop(&mut self, reason: DropReason, points: usize) {
        let count = match reason {
            DropReason::Overflow => &mut self.dropped_overflow,
            DropReason::Refused => &mut self.dropped_refused,
            DropReason::Size => &mut self.dropped_size,
            DropReason::Age => &mut self.dropped_age,
            DropReason::Damaged => &mut self.dropped_damaged,
            DropReason::Away => &mut self.dropped_away,
        };
        *count += points as u64;
    }
}
