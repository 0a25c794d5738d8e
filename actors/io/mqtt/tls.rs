//! TLS to a broker. It stays with rustls, which is what the client library takes on every system.

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::{AlertDescription, CertificateError, ClientConfig, RootCertStore};

use crate::domain::errors::{CertificateVerdict, ErrorCode};
use crate::io::trust;

/// A client that trusts the authorities in a PEM file, or else those of the operating system.
///
/// # Errors
/// What is wrong with the file or the system, with the word "cert" in it, which decides the
/// category.
pub(super) fn trusting(file: Option<&Path>) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    // Systems carry authorities that are too old to be read; the others are enough.
    let (usable, _) = roots.add_parsable_certificates(trust::authorities(file)?);
    if usable == 0 {
        return Err(trust::NO_AUTHORITY.to_owned());
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("TLS cannot be set up: {error}"))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
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
            "is signed by an authority that is not trusted (mqttConfig.tls.caFile, or the system's)",
        ),
        _ => (CertificateVerdict::Unspecified, "was not accepted"),
    }
}

fn explain_alert(alert: AlertDescription) -> (ErrorCode, String) {
    match alert {
        AlertDescription::CertificateRequired => (
            ErrorCode::ClientCertificateRequired,
            "the server wants a client certificate".to_owned(),
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
