//! `errorTracking.history`: as written and as checked. Optional keys that the original does not
//! have.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::domain::places::Places;
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
    /// Where an earlier version may have kept it, the likeliest first.
    pub earlier: Vec<PathBuf>,
    /// Days, 1 to 3650.
    pub retention_days: u32,
}

/// Name of the file in the folder of what belongs to one configuration file.
pub const FILE_NAME: &str = "errors.sqlite3";

/// The file of earlier versions when none was configured. Their configuration files name it, and
/// mean the default: all of them together in one file is what nobody wanted.
pub const EARLIER_FILE: &str = "data/errors.sqlite3";

impl HistoryConfig {
    /// Checks the section `at`; `None` when it is switched off.
    pub fn check(&self, at: &Reader, places: &Places) -> Option<HistorySettings> {
        if !at.key("enable").or(&self.enable, true) {
            return None;
        }
        let written = at.key("file").or(&self.file, String::new());
        let (file, before) = match written.trim() {
            "" | EARLIER_FILE => (places.own.join(FILE_NAME), EARLIER_FILE),
            written => (places.written(written), written),
        };
        let earlier = places.before(before, &file);
        let days_at = at.key("retentionDays");
        let days = days_at.or(&self.retention_days, 30);
        let kept = days.clamp(1, 3650);
        if kept != days {
            days_at
                .warning(format!("expected 1 to 3650 days, found number {days}; {kept} is used"));
        }
        let retention_days = u32::try_from(kept).unwrap_or(30);
        Some(HistorySettings { file, earlier, retention_days })
    }
}

impl HistorySettings {
    /// A history file that is nowhere else.
    pub fn of_file(file: PathBuf, retention_days: u32) -> Self {
        Self { file, earlier: Vec::new(), retention_days }
    }

    /// The file of an earlier version, while there is none at its place now.
    pub fn left_behind(&self) -> Option<&Path> {
        if self.file.exists() {
            return None;
        }
        self.earlier.iter().find(|file| file.exists()).map(PathBuf::as_path)
    }

    /// The file to read: that of an earlier version until it is taken over.
    pub fn readable(&self) -> &Path {
        self.left_behind().unwrap_or(&self.file)
    }
}
