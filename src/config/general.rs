//! Sections about the program itself.

use std::path::PathBuf;
use std::time::Duration;

use actors::domain::schedule::Schedule;
use actors::domain::yaml::{Field, Reader};
use serde::Deserialize;

use super::shared::check_url;
use crate::crash_dump::CrashSettings;

/// `crashFile` as written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct CrashFileConfig {
    enable: Field<bool>,
    crash_file_directory: Field<String>,
    crash_file_create_json: Field<bool>,
    crash_file_create_text: Field<bool>,
}

impl CrashFileConfig {
    /// Checks the section `at`; `None` when it is switched off. A relative folder begins in the
    /// working directory.
    pub(super) fn check(&self, at: &Reader) -> Option<CrashSettings> {
        if !at.key("enable").or(&self.enable, true) {
            return None;
        }
        let folder =
            at.key("crashFileDirectory").or(&self.crash_file_directory, "./crash_dumps".to_owned());
        let folder = folder.trim();
        Some(CrashSettings {
            folder: PathBuf::from(if folder.is_empty() { "." } else { folder }),
            json: at.key("crashFileCreateJson").or(&self.crash_file_create_json, true),
            text: at.key("crashFileCreateText").or(&self.crash_file_create_text, true),
        })
    }
}

/// `heartbeat` as written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct HeartbeatConfig {
    enable: Field<bool>,
    #[serde(rename = "remoteURL")]
    remote_url: Field<String>,
    frequency: Field<String>,
}

impl HeartbeatConfig {
    /// Checks the section `at`; whether it is on.
    pub(super) fn check(&self, at: &Reader) -> bool {
        if !at.key("enable").or(&self.enable, false) {
            return false;
        }
        let url_at = at.key("remoteURL");
        if url_at.needed(&self.remote_url, "heartbeat.enable is true").is_some() {
            check_url(&url_at, &self.remote_url);
        }
        let hourly = Schedule::Aligned(Duration::from_secs(3_600));
        at.key("frequency").schedule(&self.frequency, ("every 1 hour", hourly));
        true
    }
}
