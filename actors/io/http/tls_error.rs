//! What went wrong with TLS, by the numbers of OpenSSL, and the sentence about it.

use std::io;

use openssl::error::ErrorStack;
use openssl::ssl;

use super::rejection::Rejection;
use crate::domain::errors::{ErrorCode, Transfer};
use crate::io::failure_cause::io_code;

/// Why a secure connection was not made, or broke.
#[derive(Debug)]
pub(super) enum TlsError {
    /// The handshake worked, and what the server showed is not trusted.
    Rejected(Rejection),
    /// The connection broke during the handshake; `true` once a certificate had come.
    Broken(Option<io::Error>, bool),
    /// The other side gave up with this alert (RFC 8446, section 6); when.
    Alert(u8, Moment),
    /// What came is not TLS.
    NotTls,
    /// The server chose a version that is too old.
    OldVersion,
    /// Anything else, in OpenSSL's words.
    Failed(String, Moment),
}

/// When a secure connection failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    /// Before the server had sent a certificate.
    BeforeCertificate,
    /// After that, before the end of the handshake.
    InHandshake,
    /// After the handshake.
    Later,
}

/// Numbers of `openssl/sslerr.h`. Alerts are added to the last.
mod reasons {
    pub(super) const HTTP_REQUEST: i32 = 156;
    pub(super) const PACKET_LENGTH_TOO_LONG: i32 = 198;
    pub(super) const UNSUPPORTED_PROTOCOL: i32 = 258;
    pub(super) const WRONG_VERSION_NUMBER: i32 = 267;
    pub(super) const UNEXPECTED_EOF: i32 = 294;
    pub(super) const BAD_RECORD_TYPE: i32 = 443;
    pub(super) const ALERTS: i32 = 1_000;
}

/// OpenSSL's own words for the first of its errors.
pub(super) fn reason(stack: &ErrorStack) -> String {
    let first = stack.errors().first().and_then(openssl::error::Error::reason);
    first.unwrap_or("unknown reason").to_owned()
}

impl TlsError {
    /// OpenSSL could not begin.
    pub(super) fn setup(reason: &str) -> Self {
        Self::Failed(reason.to_owned(), Moment::BeforeCertificate)
    }

    /// The handshake failed.
    pub(super) fn in_handshake(error: ssl::Error, certificate_came: bool) -> Self {
        let moment = if certificate_came { Moment::InHandshake } else { Moment::BeforeCertificate };
        match error.ssl_error() {
            Some(stack) => Self::of_stack(stack, moment),
            None => Self::Broken(error.into_io_error().ok(), certificate_came),
        }
    }

    /// Reading or writing failed after the handshake, for a reason of TLS.
    pub(super) fn later(error: &ssl::Error) -> Option<Self> {
        Some(Self::of_stack(error.ssl_error()?, Moment::Later))
    }

    fn of_stack(stack: &ErrorStack, moment: Moment) -> Self {
        let numbers = || stack.errors().iter().map(openssl::error::Error::reason_code);
        let alert = numbers()
            .filter(|number| (reasons::ALERTS..reasons::ALERTS + 256).contains(number))
            .find_map(|number| u8::try_from(number - reasons::ALERTS).ok());
        if let Some(alert) = alert {
            return Self::Alert(alert, moment);
        }
        for number in numbers() {
            match number {
                reasons::UNSUPPORTED_PROTOCOL => return Self::OldVersion,
                reasons::HTTP_REQUEST
                | reasons::PACKET_LENGTH_TOO_LONG
                | reasons::WRONG_VERSION_NUMBER
                | reasons::BAD_RECORD_TYPE => return Self::NotTls,
                reasons::UNEXPECTED_EOF => {
                    return Self::Broken(None, moment != Moment::BeforeCertificate);
                }
                _ => {}
            }
        }
        Self::Failed(reason(stack), moment)
    }

