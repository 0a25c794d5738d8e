//! The three files that make a client certificate, and noticing when they change.

use std::fs;
use std::path::PathBuf;
use std::time::SystemTime;

use crate::domain::names::Secret;

/// Where the client certificate is (`Butler-SOS.cert`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertFiles {
    /// PEM, leaf first.
    pub cert: PathBuf,
    /// PEM: PKCS#8, PKCS#1 or SEC1, encrypted or not.
    pub key: PathBuf,
    /// PEM, one or more roots.
    pub ca: PathBuf,
    /// For an encrypted key.
    pub passphrase: Option<Secret>,
}

/// Size and time of the three files; differs after a certificate was replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fingerprint([Option<(u64, SystemTime)>; 3]);

impl CertFiles {
    /// Reads the files as a request would.
    ///
    /// # Errors
    /// Which file cannot be used, by its key, and what to do.
    pub fn check(&self) -> Result<(), String> {
        let config = super::tls::client_config(self, super::verifier::Verify::Nothing);
        config.map(|_| ()).map_err(|error| error.to_string())
    }

    /// What the files look like now. A file that cannot be looked at has its own look, so that
    /// its return is noticed.
    pub(super) fn fingerprint(&self) -> Fingerprint {
        Fingerprint([&self.cert, &self.key, &self.ca].map(|path| {
            let meta = fs::metadata(path).ok()?;
            Some((meta.len(), meta.modified().ok()?))
        }))
    }
}

#[cfg(test)]
impl CertFiles {
    /// Files that do not exist: every request fails before there is a network.
    pub(crate) fn missing() -> Self {
        let file = |name: &str| PathBuf::from("/no/such/folder").join(name);
        Self {
            cert: file("client.pem"),
            key: file("client_key.pem"),
            ca: file("root.pem"),
            passphrase: None,
        }
    }
}
