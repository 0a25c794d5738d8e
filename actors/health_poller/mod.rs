//! HealthPoller: asks every Qlik Sense engine for its health, each server at its own rate.
//!
//! - receives: [`AppNames`], [`AskReadiness`], [`AskMetrics`], [`Drain`]
//! - sends: [`HealthMetrics`] to every destination, `ServerCertificate` to CertificateWatcher
//! - reports: one `HEALTH_API` error for each health check without a usable answer
//! - on restart: all servers are polled from the beginning

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use actix::fut::wrap_future;
use actix::{
    Actor, AsyncContext, Context, Handler, MessageResult, Recipient, ResponseFuture, SpawnHandle,
    Supervised,
};
use futures_util::future::join_all;
use tokio::time::Instant;

use crate::domain::errors::{ErrorOccurred, Failure, Origin};
use crate::domain::metrics::Labels;
use crate::domain::telemetry::{AppNames, EngineHealth, HealthMetrics};
use crate::io::http::CertFiles;
use crate::io::sense::{SenseClient, SenseSettings};
use crate::runtime::certificates::ServerCertificates;
use crate::runtime::clock::Clock;
use crate::runtime::drain::Drain;
use crate::runtime::fanout::Fanout;
use crate::runtime::level::verbose;
use crate::runtime::metrics::AskMetrics;
use crate::runtime::polls::{self, Polls};
use crate::runtime::readiness::{AskReadiness, Readiness};
use crate::runtime::rhythm::{every, offset};

/// See the module.
pub struct HealthPoller {
    work: Rc<Work>,
    polling: Option<SpawnHandle>,
}

/// What every polling loop needs.
struct Work {
    settings: Arc<SenseSettings>,
    client: SenseClient,
    /// `None` when app names are not extracted.
    names: RefCell<Option<AppNames>>,
    /// One for each target.
    polls: RefCell<Vec<Polls>>,
    clock: Clock,
    metrics: Fanout<HealthMetrics>,
    certificates: ServerCertificates,
    errors: Recipient<ErrorOccurred>,
}

impl HealthPoller {
    /// A poller of all servers in `settings`. Must be made on the thread it runs on.
    pub fn new(
        settings: Arc<SenseSettings>,
        certificate: CertFiles,
        clock: Clock,
        metrics: Fanout<HealthMetrics>,
        certificates: ServerCertificates,
        errors: Recipient<ErrorOccurred>,
    ) -> Self {
        let client = SenseClient::for_polling(
            certificate,
            settings.reject_unauthorized,
            settings.health_interval,
        );
        let names = RefCell::new(settings.app_names.is_some().then(AppNames::default));
        let polls = RefCell::new(vec![Polls::default(); settings.targets.len()]);
        let work =
            Rc::new(Work { settings, client, names, polls, clock, metrics, certificates, errors });
        Self { work, polling: None }
    }
}

impl Work {
    /// Polls one server for ever.
    async fn watch(&self, index: usize) {
        let target = &self.settings.targets[index];
        let interval = self.settings.health_interval;
        let first = offset(index, self.settings.targets.len(), interval);
        let poll = async || self.poll(index).await;
        every(first, interval, poll, |skipped| {
            log::warn!(
                "HEALTH: {} took longer than the polling interval, {skipped} polls skipped",
                target.server.name
            );
        })
        .await;
    }

    async fn poll(&self, index: usize) {
        let target = &self.settings.targets[index];
        let server = &target.server;
        let began = Instant::now();
        let answer = self.ask(index).await;
        let took = began.elapsed();
        let polls = &mut self.polls.borrow_mut()[index];
        match answer {
            Ok(metrics) => {
                if let Some(outage) = polls.worked(took, &self.clock) {
                    log::info!("HEALTH: {} ({}) {outage}", server.name, target.authority);
                }
                let ms = took.as_millis();
                verbose!("HEALTH: {} ({}) polled in {ms} ms", server.name, target.authority);
                log::debug!("HEALTH: {}: {:?}", server.name, metrics.health);
                self.metrics.send(&metrics);
            }
            Err(failure) => {
                self.client.retire_connection(index);
                polls.failed(took, &self.clock);
                log::error!(
                    "HEALTH: {} ({}): {}",
                    server.name,
                    target.authority,
                    failure.message()
                );
                let origin =
                    Origin::HealthApi { server: server.name.clone(), host: server.host.clone() };
                self.errors.do_send(ErrorOccurred { origin, failure });
            }
        }
    }

    async fn ask(&self, index: usize) -> Result<HealthMetrics, Failure> {
        let target = &self.settings.targets[index];
        let answer = self.client.health(index, &target.authority, &target.headers).await?;
        self.certificates.saw(&target.server.name, &target.authority, answer.certificate_end);
        let health = EngineHealth::from_json(&answer.body, self.names.borrow().as_ref())
            .map_err(|reason| answer.unusable(reason))?;
        let missing = health.missing();
        if !missing.is_empty() {
            log::debug!(
                "HEALTH: {} left out, or sent as another type: {}",
                target.server.name,
                missing.join(", ")
            );
        }
        Ok(HealthMetrics { server: Arc::clone(&target.server), health: Arc::new(health) })
    }
}

impl Actor for HealthPoller {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let work = Rc::clone(&self.work);
        let all = async move {
            join_all((0..work.settings.targets.len()).map(|index| work.watch(index))).await;
        };
        self.polling = Some(ctx.spawn(wrap_future(all)));
    }
}

impl Supervised for HealthPoller {}

impl Handler<AppNames> for HealthPoller {
    type Result = ();

    fn handle(&mut self, names: AppNames, _: &mut Self::Context) {
        self.work.names.replace(Some(names));
    }
}

impl Handler<AskReadiness> for HealthPoller {
    type Result = ResponseFuture<Readiness>;

    fn handle(&mut self, _: AskReadiness, _: &mut Self::Context) -> Self::Result {
        let work = Rc::clone(&self.work);
        Box::pin(
            async move { Readiness { of: "certificate", obstacle: work.client.obstacle().await } },
        )
    }
}

impl Handler<AskMetrics> for HealthPoller {
    type Result = MessageResult<AskMetrics>;

    fn handle(&mut self, _: AskMetrics, _: &mut Self::Context) -> Self::Result {
        let polls = self.work.polls.borrow();
        let labels = self.work.settings.targets.iter().map(|target| {
            Labels::of(&[("poller", "health"), ("server_name", target.server.name.as_str())])
        });
        let mut families = polls::families(labels.zip(polls.iter()));
        families.extend(self.work.client.families("health"));
        MessageResult(families)
    }
}

impl Handler<Drain> for HealthPoller {
    type Result = ();

    /// A source has nothing to finish: requests under way are dropped, which is no error.
    fn handle(&mut self, _: Drain, ctx: &mut Self::Context) {
        if let Some(polling) = self.polling.take() {
            ctx.cancel_future(polling);
        }
    }
}

#[cfg(test)]
mod tests;
