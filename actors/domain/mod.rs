//! Values and pure functions: what fails, what is measured, how both become points.
//!
//! Nothing here opens a socket, reads a clock or logs.

pub mod digits;
pub mod errors;
pub mod events;
pub mod grouped;
pub mod measurement_name;
pub mod metrics;
pub mod names;
pub mod places;
pub mod point;
pub mod schedule;
pub mod secrets;
pub mod telemetry;
pub mod text;
