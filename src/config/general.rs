//! Sections about the program itself.

use std::path::PathBuf;

use actors::domain::yaml::{Field, Reader};
use serde::Deserialize;

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
