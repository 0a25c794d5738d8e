//! The two pages that Prometheus scrapes.

use std::io;
use std::net::TcpListener;
use std::time::Duration;

use actix::Recipient;
use actix_web::dev::Server;
use actix_web::{App, HttpResponse, HttpServer, web};
use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use tokio::time::timeout;

use super::{AskSense, process};
use crate::domain::metrics::{CONTENT_TYPE, Family, Labels, encode};
use crate::io::http::CertFiles;
use crate::runtime::clock::Clock;
use crate::runtime::metrics::AskMetrics;
use crate::runtime::supervise::Supervisor;

/// How long an actor may take to tell its numbers.
const PATIENCE: Duration = Duration::from_secs(1);

/// Where the numbers about Qlik Sense come from.
#[derive(Clone)]
pub(super) struct Sense {
    pub(super) asked: Recipient<AskSense>,
    /// Start of this program.
    pub(super) started: DateTime<Utc>,
}

/// Serves the metrics of Qlik Sense, and those of the process, which the original has on this page
/// too.
pub(super) fn sense(socket: &TcpListener, sense: Sense) -> io::Result<Server> {
    let sense = web::Data::new(sense);
    let server = HttpServer::new(move || {
        App::new()
            .app_data(sense.clone())
            .route("/metrics", web::get().to(sense_page))
            .route("/metrics", web::head().to(sense_page))
            .default_service(web::to(not_found))
    });
    Ok(server.workers(1).disable_signals().listen(socket.try_clone()?)?.run())
}

async fn sense_page(sense: web::Data<Sense>) -> HttpResponse {
    match timeout(PATIENCE, sense.asked.send(AskSense)).await {
        Ok(Ok(mut families)) => {
            families.extend(process::families(sense.started));
            page(&families)
        }
        Ok(Err(_)) | Err(_) => {
            log::error!("PROMETHEUS: The metrics of Qlik Sense could not be told");
            HttpResponse::InternalServerError()
                .content_type("text/plain; charset=utf-8")
                .body("the metrics cannot be told right now\n")
        }
    }
}

/// Where the numbers about this program come from.
#[derive(Clone)]
pub(super) struct Own {
    pub(super) asked: Vec<Recipient<AskMetrics>>,
    pub(super) supervisor: Supervisor,
    pub(super) certificate: Option<CertFiles>,
    pub(super) clock: Clock,
    pub(super) started: DateTime<Utc>,
}

/// Serves the metrics of this program.
pub(super) fn own(socket: &TcpListener, own: Own) -> io::Result<Server> {
    let own = web::Data::new(own);
    let server = HttpServer::new(move || {
        App::new()
            .app_data(own.clone())
            .route("/metrics", web::get().to(own_page))
            .route("/metrics", web::head().to(own_page))
            .default_service(web::to(not_found))
    });
    Ok(server.workers(1).disable_signals().listen(socket.try_clone()?)?.run())
}

/// All actors are asked at once; one that does not answer costs its numbers and is counted.
async fn own_page(own: web::Data<Own>) -> HttpResponse {
    let answers = own.asked.iter().map(|actor| timeout(PATIENCE, actor.send(AskMetrics)));
    let mut families = process::families(own.started);
    let mut silent = 0;
    for answer in join_all(answers).await {
        match answer {
            Ok(Ok(told)) => families.extend(told),
            Ok(Err(_)) | Err(_) => silent += 1,
        }
    }
    families.push(
        Family::gauge(
            "butlersos_scrape_actors_silent",
            "Actors that did not tell their numbers for this scrape.",
        )
        .count(Labels::default(), silent),
    );
    families.push(own.restarts());
    families.extend(own.certificates());
    page(&families)
}

impl Own {
    fn restarts(&self) -> Family {
        let family = Family::counter(
            "butlersos_actor_restarts_total",
            "Restarts of an actor by supervision.",
        );
        self.supervisor.restarts().into_iter().fold(family, |family, (actor, count)| {
            family.count(Labels::of(&[("actor", actor)]), count)
        })
    }

    /// Empty while the certificates cannot be read, which every poll tells.
    fn certificates(&self) -> Vec<Family> {
        let Some(files) = &self.certificate else { return Vec::new() };
        let family = |name, help, end: Result<DateTime<Utc>, String>| {
            let left = end.ok()? - self.clock.now();
            #[expect(clippy::cast_precision_loss, reason = "seconds of centuries fit")]
            let days = left.num_seconds() as f64 / 86_400.0;
            Some(Family::gauge(name, help).value(Labels::default(), days))
        };
        let client = family(
            "butlersos_client_certificate_expiry_days",
            "Days until the client certificate ends, negative afterwards.",
            files.client_end(),
        );
        let authority = family(
            "butlersos_root_certificate_expiry_days",
            "Days until the authority in clientCertCA ends, of several the first; negative \
             afterwards.",
            files.authority_end(),
        );
        client.into_iter().chain(authority).collect()
    }
}

fn page(families: &[Family]) -> HttpResponse {
    HttpResponse::Ok().insert_header(("Content-Type", CONTENT_TYPE)).body(encode(families))
}

async fn not_found() -> HttpResponse {
    HttpResponse::NotFound()
        .content_type("text/plain; charset=utf-8")
        .body("the metrics are at /metrics\n")
}
