//! One request to InfluxDB, as each version wants it (section 4 of the page on InfluxDB).

use std::cell::Cell;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::refusal::Refusal;
use super::settings::{InfluxSettings, InfluxTarget};
use super::verdict::{Question, Verdict, judge};
use crate::domain::errors::{Failure, RequestFacts};
use crate::io::delivery::{SendError, Suspicion};
use crate::io::http::{Answer, HttpClient, Limits, Request};

/// Writes to one database. Lives on one thread.
pub(super) struct InfluxClient {
    pub(super) settings: InfluxSettings,
    writes: HttpClient,
    /// For questions of the set-up, which a server that works answers at once.
    questions: HttpClient,
    /// Version 3: the server has no path that names bad lines.
    names_no_lines: Cell<bool>,
}

/// The longest wait for the answer to a question of the set-up: a server that is silent is known
/// as away before the first write has waited for it.
const QUESTION_LIMIT: Duration = Duration::from_secs(5);

/// A refusal quotes what it refuses, so it can be as large as a request.
const MAX_BODY: usize = 16 << 20;

impl InfluxClient {
    pub(super) fn new(settings: &InfluxSettings) -> Self {
        let client = |timeout| {
            let limits = Limits { timeout, max_body: MAX_BODY, redirects: 0 };
            match settings.base_url.starts_with("https:") {
                true => HttpClient::trusting(settings.ca_file.clone(), limits),
                false => HttpClient::plain(limits),
            }
        };
        Self {
            settings: settings.clone(),
            writes: client(settings.timeout()),
            questions: client(settings.timeout().min(QUESTION_LIMIT)),
            names_no_lines: Cell::new(false),
        }
    }

    /// Whether the database has a retention of its own, which should be looked at even when
    /// points are stored already. Version 3 makes everything at the first write.
    pub(super) fn has_retention(&self) -> bool {
        !matches!(self.settings.target, InfluxTarget::V3 { .. })
    }

    /// Writes encoded lines.
    pub(super) async fn write(&self, lines: Bytes) -> Verdict {
        self.written(self.write_request(lines)).await
    }

    /// Whether there may be a path that names bad lines.
    pub(super) fn may_name_lines(&self) -> bool {
        matches!(self.settings.target, InfluxTarget::V3 { .. }) && !self.names_no_lines.get()
    }

    /// Writes the lines that can be written, on the path of version 3 that names the others;
    /// `None` where there is no such path.
    pub(super) async fn write_the_good(&self, lines: Bytes) -> Option<Verdict> {
        let InfluxTarget::V3 { database, .. } = &self.settings.target else {
            return None;
        };
        let base = &self.settings.base_url;
        let url = format!(
            "{base}/api/v3/write_lp?db={}&precision=nanosecond&accept_partial=true",
            encoded(database)
        );
        let verdict = self.written(self.compressed(url, lines)).await;
        match &verdict {
            // An InfluxDB 2 answers with its web page, others with 404, 405 or a text.
            Verdict::Missing(outage) | Verdict::Away(outage)
                if !matches!(outage.failure, Failure::Unanswered { .. })
                    && !matches!(outage.failure.status(), Some(401 | 429 | 500..)) =>
            {
                self.names_no_lines.set(true);
                None
            }
            _ => Some(verdict),
        }
    }

    async fn written(&self, request: Request) -> Verdict {
        let request_facts = self.writes.facts(&request.url);
        match self.writes.send(request).await {
            Ok(answer) => judge(&self.asked(request_facts), &answer),
            Err(failure) => Verdict::Away(self.unanswered(failure)),
        }
    }

    /// Who was asked, for a verdict.
    fn asked(&self, request: RequestFacts) -> Question<'_> {
        let login = self.settings.login_key();
        Question { server: &self.settings.base_url, login, request }
    }

    /// The outage behind a refusal that is the same for whatever is sent.
    pub(super) fn repeated(&self, refusal: &Refusal, failure: &Failure) -> SendError {
        let message = format!(
            "{}: {}, {:?}, whichever of the points are sent",
            self.settings.base_url,
            failure.message(),
            refusal.message
        );
        let suspicion = failure.status().map(|status| Suspicion { status, is_decisive: true });
        SendError { failure: failure.clone(), message, retry_after: None, suspicion }
    }

    fn unanswered(&self, failure: Failure) -> SendError {
        let message = format!("{}: {}", self.settings.base_url, failure.message());
        SendError { failure, message, retry_after: None, suspicion: None }
    }

    fn write_request(&self, lines: Bytes) -> Request {
        let base = &self.settings.base_url;
        match &self.settings.target {
            InfluxTarget::V1 { database, .. } => {
                let url = format!("{base}/write?db={}&precision=ns", encoded(database));
                self.authorised(Request::post(url, lines))
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
    fn compressed(&self, url: String, lines: Bytes) -> Request {
        let plain = "text/plain; charset=utf-8";
        let large = lines.len() > 1000;
        let request = Request::post(url, lines);
        let request = if large { request.compressed() } else { request };
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

    /// Asks a question of the set-up.
    pub(super) async fn ask(&self, request: Request) -> Result<Reply<'_>, SendError> {
        let request_facts = self.questions.facts(&request.url);
        match self.questions.send(self.authorised(request)).await {
            Ok(answer) => Ok(Reply { asked: self.asked(request_facts), answer }),
            Err(failure) => Err(self.unanswered(failure)),
        }
    }
}

/// What a server said about the set-up.
pub(super) struct Reply<'c> {
    pub(super) asked: Question<'c>,
    pub(super) answer: Answer,
}

/// A value inside a query string.
pub(super) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}
