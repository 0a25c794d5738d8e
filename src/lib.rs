//! The program as a library, so that tests and benchmarks can start its parts.

pub mod app;
mod banner;
pub mod check_config;
pub mod cli;
pub mod config;
pub mod crash_dump;
pub mod demo;
pub mod errors_command;
pub mod failed;
pub mod handed;
pub mod health_check;
mod limits;
pub mod logging;
pub mod monitor;
pub mod outbox_command;
pub mod paths;
pub mod schema_command;
pub mod service;
pub mod signal;
pub mod sockets;
