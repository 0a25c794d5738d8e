//! `heartbeat`.

use crate::config::{Flag, Key, Optional, SecretUrl, Times, is_http_url};
use crate::domain::schedule::Schedule;
use crate::keys;

keys! {
    /// `Butler-SOS.heartbeat`.
    pub struct HeartbeatKeys {
        /// Call a URL regularly, as a sign of life
        enable: "enable" Key<Flag> = false, was "enabled";
        /// The URL; its path is treated as a secret
        url: "remoteURL" Optional<SecretUrl>, example "http://heartbeat.example.com/butler-sos";
        /// When, after the call at the start: "every 15 minutes", "at 06:30", "on mon-fri at 08:00"
        frequency: "frequency" Key<Times> = "every 1 hour";
    }
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

impl HeartbeatKeys {
    /// Whom and when; `None` when it is switched off, or when there is nobody to call.
    pub fn check(&self) -> Option<HeartbeatSettings> {
        if !self.enable.get() {
            return None;
        }
        let schedule = self.frequency.get();
        let url = self.url.needed("heartbeat.enable is true")?.trim().to_owned();
        is_http_url(&self.url.at, &url).then_some(HeartbeatSettings { url, schedule })
    }
}
