//! What every actor stands on: supervision, time, orderly stop, log levels, probes for tests.

pub mod certificates;
pub mod clock;
pub mod drain;
pub mod fanout;
pub mod level;
pub mod log_lines;
#[cfg(test)]
pub(crate) mod log_probe;
pub mod lost;
pub mod metrics;
pub mod outage;
pub mod outlet;
pub mod panics;
pub mod poison;
pub mod poll_state;
pub(crate) mod polling;
pub mod probe;
pub mod readiness;
pub mod rhythm;
pub mod supervise;
