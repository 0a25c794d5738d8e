//! What a stream tells its owner.

use crate::domain::errors::{Failure, Origin};

/// Why points were dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DropReason {
    /// More waited than the queue may hold.
    Overflow,
    /// The server will never take them.
    Refused,
    /// More lay on disk than may.
    Size,
    /// They lay on disk for too long.
    Age,
    /// The file on disk was damaged.
    Damaged,
}

/// What becomes of an operation that was not stored at its first attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It waits and is sent again.
    Kept,
    /// The database refuses points of it; that is no outage.
    Dropped,
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
    /// The database cannot be written to from now on, or still cannot, for another reason.
    Away {
        /// Why.
        failure: Failure,
        /// The same for the log, with the server's words.
        message: String,
    },
    /// The database can be written to again.
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
    },
    /// Database or bucket was made or repaired, is otherwise than configured, or could not be
    /// looked at. None of this stands in the way of writing.
    SetUp {
        /// For the log.
        message: String,
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
        };
        *count += points as u64;
    }
}
