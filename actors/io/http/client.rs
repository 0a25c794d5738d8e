//! One request, one whole answer, within one deadline.

use std::cell::{Cell, RefCell};
use std::path::PathBuf;
use std::time::Duration;

use awc::error::SendRequestError;
use awc::http::{Method, StatusCode, header};
use bytes::{Bytes, BytesMut};
use chrono::{DateTime, Utc};
use futures_util::StreamExt;
use tokio::sync::Mutex;
use url::Url;

use super::CertFiles;
use super::connect::SeenCertificates;
use super::content::{self, decode};
use super::failure;
use super::kept::{ConnectionCounts, KeptConnections, Pace};
use super::library::{Clients, Library, addressed};
use super::peers::{Current, Obstacle, Peers};
use super::request::{Answer, Limits, Request};
use super::verify::Verify;
use crate::domain::errors::{Category, Failure, RequestFacts, RequestUrl};
use crate::io::quoted::without_secrets;

/// Who asks, for the logs of servers and proxies.
const USER_AGENT: &str = concat!("butler-sos/", env!("CARGO_PKG_VERSION"));

/// A client for one kind of server. Lives on one thread.
pub struct HttpClient {
    peers: Peers,
    limits: Limits,
    library: Library,
    current: Mutex<Option<Current>>,
}

/// The answer as the library has it, its body not read yet.
type Head = awc::ClientResponse;

