//! What an error of the operating system, of the resolver or of TLS means: by type first, for the
//! texts of libraries decide nothing.

use std::error::Error;
use std::io;

use rustls::{AlertDescription, CertificateError};

use super::http::ChainError;
use crate::domain::errors::{ErrorCode, Stage};

/// What went wrong: code, stage, sentence.
pub(crate) type Cause = (ErrorCode, Stage, String);

/// The resolver of the platform gives a text only; "try again" is the one case told apart
/// (decision E8).
pub(crate) fn of_lookup(error: &(dyn Error + 'static)) -> Cause {
    let text = error.to_string();
    // Linux: EAI_AGAIN. Windows: WSATRY_AGAIN, 11002.
    let again = text.contains("Temporary failure")
        || error.downcast_ref::<io::Error>().and_then(io::Error::raw_os_error) == Some(11002);
    if again {
        let text = "the host name could not be looked up, the name server asks to try again";
        (ErrorCode::TryAgain, Stage::Lookup, text.into())
    } else {
        (ErrorCode::NotFound, Stage::Lookup, "the host name was not found".into())
    }
}

/// An error of the operating system, or of TLS in the clothes of one.
pub(crate) fn of_io(error: &io::Error) -> Cause {
    if let Some(error) = error.get_ref().and_then(|payload| payload.downcast_ref::<rustls::Error>())
    {
        return of_tls(error);
    }
    match error.kind() {
        io::ErrorKind::UnexpectedEof => reset("the connection was closed during the handshake"),
        _ => (io_code(error), Stage::Exchange, format!("the connection failed: {error}")),
    }
}

/// A connection that ended as nobody expected.
pub(crate) fn reset(text: &str) -> Cause {
    (ErrorCode::ConnectionReset, Stage::Exchange, text.into())
}

/// By kind first: the numbers differ between Linux and Windows, the kinds do not.
pub(crate) fn io_code(error: &io::Error) -> ErrorCode {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => ErrorCode::ConnectionRefused,
        io::ErrorKind::ConnectionReset => ErrorCode::ConnectionReset,
        io::ErrorKind::ConnectionAborted => ErrorCode::ConnectionAborted,
        io::ErrorKind::BrokenPipe => ErrorCode::BrokenPipe,
        io::ErrorKind::TimedOut => ErrorCode::TimedOut,
        io::ErrorKind::HostUnreachable => ErrorCode::HostUnreachable,
        io::ErrorKind::NetworkUnreachable => ErrorCode::NetworkUnreachable,
        io::ErrorKind::AddrNotAvailable => ErrorCode::AddressNotAvailable,
        io::ErrorKind::PermissionDenied => ErrorCode::PermissionDenied,
        // EMFILE and ENFILE on Unix, WSAEMFILE on Windows.
        _ if matches!(error.raw_os_error(), Some(23 | 24 | 10024)) => ErrorCode::TooManyOpenFiles,
        _ => ErrorCode::Other,
    }
}

/// Every sentence here has the word "TLS" or "cert" in it: that is how the page's rules find the
/// category `certificate_error` (decision E10).
pub(crate) fn of_tls(error: &rustls::Error) -> Cause {
    let (code, text) = match error {
        rustls::Error::InvalidCertificate(reason) => return certificate(reason),
        rustls::Error::AlertReceived(alert) => return alert_cause(*alert),
        rustls::Error::InvalidMessage(_) => {
            (ErrorCode::NotTls, "the server does not speak TLS on this port".to_owned())
        }
        rustls::Error::PeerIncompatible(reason) => {
            (ErrorCode::TlsVersion, format!("no common TLS version or cipher: {reason:?}"))
        }
        other => (ErrorCode::TlsHandshake, format!("TLS handshake failed: {other:?}")),
    };
    (code, Stage::Exchange, text)
}

fn certificate(reason: &CertificateError) -> Cause {
    let (code, text) = match reason {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            (ErrorCode::CertificateExpired, "has expired")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            (ErrorCode::CertificateNotYetValid, "is not valid yet")
        }
        CertificateError::Revoked => (ErrorCode::CertificateRevoked, "is revoked"),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            (ErrorCode::CertificateNameMismatch, "is for another host name")
        }
        CertificateError::UnknownIssuer => (
            ErrorCode::UnknownIssuer,
            "is signed by an authority that is not trusted (clientCertCA for Qlik Sense)",
        ),
        CertificateError::Other(other) => match other.0.downcast_ref::<ChainError>() {
            Some(ChainError::SelfSigned) => {
                (ErrorCode::SelfSignedCertificate, "is signed by itself")
            }
            Some(ChainError::SelfSignedInChain) => (
                ErrorCode::SelfSignedCertificateInChain,
                "ends in an authority that clientCertCA does not have",
            ),
            None => (ErrorCode::BadCertificate, "was not accepted"),
        },
        _ => (ErrorCode::BadCertificate, "was not accepted"),
    };
    (code, Stage::Exchange, format!("the server's certificate {text}"))
}

fn alert_cause(alert: AlertDescription) -> Cause {
    let (code, text) = match alert {
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
            (ErrorCode::TlsVersion, "the server speaks only TLS versions before 1.2".to_owned())
        }
        other => (ErrorCode::TlsHandshake, format!("the server sent the TLS alert {other:?}")),
    };
    (code, Stage::Exchange, text)
}
