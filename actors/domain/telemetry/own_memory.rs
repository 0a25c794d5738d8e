//! What the program measures of itself.

use std::time::Duration;

/// One reading of our own memory and uptime. Bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, actix::Message)]
#[rtype(result = "()")]
pub struct OwnMemory {
    /// Time since the program started.
    pub uptime: Duration,
    /// Live in the program's allocator.
    pub heap_used: u64,
    /// High-water mark of the same.
    pub heap_total: u64,
    /// Outside of the heap; nothing here compares to what the field meant under Node.js.
    pub external: u64,
    /// Resident set of the process.
    pub process_memory: u64,
}

impl OwnMemory {
    /// Bytes as MiB, rounded to two decimals.
    #[expect(clippy::cast_precision_loss, reason = "memory sizes are far below 2^53")]
    pub fn mib(bytes: u64) -> f64 {
        (bytes as f64 / 1024.0 / 1024.0 * 100.0).round() / 100.0
    }
}
