//! The head of an answer, rewritten into the one form that the client library reads right: pure.
//!
//! Its decoder takes an interim answer for the answer, knows no body that ends with the connection
//! for HTTP/1.1, and gives up at 96 headers. Real servers send all three (RFC 9110, section 15.2;
//! RFC 9112, section 6.3), and the original reads them. So a head is read here, and passed on with
//! the headers that this program looks at and the one framing that applies.

use std::fmt::Write;
use std::time::Duration;

use httparse::{Header, ParserConfig, Response, Status};

use super::kept::Pace;

/// Longest head in bytes, interim answers not included.
const MAX_HEAD: usize = 64 << 10;

/// How many interim answers may come before the answer.
const MAX_INTERIM: usize = 20;

/// A head as the client reads it right.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// How many of the bytes that came it stands for, interim answers included.
    pub(super) length: usize,
    /// What is passed on instead.
    pub(super) text: String,
    /// The body is all that comes until the connection is closed.
    pub(super) until_close: bool,
}

/// Why what came is not the head of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HeadError {
    /// Not HTTP at all.
    NotHttp,
    /// A header line that is none.
    Header,
    /// `Content-Length` is not one number.
    ContentLength,
    /// A transfer coding other than `chunked`, or beside a length.
    TransferEncoding,
    /// Longer than 64 KiB.
    TooLarge,
}

/// Headers that this program looks at.
const PASSED: [&str; 4] = ["content-encoding", "content-type", "location", "retry-after"];

/// Reads the head at the start of `bytes`; `None` until it is whole. A connection that the server
/// will have closed before the next request comes at this pace is marked as ending.
pub(super) fn rewrite(bytes: &[u8], pace: Pace) -> Result<Option<Head>, HeadError> {
    let mut begin = 0;
    for _ in 0..=MAX_INTERIM {
        let rest = &bytes[begin..];
        let mut headers = vec![httparse::EMPTY_HEADER; lines(rest)];
        let mut answer = Response::new(&mut headers);
        let mut config = ParserConfig::default();
        config.allow_spaces_after_header_name_in_responses(true);
        let length = match config.parse_response(&mut answer, rest) {
            Ok(Status::Complete(length)) => length,
            Ok(Status::Partial) if rest.len() < MAX_HEAD => return Ok(None),
            Ok(Status::Partial) => return Err(HeadError::TooLarge),
            Err(httparse::Error::HeaderName | httparse::Error::HeaderValue) => {
                return Err(HeadError::Header);
            }
            Err(_) => return Err(HeadError::NotHttp),
        };
        begin += length;
        let status = answer.code.unwrap_or_default();
        // 101 ends HTTP; nobody asked for it, and what follows is no further answer.
        if (100..200).contains(&status) && status != 101 {
            continue;
        }
        let old = answer.version == Some(0);
        return passed_on(begin, status, old, answer.headers, pace).map(Some);
    }
    Err(HeadError::NotHttp)
}

/// An upper bound for the number of headers.
fn lines(bytes: &[u8]) -> usize {
    let head = &bytes[..bytes.len().min(MAX_HEAD)];
    memchr::memchr_iter(b'\n', head).count() + 1
}

fn passed_on(
    length: usize,
    status: u16,
    old: bool,
    headers: &[Header<'_>],
    pace: Pace,
) -> Result<Head, HeadError> {
    let framing = Framing::of(status, headers)?;
    let until_close = framing == Framing::UntilClose;
    // The client reads until the end of the connection for HTTP/1.0 only.
    let minor = if until_close { 0 } else { 1 };
    let mut text = format!("HTTP/1.{minor} {status} \r\n");
    let mut keeps = !old;
    let mut waits = true;
    for header in headers {
        let name = header.name.to_ascii_lowercase();
        let value = String::from_utf8_lossy(header.value);
        match &*name {
            "connection" => {
                let value = value.to_ascii_lowercase();
                let mut options = value.split(',').map(str::trim);
                keeps |= options.clone().any(|option| option == "keep-alive");
                waits &= !options.any(|option| option == "close");
            }
            "keep-alive" => waits &= rest(&value).is_none_or(|timeout| pace.fits_into(timeout)),
            name if PASSED.contains(&name) => _ = write!(text, "{name}: {value}\r\n"),
            _ => {}
        }
    }
    if !(keeps && waits) {
        text += "connection: close\r\n";
    }
    match framing {
        Framing::Length(length) => _ = write!(text, "content-length: {length}\r\n"),
        Framing::Chunked => text += "transfer-encoding: chunked\r\n",
        Framing::None | Framing::UntilClose => {}
    }
    text += "\r\n";
    Ok(Head { length, text, until_close })
}

/// How long a server lets a connection rest, from its `Keep-Alive` header: `timeout=5, max=100`.
fn rest(value: &str) -> Option<Duration> {
    let mut parameters = value.split(',').filter_map(|parameter| parameter.split_once('='));
    let (_, seconds) = parameters.find(|(name, _)| name.trim().eq_ignore_ascii_case("timeout"))?;
    seconds.trim().parse().ok().map(Duration::from_secs)
}

/// Where the body ends (RFC 9112, section 6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Framing {
    None,
    Length(u64),
    Chunked,
    UntilClose,
}

impl Framing {
    fn of(status: u16, headers: &[Header<'_>]) -> Result<Self, HeadError> {
        let values = |wanted: &'static str| {
            headers
                .iter()
                .filter(move |header| header.name.eq_ignore_ascii_case(wanted))
                .flat_map(|header| header.value.split(|byte| *byte == b','))
                .map(<[u8]>::trim_ascii)
        };
        if matches!(status, 101 | 204 | 304) {
            return Ok(Self::None);
        }
        let codings: Vec<&[u8]> = values("transfer-encoding")
            .filter(|coding| !coding.eq_ignore_ascii_case(b"identity"))
            .collect();
        let mut lengths = values("content-length");
        if !codings.is_empty() {
            let chunked = codings.iter().all(|coding| coding.eq_ignore_ascii_case(b"chunked"));
            return if chunked && lengths.next().is_none() {
                Ok(Self::Chunked)
            } else {
                Err(HeadError::TransferEncoding)
            };
        }
        let Some(first) = lengths.next() else { return Ok(Self::UntilClose) };
        let number = |text: &[u8]| -> Option<u64> {
            let digits = text.iter().all(u8::is_ascii_digit);
            std::str::from_utf8(text).ok().filter(|_| digits)?.parse().ok()
        };
        let length = number(first).ok_or(HeadError::ContentLength)?;
        // The same length twice is one length (RFC 9110, section 8.6).
        if lengths.any(|other| number(other) != Some(length)) {
            return Err(HeadError::ContentLength);
        }
        Ok(Self::Length(length))
    }
}

#[cfg(test)]
#[path = "answer_head_tests.rs"]
mod tests;
