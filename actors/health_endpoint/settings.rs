//! `dockerHealthCheck`.

use crate::config::{Flag, Key, KeyPath, Listener};
use crate::keys;

keys! {
    /// `Butler-SOS.dockerHealthCheck`.
    pub struct HealthCheckKeys {
        /// Answer health checks of a container platform
        enable: "enable" Key<Flag> = false, was "enabled";
        /// Port of the answer, on localhost only
        port: "port" Key<Listener> = 12_398;
    }
}

/// Where health checks are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HealthCheckSettings {
    /// On the loopback interface; 0 lets the system choose.
    pub port: u16,
}

impl HealthCheckKeys {
    /// Where; `None` when it is switched off.
    pub fn check(&self) -> Option<HealthCheckSettings> {
        self.enable.get().then(|| HealthCheckSettings { port: self.port.get() })
    }

    /// Where the port is.
    pub fn port_at(&self) -> &KeyPath {
        &self.port.at
    }
}
