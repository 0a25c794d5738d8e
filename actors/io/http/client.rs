//! One request, one whole answer, within one deadline.

use std::cell::{Cell, RefCell};
use std::path::PathBuf;
use std::rc::Rc;

use awc::http::{Method, StatusCode, header};
use bytes::{Bytes, BytesMut};
use chrono::{DateTime, Utc};
use futures_util::StreamExt;
use openssl::x509::X509;
use tokio::sync::Mutex;
use url::{Position, Url};

use super::CertFiles;
use super::connect::{SeenCertificates, connector};
use super::content::{self, decode};
use super::failure;
use super::peers::{Current, Peers, SetUp};
use super::request::{Answer, Limits, Request};
use super::tls::TlsClient;
use super::verify::Verify;
use crate::domain::errors::{Failure, RequestFacts, RequestUrl};

/// Who asks, for the logs of servers and proxies.
const USER_AGENT: &str = concat!("butler-sos/", env!("CARGO_PKG_VERSION"));

/// A client for one kind of server. Lives on one thread.
pub struct HttpClient {
    peers: Peers,
    limits: Limits,
    seen: SeenCertificates,
    current: Mutex<Option<Current>>,
}

/// The client library, set up for each kind of origin that a request can lead to.
#[derive(Clone)]
pub(super) struct Clients {
    /// `https` to whom the request was made for; `None` where TLS is not set up.
    home: Option<awc::Client>,
    /// `https` to anybody else: without our certificate.
    guest: Guest,
    plain: awc::Client,
}

