//! `errorTracking.history`: as written and as checked. Optional keys that the original does not
//! have.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::domain::yaml::{Field, Reader};

/// `Butler-SOS.errorTracking.history` as written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HistoryConfig {
    enable: Field<bool>,
    file: Field<String>,
    retention_days: Field<i64>,
}

/// Where error events are kept, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistorySettings {
    /// The database file.
    pub file: PathBuf,
    /// Days, 1 to 3650.
    pub retention_days: u32,
}

/// The file when none is configured.
pub const DEFAULT_FILE: &str = "data/errors.sqlite3";

impl HistoryConfig {
    /// Checks the section `at`; `None` when it is switched off. A relative file is looked for in
    /// `base`.
    pub fn check(&self, at: &Reader, base: &Path) -> Option<HistorySettings> {
        if !at.key("enable").or(&self.enable, true) {
            return None;
        }
        let file = at.key("file").or(&self.file, DEFAULT_FILE.to_owned());
        let file = if file.trim().is_empty() { DEFAULT_FILE } else { file.trim() };
        let days_at = at.key("retentionDays");
        let days = days_at.or(&self.retention_days, 30);
        let kept = days.clamp(1, 3650);
        if kept != days {
            days_at
                .warning(format!("expected 1 to 3650 days, found number {days}; {kept} is used"));
        }
        let retention_days = u32::try_from(kept).unwrap_or(30);
        Some(HistorySettings { file: base.join(file), retention_days })
    }
}
