//! `heartbeat`: as written and as checked.

use std::time::Duration;

use serde::Deserialize;

use crate::domain::schedule::Schedule;
use crate::domain::yaml::{Field, Reader, is_http_url};

/// `Butler-SOS.heartbeat` as written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct HeartbeatConfig {
    enable: Field<bool>,
    /// Spelling of the files before version 6.
    enabled: Field<bool>,
    #[serde(rename = "remoteURL")]
    remote_url: Field<String>,
    frequency: Field<String>,
}

/// Whom to call, and when.
#[derive(Clone, PartialEq, Eq)]
pub struct HeartbeatSettings {
    /// `http` or `https`. Its path is a secret: whoever knows it can pretend to be us.
    pub url: String,
    /// When, after the first call at the start.
    pub schedule: Schedule,
}

impl std::fmt::Debug for HeartbeatSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HeartbeatSettings")
            .field("schedule", &self.schedule)
            .finish_non_exhaustive()
    }
}

impl HeartbeatConfig {
    /// Checks the section `at`; `None` when it is switched off, or when there is nobody to call.
    pub fn check(&self, at: &Reader) -> Option<HeartbeatSettings> {
        let enable = at.moved_field("enabled", &self.enabled, "enable", &self.enable);
        if !at.key("enable").or(enable, false) {
            return None;
        }
        let hourly = Schedule::Aligned(Duration::from_secs(3_600));
        let schedule = at.key("frequency").schedule(&self.frequency, ("every 1 hour", hourly));
        let url_at = at.key("remoteURL");
        let url = url_at.needed(&self.remote_url, "heartbeat.enable is true")?.trim().to_owned();
        is_http_url(&url_at, &url).then_some(HeartbeatSettings { url, schedule })
    }
}
