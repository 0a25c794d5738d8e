//! `crashFile`.

use std::path::PathBuf;

use actors::config::{Flag, Key, Text};
use actors::keys;

keys! {
    /// `Butler-SOS.crashFile`.
    pub struct CrashFileKeys {
        /// Write a file when the program has to give up
        enable: "enable" Key<Flag> = true;
        /// Folder of those files; relative to the working directory
        folder: "crashFileDirectory" Key<Text> = "./crash_dumps";
        /// Write it as JSON
        json: "crashFileCreateJson" Key<Flag> = true;
        /// Write it as text
        text: "crashFileCreateText" Key<Flag> = true;
    }
}

/// Where dumps go, and in which forms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrashSettings {
    /// Folder, made when missing.
    pub folder: PathBuf,
    /// Whether JSON is written.
    pub json: bool,
    /// Whether text is written.
    pub text: bool,
}

impl CrashFileKeys {
    /// Where and how; `None` when it is switched off. A relative folder begins in the working
    /// directory.
    pub(crate) fn check(&self) -> Option<CrashSettings> {
        if !self.enable.get() {
            return None;
        }
        let folder = self.folder.get();
        let folder = folder.trim();
        Some(CrashSettings {
            folder: PathBuf::from(if folder.is_empty() { "." } else { folder }),
            json: self.json.get(),
            text: self.text.get(),
        })
    }
}
