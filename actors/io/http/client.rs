//! One request, one whole answer.

use std::cell::RefCell;
use std::io::{Read, Write};
use std::sync::Arc;
use std::time::Duration;

use awc::error::PayloadError;
use awc::http::{Method, StatusCode, header};
use bytes::{Bytes, BytesMut};
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::StreamExt;

use super::failure::{self, from_payload, from_send};
use super::identity::Fingerprint;
use super::tls;
use super::verifier::Verify;
use super::{CertFiles, dial};
use crate::domain::errors::{ErrorCode, Failure, RequestFacts, RequestUrl, Stage};
use crate::io::trust;

/// Limits of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Longest wait from the call to the head of the answer, lookup, connect and handshake
    /// included; then the longest silence while the body arrives.
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
}

impl Request {
    /// A GET without headers.
    pub fn get(url: impl Into<String>) -> Self {
        Self { method: Method::GET, url: url.into(), headers: Vec::new(), body: Bytes::new() }
    }

    /// A POST without headers.
    pub fn post(url: impl Into<String>, body: impl Into<Bytes>) -> Self {
        Self { method: Method::POST, url: url.into(), headers: Vec::new(), body: body.into() }
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
    /// The body, decompressed.
    pub body: Bytes,
}

impl Answer {
    /// Whether the status is one of 200 to 299.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// A client for one kind of server. Lives on one thread.
pub struct HttpClient {
    peers: Peers,
    limits: Limits,
    /// The client in use and the files it was made from.
    current: RefCell<Option<(Option<Fingerprint>, awc::Client)>>,
}

/// What kind of server is talked to.
enum Peers {
    /// `http` only.
    Plain,
    /// Vouched for by an authority that the system trusts.
    Public,
    /// Qlik Sense: our certificate is shown.
    Sense(CertFiles, Verify),
}

impl HttpClient {
    /// A client without certificate, for `http` only.
    pub fn plain(limits: Limits) -> Self {
        Self::to(Peers::Plain, limits)
    }

    /// A client for servers on the internet, by `http` and `https`: it shows no certificate and
    /// trusts the authorities that the system trusts. They are read at the first request, and
    /// again at each further one until that works.
    pub fn public(limits: Limits) -> Self {
        Self::to(Peers::Public, limits)
    }

    /// A client that shows a certificate and verifies servers as told. The files are read at the
    /// first request, and again after they have changed.
    pub fn with_certificate(files: CertFiles, verify: Verify, limits: Limits) -> Self {
        Self::to(Peers::Sense(files, verify), limits)
    }

    fn to(peers: Peers, limits: Limits) -> Self {
        Self { peers, limits, current: RefCell::default() }
    }

    /// The request as errors tell it.
    pub fn facts(&self, url: &str) -> RequestFacts {
        RequestFacts { url: RequestUrl::sanitised(url), timeout: Some(self.limits.timeout) }
    }

    /// Sends a request and reads the whole answer. Redirects of a GET are followed.
    ///
    /// # Errors
    /// When no whole answer came. Any status is an answer.
    pub async fn send(&self, mut request: Request) -> Result<Answer, Failure> {
        let client = self.client()?;
        for _ in 0..=self.limits.redirects {
            let facts = self.facts(&request.url);
            let (answer, location) = self.send_once(&client, &request, &facts).await?;
            let Some(location) = location.filter(|_| self.limits.redirects > 0) else {
                return Ok(answer);
            };
            let next = resolve(&request.url, &location);
            if host_of(&next) != host_of(&request.url) {
                // Configured headers may carry secrets that are meant for one host only.
                request.headers.clear();
            }
            request.url = next;
        }
        Err(Failure::Unanswered {
            code: ErrorCode::TooManyRedirects,
            stage: Stage::Exchange,
            message: format!("more than {} redirects", self.limits.redirects).into(),
            request: self.facts(&request.url),
        })
    }

