//! The TLS client: our certificate, and how much of the server's is verified.

use std::sync::Arc;

use rustls::ClientConfig;
use rustls::crypto::ring;

use super::CertFiles;
use super::files::{CertFileError, read_identity};
use super::verifier::{SenseVerifier, Verify};

/// The set-up for connections that show the certificate of `files`.
///
/// No protocol is offered beside HTTP/1.1: the client must never be talked into HTTP/2.
pub(super) fn client_config(
    files: &CertFiles,
    verify: Verify,
) -> Result<ClientConfig, CertFileError> {
    let identity = read_identity(files)?;
    let provider = Arc::new(ring::default_provider());
    let verifier = SenseVerifier::new(identity.authorities, verify, &provider);
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| CertFileError::mismatch(files, &error))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_client_auth_cert(identity.chain, identity.key)
        .map_err(|error| CertFileError::mismatch(files, &error))
}
