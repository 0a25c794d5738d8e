//! Lines of the log that were not written: counted here, because there is one log for the process,
//! as there is one logger.

use std::sync::atomic::{AtomicU64, Ordering};

/// Where lines go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogOutput {
    /// Standard output.
    Console,
    /// The file of the day.
    File,
}

static LOST: [AtomicU64; 2] = [AtomicU64::new(0), AtomicU64::new(0)];

impl LogOutput {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Console, Self::File];

    /// The name, as a label of metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Console => "console",
            Self::File => "file",
        }
    }

    /// So many lines were not written: there was no room for them, or the output failed.
    pub fn lose(self, lines: u64) {
        LOST[self as usize].fetch_add(lines, Ordering::Relaxed);
    }

    /// Lines that were not written since the program started.
    pub fn lost(self) -> u64 {
        LOST[self as usize].load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_output_has_its_own_count() {
        // Other tests may count too.
        let before = LogOutput::ALL.map(LogOutput::lost);
        LogOutput::File.lose(1_000_000);
        let after = LogOutput::ALL.map(LogOutput::lost);
        assert!(after[1] - before[1] >= 1_000_000 && after[0] - before[0] < 1_000_000);
    }
}
