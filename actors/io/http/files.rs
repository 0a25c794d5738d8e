//! Reading the certificate files. Every message names the configuration key, the file, what is
//! wrong and the cure, and has the word `cert` in it, which decides the category.

use std::fmt;
use std::path::Path;

use chrono::{DateTime, SecondsFormat, Utc};
use openssl::pkey::{PKey, Private};
use openssl::x509::X509;

use super::CertFiles;
use super::dates::end_of;
use super::keys::{KeyError, read_key};
use super::pem::{self, PemError, Wanted};
use super::tls::TlsClient;
use super::verify::Verify;
use crate::domain::errors::ErrorCode;
use crate::io::failure_cause::io_code;

/// What the three files hold.
pub(super) struct Identity {
    /// Leaf first.
    pub(super) chain: Vec<X509>,
    pub(super) key: PKey<Private>,
    pub(super) authorities: Vec<X509>,
}

/// A certificate file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum CertFileError {
    /// The file is the reason.
    File(String),
    /// The process has no file handle left: no file of ours is the reason.
    TooManyOpenFiles,
}

impl fmt::Display for CertFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::File(message) => message,
            Self::TooManyOpenFiles => {
                "too many files and connections are open: raise the limit of this process \
                 (LimitNOFILE of its service, ulimit -n)"
            }
        })
    }
}

impl std::error::Error for CertFileError {}

impl CertFileError {
    fn new(key: &str, path: &Path, problem: impl fmt::Display) -> Self {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let path = path.display();
        Self::File(format!("client certificate: Butler-SOS.cert.{key}, {path}: {problem}"))
    }

    /// The code of the error, where it is not about a file.
    pub(super) fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::File(_) => None,
            Self::TooManyOpenFiles => Some(ErrorCode::TooManyOpenFiles),
        }
    }

    /// The key was read, but is that of another certificate.
    pub(super) fn mismatch(files: &CertFiles) -> Self {
        let problem = "the key does not belong to the certificate in clientCert";
        Self::new("clientCertKey", &files.key, problem)
    }

    /// OpenSSL takes the certificate for no good.
    pub(super) fn refused(files: &CertFiles, reason: &str) -> Self {
        let problem = format!("the certificate cannot be used: {reason}");
        Self::new("clientCert", &files.cert, problem)
    }
}

/// Reads the three files.
pub(super) fn read_identity(files: &CertFiles) -> Result<Identity, CertFileError> {
    let chain = read_certificates("clientCert", &files.cert)?;
    let key = read_private_key(files)?;
    let authorities = read_certificates("clientCertCA", &files.ca)?;
    Ok(Identity { chain, key, authorities })
}

fn read_private_key(files: &CertFiles) -> Result<PKey<Private>, CertFileError> {
    let bytes = read("clientCertKey", &files.key)?;
    read_key(&bytes, files.passphrase.as_ref()).map_err(|error| {
        let key = match error {
            KeyError::NoPassphrase | KeyError::WrongPassphrase => "clientCertPassphrase",
            _ => "clientCertKey",
        };
        CertFileError::new(key, &files.key, error)
    })
}

/// Everything that stands in the way of using the files at `now`: each file for itself, then
/// whether they fit together, then their dates. An authority that is over matters only where
/// servers are `verified`.
pub(super) fn problems(
    files: &CertFiles,
    now: DateTime<Utc>,
    verified: bool,
) -> Vec<CertFileError> {
    let chain = read_certificates("clientCert", &files.cert);
    let key = read_private_key(files);
    let authorities = read_certificates("clientCertCA", &files.ca);
    let mut problems = Vec::new();
    for (key, path, read, matters) in [
        ("clientCert", &files.cert, chain.as_deref(), true),
        ("clientCertCA", &files.ca, authorities.as_deref(), verified),
    ] {
        // Of a chain the leaf, of authorities the one that ends first.
        let end = read.map(|read| match key {
            "clientCert" => read.first().and_then(|leaf| end_of(leaf)),
            _ => read.iter().filter_map(|authority| end_of(authority)).min(),
        });
        match end {
            Err(error) => problems.push(error.clone()),
            Ok(Some(end)) if matters && end < now => {
                let end = end.to_rfc3339_opts(SecondsFormat::Secs, true);
                let problem = format!(
                    "the certificate has expired, at {end}. Export new ones from the Qlik \
                     Management Console"
                );
                problems.push(CertFileError::new(key, path, problem));
            }
            Ok(_) => {}
        }
    }
    match (chain, key, authorities) {
        (Ok(chain), Ok(key), Ok(authorities)) => {
            let identity = Identity { chain, key, authorities };
            problems.extend(TlsClient::showing(&identity, files, Verify::Nothing).err());
        }
        (_, Err(error), _) => problems.push(error),
        _ => {}
    }
    problems
}

/// Until when the client certificate itself is valid, which is the first of its chain.
pub(super) fn read_client_end(files: &CertFiles) -> Result<DateTime<Utc>, CertFileError> {
    let chain = read_certificates("clientCert", &files.cert)?;
    chain.first().and_then(|leaf| end_of(leaf)).ok_or_else(|| {
        let problem = "the dates of the certificate cannot be read";
        CertFileError::new("clientCert", &files.cert, problem)
    })
}

/// Until when all authorities are valid: the end of the one that ends first.
pub(super) fn read_authority_end(files: &CertFiles) -> Result<DateTime<Utc>, CertFileError> {
    let authorities = read_certificates("clientCertCA", &files.ca)?;
    authorities.iter().filter_map(|authority| end_of(authority)).min().ok_or_else(|| {
        let problem = "the dates of the certificate cannot be read";
        CertFileError::new("clientCertCA", &files.ca, problem)
    })
}

fn read(key: &str, path: &Path) -> Result<Vec<u8>, CertFileError> {
    std::fs::read(path).map_err(|error| {
        if io_code(&error) == ErrorCode::TooManyOpenFiles {
            return CertFileError::TooManyOpenFiles;
        }
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

fn read_certificates(key: &str, path: &Path) -> Result<Vec<X509>, CertFileError> {
    let bytes = read(key, path)?;
    let unusable = |error: PemError| CertFileError::new(key, path, error);
    let text = pem::text(&bytes, Wanted::Certificate).map_err(unusable)?;
    match X509::stack_from_pem(text) {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(unusable(PemError::Damaged(Wanted::Certificate))),
    }
}
