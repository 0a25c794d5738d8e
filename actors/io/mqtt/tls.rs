//! TLS to a broker. It stays with rustls, which is what the client library takes on every system.

use std::fmt::Display;
use std::path::Path;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::{self, PemObject};
use rustls::{AlertDescription, CertificateError, ClientConfig, RootCertStore};

use super::settings::{ClientFiles, MqttTls};
use crate::domain::errors::{CertificateVerdict, ErrorCode};
use crate::io::system_authorities;

/// A client that trusts the authorities in a PEM file, or else those of the operating system, and
/// shows a certificate where there is one.
///
/// # Errors
/// What is wrong with a file or the system, with the word "cert" in it, which decides the category.
pub(super) fn client_config(tls: &MqttTls) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    // Systems carry authorities that are too old to be read; the others are enough.
    let (usable, _) =
        roots.add_parsable_certificates(system_authorities::authorities(tls.ca_file.as_deref())?);
    if usable == 0 {
        return Err(system_authorities::NO_AUTHORITY.to_owned());
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("TLS cannot be set up: {error}"))?
        .with_root_certificates(roots);
    let Some(ClientFiles { certificate, key }) = &tls.client else {
        return Ok(builder.with_no_client_auth());
    };
    let chain = system_authorities::authorities(Some(certificate))?;
    builder.with_client_auth_cert(chain, private_key(key)?).map_err(|error| {
        let (certificate, key) = (certificate.display(), key.display());
        format!(
            "certificate file {certificate} and key file {key} cannot be used together \
             (mqttConfig.certFile, mqttConfig.keyFile): {error}"
        )
    })
}

/// The first key in a PEM file.
fn private_key(file: &Path) -> Result<PrivateKeyDer<'static>, String> {
    let unusable =
        |problem: &dyn Display| format!("key file {} of a certificate: {problem}", file.display());
    let pem =
        std::fs::read(file).map_err(|error| unusable(&format_args!("cannot be read: {error}")))?;
    PrivateKeyDer::from_pem_slice(&pem).map_err(|error| match error {
        pem::Error::NoItemsFound => unusable(
            &"has no private key that is not encrypted; a passphrase is not supported here",
        ),
        error => unusable(&format_args!("not a valid PEM key: {error}")),
    })
}

/// Code and sentence for an error of TLS. Every sentence has the word "TLS" or "cert" in it: that
/// is how the page's rules find the category `certificate_error` (decision E10).
pub(super) fn explain(error: &rustls::Error) -> (ErrorCode, String) {
    match error {
        rustls::Error::InvalidCertificate(reason) => {
            let (verdict, text) = certificate(reason);
            (ErrorCode::Certificate(verdict), format!("the server's certificate {text}"))
        }
        rustls::Error::AlertReceived(alert) => explain_alert(*alert),
        rustls::Error::InvalidMessage(_) => {
            (ErrorCode::Protocol, "the server does not speak TLS on this port".to_owned())
        }
        rustls::Error::PeerIncompatible(reason) => {
            (ErrorCode::Protocol, format!("no common TLS version or cipher: {reason:?}"))
        }
        other => (ErrorCode::Protocol, format!("TLS handshake failed: {other:?}")),
    }
}

fn certificate(reason: &CertificateError) -> (CertificateVerdict, &'static str) {
    match reason {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            (CertificateVerdict::HasExpired, "has expired")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            (CertificateVerdict::NotYetValid, "is not valid yet")
        }
        CertificateError::Revoked => (CertificateVerdict::Revoked, "is revoked"),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            (CertificateVerdict::NameMismatch, "is for another host name")
        }
        CertificateError::UnknownIssuer => (
            CertificateVerdict::UnableToVerifyLeafSignature,
            "is signed by an authority that is not trusted (mqttConfig.caFile, or the system's)",
        ),
        _ => (CertificateVerdict::Unspecified, "was not accepted"),
    }
}

fn explain_alert(alert: AlertDescription) -> (ErrorCode, String) {
    match alert {
        AlertDescription::CertificateRequired => (
            ErrorCode::ClientCertificateRequired,
            "the server wants a client certificate (mqttConfig.certFile, keyFile)".to_owned(),
        ),
        AlertDescription::UnknownCA
        | AlertDescription::BadCertificate
        | AlertDescription::CertificateUnknown
        | AlertDescription::CertificateExpired
        | AlertDescription::CertificateRevoked
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::AccessDenied => (
            ErrorCode::ClientCertificateRejected,
            format!("the server refused our client certificate: TLS alert {alert:?}"),
        ),
        AlertDescription::ProtocolVersion => {
            (ErrorCode::Protocol, "the server speaks only TLS versions before 1.2".to_owned())
        }
        other => (ErrorCode::Protocol, format!("the server sent the TLS alert {other:?}")),
    }
}
