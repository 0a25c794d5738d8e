//! From the errors of the HTTP client and of TLS to a [`Failure`], by type first: the texts of
//! these libraries decide nothing.

use std::error::Error;
use std::io;

use actix_http::error::ParseError;
use awc::error::{ConnectError, PayloadError, SendRequestError};
use rustls::{AlertDescription, CertificateError};

use super::dial::DialError;
use super::verifier::ChainError;
use crate::domain::errors::{ErrorCode, Failure, RequestFacts, Stage};

/// What went wrong: code, stage, sentence.
type Cause = (ErrorCode, Stage, String);

/// An error before the head of the answer.
pub(super) fn from_send(error: &SendRequestError, request: &RequestFacts) -> Failure {
    let cause = match error {
        SendRequestError::Connect(error) => connect(error, request),
        SendRequestError::Timeout => timeout(request, "waiting for an answer"),
        SendRequestError::Send(error) => io_cause(error),
        SendRequestError::Response(ParseError::Io(error)) => io_cause(error),
        SendRequestError::Response(ParseError::Timeout) => timeout(request, "reading the head"),
        SendRequestError::Response(ParseError::TooLarge) => {
            let text = "the head of the answer is too large";
            (ErrorCode::HeadTooLarge, Stage::Exchange, text.into())
        }
        SendRequestError::Response(_) => {
            (ErrorCode::NotHttp, Stage::Exchange, "the answer is not HTTP".into())
        }
        SendRequestError::Url(_) | SendRequestError::Http(_) => {
            let text = "the URL or a header of the request is not valid";
            (ErrorCode::InvalidUrl, Stage::Exchange, text.into())
        }
        SendRequestError::Body(_) | SendRequestError::Custom(..) => custom(error),
        _ => (ErrorCode::Other, Stage::Exchange, "the request failed".into()),
    };
    unanswered(cause, request)
}

/// An error inside the body of the answer.
pub(super) fn from_payload(error: &PayloadError, request: &RequestFacts) -> Failure {
    let cause = match error {
        PayloadError::Incomplete(Some(error)) | PayloadError::Io(error) => io_cause(error),
        PayloadError::Incomplete(None) => reset("the connection was closed inside the answer"),
        _ => (ErrorCode::NotHttp, Stage::Exchange, "the body of the answer is not HTTP".into()),
    };
    unanswered(cause, request)
}

/// Nothing more came of the body.
pub(super) fn silence(request: &RequestFacts) -> Failure {
    unanswered(timeout(request, "reading the body"), request)
}

/// The body is larger than we want.
pub(super) fn too_large(request: &RequestFacts, limit: usize) -> Failure {
    let text = format!("the answer is larger than {} MiB", limit >> 20);
    unanswered((ErrorCode::BodyTooLarge, Stage::Exchange, text), request)
}

fn unanswered((code, stage, message): Cause, request: &RequestFacts) -> Failure {
    Failure::Unanswered { code, stage, request: request.clone(), message: message.into() }
}

fn timeout(request: &RequestFacts, during: &str) -> Cause {
    let ms = request.timeout.unwrap_or_default().as_millis();
    let text = format!("timeout of {ms}ms exceeded, {during}");
    (ErrorCode::ConnectionAborted, Stage::Exchange, text)
}

fn reset(text: &str) -> Cause {
    (ErrorCode::ConnectionReset, Stage::Exchange, text.into())
}

fn connect(error: &ConnectError, request: &RequestFacts) -> Cause {
    match error {
        ConnectError::Resolver(error) => lookup(error.as_ref()),
        ConnectError::NoRecords | ConnectError::Unresolved => {
            (ErrorCode::NotFound, Stage::Lookup, "the host name has no address".into())
        }
        ConnectError::Timeout => timeout(request, "connecting"),
        ConnectError::Disconnected => reset("the connection was closed before an answer"),
        ConnectError::Io(error) => io_cause(error),
        ConnectError::SslIsNotSupported => {
            (ErrorCode::TlsHandshake, Stage::Exchange, "TLS is not set up for this request".into())
        }
        _ => (ErrorCode::Other, Stage::Exchange, "the connection could not be made".into()),
    }
}

/// The resolver of the platform gives a text only; "try again" is the one case told apart
/// (decision E8).
fn lookup(error: &(dyn Error + 'static)) -> Cause {
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

/// Some errors of the client hide an `io::Error` below.
fn custom(error: &SendRequestError) -> Cause {
    let (SendRequestError::Body(inner) | SendRequestError::Custom(inner, _)) = error else {
        return (ErrorCode::Other, Stage::Exchange, "the request failed".into());
    };
    match inner.downcast_ref::<io::Error>() {
        Some(error) => io_cause(error),
        None => (ErrorCode::Other, Stage::Exchange, "the request failed".into()),
    }
}

/// An error of the operating system, of our dial, or of TLS in the clothes of one.
fn io_cause(error: &io::Error) -> Cause {
    if let Some(payload) = error.get_ref() {
        if let Some(dial) = payload.downcast_ref::<DialError>() {
            let code = io_code(&dial.cause);
            return (code, Stage::Dial(dial.address), dial.to_string());
        }
        if let Some(error) = payload.downcast_ref::<rustls::Error>() {
            return tls_cause(error);
        }
    }
    match error.kind() {
        io::ErrorKind::UnexpectedEof => reset("the connection was closed during the handshake"),
        _ => (io_code(error), Stage::Exchange, format!("the connection failed: {error}")),
    }
}

/// By kind first: the numbers differ between Linux and Windows, the kinds do not.
fn io_code(error: &io::Error) -> ErrorCode {
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
fn tls_cause(error: &rustls::Error) -> Cause {
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
        CertificateError::UnknownIssuer => {
            (ErrorCode::UnknownIssuer, "is signed by an authority that clientCertCA does not have")
        }
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
