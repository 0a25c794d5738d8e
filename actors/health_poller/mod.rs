//! HealthPoller: asks every Qlik Sense engine for its health, each server at its own rate.
//!
//! - receives: [`AppNames`], [`AskReadiness`], [`AskMetrics`], [`Drain`]
//! - sends: [`HealthMetrics`] to every destination, `ServerCertificate` to CertificateWatcher
//! - reports: one `HEALTH_API` error for each health check without a usable answer
//! - on restart: all servers are polled from the beginning

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix::fut::wrap_future;
use actix::{
    Actor, AsyncContext, Context, Handler, MessageResult, ResponseFuture, SpawnHandle, Supervised,
};

use crate::domain::errors::{ErrorOccurred, Failure, Origin};
use crate::domain::metrics::Labels;
use crate::domain::telemetry::{AppNames, EngineHealth, HealthMetrics};
use crate::io::http::CertFiles;
use crate::io::sense::{SenseClient, SenseSettings, Target as SenseTarget};
use crate::runtime::certificates::ServerCertificates;
use crate::runtime::clock::Clock;
use crate::runtime::drain::Drain;
use crate::runtime::fanout::Fanout;
use crate::runtime::level::verbose;
use crate::runtime::metrics::AskMetrics;
use crate::runtime::outlet::Outlet;
use crate::runtime::poll_state::{self, Polls};
use crate::runtime::polling::{Listeners, Target, watch};
use crate::runtime::readiness::{AskReadiness, Readiness};

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
    polls: Vec<RefCell<Polls>>,
    clock: Clock,
    metrics: Fanout<HealthMetrics>,
    certificates: ServerCertificates,
    errors: Outlet<ErrorOccurred>,
}

impl HealthPoller {
    /// A poller of all servers in `settings`. Must be made on the thread it runs on.
    pub fn new(
        settings: Arc<SenseSettings>,
        certificate: CertFiles,
        clock: Clock,
        metrics: Fanout<HealthMetrics>,
        certificates: ServerCertificates,
        errors: impl Into<Outlet<ErrorOccurred>>,
    ) -> Self {
        let errors = errors.into();
        let client = SenseClient::for_polling(
            certificate,
            settings.reject_unauthorized,
            settings.health_interval,
        );
        let names = RefCell::new(settings.app_names.is_some().then(AppNames::default));
        let polls = settings.targets.iter().map(|_| RefCell::default()).collect();
        let work =
            Rc::new(Work { settings, client, names, polls, clock, metrics, certificates, errors });
        Self { work, polling: None }
    }
}

/// The engine of one server.
struct Engine<'a> {
    work: &'a Work,
    index: usize,
}

impl Engine<'_> {
    fn settings(&self) -> &SenseTarget {
        &self.work.settings.targets[self.index]
    }
}

impl Target for Engine<'_> {
    type Answer = HealthMetrics;

    fn name(&self) -> String {
        let SenseTarget { server, authority, .. } = self.settings();
        format!("HEALTH: {} ({authority})", server.name)
    }

    fn origin(&self) -> Origin {
        let server = &self.settings().server;
        Origin::HealthApi { server: server.name.clone(), host: server.host.clone() }
    }

    fn polls(&self) -> &RefCell<Polls> {
        &self.work.polls[self.index]
    }

    async fn ask(&self) -> Result<HealthMetrics, Failure> {
        let (work, target) = (self.work, self.settings());
        let answer = work.client.health(self.index, &target.authority, &target.headers).await?;
        work.certificates.saw(&target.server.name, &target.authority, answer.certificate_end);
        let health = EngineHealth::from_json(&answer.body, work.names.borrow().as_ref())
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

    fn answered(&self, metrics: HealthMetrics, took: Duration) {
        verbose!("{} polled in {} ms", self.name(), took.as_millis());
        log::debug!("HEALTH: {}: {:?}", metrics.server.name, metrics.health);
        self.work.metrics.send(&metrics);
    }

    fn failed(&self) {
        self.work.client.retire_connection(self.index);
    }
}

impl Actor for HealthPoller {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let work = Rc::clone(&self.work);
        let all = async move {
            let targets =
                (0..work.settings.targets.len()).map(|index| Engine { work: &work, index });
            let to = Listeners { clock: &work.clock, errors: &work.errors };
            watch(targets, work.settings.health_interval, to).await;
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
        let labels = self.work.settings.targets.iter().map(|target| {
            Labels::of(&[("poller", "health"), ("server_name", target.server.name.as_str())])
        });
        let polls: Vec<Polls> = self.work.polls.iter().map(|polls| *polls.borrow()).collect();
        let mut families = poll_state::families(labels.zip(&polls));
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
