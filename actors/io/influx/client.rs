//! One request to InfluxDB, as each version wants it (section 4 of the page on InfluxDB).

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::refusal::{Refusal, for_log, server_message};
use super::settings::{InfluxSettings, InfluxTarget};
use crate::domain::errors::Failure;
use crate::io::http::{Answer, HttpClient, Limits, Request};

/// Writes to one database. Lives on one thread.
pub(super) struct InfluxClient {
    pub(super) settings: InfluxSettings,
    http: HttpClient,
}

/// Why lines were not stored.
#[derive(Debug)]
pub(super) enum WriteError {
    /// The points are bad; sending them again does not help.
    Refused { refusal: Refusal, failure: Failure },
    /// Database or bucket does not exist.
    Missing(Outage),
    /// Anything that time or an administrator can cure.
    Away(Outage),
}

/// The database cannot be written to.
#[derive(Debug, Clone)]
pub(super) struct Outage {
    pub(super) failure: Failure,
    /// For the log: what failed, and what the server said.
    pub(super) message: String,
    /// How long the server asks to wait.
    pub(super) retry_after: Option<Duration>,
}

impl InfluxClient {
    pub(super) fn new(settings: &InfluxSettings) -> Self {
        let limits = Limits { timeout: settings.timeout(), max_body: 1 << 20, redirects: 0 };
        let http = match settings.base_url.starts_with("https:") {
            true => HttpClient::public(limits),
            false => HttpClient::plain(limits),
        };
        Self { settings: settings.clone(), http }
    }

    /// Writes encoded lines.
    pub(super) async fn write(&self, lines: &[u8]) -> Result<(), WriteError> {
        let request = self.write_request(lines);
        let facts = self.http.facts(&request.url);
        let answer = self.http.send(request).await.map_err(|failure| {
            let message = self.describe(&failure, b"");
            WriteError::Away(Outage { failure, message, retry_after: None })
        })?;
        if answer.is_success() {
            return Ok(());
        }
        let status = answer.status;
        let failure = Failure::Answered { status, request: facts };
        let message = self.describe(&failure, &answer.body);
        let outage = |failure| Outage { failure, message, retry_after: answer.retry_after };
        Err(match status {
            400 | 413 | 422 => {
                WriteError::Refused { refusal: Refusal::read(&answer.body), failure }
            }
            404 => WriteError::Missing(outage(failure)),
            _ => WriteError::Away(outage(failure)),
        })
    }

    fn describe(&self, failure: &Failure, body: &[u8]) -> String {
        let said = for_log(&server_message(body));
        let said = if said.is_empty() { said } else { format!(", {said:?}") };
        format!("{}: {}{said}", self.settings.base_url, failure.message())
    }

    fn write_request(&self, lines: &[u8]) -> Request {
        let base = &self.settings.base_url;
        match &self.settings.target {
            InfluxTarget::V1 { database, .. } => {
                let url = format!("{base}/write?db={}&precision=ns", encoded(database));
                self.authorised(Request::post(url, lines.to_vec()))
            }
            InfluxTarget::V2 { org, bucket, .. } => {
                let (org, bucket) = (encoded(org), encoded(bucket));
                let url = format!("{base}/api/v2/write?org={org}&bucket={bucket}&precision=ns");
                self.compressed(url, lines)
            }
            InfluxTarget::V3 { database, .. } => {
                let url = format!("{base}/api/v2/write?bucket={}&precision=ns", encoded(database));
                self.compressed(url, lines)
            }
        }
    }

    /// Versions 2 and 3: bodies over 1000 bytes are compressed, quickly rather than small.
    fn compressed(&self, url: String, lines: &[u8]) -> Request {
        let plain = "text/plain; charset=utf-8";
        let request = Request::post(url, lines.to_vec());
        let request = if lines.len() > 1000 { request.compressed() } else { request };
        self.authorised(request.header("Content-Type", plain))
    }

    /// Adds the credentials. They travel in a header only: URLs end up in logs.
    fn authorised(&self, request: Request) -> Request {
        match &self.settings.target {
            InfluxTarget::V1 { auth: None, .. } => request,
            InfluxTarget::V1 { auth: Some((user, password)), .. } => {
                let pair = BASE64_STANDARD.encode(format!("{user}:{}", password.reveal()));
                request.header("Authorization", format!("Basic {pair}"))
            }
            InfluxTarget::V2 { token, .. } | InfluxTarget::V3 { token, .. } => {
                request.header("Authorization", format!("Token {}", token.reveal()))
            }
        }
    }

    /// Sends a request of the set-up; `Err` says what to log, and whether the server answered.
    pub(super) async fn ask(&self, request: Request) -> Result<Answer, String> {
        let answer = self.http.send(self.authorised(request)).await;
        answer.map_err(|failure| self.describe(&failure, b""))
    }

    /// What to log about an answer that is not success.
    pub(super) fn complaint(&self, answer: &Answer) -> String {
        let said = for_log(&server_message(&answer.body));
        format!("{}: status {}, {said:?}", self.settings.base_url, answer.status)
    }
}

/// A value inside a query string.
pub(super) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}