/// How far a request has come, for the sentence about its deadline.
struct Progress {
    facts: RefCell<RequestFacts>,
    step: Cell<&'static str>,
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
        Self::trusting(None, limits)
    }

    /// As [`HttpClient::public`], for servers that the authorities in a PEM file vouch for, where
    /// there is one.
    pub fn trusting(authorities: Option<PathBuf>, limits: Limits) -> Self {
        Self::to(Peers::Public(authorities), limits)
    }

    /// A client that shows a certificate, verifies servers as told, and asks each of its targets
    /// once in `interval`. The files are read at the first request, and again within a second
    /// after they have changed.
    pub fn with_certificate(
        files: CertFiles,
        verify: Verify,
        limits: Limits,
        interval: Duration,
    ) -> Self {
        Self::paced(Peers::Sense(files, verify), limits, Pace::Every(interval))
    }

    fn to(peers: Peers, limits: Limits) -> Self {
        Self::paced(peers, limits, Pace::Irregular)
    }

    fn paced(peers: Peers, limits: Limits, pace: Pace) -> Self {
        let (seen, kept) = (SeenCertificates::default(), KeptConnections::default());
        let library = Library { timeout: limits.timeout, pace, seen, kept };
        Self { peers, limits, library, current: Mutex::default() }
    }

    /// What became of its connections.
    pub fn connections(&self) -> ConnectionCounts {
        self.library.kept.counts()
    }

    /// The next request of this owner goes over a connection of its own: what has failed is not
    /// used again.
    pub fn retire_connection(&self, owner: u32) {
        self.library.kept.retire(owner);
    }

    /// The request as errors tell it.
    pub fn facts(&self, url: &str) -> RequestFacts {
        RequestFacts { url: RequestUrl::sanitised(url), timeout: Some(self.limits.timeout) }
    }

    /// Until when the certificate is valid that the server of `url` showed last; `None` before the
    /// first handshake.
    pub fn certificate_end(&self, url: &str) -> Option<DateTime<Utc>> {
        let url = Url::parse(url).ok()?;
        self.library.seen.end_of(url.host_str()?, url.port_or_known_default()?)
    }

    /// Why nothing can be sent: certificates that cannot be read. They are read here if they have
    /// changed.
    pub async fn obstacle(&self) -> Option<String> {
        self.clients().await.err().map(|failure| failure.message().into_owned())
    }

    /// Sends a request and reads the whole answer. Redirects of a GET are followed; to another
    /// scheme, host or port they carry no header of the request and show no certificate.
    ///
    /// # Errors
    /// When no whole answer came in time. Any status is an answer.
    pub async fn send(&self, request: Request) -> Result<Answer, Failure> {
        let progress = Progress {
            facts: RefCell::new(self.facts(&request.url)),
            step: Cell::new("waiting for an answer"),
        };
        match tokio::time::timeout(self.limits.timeout, self.exchange(request, &progress)).await {
            Ok(result) => result,
            Err(_) => Err(failure::late(&progress.facts.borrow(), progress.step.get())),
        }
    }

    async fn exchange(&self, mut request: Request, progress: &Progress) -> Result<Answer, Failure> {
        let facts = || progress.facts.borrow().clone();
        let mut url = Url::parse(&request.url).map_err(|_| failure::invalid_url(&facts()))?;
        let home = url.origin();
        let clients = self.clients().await?;
        let mut redirected_to = None;
        for _ in 0..=self.limits.redirects {
            let at_home = url.origin() == home;
            let client = self
                .library
                .choose(&clients, &url, at_home, self.peers.verify())
                .map_err(|message| unusable(message.into()))?
                .ok_or_else(|| failure::no_tls(&facts()))?;
            let keep = at_home && self.library.pace.keeps();
            progress.step.set("waiting for an answer");
            let head = self
                .ask(&client, &url, &request, keep)
                .await
                .map_err(|error| failure::from_send(&error, &facts()))?;
            progress.step.set("reading the body");
            let (mut answer, location) = self.read(head, &facts()).await?;
            let next = location.and_then(|location| url.join(&location).ok());
            answer.redirects_to =
                next.as_ref().map(|next| RequestUrl::sanitised(next.as_str()).as_str().to_owned());
            let next = next.filter(|next| {
                let is_followed = self.limits.redirects > 0 && request.method == Method::GET;
                is_followed && matches!(next.scheme(), "http" | "https")
            });
            let Some(next) = next else {
                answer.redirected_to = redirected_to;
                return Ok(answer);
            };
            if next.origin() != url.origin() {
                // Configured headers may carry secrets that are meant for one host only.
                request.headers.clear();
            }
            url = next;
            // Whoever redirects may have put into the path what we sent.
            let next = self.facts(&without_secrets(url.as_str()));
            redirected_to = Some(next.url.as_str().to_owned());
            *progress.facts.borrow_mut() = next;
        }
        Err(failure::too_many_redirects(&facts(), self.limits.redirects))
    }

    /// Sends the request, once more if it went over a kept connection that turned out to have
    /// ended: a server may close a connection at any time, and that says nothing about it
    /// (RFC 9112, section 9.3.1).
    async fn ask(
        &self,
        client: &awc::Client,
        url: &Url,
        request: &Request,
        keep: bool,
    ) -> Result<Head, SendRequestError> {
        let sent = send(client, url, request, keep).await;
        match sent {
            Err(error) if request.method == Method::GET && failure::was_kept(&error) => {
                self.library.kept.repeat();
                send(client, url, request, keep).await
            }
            sent => sent,
        }
    }

    async fn read(
        &self,
        mut answer: Head,
        facts: &RequestFacts,
    ) -> Result<(Answer, Option<String>), Failure> {
        let status = answer.status();
        let text = |name| -> Option<String> {
            let value = answer.headers().get(name)?;
            Some(String::from_utf8_lossy(value.as_bytes()).trim().to_owned())
        };
        let location = match status {
            StatusCode::MOVED_PERMANENTLY
            | StatusCode::FOUND
            | StatusCode::SEE_OTHER
            | StatusCode::TEMPORARY_REDIRECT
            | StatusCode::PERMANENT_REDIRECT => text(header::LOCATION),
            _ => None,
        };
        let retry_after = text(header::RETRY_AFTER).and_then(|text| text.parse().ok());
        let content_type = text(header::CONTENT_TYPE);
        let encoding = text(header::CONTENT_ENCODING);
        let mut body = BytesMut::new();
        while let Some(chunk) = answer.next().await {
            let chunk: Bytes = chunk.map_err(|error| failure::from_payload(&error, facts))?;
            if body.len() + chunk.len() > self.limits.max_body {
                return Err(failure::too_large(facts, self.limits.max_body));
            }
            body.extend_from_slice(&chunk);
        }
        let body = decode(encoding.as_deref(), body.freeze(), self.limits.max_body)
            .map_err(|error| failure::from_content(error, facts, self.limits))?;
        let answer = Answer {
            status: status.as_u16(),
            retry_after: retry_after.map(Duration::from_secs),
            content_type,
            redirected_to: None,
            redirects_to: None,
            body,
        };
        Ok((answer, location))
    }

    /// The client library for the certificates as they are now.
    async fn clients(&self) -> Result<Clients, Failure> {
        let mut current = self.current.lock().await;
        let made = self.peers.refresh(&mut current, |set_up| self.library.clients(set_up));
        made.await.map_err(unusable)
    }
}

async fn send(
    client: &awc::Client,
    url: &Url,
    request: &Request,
    keep: bool,
) -> Result<Head, SendRequestError> {
    let (target, host) = addressed(url, request.owner);
    let mut call = client
        .request(request.method.clone(), target)
        .no_decompress()
        .insert_header((header::HOST, host))
        .insert_header((header::USER_AGENT, USER_AGENT))
        .insert_header((header::ACCEPT_ENCODING, content::ACCEPTED));
    if !keep {
        call = call.force_close();
    }
    for (name, value) in &request.headers {
        call = call.insert_header((name.as_str(), value.as_str()));
    }
    match request.method {
        // Not even the length of a body (RFC 9110, section 8.6).
        Method::GET => call.send_body(actix_http::body::None::new()).await,
        _ => call.send_body(request.body.clone()).await,
    }
}

fn unusable(obstacle: Obstacle) -> Failure {
    // Without a code it is a certificate file, or TLS that cannot be set up with it.
    let category = match obstacle.code {
        None => Category::CertificateError,
        Some(_) => Category::Unknown,
    };
    Failure::Local { category, code: obstacle.code, message: obstacle.message.into() }
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "kept_connections_tests.rs"]
mod kept_connections;
