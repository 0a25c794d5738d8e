//! `configVisualisation`.

use crate::config::{Flag, Host, Key, KeyPath, Listener, Text, Values};
use crate::keys;

keys! {
    /// `Butler-SOS.configVisualisation`.
    pub struct ConfigPageKeys {
        /// Show this configuration on a web page
        enable: "enable" Key<Flag> = false;
        /// Address the page listens on
        host: "host" Key<Host> = "localhost", masked;
        /// Port of the page
        port: "port" Key<Listener> = 3100;
        /// Further names by which browsers may call the page, beside host, localhost, the name of
        /// this machine and its addresses
        host_names: "hostNames" Values<Text>;
        /// Mask secrets and names on the page
        obfuscate: "obfuscate" Key<Flag> = true;
    }
}

/// Where the configuration is shown, and how much of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigPageSettings {
    /// Address to listen on.
    pub host: String,
    /// Port; 0 lets the system choose.
    pub port: u16,
    /// By which further names the page may be called.
    pub host_names: Vec<String>,
    /// Whether secrets and names are masked.
    pub obfuscate: bool,
}

impl ConfigPageKeys {
    /// Where and how much; `None` when it is switched off.
    pub fn check(&self) -> Option<ConfigPageSettings> {
        if !self.enable.get() {
            return None;
        }
        let (host, port, obfuscate) = (self.host.get(), self.port.get(), self.obfuscate.get());
        let local = matches!(host.as_str(), "localhost" | "::1") || host.starts_with("127.");
        if !obfuscate && !local {
            self.obfuscate.at.warning(format!(
                "is false: everybody who reaches {host} port {port} sees every password and token"
            ));
        }
        Some(ConfigPageSettings { host, port, host_names: self.host_names.get(), obfuscate })
    }

    /// Where the port is.
    pub fn port_at(&self) -> &KeyPath {
        &self.port.at
    }
}
