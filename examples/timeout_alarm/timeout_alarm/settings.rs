//! `errorTracking.timeoutAlarm`: as written and as checked.

use actors::domain::yaml::{Field, Reader};
use serde::Deserialize;

/// `Butler-SOS.errorTracking.timeoutAlarm` as written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct AlarmConfig {
    enable: Field<bool>,
    after: Field<i64>,
}

/// When the alarm goes off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlarmSettings {
    /// Timeouts in a row, 1 to 1,000.
    pub after: u32,
}

impl AlarmConfig {
    /// Checks the section `at`; `None` when it is switched off.
    pub fn check(&self, at: &Reader) -> Option<AlarmSettings> {
        if !at.key("enable").or(&self.enable, false) {
            return None;
        }
        let after = at.key("after").number(&self.after, 3, 1..=1_000);
        Some(AlarmSettings { after: u32::try_from(after).unwrap_or(3) })
    }
}
