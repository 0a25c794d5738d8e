//! Qlik Sense: which servers there are, and how they are asked.

mod client;
mod config;
mod settings;

pub use client::{SenseAnswer, SenseClient};
pub use config::{AppNamesKeys, CertKeys, SenseKeys, ServersKeys, UserSessionsKeys};
pub use settings::{AppNamesPolling, SenseSettings, SessionPolling, Sessions, Target};