    /// Code, system call and sentence. Every sentence has the word "TLS" or "cert" in it: that is
    /// how the page's rules find the category `certificate_error` (decision E10).
    pub(super) fn explain(&self) -> (ErrorCode, Transfer, String) {
        match self {
            Self::Rejected(rejection) => (
                ErrorCode::Certificate(rejection.verdict),
                Transfer::Read,
                rejection.sentence.clone(),
            ),
            Self::Broken(error, certificate_came) => broken(error.as_ref(), *certificate_came),
            Self::Alert(alert, moment) => explain_alert(*alert, *moment),
            Self::NotTls => (
                ErrorCode::Protocol,
                Transfer::Write,
                "the server does not speak TLS on this port".to_owned(),
            ),
            Self::OldVersion => (ErrorCode::Protocol, Transfer::Write, TOO_OLD.to_owned()),
            Self::Failed(reason, Moment::Later) => {
                (ErrorCode::Protocol, Transfer::Read, format!("the TLS connection broke: {reason}"))
            }
            Self::Failed(reason, _) => {
                (ErrorCode::Protocol, Transfer::Write, format!("TLS handshake failed: {reason}"))
            }
        }
    }
}

const TOO_OLD: &str = "the server speaks only TLS versions before 1.2, which are not secure. Switch \
                       TLS 1.2 on there (Windows: SCHANNEL\\Protocols in the registry)";

/// What a server that knows none of it does not answer, but breaks off.
const NOTHING_IN_COMMON: &str = "no common TLS version or cipher suite? TLS 1.2 and 1.3 were \
                                 offered with the cipher suites of Node.js 24; docs/TLS.md says \
                                 how to find out what the server has";

fn broken(error: Option<&io::Error>, certificate_came: bool) -> (ErrorCode, Transfer, String) {
    let code = error.map_or(ErrorCode::ConnectionReset, io_code);
    let how = match code {
        ErrorCode::ConnectionReset if error.is_some() => "reset",
        _ if error.is_some() => "broken",
        _ => "closed",
    };
    let text = if certificate_came {
        format!(
            "the connection was {how} during the TLS handshake, after the server had sent its \
             certificate: does it accept our client certificate?"
        )
    } else {
        format!(
            "the connection was {how} during the TLS handshake, before the server sent a \
             certificate: {NOTHING_IN_COMMON}"
        )
    };
    (code, Transfer::Read, text)
}

/// Alerts of RFC 5246, section 7.2, and RFC 8446, section 6.
fn explain_alert(alert: u8, moment: Moment) -> (ErrorCode, Transfer, String) {
    // In the handshake, what failed for a user of the original is the write of the request.
    let (protocol, transfer) = match moment {
        Moment::BeforeCertificate | Moment::InHandshake => (ErrorCode::Protocol, Transfer::Write),
        Moment::Later => (ErrorCode::ClientCertificateRejected, Transfer::Read),
    };
    let refused = |name: &str| {
        let text = format!(
            "the server refused our client certificate: TLS alert {name}. Is it of this site, and \
             not over? Export it again from the Qlik Management Console"
        );
        (protocol, transfer, text)
    };
    match alert {
        116 => {
            let code = match moment {
                Moment::Later => ErrorCode::ClientCertificateRequired,
                _ => ErrorCode::Protocol,
            };
            (code, transfer, "the server wants a client certificate".to_owned())
        }
        42 => refused("bad certificate"),
        43 => refused("unsupported certificate"),
        44 => refused("certificate revoked"),
        45 => refused("certificate expired"),
        46 => refused("certificate unknown"),
        48 => refused("unknown CA"),
        49 => refused("access denied"),
        70 => (ErrorCode::Protocol, Transfer::Write, TOO_OLD.to_owned()),
        40 | 71 if moment == Moment::BeforeCertificate => {
            let name = if alert == 40 { "handshake failure" } else { "insufficient security" };
            let text = format!("the server gave up with the TLS alert {name}: {NOTHING_IN_COMMON}");
            (ErrorCode::Protocol, Transfer::Write, text)
        }
        40 if moment == Moment::InHandshake => refused("handshake failure"),
        112 => {
            let text = "the server does not know the host name it was asked for (TLS alert \
                        unrecognised name): use the name of its certificate in the configuration";
            (ErrorCode::Protocol, Transfer::Write, text.to_owned())
        }
        number => {
            let text = format!("the server gave up with the TLS alert number {number}");
            (ErrorCode::Protocol, transfer, text)
        }
    }
}
