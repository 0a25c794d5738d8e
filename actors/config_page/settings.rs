//! `configVisualisation`: as written and as checked.

use serde::Deserialize;

use crate::domain::yaml::{Field, List, Reader};

/// `Butler-SOS.configVisualisation` as written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ConfigPageConfig {
    enable: Field<bool>,
    host: Field<String>,
    port: Field<i64>,
    obfuscate: Field<bool>,
    host_names: List<Field<String>>,
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

impl ConfigPageConfig {
    /// Checks the section `at`; `None` when it is switched off.
    pub fn check(&self, at: &Reader) -> Option<ConfigPageSettings> {
        if !at.key("enable").or(&self.enable, false) {
            return None;
        }
        let host = at.key("host").host(&self.host, "localhost");
        let port = at.key("port").listener(&self.port, 3100);
        let obfuscate_at = at.key("obfuscate");
        let obfuscate = obfuscate_at.or(&self.obfuscate, true);
        let local = matches!(host.as_str(), "localhost" | "::1") || host.starts_with("127.");
        if !obfuscate && !local {
            obfuscate_at.warning(format!(
                "is false: everybody who reaches {host} port {port} sees every password and token"
            ));
        }
        let host_names = at.key("hostNames").texts(&self.host_names);
        Some(ConfigPageSettings { host, port, host_names, obfuscate })
    }
}
