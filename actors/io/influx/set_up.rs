//! Making sure that the database or bucket exists, with the retention that is configured. One
//! that exists keeps its retention; what differs is said.

mod v1;
mod v2;

use std::time::Duration;

use serde_json::Value;

use super::client::{InfluxClient, Reply};
use super::settings::InfluxTarget;
use super::verdict;
use crate::domain::errors::Failure;
use crate::io::delivery::SendError;
use crate::io::http::Request;

impl InfluxClient {
    /// Creates what is missing. The texts say what was made or differs, and what this login could
    /// not look at. `missing` is whether a write was told that there is no such place: without
    /// that, what cannot be seen may be there, and the first write is the proof.
    ///
    /// # Errors
    /// When nothing can be written: there is no answer, nobody accepts the login, or what is
    /// missing cannot be made.
    pub(super) async fn set_up(&self, missing: bool) -> Result<Vec<String>, SendError> {
        match &self.settings.target {
            InfluxTarget::V1 { database, policy, duration, .. } => {
                v1::set_up(self, v1::DatabasePlan { database, policy, duration }, missing).await
            }
            InfluxTarget::V2 { org, bucket, description, retention, .. } => {
                let wanted = v2::BucketPlan { org, bucket, description, retention: *retention };
                v2::set_up(self, wanted, missing).await
            }
            InfluxTarget::V3 { .. } => self.look_at_v3().await,
        }
    }

    /// Version 3 makes the database at the first write, so this only says early what is wrong.
    async fn look_at_v3(&self) -> Result<Vec<String>, SendError> {
        let reply = self.ask(Request::get(format!("{}/health", self.settings.base_url))).await?;
        if reply.is_away() || reply.answer.status == 401 {
            return Err(reply.outage());
        }
        // Its text is `OK` or JSON, by release.
        Ok(if reply.answer.is_success() {
            vec![]
        } else {
            vec![reply.unchecked("the health of InfluxDB", "the first write will show how it is")]
        })
    }
}

impl Reply<'_> {
    /// Whether it is no answer of an InfluxDB that works: an error of the server, a redirect, a
    /// web page, a limit of requests.
    fn is_away(&self) -> bool {
        let status = self.answer.status;
        (300..400).contains(&status)
            || status == 429
            || status >= 500
            || verdict::is_page(&self.answer.body)
    }

    /// Whether this login may not ask.
    fn is_forbidden(&self) -> bool {
        matches!(self.answer.status, 401 | 403)
    }

    fn outage(&self) -> SendError {
        verdict::outage(&self.asked, &self.answer)
    }

    /// The outage that follows when `what`, with a verb, was refused: `bucket "b" cannot be made`.
    /// `key` is what to look at.
    fn refused(&self, what: &str, key: &str) -> SendError {
        let outage = self.outage();
        let said = self.said();
        let message = format!("{}: {what}{said}; check {key}", self.asked.server);
        let failure = match outage.failure {
            Failure::Unusable { request, .. } => Failure::Unusable {
                request,
                message: "InfluxDB has refused to make what is missing".into(),
            },
            failure => failure,
        };
        SendError { failure, message, suspicion: None, ..outage }
    }

    /// A note that `what` could not be looked at, and what follows from that.
    fn unchecked(&self, what: &str, so: &str) -> String {
        let (status, said) = (self.answer.status, self.said());
        format!("{what} could not be looked at (status {status}{said}); {so}")
    }

    fn said(&self) -> String {
        match self.error() {
            Some(error) => format!(", {:?}", super::refusal::for_log(&error)),
            None => verdict::quoted(&self.answer.body),
        }
    }

    /// The JSON of a successful answer.
    fn json(&self) -> Option<Value> {
        let json = || serde_json::from_slice(&self.answer.body).ok();
        self.answer.is_success().then(json).flatten()
    }

    /// Version 1 answers 200 to a statement that it has not carried out, and says so inside.
    fn error(&self) -> Option<String> {
        self.json()?["results"][0]["error"].as_str().map(str::to_owned)
    }
}

/// What is not known before the first write.
const SHOWN_LATER: &str = "the first write will show whether it is there";

/// How long points are kept, in words; zero is for ever.
fn for_how_long(keep: Duration) -> String {
    match keep.as_secs() {
        0 => "for ever".to_owned(),
        seconds if seconds % 86_400 == 0 => format!("for {}d", seconds / 86_400),
        seconds if seconds % 3_600 == 0 => format!("for {}h", seconds / 3_600),
        seconds => format!("for {seconds}s"),
    }
}

#[cfg(test)]
mod tests;
