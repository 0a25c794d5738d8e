//! From the errors of the HTTP client to a [`Failure`].

use std::io;

use actix_http::error::ParseError;
use awc::error::{ConnectError, PayloadError, SendRequestError};

use super::dial::DialError;
use crate::domain::errors::{ErrorCode, Failure, RequestFacts, Stage};
use crate::io::cause::{self, Cause, reset};

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

fn connect(error: &ConnectError, request: &RequestFacts) -> Cause {
    match error {
        ConnectError::Resolver(error) => cause::of_lookup(error.as_ref()),
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

/// An error of our dial, or of the operating system.
fn io_cause(error: &io::Error) -> Cause {
    match error.get_ref().and_then(|payload| payload.downcast_ref::<DialError>()) {
        Some(dial) => (cause::io_code(&dial.cause), Stage::Dial(dial.address), dial.to_string()),
        None => cause::of_io(error),
    }
}
