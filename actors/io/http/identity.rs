//! The three files that make a client certificate, and noticing when they change.

use std::fs;
use std::path::PathBuf;
use std::time::SystemTime;

use chrono::{DateTime, Utc};

use super::files::{read_authority_end, read_client_end, read_identity};
use super::tls::TlsClient;
use super::verify::Verify;
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
        let client = read_identity(self)
            .and_then(|identity| TlsClient::showing(&identity, self, Verify::Nothing));
        client.map(|_| ()).map_err(|error| error.to_string())
    }

    /// Until when the client certificate is valid. Reads its file each time, so that a
    /// certificate that was replaced is seen.
    ///
    /// # Errors
    /// Why the certificate cannot be read, by its key, and what to do.
    pub fn client_end(&self) -> Result<DateTime<Utc>, String> {
        read_client_end(self).map_err(|error| error.to_string())
    }

    /// Until when all authorities of `clientCertCA` are valid. Reads the file each time.
    ///
    /// # Errors
    /// Why they cannot be read, by the key, and what to do.
    pub fn authority_end(&self) -> Result<DateTime<Utc>, String> {
        read_authority_end(self).map_err(|error| error.to_string())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_the_certificate_is_read_each_time() {
        let folder = tempfile::tempdir().unwrap();
        let cert = folder.path().join("client.pem");
        let files = CertFiles { cert: cert.clone(), ..CertFiles::missing() };
        assert!(files.client_end().unwrap_err().contains("the file does not exist"));
        for year in [2031, 2044] {
            let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
            params.not_after = rcgen::date_time_ymd(year, 3, 9);
            let key = rcgen::KeyPair::generate().unwrap();
            let leaf = params.self_signed(&key).unwrap().pem();
            // What follows the leaf belongs to its issuers.
            let other = rcgen::CertificateParams::default().self_signed(&key).unwrap().pem();
            fs::write(&cert, leaf + &other).unwrap();
            let until = files.client_end().unwrap().to_rfc3339();
            assert_eq!(until, format!("{year}-03-09T00:00:00+00:00"));
        }
        fs::write(&cert, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
        let error = files.client_end().unwrap_err();
        assert!(error.contains("clientCert") && error.contains("damaged"), "{error}");
    }
}
