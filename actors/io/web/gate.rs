//! What is looked at before any page: the method and the host.

use std::cell::Cell;
use std::time::Duration;

use actix_http::header::{self, HeaderMap};
use actix_http::uri::Authority;
use actix_http::{Method, StatusCode, Version};
use actix_web::{HttpRequest, HttpResponse};
use tokio::time::Instant;

use super::hosts::{Caller, Hosts};
use crate::io::quoted::quotable;

/// How often a refused host is worth a line.
const TELL_EVERY: Duration = Duration::from_secs(60);

/// Decides whether a request reaches the pages of one listener.
pub(super) struct Gate {
    name: &'static str,
    hosts: Hosts,
    told: Cell<Option<Instant>>,
}

impl Gate {
    pub(super) fn new(name: &'static str, hosts: Hosts) -> Self {
        Self { name, hosts, told: Cell::new(None) }
    }

    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    /// The answer to a request that goes no further.
    pub(super) fn refusal(&self, request: &HttpRequest) -> Option<HttpResponse> {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            let text = "only GET and HEAD are answered\n";
            let mut refusal = refuse(StatusCode::METHOD_NOT_ALLOWED, text);
            let allowed = header::HeaderValue::from_static("GET, HEAD");
            refusal.headers_mut().insert(header::ALLOW, allowed);
            return Some(refusal);
        }
        let is_browser = is_browser(request.headers());
        let mut hosts = request.headers().get_all(header::HOST);
        let host = match (hosts.next(), hosts.next()) {
            (Some(host), None) => host.to_str().unwrap_or_default(),
            // Browsers do not speak version 1.0, which has no such header.
            (None, None) if request.version() < Version::HTTP_11 && !is_browser => return None,
            _ => {
                let text = "a request has one header Host\n";
                return Some(refuse(StatusCode::BAD_REQUEST, text));
            }
        };
        let in_url = request.uri().authority().map(Authority::as_str);
        if [Some(host), in_url]
            .into_iter()
            .flatten()
            .all(|host| self.hosts.accept(Caller { host, is_browser }))
        {
            return None;
        }
        self.log_refusal(request, host);
        let text = format!("this is not the server for that name: {}\n", self.hosts.cure());
        Some(refuse(StatusCode::MISDIRECTED_REQUEST, &text))
    }

    fn log_refusal(&self, request: &HttpRequest, host: &str) {
        let now = Instant::now();
        if self.told.get().is_some_and(|told| now - told < TELL_EVERY) {
            return;
        }
        self.told.set(Some(now));
        let from = request.peer_addr().map_or_else(String::new, |from| from.ip().to_string());
        log::warn!(
            "{}: A request of {from} for the host \"{}\" was refused, which is no name of this \
             machine that is known: {}",
            self.name,
            quotable(host, 100),
            self.hosts.cure()
        );
    }
}

/// Headers that every browser sends and no collector of metrics.
fn is_browser(headers: &HeaderMap) -> bool {
    let has = |name: &str| headers.contains_key(name);
    ["accept-language", "origin", "referer", "cookie", "sec-fetch-site", "sec-fetch-mode"]
        .iter()
        .any(|name| has(name))
        || headers
            .get(header::USER_AGENT)
            .is_some_and(|agent| agent.as_bytes().starts_with(b"Mozilla/"))
}

fn refuse(status: StatusCode, text: &str) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header((header::CONTENT_TYPE, "text/plain; charset=utf-8"))
        .body(text.to_owned())
}
