//! The three questions asked to Qlik Sense, with their URLs and headers (section 1.1 of the page
//! on collecting).

use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};

use crate::domain::errors::{Failure, RequestFacts};
use crate::domain::metrics::{Family, Labels};
use crate::domain::names::{Host, VirtualProxy};
use crate::io::http::{Answer, CertFiles, HttpClient, Limits, Request, Verify};
use crate::io::quoted::quotable;

/// Key that guards proxy and repository against forged requests; any 16 characters do, as long as
/// query and header agree.
const PROXY_XRFKEY: &str = "abcdefghij987654";

/// The repository's API port is fixed.
const QRS_PORT: u16 = 4242;

/// Asks servers of one site. Lives on one thread.
pub struct SenseClient {
    http: HttpClient,
}

/// An answer with status 200.
pub struct SenseAnswer {
    /// The body.
    pub body: Bytes,
    /// Until when the certificate is valid that the server has shown.
    pub certificate_end: Option<DateTime<Utc>>,
    request: RequestFacts,
}

impl SenseAnswer {
    /// The failure of an answer whose body is not what was asked for.
    pub fn unusable(&self, reason: &str) -> Failure {
        Failure::Unusable { request: self.request.clone(), message: reason.into() }
    }
}

impl SenseClient {
    /// For health checks and session lists: 5 s, at most 16 MiB, 5 redirects. Each target is asked
    /// once in `interval`.
    pub fn for_polling(files: CertFiles, reject_unauthorized: bool, interval: Duration) -> Self {
        let verify = if reject_unauthorized { Verify::ChainAndName } else { Verify::Nothing };
        let timeout = Duration::from_secs(5);
        Self::new(files, verify, Limits { timeout, max_body: 16 << 20, redirects: 5 }, interval)
    }

    /// For the list of apps: 30 s, at most 64 MiB, no redirects. The host is often given as an
    /// address that its certificate does not name, so only the chain is verified (decision C2).
    pub fn for_app_list(files: CertFiles, reject_unauthorized: bool, interval: Duration) -> Self {
        let verify = if reject_unauthorized { Verify::Chain } else { Verify::Nothing };
        let timeout = Duration::from_secs(30);
        Self::new(files, verify, Limits { timeout, max_body: 64 << 20, redirects: 0 }, interval)
    }

    fn new(files: CertFiles, verify: Verify, limits: Limits, interval: Duration) -> Self {
        Self { http: HttpClient::with_certificate(files, verify, limits, interval) }
    }

    /// The numbers about its connections, for Prometheus.
    pub fn families(&self, poller: &str) -> [Family; 2] {
        let counts = self.http.connections();
        let labels = || Labels::of(&[("poller", poller)]);
        [
            Family::counter("butlersos_poll_connections_total", "Connections made for polls.")
                .count(labels(), counts.made),
            Family::counter(
                "butlersos_poll_repeats_total",
                "Polls sent once more on a fresh connection, because the kept one had ended.",
            )
            .count(labels(), counts.repeated),
        ]
    }

    /// The next poll of this target goes over a fresh connection: one has failed.
    pub fn retire_connection(&self, target: usize) {
        self.http.retire_connection(owner(target));
    }

    /// Asks an engine for its health. `target` numbers those who are asked: each has a connection
    /// of its own. `headers` are the server's own and win.
    ///
    /// # Errors
    /// When no answer with status 200 came.
    pub async fn health(
        &self,
        target: usize,
        authority: &str,
        headers: &[(String, String)],
    ) -> Result<SenseAnswer, Failure> {
        let mut request =
            polling(format!("https://{authority}/engine/healthcheck")).owned_by(owner(target));
        request.headers.extend_from_slice(headers);
        let check = "that the port is the engine's (4747 unless changed)";
        self.ask(request, check).await
    }

    /// Asks a proxy for the sessions of one virtual proxy, the target with this number.
    ///
    /// # Errors
    /// When no answer with status 200 came.
    pub async fn sessions(
        &self,
        target: usize,
        authority: &str,
        virtual_proxy: &VirtualProxy,
    ) -> Result<SenseAnswer, Failure> {
        let path = match virtual_proxy.as_str() {
            // The default virtual proxy, in the two ways that the original knows.
            "/" | "" => String::new(),
            prefix if prefix.starts_with('/') => prefix.to_owned(),
            prefix => format!("/{prefix}"),
        };
        let url = format!("https://{authority}/qps{path}/session?Xrfkey={PROXY_XRFKEY}");
        let request = polling(url)
            .owned_by(owner(target))
            .header("X-Qlik-Xrfkey", PROXY_XRFKEY)
            .header("XVirtualProxy", virtual_proxy.as_str());
        let check = "that the port is that of the proxy's API (4243 unless changed), not the one \
                     that users go to, and that there is such a virtual proxy";
        self.ask(request, check).await
    }

    /// Asks the repository for all apps. `xrfkey` is 16 letters and digits.
    ///
    /// # Errors
    /// When no answer with status 200 came.
    pub async fn apps(&self, host: &Host, xrfkey: &str) -> Result<SenseAnswer, Failure> {
        let host = host.as_str();
        let host = if host.contains(':') && !host.starts_with('[') {
            format!("[{host}]")
        } else {
            host.to_owned()
        };
        let request = Request::get(format!("https://{host}:{QRS_PORT}/qrs/app?xrfkey={xrfkey}"))
            .header("X-Qlik-User", "UserDirectory=Internal; UserId=sa_repository")
            .header("X-Qlik-Xrfkey", xrfkey);
        let check = "that appNames.hostIP is a server with a repository";
        self.ask(request, check).await
    }

    /// Why nothing can be asked: certificates that cannot be read. They are read here if they have
    /// changed.
    pub async fn obstacle(&self) -> Option<String> {
        self.http.obstacle().await
    }

    /// `check` is what to look at when somebody else answers.
    async fn ask(&self, request: Request, check: &str) -> Result<SenseAnswer, Failure> {
        let url = request.url.clone();
        let facts = self.http.facts(&url);
        let answer = self.http.send(request).await?;
        if answer.status != 200 {
            return Err(Failure::Answered { status: answer.status, request: facts });
        }
        if let Some(page) = html(&answer) {
            let message = format!(
                "an HTML page came where JSON was expected ({page}). Asked was {}: check {check}, \
                 and that no proxy or firewall answers in its place",
                facts.url.as_str()
            );
            return Err(Failure::Unusable { request: facts, message: message.into() });
        }
        let certificate_end = self.http.certificate_end(&url);
        Ok(SenseAnswer { body: answer.body, certificate_end, request: facts })
    }
}

/// Whose connection a target's is.
fn owner(target: usize) -> u32 {
    u32::try_from(target).unwrap_or(u32::MAX)
}

/// What is known of a page that came instead of an answer.
fn html(answer: &Answer) -> Option<String> {
    let declared = answer.content_type.as_deref().unwrap_or("none");
    let body = answer.body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&answer.body);
    let begins = body.trim_ascii_start().first() == Some(&b'<');
    if !begins && !declared.to_ascii_lowercase().contains("html") {
        return None;
    }
    let quoted = |text: &str| quotable(text, 100);
    let led =
        answer.redirected_to.as_deref().map(|to| format!(", after a redirect to {}", quoted(to)));
    Some(format!("content type \"{}\"{}", quoted(declared), led.unwrap_or_default()))
}

/// Headers that health checks and session lists share.
fn polling(url: String) -> Request {
    Request::get(url)
        .header("Cache-Control", "no-cache")
        .header("Content-Type", "application/json")
        .header("Accept", "application/json, text/plain, */*")
}
