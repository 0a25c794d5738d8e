//! `errorTracking.enable` and `errorTracking.logSummary`: as written.

use serde::Deserialize;

use crate::domain::yaml::{Field, Reader};

/// `Butler-SOS.errorTracking.logSummary` as written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct LogSummaryConfig {
    enable: Field<bool>,
}

impl LogSummaryConfig {
    /// Checks the section `at`: whether the running total and the daily summary are logged.
    pub fn check(&self, at: &Reader) -> bool {
        at.key("enable").or(&self.enable, true)
    }
}
