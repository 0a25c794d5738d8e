//! The two pages that Prometheus scrapes.

use std::time::Duration;

use actix::Recipient;
use actix_web::{HttpResponse, web};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use tokio::time::timeout;

use super::{AskSense, process};
use crate::domain::metrics::{CONTENT_TYPE, Family, Labels, encode};
use crate::io::http::CertFiles;
use crate::io::web::{Fresh, Page};
use crate::runtime::clock::Clock;
use crate::runtime::log_lines::LogOutput;
use crate::runtime::metrics::AskMetrics;
use crate::runtime::outlet::Reason;
use crate::runtime::poison;
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

/// The metrics of Qlik Sense, and those of the process, which the original has on this page too.
pub(super) fn sense(sense: Sense) -> impl FnOnce(&mut web::ServiceConfig) {
    let sense = web::Data::new((sense, Fresh::default()));
    move |app| {
        app.app_data(sense).route("/metrics", web::to(sense_page)).default_service(not_found());
    }
}

async fn sense_page(sense: web::Data<(Sense, Fresh)>) -> HttpResponse {
    let (sense, fresh) = sense.get_ref();
    let told = fresh.get(|| async {
        let mut families = timeout(PATIENCE, sense.asked.send(AskSense)).await.ok()?.ok()?;
        families.extend(process::families(sense.started));
        Some(encode(&families))
    });
    told.await.map_or_else(
        || {
            log::error!("PROMETHEUS: The metrics of Qlik Sense could not be told");
            HttpResponse::InternalServerError()
                .content_type("text/plain; charset=utf-8")
                .body("the metrics cannot be told right now\n")
        },
        page,
    )
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

/// The metrics of this program.
pub(super) fn own(own: Own) -> impl FnOnce(&mut web::ServiceConfig) {
    let own = web::Data::new((own, Fresh::default()));
    move |app| {
        app.app_data(own).route("/metrics", web::to(own_page)).default_service(not_found());
    }
}

async fn own_page(own: web::Data<(Own, Fresh)>) -> HttpResponse {
    let (own, fresh) = own.get_ref();
    page(fresh.get(|| async { Some(encode(&own.families().await)) }).await.unwrap_or_default())
}

impl Own {
    /// All actors are asked at once; one that does not answer costs its numbers and is counted.
    async fn families(&self) -> Vec<Family> {
        let answers = self.asked.iter().map(|actor| timeout(PATIENCE, actor.send(AskMetrics)));
        let mut families = process::families(self.started);
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
        families.push(lost_lines());
        families.push(self.restarts());
        families.push(self.lost_messages());
        families.push(
            Family::counter(
                "butlersos_left_out_total",
                "Messages and events that were left out, because the work on them panicked.",
            )
            .count(Labels::default(), poison::left_out()),
        );
        families.push(
            Family::gauge(
                "butlersos_actors_given_up",
                "Optional actors that failed too often and are not started again.",
            )
            .count(Labels::default(), self.supervisor.given_up().len() as u64),
        );
        families.extend(self.certificates());
        families
    }

    fn restarts(&self) -> Family {
        let family = Family::counter(
            "butlersos_actor_restarts_total",
            "Restarts of an actor by supervision.",
        );
        self.supervisor.restarts().into_iter().fold(family, |family, (actor, count)| {
            family.count(Labels::of(&[("actor", actor)]), count)
        })
    }

    fn lost_messages(&self) -> Family {
        let mut family = Family::counter(
            "butlersos_messages_lost_total",
            "Messages between actors that found no room; events where events are sent.",
        );
        for (actor, meter) in self.supervisor.meters().all() {
            for reason in Reason::ALL {
                let labels = Labels::of(&[("actor", actor), ("reason", reason.as_str())]);
                family = family.count(labels, meter.lost(reason));
            }
        }
        family
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

fn lost_lines() -> Family {
    let family = Family::counter(
        "butlersos_log_lines_dropped_total",
        "Lines of the log that were not written, by output.",
    );
    LogOutput::ALL.into_iter().fold(family, |family, output| {
        family.count(Labels::of(&[("output", output.as_str())]), output.lost())
    })
}

fn page(text: Bytes) -> HttpResponse {
    HttpResponse::Ok().insert_header(("Content-Type", CONTENT_TYPE)).body(Page::from(text))
}

fn not_found() -> actix_web::Route {
    web::to(|| async {
        HttpResponse::NotFound()
            .content_type("text/plain; charset=utf-8")
            .body("the metrics are at /metrics\n")
    })
}