    async fn send_once(
        &self,
        client: &awc::Client,
        request: &Request,
        facts: &RequestFacts,
    ) -> Result<(Answer, Option<String>), Failure> {
        let mut call = client
            .request(request.method.clone(), &request.url)
            .timeout(self.limits.timeout)
            .no_decompress()
            .insert_header((header::ACCEPT_ENCODING, "gzip"));
        if matches!(self.peers, Peers::Sense(..)) {
            // Polls are far apart: a kept connection would only break between two of them.
            call = call.force_close();
        }
        for (name, value) in &request.headers {
            call = call.insert_header((name.as_str(), value.as_str()));
        }
        let answer = call.send_body(request.body.clone()).await;
        let mut answer = answer.map_err(|error| from_send(&error, facts))?;
        let status = answer.status();
        let text = |name| answer.headers().get(name).and_then(|value| value.to_str().ok());
        let location = matches!(
            status,
            StatusCode::MOVED_PERMANENTLY
                | StatusCode::FOUND
                | StatusCode::SEE_OTHER
                | StatusCode::TEMPORARY_REDIRECT
                | StatusCode::PERMANENT_REDIRECT
        )
        .then(|| text(header::LOCATION).map(str::to_owned))
        .flatten()
        .filter(|_| request.method == Method::GET);
        let retry_after = text(header::RETRY_AFTER).and_then(|text| text.trim().parse().ok());
        let length: Option<usize> =
            text(header::CONTENT_LENGTH).and_then(|text| text.trim().parse().ok());
        let gzip = text(header::CONTENT_ENCODING) == Some("gzip");
        let mut body = BytesMut::new();
        loop {
            let chunk = tokio::time::timeout(self.limits.timeout, answer.next()).await;
            match chunk.map_err(|_| failure::silence(facts))? {
                None => break,
                Some(Ok(chunk)) if body.len() + chunk.len() <= self.limits.max_body => {
                    body.extend_from_slice(&chunk);
                }
                Some(Ok(_)) => return Err(failure::too_large(facts, self.limits.max_body)),
                Some(Err(error)) => return Err(from_payload(&error, facts)),
            }
        }
        // A connection that is closed inside the body is not an error to the library.
        if length.is_some_and(|length| body.len() < length) {
            return Err(from_payload(&PayloadError::Incomplete(None), facts));
        }
        let body = if gzip { self.unzip(&body, facts)? } else { body.freeze() };
        let retry_after = retry_after.map(Duration::from_secs);
        Ok((Answer { status: status.as_u16(), retry_after, body }, location))
    }

    fn unzip(&self, body: &[u8], facts: &RequestFacts) -> Result<Bytes, Failure> {
        let limit = self.limits.max_body as u64 + 1;
        let mut plain = Vec::new();
        match flate2::read::MultiGzDecoder::new(body).take(limit).read_to_end(&mut plain) {
            Ok(_) if plain.len() > self.limits.max_body => {
                Err(failure::too_large(facts, self.limits.max_body))
            }
            Ok(_) => Ok(plain.into()),
            Err(_) => Err(Failure::Unusable {
                request: facts.clone(),
                message: "the answer is not the gzip that it says it is".into(),
            }),
        }
    }

    /// The client for the certificates as they are now.
    fn client(&self) -> Result<awc::Client, Failure> {
        let fingerprint = match &self.peers {
            Peers::Sense(files, _) => Some(files.fingerprint()),
            Peers::Plain | Peers::Public => None,
        };
        if let Some((made_from, client)) = &*self.current.borrow()
            && *made_from == fingerprint
        {
            return Ok(client.clone());
        }
        let connector = awc::Connector::new()
            .connector(dial::connector())
            // Only ever the request's own limit decides, so that every wait has one name.
            .timeout(self.limits.timeout * 2)
            .handshake_timeout(self.limits.timeout * 2)
            .limit(0);
        let unusable = |message: String| Failure::Local { code: None, message: message.into() };
        let connector = match &self.peers {
            Peers::Plain => connector,
            Peers::Public => {
                connector.rustls_0_23(Arc::new(trust::trusting(None).map_err(unusable)?))
            }
            Peers::Sense(files, verify) => {
                let config = tls::client_config(files, *verify);
                let config = config.map_err(|error| unusable(error.to_string()))?;
                connector.rustls_0_23(Arc::new(config))
            }
        };
        let client =
            awc::Client::builder().connector(connector).disable_redirects().disable_timeout();
        let client = client.no_default_headers().finish();
        *self.current.borrow_mut() = Some((fingerprint, client.clone()));
        Ok(client)
    }
}

/// The absolute form of a `Location` (RFC 9110, section 10.2.2).
fn resolve(base: &str, location: &str) -> String {
    if location.starts_with("http://") || location.starts_with("https://") {
        return location.to_owned();
    }
    let authority_at = base.find("://").map_or(0, |at| at + 3);
    let path_at = base[authority_at..].find(['/', '?']).map_or(base.len(), |at| at + authority_at);
    if let Some(rest) = location.strip_prefix("//") {
        return format!("{}{rest}", &base[..authority_at]);
    }
    if location.starts_with('/') {
        return format!("{}{location}", &base[..path_at]);
    }
    let path = base[path_at..].split(['?', '#']).next().unwrap_or_default();
    let folder = path.rfind('/').map_or("/", |at| &path[..=at]);
    format!("{}{folder}{location}", &base[..path_at])
}

fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_is_resolved_against_the_request() {
        let base = "https://h:4243/qps/a/session?Xrfkey=1";
        for (location, url) in [
            ("https://other/x", "https://other/x"),
            ("//other/x", "https://other/x"),
            ("/hub?a=b", "https://h:4243/hub?a=b"),
            ("login", "https://h:4243/qps/a/login"),
        ] {
            assert_eq!(resolve(base, location), url);
        }
        assert_eq!(resolve("https://h", "x"), "https://h/x");
    }
}
