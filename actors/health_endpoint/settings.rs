//! `dockerHealthCheck`: as written and as checked.

use serde::Deserialize;

use crate::domain::yaml::{Field, Reader};

/// `Butler-SOS.dockerHealthCheck` as written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct HealthCheckConfig {
    enable: Field<bool>,
    /// Spelling of the files before version 6.
    enabled: Field<bool>,
    port: Field<i64>,
}

/// Where health checks are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HealthCheckSettings {
    /// On the loopback interface; 0 lets the system choose.
    pub port: u16,
}

impl HealthCheckConfig {
    /// Checks the section `at`; `None` when it is switched off.
    pub fn check(&self, at: &Reader) -> Option<HealthCheckSettings> {
        let enable = at.moved_field("enabled", &self.enabled, "enable", &self.enable);
        let on = at.key("enable").or(enable, false);
        on.then(|| HealthCheckSettings { port: at.key("port").listener(&self.port, 12_398) })
    }
}
