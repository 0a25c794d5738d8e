//! What an answer to a write means (decision C8): stored is 204 and nothing else; refused is what
//! InfluxDB itself refuses; all else is a database that is away, whoever answered.

use std::borrow::Cow;

use super::refusal::{Refusal, for_log, influx_message};
use crate::domain::errors::{Failure, RequestFacts};
use crate::io::delivery::{SendError, Suspicion};
use crate::io::http::Answer;

/// What became of the lines of a write.
#[derive(Debug)]
pub(super) enum Verdict {
    Stored,
    /// The points are bad; sending them again does not help.
    Refused {
        refusal: Refusal,
        failure: Failure,
    },
    /// Database, bucket or retention policy does not exist.
    Missing(SendError),
    /// Anything that time or an administrator can cure.
    Away(SendError),
}

/// Who answers: the words are InfluxDB's, or somebody else's.
enum Said {
    InfluxDb(String),
    Page(Option<String>),
    Text(String),
    Nothing,
}

/// Who was asked for what.
#[derive(Debug, Clone)]
pub(super) struct Question<'s> {
    /// The server, as the log names it.
    pub(super) server: &'s str,
    /// The key with which we log in.
    pub(super) login: &'static str,
    /// The request.
    pub(super) request: RequestFacts,
}

/// Decides about the answer to a write.
pub(super) fn judge(asked: &Question<'_>, answer: &Answer) -> Verdict {
    let status = answer.status;
    if status == 204 {
        return Verdict::Stored;
    }
    let outage = outage(asked, answer);
    let Some(message) = influx_message(&answer.body) else {
        return Verdict::Away(outage);
    };
    let refusal = || Refusal::read(status, &message, &answer.body);
    let refused = |refusal| Verdict::Refused { refusal, failure: outage.failure.clone() };
    match status {
        400 | 413 | 422 => match refusal() {
            refusal if refusal.names_nothing() && is_about_the_request(&message) => {
                Verdict::Away(SendError { suspicion: None, ..outage })
            }
            refusal => refused(refusal),
        },
        404 => Verdict::Missing(outage),
        // Version 1 says so at each write after the policy was dropped.
        500..=599 if message.starts_with("retention policy not found") => Verdict::Missing(outage),
        500..=599 if names_bad_points(&message) => {
            // The rest may be stored or not: a server with an error inside is not believed.
            refused(Refusal { partial: false, ..refusal() })
        }
        _ => Verdict::Away(outage),
    }
}

/// The outage that an answer tells of.
pub(super) fn outage(asked: &Question<'_>, answer: &Answer) -> SendError {
    let status = answer.status;
    let failure = failure(asked, answer);
    let said = Said::of(&answer.body);
    let cure = cure(status, &said, asked.login);
    let led = answer.redirects_to.as_deref();
    let led = led.map(|to| format!(", a redirect to {}", for_log(to))).unwrap_or_default();
    let message = format!("{}: {}{led}{}{cure}", asked.server, failure.message(), said.quoted());
    let login = matches!(said, Said::InfluxDb(_) | Said::Nothing) && status == 403;
    let suspicion = match status {
        401 | 404 | 407 | 408 | 429 => None,
        403 if login => None,
        _ => Some(Suspicion { status, is_decisive: status >= 500 }),
    };
    SendError { failure, message, retry_after: answer.retry_after, suspicion }
}

/// The failure that an answer is, when it is not the one that was hoped for.
fn failure(asked: &Question<'_>, answer: &Answer) -> Failure {
    let request = asked.request.clone();
    let status = answer.status;
    if answer.is_success() {
        let message = format!("status {status} where InfluxDB gives another answer");
        return Failure::Unusable { request, message: message.into() };
    }
    Failure::Answered { status, request }
}

/// What a server said, for the log; empty when it said nothing.
pub(super) fn quoted(body: &[u8]) -> String {
    Said::of(body).quoted()
}

/// Whether it is a web page that answered: a sign-in, a proxy, the front of another program.
pub(super) fn is_page(body: &[u8]) -> bool {
    matches!(Said::of(body), Said::Page(_))
}

impl Said {
    fn of(body: &[u8]) -> Self {
        if let Some(message) = influx_message(body) {
            return Self::InfluxDb(message);
        }
        // The rest is neither shown nor needed.
        let begin = String::from_utf8_lossy(&body[..body.len().min(4_096)]);
        let text = begin.trim_start_matches('\u{feff}').trim();
        let lower = text.to_ascii_lowercase();
        if lower.starts_with("<!doctype html") || lower.contains("<html") {
            return Self::Page(title(text, &lower));
        }
        if text.is_empty() { Self::Nothing } else { Self::Text(text.to_owned()) }
    }

    fn quoted(&self) -> String {
        match self {
            Self::InfluxDb(text) | Self::Text(text) => format!(", {:?}", for_log(text)),
            Self::Page(Some(title)) => format!(", a web page titled {:?}", for_log(title)),
            Self::Page(None) => ", a web page".to_owned(),
            Self::Nothing => String::new(),
        }
    }
}

/// The title of a page; `lower` is the page with its ASCII letters in lower case, so that places
/// in both are the same.
fn title(page: &str, lower: &str) -> Option<String> {
    let begin = lower.find("<title")?;
    let begin = begin + lower[begin..].find('>')? + 1;
    let end = begin + lower[begin..].find("</title")?;
    let title = page[begin..end].trim();
    (!title.is_empty()).then(|| title.to_owned())
}

/// What an administrator should look at, where the answer says more than its status.
fn cure(status: u16, said: &Said, login: &'static str) -> Cow<'static, str> {
    let words = match said {
        Said::Text(text) if text.contains("HTTP request to an HTTPS server") => {
            "; the server speaks TLS on this port: begin influxdbConfig.url with https"
        }
        Said::InfluxDb(_) | Said::Nothing if status == 401 => {
            return format!("; check {login}").into();
        }
        Said::InfluxDb(_) => "",
        _ if status == 404 => {
            "; nothing takes points at this path: check host, port and the path of \
             influxdbConfig.url"
        }
        _ if status < 400 => {
            "; this is not InfluxDB, which answers 204: check influxdbConfig for host and port, \
             and whether a proxy or a sign-in is in between"
        }
        Said::Page(_) => "; this is not InfluxDB: check whether a proxy is in between",
        Said::Text(_) | Said::Nothing => "",
    };
    words.into()
}

/// Answers 400 about how we ask, which look like a refusal and concern no point.
fn is_about_the_request(message: &str) -> bool {
    [
        "provide either orgID or org",
        "database is required",
        "namespace name",
        "incoming write was empty",
    ]
    .iter()
    .any(|words| message.contains(words))
}

/// Causes that stay although the status speaks of an error inside the server.
fn names_bad_points(message: &str) -> bool {
    ["partial write", "field type conflict", "points beyond retention policy", "unable to parse '"]
        .iter()
        .any(|words| message.contains(words))
}

#[cfg(test)]
#[path = "verdict_tests.rs"]
mod tests;
