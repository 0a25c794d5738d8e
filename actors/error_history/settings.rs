//! `errorTracking.history`: optional keys that the original does not have.

use std::path::{Path, PathBuf};

use crate::config::{Flag, Key, Number, Text};
use crate::domain::places::Places;
use crate::keys;

keys! {
    /// `Butler-SOS.errorTracking.history`.
    pub struct HistoryKeys {
        /// Keep each error in a local file
        enable: "enable" Key<Flag> = true;
        /// That file; relative: beside the program; empty: errors.sqlite3 in the data folder of
        /// this file
        file: "file" Key<Text> = "";
        /// Days that errors are kept there, 1 to 3650
        retention_days: "retentionDays" Key<Number<1, 3650>> = 30;
    }
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

impl HistoryKeys {
    /// Where and how long; `None` when it is switched off.
    pub fn check(&self, places: &Places) -> Option<HistorySettings> {
        if !self.enable.get() {
            return None;
        }
        let written = self.file.get();
        let (file, before) = match written.trim() {
            "" | EARLIER_FILE => (places.own.join(FILE_NAME), EARLIER_FILE),
            written => (places.written(written), written),
        };
        let earlier = places.before(before, &file);
        Some(HistorySettings { file, earlier, retention_days: self.retention_days.get() })
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
