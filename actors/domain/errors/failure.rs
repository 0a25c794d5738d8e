//! How a piece of work failed. Facts only; the category and the fields are derived from them.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::{Category, ErrorCode};

/// A status exists only where HTTP answered, a dialled address only where it did not.
#[derive(Debug, Clone, PartialEq)]
pub enum Failure {
    /// The server answered with a status that is not success.
    Answered {
        /// HTTP status, 100 to 599.
        status: u16,
        /// The request.
        request: RequestFacts,
    },
    /// No whole answer came.
    Unanswered {
        /// Why.
        code: ErrorCode,
        /// How far the connection got.
        stage: Stage,
        /// The request.
        request: RequestFacts,
        /// One sentence for the log. Text of the peer's choosing is only in the sentence about a
        /// certificate, quoted and bounded; elsewhere words decide the category (decision E10).
        message: Arc<str>,
    },
    /// A whole answer came that cannot be used, an HTML page for example.
    Unusable {
        /// The request.
        request: RequestFacts,
        /// One sentence for the log. May quote the peer: no word of it decides anything.
        message: Arc<str>,
    },
    /// A connection that does not carry HTTP was not made, or broke.
    Disconnected {
        /// Why.
        code: ErrorCode,
        /// How far the connection got.
        stage: Stage,
        /// One sentence for the log; never text of the peer's choosing.
        message: Arc<str>,
    },
    /// Failed on this machine before any request: an unreadable certificate, a malformed event.
    Local {
        /// What it is about, where the code does not say.
        category: Category,
        /// Operating system or library code, where there is one.
        code: Option<ErrorCode>,
        /// One sentence for the log; never text of the peer's choosing.
        message: Arc<str>,
    },
}

/// What was asked.
#[derive(Debug, Clone, PartialEq)]
pub struct RequestFacts {
    /// Scheme, host and path.
    pub url: RequestUrl,
    /// The configured limit, sub-millisecond part ignored.
    pub timeout: Option<Duration>,
}

/// Scheme, host and path of a request. Query, fragment and credentials cannot be in it: they
/// carry secrets (the page: "query string stripped").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestUrl(Arc<str>);

impl RequestUrl {
    /// Keeps scheme, host and path of a URL.
    pub fn sanitised(url: &str) -> Self {
        let bare = url.split(['?', '#']).next().unwrap_or_default();
        let kept = match Url::parse(bare) {
            Ok(mut parsed) if parsed.has_host() => {
                // Neither can fail where there is a host.
                _ = parsed.set_username("").and_then(|()| parsed.set_password(None));
                let text = parsed.as_str();
                let text = if bare.ends_with('/') { text } else { text.trim_end_matches('/') };
                text.to_owned()
            }
            // What is no URL is shown as it is, without what could be a password.
            _ => bare.rsplit('@').next().unwrap_or_default().to_owned(),
        };
        Self(kept.into())
    }

    /// The text on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The step of making a connection that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Looking the name up, system call `getaddrinfo`.
    Lookup,
    /// Dialling an address, system call `connect`.
    Dial(SocketAddr),
    /// Anything later, on a connection to this address: handshake, request, answer.
    Exchange(SocketAddr, Transfer),
    /// Waiting for an answer took too long, or our own limit ended it: no system call failed
    /// (decision E7).
    Waiting,
}

/// What was under way on a connection when it failed: the system call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transfer {
    /// `read`.
    Read,
    /// `write`.
    Write,
}

impl Failure {
    /// A failure on this machine without a code.
    pub fn local(category: Category, message: impl Into<Arc<str>>) -> Self {
        Self::Local { category, code: None, message: message.into() }
    }

    /// The field `error_category`.
    pub fn category(&self) -> Category {
        match self {
            Self::Answered { status, .. } => Category::of_status(*status),
            // The sentence may quote the peer.
            Self::Unusable { .. } => Category::Unknown,
            Self::Unanswered { code, message, .. } | Self::Disconnected { code, message, .. } => {
                code.category().unwrap_or_else(|| Category::of_text(message))
            }
            Self::Local { category, code, .. } => {
                code.and_then(ErrorCode::category).unwrap_or(*category)
            }
        }
    }

    /// The field `error_code`. Never set where HTTP answered (decision E6).
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Answered { .. } | Self::Unusable { .. } => None,
            Self::Unanswered { code, .. } | Self::Disconnected { code, .. } => Some(*code),
            Self::Local { code, .. } => *code,
        }
    }

    /// The field `http_status`.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Answered { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// The request, where one was made or tried.
    pub fn request(&self) -> Option<&RequestFacts> {
        match self {
            Self::Answered { request, .. }
            | Self::Unanswered { request, .. }
            | Self::Unusable { request, .. } => Some(request),
            Self::Disconnected { .. } | Self::Local { .. } => None,
        }
    }

    /// The fields `remote_address` and `remote_port`.
    pub fn remote(&self) -> Option<SocketAddr> {
        match self.stage() {
            Some(Stage::Dial(address) | Stage::Exchange(address, _)) => Some(address),
            _ => None,
        }
    }

    /// The field `syscall`.
    pub fn syscall(&self) -> Option<&'static str> {
        match self.stage()? {
            Stage::Dial(_) => Some("connect"),
            Stage::Lookup => Some("getaddrinfo"),
            Stage::Exchange(_, Transfer::Read) => Some("read"),
            Stage::Exchange(_, Transfer::Write) => Some("write"),
            Stage::Waiting => None,
        }
    }

    fn stage(&self) -> Option<Stage> {
        match self {
            Self::Unanswered { stage, .. } | Self::Disconnected { stage, .. } => Some(*stage),
            _ => None,
        }
    }

    /// One sentence for the log.
    pub fn message(&self) -> Cow<'_, str> {
        match self {
            Self::Answered { status, .. } => {
                format!("request failed with status code {status}").into()
            }
            Self::Unanswered { message, .. }
            | Self::Disconnected { message, .. }
            | Self::Unusable { message, .. }
            | Self::Local { message, .. } => Cow::Borrowed(message),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::CertificateVerdict;
    use super::*;

    #[test]
    fn a_request_url_keeps_no_secret() {
        for (url, kept) in [
            ("https://h:4243/qps/session?Xrfkey=abcdefghij987654", "https://h:4243/qps/session"),
            ("http://user:pass@h/write?p=x#frag", "http://h/write"),
            ("https://h/a@b", "https://h/a@b"),
            ("https://h", "https://h"),
            ("https://user@h:4747/?a", "https://h:4747/"),
            ("https://[fe80::1]:4747/x", "https://[fe80::1]:4747/x"),
            ("user:pass@nowhere", "nowhere"),
            ("user:pass@no where?x", "no where"),
        ] {
            assert_eq!(RequestUrl::sanitised(url).as_str(), kept);
        }
    }

    #[test]
    fn no_word_of_a_stranger_decides_the_category() {
        let request = RequestFacts { url: RequestUrl::sanitised("https://h/"), timeout: None };
        let message: Arc<str> = "the page \"timeout of our TLS cert\" came".into();
        let unusable = Failure::Unusable { request: request.clone(), message: message.clone() };
        assert_eq!(unusable.category(), Category::Unknown);
        let code = ErrorCode::Certificate(CertificateVerdict::NameMismatch);
        let stage = Stage::Exchange(([127, 0, 0, 1], 4747).into(), Transfer::Read);
        let rejected = Failure::Unanswered { code, stage, request, message };
        assert_eq!(rejected.category(), Category::CertificateError);
    }
}
