//! TLS to servers outside of Qlik Sense: whom they must be vouched for by.

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

/// A client that trusts the authorities in a PEM file, or else those of the operating system
/// (`SSL_CERT_FILE` and `SSL_CERT_DIR` name others).
///
/// # Errors
/// What is wrong with the file or the system, with the word "cert" in it, which decides the
/// category.
pub fn trusting(authorities: Option<&Path>) -> Result<ClientConfig, String> {
    let certificates = match authorities {
        Some(file) => from_file(file)?,
        None => from_system()?,
    };
    let mut roots = RootCertStore::empty();
    // Systems carry authorities that are too old to be read; the others are enough.
    let (usable, _) = roots.add_parsable_certificates(certificates);
    if usable == 0 {
        return Err("no usable certificate of an authority was found".to_owned());
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("TLS cannot be set up: {error}"))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
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
