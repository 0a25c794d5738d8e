//! Qlik Sense: which servers there are, and how they are asked.

mod client;
mod config;
mod settings;

pub use client::{SenseAnswer, SenseClient};
pub use config::{AppNamesConfig, CertConfig, SenseConfig, ServersConfig, UserSessionsConfig};
pub use settings::{AppNamesPolling, SenseSettings, SessionPolling, Sessions, Target};
