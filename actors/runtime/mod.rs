//! What every actor stands on: supervision, time, orderly stop, a probe for tests.

pub mod clock;
pub mod drain;
pub mod fanout;
pub mod panics;
pub mod probe;
pub mod supervise;
