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
