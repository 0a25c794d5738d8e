//! What is asked of the outbox, and what it answers.

use std::fmt;
use std::path::PathBuf;

use bytes::Bytes;

/// Whose points they are. Each stream has its own order and its own share of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stream {
    /// Measurements and events.
    Measurements,
    /// Error events.
    Errors,
}

impl Stream {
    /// All streams.
    pub const ALL: [Self; 2] = [Self::Measurements, Self::Errors];

    /// The text in the file, on the command line and in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Measurements => "measurements",
            Self::Errors => "errors",
        }
    }
}

/// One write operation that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Rises in each stream.
    pub id: i64,
    /// How many lines `lines` has.
    pub points: usize,
    /// Line protocol. The bytes never change.
    pub lines: Bytes,
}

/// What is done at once, in this order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Work {
    /// Rows that are new. Their numbers are above all that the stream ever had.
    pub append: Vec<Row>,
    /// Numbers of rows that are done with.
    pub remove: Vec<i64>,
    /// What the destination will never take: the latest of it is kept to be looked at.
    pub refused: Vec<RefusedPoints>,
    /// Wanted are the oldest rows above this number, of so many points at most, at least one.
    pub load: Option<(i64, usize)>,
}

/// Points that the destination will never take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedPoints {
    /// Why, in the words of the log.
    pub reason: String,
    /// Their lines, as they were sent.
    pub lines: Bytes,
}

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reply {
    /// What was asked for, oldest first.
    pub loaded: Vec<Row>,
    /// What had to go to make room, or because of its age.
    pub dropped: Drops,
    /// How much of the stream waits now.
    pub level: Level,
    /// The file was damaged; it was set aside here, and what could be read was saved.
    pub set_aside: Option<PathBuf>,
}

/// Rows that are lost. They were the oldest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Drops {
    /// Points, because the file is as large as it may be.
    pub for_size: usize,
    /// Points, because they have waited for too long.
    pub for_age: usize,
    /// Rows up to this number are gone; 0 where none is.
    pub up_to: i64,
}

impl Drops {
    /// With what was lost as well.
    pub(super) fn add(&mut self, more: &Self) {
        self.for_size += more.for_size;
        self.for_age += more.for_age;
        self.up_to = self.up_to.max(more.up_to);
    }
}

/// How much of a stream waits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Level {
    /// Write operations.
    pub rows: u64,
    /// Points.
    pub points: usize,
    /// Bytes of line protocol.
    pub bytes: u64,
    /// The highest number in use.
    pub last: i64,
    /// When the oldest row came, in seconds since 1970; `None` where there is none.
    pub oldest: Option<i64>,
}

/// Why the file cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxError {
    /// For the log: what cannot be done with which file, and why.
    pub message: String,
    /// The file is no database any more, or was written by a later version.
    pub(super) damaged: bool,
}

impl OutboxError {
    /// What cannot be done, and why.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), damaged: false }
    }
}

impl fmt::Display for OutboxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for OutboxError {}
