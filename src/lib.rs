//! The program as a library.

pub mod cli;
pub mod logging;
pub mod paths;
pub mod signal;
