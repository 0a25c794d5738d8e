//! How a stream behaves: numbers, no code.

use std::time::Duration;

/// How a stream behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// What becomes of jobs that the destination cannot take.
    pub while_away: WhileAway,
    /// How long the first job of a batch waits for company. Zero: not at all, so jobs gather only
    /// while a request is under way.
    pub linger: Duration,
    /// Most points that wait in memory.
    pub max_points: usize,
    /// Most bytes that wait in memory.
    pub max_bytes: usize,
    /// How large a batch is.
    pub batch: BatchSize,
    /// How many batches are under way together.
    pub at_once: AtOnce,
    /// Pause between two probes of a destination that is away, a fifth more or less.
    pub pause: Duration,
    /// A batch that made no progress for so long has failed, whatever its transport does.
    pub patience: Duration,
    /// Points of the backlog that are sent in a second at most; `None` as fast as can be.
    pub replay: Option<u32>,
}

/// What becomes of jobs that the destination cannot take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhileAway {
    /// They wait, and are sent until they are stored.
    Keep,
    /// They are tried once, and lost when that fails.
    TryOnce,
    /// The same, and those that come while it is known to be away are lost at once.
    Fail,
}

/// How many batches are under way together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AtOnce {
    /// One, and up to so many while the destination answers late and full batches wait.
    WhenLate(usize),
    /// Up to so many, whatever waits.
    Always(usize),
}

/// How large a batch is; one job at least, whatever its size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchSize {
    /// So many points wait for no company, and leave together.
    pub points: usize,
    /// As many leave together when more wait than can be sent in time.
    pub most_points: usize,
    /// Most bytes of a batch.
    pub most_bytes: usize,
}

impl Policy {
    /// Two seconds between two probes: little for a server, and soon for whoever waits.
    pub const PAUSE: Duration = Duration::from_secs(2);
}
