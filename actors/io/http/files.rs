//! Reading the certificate files. Every message names the configuration key, the file, what is
//! wrong and the cure, and has the word `cert` in it, which decides the category.

use std::fmt;
use std::path::Path;

use chrono::{DateTime, Utc};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use x509_parser::parse_x509_certificate;

use super::CertFiles;
use super::keys::{KeyError, read_key};

/// What the three files hold.
pub(super) struct Identity {
    pub(super) chain: Vec<CertificateDer<'static>>,
    pub(super) key: PrivateKeyDer<'static>,
    pub(super) authorities: Vec<CertificateDer<'static>>,
}

/// A certificate file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CertFileError(String);

impl fmt::Display for CertFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for CertFileError {}

impl CertFileError {
    fn new(key: &str, path: &Path, problem: impl fmt::Display) -> Self {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        Self(format!("client certificate: Butler-SOS.cert.{key}, {}: {problem}", path.display()))
    }

    /// The files were read, but do not fit together.
    pub(super) fn mismatch(files: &CertFiles, error: &rustls::Error) -> Self {
        let problem = match error {
            rustls::Error::InconsistentKeys(_) => {
                "the key does not belong to the certificate in clientCert".to_owned()
            }
            other => format!("certificate and key cannot be used: {other:?}"),
        };
        Self::new("clientCertKey", &files.key, problem)
    }
}

/// Reads the three files.
pub(super) fn read_identity(files: &CertFiles) -> Result<Identity, CertFileError> {
    let chain = read_certificates("clientCert", &files.cert)?;
    let pem = read("clientCertKey", &files.key)?;
    let key = read_key(&pem, files.passphrase.as_ref()).map_err(|error| {
        let key = match error {
            KeyError::NoPassphrase | KeyError::WrongPassphrase => "clientCertPassphrase",
            _ => "clientCertKey",
        };
        CertFileError::new(key, &files.key, error)
    })?;
    let authorities = read_certificates("clientCertCA", &files.ca)?;
    Ok(Identity { chain, key, authorities })
}

/// Until when the client certificate itself is valid, which is the first of its chain.
pub(super) fn read_not_after(files: &CertFiles) -> Result<DateTime<Utc>, CertFileError> {
    let chain = read_certificates("clientCert", &files.cert)?;
    let until = chain.first().and_then(|leaf| {
        let (_, leaf) = parse_x509_certificate(leaf).ok()?;
        DateTime::from_timestamp(leaf.validity().not_after.timestamp(), 0)
    });
    until.ok_or_else(|| {
        let problem = "the dates of the certificate cannot be read";
        CertFileError::new("clientCert", &files.cert, problem)
    })
}

fn read(key: &str, path: &Path) -> Result<Vec<u8>, CertFileError> {
    std::fs::read(path).map_err(|error| {
        let problem = match error.kind() {
            std::io::ErrorKind::NotFound => {
                "the file does not exist. Export the certificates in the Qlik Management Console \
                 and give the path here"
                    .to_owned()
            }
            std::io::ErrorKind::PermissionDenied => {
                "the file may not be read by the user that this program runs as".to_owned()
            }
            _ => format!("the file cannot be read: {error}"),
        };
        CertFileError::new(key, path, problem)
    })
}

fn read_certificates(
    key: &str,
    path: &Path,
) -> Result<Vec<CertificateDer<'static>>, CertFileError> {
    let pem = read(key, path)?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match certificates {
        Ok(certificates) if certificates.is_empty() => Err(CertFileError::new(
            key,
            path,
            "no certificate in it. Expected PEM text with \"-----BEGIN CERTIFICATE-----\"",
        )),
        Ok(certificates) => Ok(certificates),
        Err(error) => {
            Err(CertFileError::new(key, path, format!("not a valid PEM certificate: {error}")))
        }
    }
}
