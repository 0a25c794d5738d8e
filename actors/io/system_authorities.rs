//! Whom servers outside of Qlik Sense must be vouched for by.

use std::path::Path;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// Said where authorities were found and none of them can be used.
pub(in crate::io) const NO_AUTHORITY: &str = "no usable certificate of an authority was found";

/// The authorities in a PEM file, or else those of the operating system (`SSL_CERT_FILE` and
/// `SSL_CERT_DIR` name others), in DER form.
///
/// # Errors
/// What is wrong with the file or the system, with the word "cert" in it, which decides the
/// category.
pub(in crate::io) fn authorities(
    file: Option<&Path>,
) -> Result<Vec<CertificateDer<'static>>, String> {
    match file {
        Some(file) => from_file(file),
        None => from_system(),
    }
}

fn from_file(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let unusable = |problem: String| format!("certificate file {}: {problem}", file.display());
    let pem = std::fs::read(file).map_err(|error| unusable(format!("cannot be read: {error}")))?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    certificates.map_err(|error| unusable(format!("not a valid PEM certificate: {error}")))
}

fn from_system() -> Result<Vec<CertificateDer<'static>>, String> {
    let found = rustls_native_certs::load_native_certs();
    match found.errors.first() {
        Some(error) if found.certs.is_empty() => {
            Err(format!("the certificates of the system's authorities cannot be read: {error}"))
        }
        _ => Ok(found.certs),
    }
}
