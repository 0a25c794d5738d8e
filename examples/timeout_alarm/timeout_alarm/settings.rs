//! `errorTracking.timeoutAlarm`.

use actors::config::{Flag, Key, Number};
use actors::keys;

keys! {
    /// `Butler-SOS.errorTracking.timeoutAlarm`.
    pub struct AlarmKeys {
        /// Warn when a server does not answer in time again and again
        enable: "enable" Key<Flag> = false;
        /// Timeouts in a row until then, 1 to 1000
        after: "after" Key<Number<1, 1_000>> = 3;
    }
}

/// When the alarm goes off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlarmSettings {
    /// Timeouts in a row, 1 to 1,000.
    pub after: u32,
}

impl AlarmKeys {
    /// When; `None` when it is switched off.
    pub fn check(&self) -> Option<AlarmSettings> {
        self.enable.get().then(|| AlarmSettings { after: self.after.get() })
    }
}
