//! Qlik Sense: which servers there are, and how they are asked.

mod client;
mod settings;

pub use client::{SenseAnswer, SenseClient};
pub use settings::{
    AppNamesConfig, AppNamesPolling, CertConfig, SenseConfig, SenseSettings, ServersConfig,
    SessionPolling, Sessions, Target, UserSessionsConfig,
};