/// Redirects to another server are rare, and setting TLS up takes milliseconds: it waits until
/// there is one.
#[derive(Clone)]
enum Guest {
    None,
    Ready(awc::Client),
    Due(Rc<[X509]>),
}

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

    /// A client that shows a certificate and verifies servers as told. The files are read at the
    /// first request, and again within a second after they have changed.
    pub fn with_certificate(files: CertFiles, verify: Verify, limits: Limits) -> Self {
        Self::to(Peers::Sense(files, verify), limits)
    }

    fn to(peers: Peers, limits: Limits) -> Self {
        Self { peers, limits, seen: SeenCertificates::default(), current: Mutex::default() }
    }

    /// The request as errors tell it.
    pub fn facts(&self, url: &str) -> RequestFacts {
        RequestFacts { url: RequestUrl::sanitised(url), timeout: Some(self.limits.timeout) }
    }

    /// Until when the certificate is valid that the server of `url` showed last; `None` before the
    /// first handshake.
    pub fn certificate_end(&self, url: &str) -> Option<DateTime<Utc>> {
        let url = Url::parse(url).ok()?;
        self.seen.end_of(url.host_str()?, url.port_or_known_default()?)
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
            let client = match url.scheme() {
                "https" if url.origin() == home => clients.home.clone(),
                "https" => self.guest(&clients.guest).map_err(unusable)?,
                _ => Some(clients.plain.clone()),
            };
            let client = client.ok_or_else(|| failure::no_tls(&facts()))?;
            let (mut answer, location) = self.send_once(&client, &url, &request, progress).await?;
            let next = location
                .filter(|_| self.limits.redirects > 0)
                .and_then(|location| url.join(&location).ok())
                .filter(|next| matches!(next.scheme(), "http" | "https"));
            let Some(next) = next else {
                answer.redirected_to = redirected_to;
                return Ok(answer);
            };
            if next.origin() != url.origin() {
                // Configured headers may carry secrets that are meant for one host only.
                request.headers.clear();
            }
            url = next;
            let next = self.facts(url.as_str());
            redirected_to = Some(next.url.as_str().to_owned());
            *progress.facts.borrow_mut() = next;
        }
        Err(failure::too_many_redirects(&facts(), self.limits.redirects))
    }

    async fn send_once(
        &self,
        client: &awc::Client,
        url: &Url,
        request: &Request,
        progress: &Progress,
    ) -> Result<(Answer, Option<String>), Failure> {
        progress.step.set("waiting for an answer");
        let facts = progress.facts.borrow().clone();
        let (target, host) = addressed(url);
        let mut call = client
            .request(request.method.clone(), target)
            .no_decompress()
            .insert_header((header::HOST, host))
            .insert_header((header::USER_AGENT, USER_AGENT))
            .insert_header((header::ACCEPT_ENCODING, content::ACCEPTED));
        if matches!(self.peers, Peers::Sense(..)) {
            // Polls are far apart: a kept connection would only break between two of them.
            call = call.force_close();
        }
        for (name, value) in &request.headers {
            call = call.insert_header((name.as_str(), value.as_str()));
        }
        let sent = match request.method {
            // Not even the length of a body (RFC 9110, section 8.6).
            Method::GET => call.send_body(actix_http::body::None::new()),
            _ => call.send_body(request.body.clone()),
        };
        let mut answer = sent.await.map_err(|error| failure::from_send(&error, &facts))?;
        progress.step.set("reading the body");
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
            | StatusCode::PERMANENT_REDIRECT
                if request.method == Method::GET =>
            {
                text(header::LOCATION)
            }
            _ => None,
        };
        let retry_after = text(header::RETRY_AFTER).and_then(|text| text.parse().ok());
        let content_type = text(header::CONTENT_TYPE);
        let encoding = text(header::CONTENT_ENCODING);
        let mut body = BytesMut::new();
        while let Some(chunk) = answer.next().await {
            let chunk: Bytes = chunk.map_err(|error| failure::from_payload(&error, &facts))?;
            if body.len() + chunk.len() > self.limits.max_body {
                return Err(failure::too_large(&facts, self.limits.max_body));
            }
            body.extend_from_slice(&chunk);
        }
        let body = decode(encoding.as_deref(), body.freeze(), self.limits.max_body)
            .map_err(|error| failure::from_content(error, &facts, self.limits))?;
        let answer = Answer {
            status: status.as_u16(),
            retry_after: retry_after.map(std::time::Duration::from_secs),
            content_type,
            redirected_to: None,
            body,
        };
        Ok((answer, location))
    }

    /// The client library for the certificates as they are now.
    async fn clients(&self) -> Result<Clients, Failure> {
        let mut current = self.current.lock().await;
        let made = self.peers.refresh(&mut current, |set_up| {
            let (home, guest) = match set_up {
                SetUp::Plain => (None, Guest::None),
                SetUp::Public(tls) => {
                    let home = self.library(Some(tls.clone()), true);
                    (Some(home), Guest::Ready(self.library(Some(tls), false)))
                }
                SetUp::Sense(tls, authorities) => {
                    (Some(self.library(Some(tls), true)), Guest::Due(authorities.into()))
                }
            };
            Clients { home, guest, plain: self.library(None, false) }
        });
        made.await.map_err(unusable)
    }

    fn guest(&self, guest: &Guest) -> Result<Option<awc::Client>, String> {
        Ok(match guest {
            Guest::None => None,
            Guest::Ready(client) => Some(client.clone()),
            Guest::Due(authorities) => {
                let tls = TlsClient::anonymous(authorities, self.peers.verify())?;
                Some(self.library(Some(tls), false))
            }
        })
    }

    fn library(&self, tls: Option<TlsClient>, remembers: bool) -> awc::Client {
        // Whoever redirects could name any number of hosts.
        let seen = if remembers { self.seen.clone() } else { SeenCertificates::default() };
        let connector = awc::Connector::new()
            .connector(connector(tls, seen))
            // Only ever the request's own limit decides, so that every wait has one name.
            .timeout(self.limits.timeout * 2)
            .limit(0);
        let client =
            awc::Client::builder().connector(connector).disable_redirects().disable_timeout();
        client.no_default_headers().finish()
    }
}

fn unusable(message: String) -> Failure {
    Failure::Local { code: None, message: message.into() }
}

/// What the library is told: its own TLS would forget what an error must tell, so it is always
/// asked for `http`, and the connector secures the connection. And the `Host` header, which has
/// the port only where it is not the scheme's own (RFC 9110, section 7.2).
fn addressed(url: &Url) -> (String, String) {
    let host = url.host_str().unwrap_or_default();
    let port = url.port_or_known_default().unwrap_or_default();
    let path = &url[Position::BeforePath..Position::AfterQuery];
    let header = match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    };
    (format!("http://{host}:{port}{path}"), header)
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
