//! From the errors of the HTTP client to a [`Failure`].

use std::io;

use actix_http::error::ParseError;
use awc::error::{ConnectError, PayloadError, SendRequestError};

use super::answer_head::HeadError;
use super::content::ContentError;
use super::request::Limits;
use super::wire::{Due, WireCause, WireError};
use crate::domain::errors::{ErrorCode, Failure, RequestFacts, Stage, Transfer};
use crate::io::failure_cause::{self, Cause};

/// An error before the body of the answer.
pub(super) fn from_send(error: &SendRequestError, request: &RequestFacts) -> Failure {
    let cause = match error {
        SendRequestError::Connect(error) => connect(error),
        SendRequestError::Send(error) | SendRequestError::Response(ParseError::Io(error)) => {
            io_cause(error)
        }
        // The head was read and written anew before the client saw it.
        SendRequestError::Response(_) => {
            (ErrorCode::NotHttp, Stage::Waiting, "the answer is not HTTP".into())
        }
        SendRequestError::Url(_) | SendRequestError::Http(_) => return invalid_url(request),
        SendRequestError::Body(inner) | SendRequestError::Custom(inner, _) => {
            inner.downcast_ref().map_or_else(unknown, io_cause)
        }
        _ => unknown(),
    };
    unanswered(cause, request)
}

/// Whether the error befell a connection that was kept from an earlier request, before anything of
/// an answer had come.
pub(super) fn was_kept(error: &SendRequestError) -> bool {
    let (SendRequestError::Send(error) | SendRequestError::Response(ParseError::Io(error))) = error
    else {
        return false;
    };
    wire_error(error).is_some_and(|error| error.kept)
}

/// An error inside the body of the answer.
pub(super) fn from_payload(error: &PayloadError, request: &RequestFacts) -> Failure {
    let cause = match error {
        PayloadError::Incomplete(Some(error)) | PayloadError::Io(error) => body_cause(error),
        _ => bad_chunk(),
    };
    unanswered(cause, request)
}

/// The body cannot be decompressed.
pub(super) fn from_content(error: ContentError, request: &RequestFacts, limits: Limits) -> Failure {
    match error {
        ContentError::TooLarge => too_large(request, limits.max_body),
        ContentError::Damaged(name) => Failure::Unusable {
            request: request.clone(),
            message: format!("the answer is not the {name} that it says it is, or was cut").into(),
        },
    }
}

/// The whole exchange took too long.
pub(super) fn late(request: &RequestFacts, during: &str) -> Failure {
    let ms = request.timeout.unwrap_or_default().as_millis();
    let text = format!("timeout of {ms}ms exceeded, {during}");
    unanswered((ErrorCode::ConnectionAborted, Stage::Waiting, text), request)
}

/// The body is larger than we want.
pub(super) fn too_large(request: &RequestFacts, limit: usize) -> Failure {
    let text = format!("the answer is larger than {} MiB", limit >> 20);
    unanswered((ErrorCode::BodyTooLarge, Stage::Waiting, text), request)
}

/// More redirects than are followed.
pub(super) fn too_many_redirects(request: &RequestFacts, limit: usize) -> Failure {
    let text = format!("more than {limit} redirects");
    unanswered((ErrorCode::TooManyRedirects, Stage::Waiting, text), request)
}

/// The URL, or a header, cannot be sent.
pub(super) fn invalid_url(request: &RequestFacts) -> Failure {
    let text = "the URL or a header of the request is not valid";
    unanswered((ErrorCode::InvalidUrl, Stage::Waiting, text.into()), request)
}

/// `https` with a client that has no TLS.
pub(super) fn no_tls(request: &RequestFacts) -> Failure {
    let text = "TLS is not set up for this request";
    unanswered((ErrorCode::Protocol, Stage::Waiting, text.into()), request)
}

fn unanswered((code, stage, message): Cause, request: &RequestFacts) -> Failure {
    Failure::Unanswered { code, stage, request: request.clone(), message: message.into() }
}

fn unknown() -> Cause {
    (ErrorCode::Unnamed, Stage::Waiting, "the request failed".into())
}

fn bad_chunk() -> Cause {
    let text = "the body of the answer is not in the chunks that its head announces";
    (ErrorCode::BadChunk, Stage::Waiting, text.into())
}

fn connect(error: &ConnectError) -> Cause {
    match error {
        ConnectError::Resolver(error) => failure_cause::of_lookup(error.as_ref()),
        ConnectError::NoRecords | ConnectError::Unresolved => {
            (ErrorCode::NotFound, Stage::Lookup, "the host name has no address".into())
        }
        ConnectError::Io(error) => io_cause(error),
        _ => (ErrorCode::Unnamed, Stage::Waiting, "the connection could not be made".into()),
    }
}

fn body_cause(error: &io::Error) -> Cause {
    // The client's own complaint about a chunk comes as an error of input, without a payload.
    if wire_error(error).is_some() { io_cause(error) } else { bad_chunk() }
}

fn io_cause(error: &io::Error) -> Cause {
    match wire_error(error) {
        Some(error) => of_wire(error),
        None => (
            failure_cause::io_code(error),
            Stage::Waiting,
            format!("the connection failed: {error}"),
        ),
    }
}

fn wire_error(error: &io::Error) -> Option<&WireError> {
    error.get_ref().and_then(|payload| payload.downcast_ref())
}

fn of_wire(error: &WireError) -> Cause {
    let address = error.address;
    let read = Stage::Exchange(address, Transfer::Read);
    match &error.cause {
        WireCause::Dial(error) => {
            let text = format!("connect to {address}: {error}");
            (failure_cause::io_code(error), Stage::Dial(address), text)
        }
        WireCause::System(transfer, error) => {
            let during = match transfer {
                Transfer::Read => "while the answer was awaited",
                Transfer::Write => "while the request was sent",
            };
            let text = format!("the connection to {address} failed {during}: {error}");
            (failure_cause::io_code(error), Stage::Exchange(address, *transfer), text)
        }
        WireCause::Tls(error) => {
            let (code, transfer, text) = error.explain();
            (code, Stage::Exchange(address, transfer), text)
        }
        WireCause::Closed(due) => {
            let text = match due {
                Due::Answer => "the connection was closed before an answer",
                Due::RestOfHead => "the connection was closed inside the head of the answer",
                Due::RestOfBody => "the connection was closed inside the answer",
            };
            (ErrorCode::ConnectionReset, read, text.into())
        }
        WireCause::Head(error) => {
            let (code, text) = of_head(*error);
            (code, read, text.into())
        }
    }
}

fn of_head(error: HeadError) -> (ErrorCode, &'static str) {
    match error {
        HeadError::NotHttp => (ErrorCode::NotHttp, "the answer is not HTTP"),
        HeadError::Header => (ErrorCode::BadHeader, "the answer has a header line that is none"),
        HeadError::ContentLength => {
            (ErrorCode::BadContentLength, "the answer has a Content-Length that is no number")
        }
        HeadError::TransferEncoding => (
            ErrorCode::BadTransferEncoding,
            "the answer has a Transfer-Encoding other than chunked, or a length beside it",
        ),
        HeadError::TooLarge => {
            (ErrorCode::HeadTooLarge, "the head of the answer is larger than 64 KiB")
        }
    }
}
