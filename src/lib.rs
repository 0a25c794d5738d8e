//! The program as a library.

pub mod app;
pub mod cli;
pub mod config;
pub mod logging;
pub mod paths;
pub mod signal;
