//! Where what waits is kept, and how much of it.

use std::path::PathBuf;
use std::time::Duration;

/// `influxdbConfig.outbox`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxSettings {
    /// The database file.
    pub file: PathBuf,
    /// Most bytes of points in it, all streams together; errors have a quarter for themselves.
    pub max_bytes: u64,
    /// Points that have waited for longer are dropped.
    pub max_age: Duration,
}
