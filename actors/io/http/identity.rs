//! The three files that make a client certificate, and noticing when they change.

use std::fs;
use std::path::PathBuf;
use std::time::SystemTime;

use chrono::{DateTime, Utc};

use super::files::{problems, read_authority_end, read_client_end};
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

/// Size and times of the three files; differs after a certificate was replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fingerprint([Option<Look>; 3]);

/// Size, time of the content and, where the system has them, number of the file and time of its last
/// change of any kind: whoever replaces a file may keep the first two.
type Look = (u64, SystemTime, (u64, i64, i64));

impl CertFiles {
    /// Everything that keeps the files from being used at `now`, each by its key and with what to
    /// do. An authority that is over matters only where servers are `verified`.
    pub fn problems(&self, now: DateTime<Utc>, verified: bool) -> Vec<String> {
        problems(self, now, verified).iter().map(ToString::to_string).collect()
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
            Some((meta.len(), meta.modified().ok()?, changed(&meta)))
        }))
    }
}

#[cfg(unix)]
fn changed(meta: &fs::Metadata) -> (u64, i64, i64) {
    use std::os::unix::fs::MetadataExt;
    (meta.ino(), meta.ctime(), meta.ctime_nsec())
}

#[cfg(not(unix))]
fn changed(_: &fs::Metadata) -> (u64, i64, i64) {
    (0, 0, 0)
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

    #[cfg(unix)]
    #[test]
    fn a_file_replaced_by_one_of_the_same_size_and_time_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let (cert, next) = (folder.path().join("client.pem"), folder.path().join("next.pem"));
        let files = CertFiles { cert: cert.clone(), ..CertFiles::missing() };
        fs::write(&cert, "one").unwrap();
        let before = files.fingerprint();
        assert_eq!(files.fingerprint(), before);
        let time = fs::metadata(&cert).unwrap().modified().unwrap();
        fs::write(&next, "two").unwrap();
        fs::File::options().write(true).open(&next).unwrap().set_modified(time).unwrap();
        fs::rename(&next, &cert).unwrap();
        assert_ne!(files.fingerprint(), before);
    }

    #[test]
    fn every_problem_is_found_at_once_and_dates_count() {
        let now = Utc::now();
        let missing = CertFiles::missing().problems(now, true);
        assert_eq!(missing.len(), 3, "{missing:?}");
        for key in ["clientCert,", "clientCertKey,", "clientCertCA,"] {
            assert!(missing.iter().any(|problem| problem.contains(key)), "{key} {missing:?}");
        }
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(name);
        let files = CertFiles {
            cert: file("client.pem"),
            key: file("client_key.pem"),
            ca: file("root.pem"),
            passphrase: None,
        };
        let key = rcgen::KeyPair::generate().unwrap();
        let write = |path: &PathBuf, year: i32, key: &rcgen::KeyPair| {
            let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
            params.not_before = rcgen::date_time_ymd(2001, 1, 1);
            params.not_after = rcgen::date_time_ymd(year, 3, 9);
            fs::write(path, params.self_signed(key).unwrap().pem()).unwrap();
        };
        fs::write(&files.key, key.serialize_pem()).unwrap();
        write(&files.cert, 2100, &key);
        write(&files.ca, 2100, &key);
        assert_eq!(files.problems(now, true), Vec::<String>::new());
        write(&files.ca, 2020, &key);
        assert_eq!(files.problems(now, false), Vec::<String>::new(), "nobody is verified");
        let over = files.problems(now, true);
        assert!(over.len() == 1 && over[0].contains("clientCertCA"), "{over:?}");
        assert!(over[0].contains("has expired, at 2020-03-09T00:00:00Z"), "{over:?}");
        let other = rcgen::KeyPair::generate().unwrap();
        write(&files.cert, 2020, &other);
        let both = files.problems(now, false);
        assert!(both[0].contains("clientCert,") && both[0].contains("expired"), "{both:?}");
        assert!(both[1].contains("does not belong to the certificate"), "{both:?}");
    }
}
