//! What is asked, within which limits, and what comes back.

use std::io::Write;
use std::time::Duration;

use awc::http::Method;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

/// Limits of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Longest time from the call to the last byte of the answer: lookup, connect, handshake,
    /// redirects and body included.
    pub timeout: Duration,
    /// Largest body in bytes, before and after decompression.
    pub max_body: usize,
    /// How many redirects are followed.
    pub redirects: usize,
}

/// What to ask.
#[derive(Debug, Clone)]
pub struct Request {
    /// GET, POST.
    pub method: Method,
    /// Absolute, with query.
    pub url: String,
    /// Names and values; a value that HTTP cannot carry makes the request fail.
    pub headers: Vec<(String, String)>,
    /// Empty for GET.
    pub body: Bytes,
    /// Whose connection it goes over: connections are kept for one owner each.
    pub owner: u32,
}

impl Request {
    /// A GET without headers.
    pub fn get(url: impl Into<String>) -> Self {
        Self::of(Method::GET, url.into(), Bytes::new())
    }

    /// A POST without headers.
    pub fn post(url: impl Into<String>, body: impl Into<Bytes>) -> Self {
        Self::of(Method::POST, url.into(), body.into())
    }

    fn of(method: Method, url: String, body: Bytes) -> Self {
        Self { method, url, headers: Vec::new(), body, owner: 0 }
    }

    /// The same for one of several owners.
    #[must_use]
    pub fn owned_by(mut self, owner: u32) -> Self {
        self.owner = owner;
        self
    }

    /// Adds a header; of two with one name the later counts.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The same with its body as gzip, made quickly rather than small.
    #[must_use]
    pub fn compressed(mut self) -> Self {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        // Memory takes everything; if it did not, the body would stay as it is.
        match encoder.write_all(&self.body).and_then(|()| encoder.finish()) {
            Ok(zipped) => {
                self.body = zipped.into();
                self.header("Content-Encoding", "gzip")
            }
            Err(_) => self,
        }
    }
}

/// A whole answer, whatever its status.
#[derive(Debug, Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// `Retry-After` in seconds, where the server sent a number.
    pub retry_after: Option<Duration>,
    /// `Content-Type` as sent. Text of the server: quote it, and let no word of it decide.
    pub content_type: Option<String>,
    /// Whoever answered, where redirects led elsewhere: scheme, host and port. Text of a server.
    pub redirected_to: Option<String>,
    /// Where this answer leads, where it is a redirect that was not followed: without query and
    /// user information. Text of a server.
    pub redirects_to: Option<String>,
    /// The body, decompressed.
    pub body: Bytes,
}

impl Answer {
    /// Whether the status is one of 200 to 299.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}
