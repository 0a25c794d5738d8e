//! ProxyPoller: asks Qlik Sense proxies for their sessions, each virtual proxy at its own rate.
//!
//! - receives: [`AskMetrics`], [`Drain`]
//! - sends: [`ProxySessions`] to every destination
//! - reports: one `PROXY_API` error for each session list without a usable answer
//! - on restart: all virtual proxies are polled from the beginning

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use actix::fut::wrap_future;
use actix::{
    Actor, AsyncContext, Context, Handler, MessageResult, Recipient, SpawnHandle, Supervised,
};
use futures_util::future::join_all;
use tokio::time::Instant;

use crate::domain::errors::{ErrorOccurred, Failure, Origin};
use crate::domain::metrics::Labels;
use crate::domain::names::{Host, MonitoredServer, VirtualProxy};
use crate::domain::telemetry::{ProxySession, ProxySessions};
use crate::io::http::CertFiles;
use crate::io::sense::{SenseClient, SenseSettings, SessionPolling};
use crate::runtime::certificates::ServerCertificates;
use crate::runtime::clock::Clock;
use crate::runtime::drain::Drain;
use crate::runtime::fanout::Fanout;
use crate::runtime::level::verbose;
use crate::runtime::metrics::AskMetrics;
use crate::runtime::polls::{self, Polls};
use crate::runtime::rhythm::{every, offset};

/// See the module.
pub struct ProxyPoller {
    work: Rc<Work>,
    polling: Option<SpawnHandle>,
}

/// What every polling loop needs.
struct Work {
    targets: Vec<ProxyTarget>,
    polling: SessionPolling,
    client: SenseClient,
    /// One for each target.
    polls: RefCell<Vec<Polls>>,
    clock: Clock,
    sessions: Fanout<ProxySessions>,
    certificates: ServerCertificates,
    errors: Recipient<ErrorOccurred>,
}

/// One virtual proxy of one server.
struct ProxyTarget {
    server: Arc<MonitoredServer>,
    authority: Arc<str>,
    virtual_proxy: VirtualProxy,
}

impl ProxyPoller {
    /// A poller of all virtual proxies in `settings`. Must be made on the thread it runs on.
    pub fn new(
        settings: &SenseSettings,
        polling: SessionPolling,
        certificate: CertFiles,
        clock: Clock,
        sessions: Fanout<ProxySessions>,
        certificates: ServerCertificates,
        errors: Recipient<ErrorOccurred>,
    ) -> Self {
        let client =
            SenseClient::for_polling(certificate, settings.reject_unauthorized, polling.interval);
        let targets = proxy_targets(settings);
        let polls = RefCell::new(vec![Polls::default(); targets.len()]);
        let work = Work { targets, polling, client, polls, clock, sessions, certificates, errors };
        let work = Rc::new(work);
        Self { work, polling: None }
    }
}

/// Every virtual proxy of every server whose sessions are polled.
fn proxy_targets(settings: &SenseSettings) -> Vec<ProxyTarget> {
    let polled = settings.targets.iter().filter_map(|target| {
        let sessions = target.sessions.as_ref()?;
        Some((target, sessions))
    });
    polled
        .flat_map(|(target, sessions)| {
            sessions.virtual_proxies.iter().map(|virtual_proxy| ProxyTarget {
                server: Arc::clone(&target.server),
                authority: Arc::clone(&sessions.authority),
                virtual_proxy: virtual_proxy.clone(),
            })
        })
        .collect()
}

impl Work {
    /// Polls one virtual proxy for ever.
    async fn watch(&self, index: usize) {
        let target = &self.targets[index];
        let interval = self.polling.interval;
        let poll = async || self.poll(index).await;
        every(offset(index, self.targets.len(), interval), interval, poll, |skipped| {
            log::warn!(
                "PROXY SESSIONS: {} {} took longer than the polling interval, {skipped} polls \
                 skipped",
                target.server.name,
                target.virtual_proxy.shown()
            );
        })
        .await;
    }

    async fn poll(&self, index: usize) {
        let target = &self.targets[index];
        let began = Instant::now();
        let answer = self.ask(index).await;
        let took = began.elapsed();
        let polls = &mut self.polls.borrow_mut()[index];
        let name = || {
            let (server, proxy) = (&target.server.name, target.virtual_proxy.shown());
            format!("{server} ({}) {proxy}", target.authority)
        };
        match answer {
            Ok(sessions) => {
                if let Some(outage) = polls.worked(took, &self.clock) {
                    log::info!("PROXY SESSIONS: {} {outage}", name());
                }
                let (ms, count) = (took.as_millis(), sessions.sessions.len());
                verbose!("PROXY SESSIONS: {} polled in {ms} ms, {count} sessions", name());
                log::debug!("PROXY SESSIONS: {}: {}", name(), sessions.answer);
                self.sessions.send(&sessions);
            }
            Err(failure) => {
                self.client.retire_connection(index);
                polls.failed(took, &self.clock);
                log::error!("PROXY SESSIONS: {}: {}", name(), failure.message());
                let origin = Origin::ProxyApi {
                    server: target.server.name.clone(),
                    host: Host::of_authority(&target.authority),
                    virtual_proxy: target.virtual_proxy.clone(),
                };
                self.errors.do_send(ErrorOccurred { origin, failure });
            }
        }
    }

    async fn ask(&self, index: usize) -> Result<ProxySessions, Failure> {
        let target = &self.targets[index];
        let answer = self.client.sessions(index, &target.authority, &target.virtual_proxy).await?;
        self.certificates.saw(&target.server.name, &target.authority, answer.certificate_end);
        let excluded = |directory: &str, user_id: &str| {
            self.polling.excluded.iter().any(|(dir, id)| dir == directory && id == user_id)
        };
        let (sessions, answer_json) = ProxySession::list_from_json(&answer.body, excluded)
            .map_err(|reason| answer.unusable(reason))?;
        Ok(ProxySessions {
            server: Arc::clone(&target.server),
            session_host: Arc::clone(&target.authority),
            virtual_proxy: target.virtual_proxy.clone(),
            sessions,
            answer: answer_json,
        })
    }
}

impl Actor for ProxyPoller {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let work = Rc::clone(&self.work);
        let all = async move {
            join_all((0..work.targets.len()).map(|index| work.watch(index))).await;
        };
        self.polling = Some(ctx.spawn(wrap_future(all)));
    }
}

impl Supervised for ProxyPoller {}

impl Handler<AskMetrics> for ProxyPoller {
    type Result = MessageResult<AskMetrics>;

    fn handle(&mut self, _: AskMetrics, _: &mut Self::Context) -> Self::Result {
        let polls = self.work.polls.borrow();
        let labels = self.work.targets.iter().map(|target| {
            Labels::of(&[
                ("poller", "proxy"),
                ("server_name", target.server.name.as_str()),
                ("virtual_proxy", target.virtual_proxy.as_str()),
            ])
        });
        let mut families = polls::families(labels.zip(polls.iter()));
        families.extend(self.work.client.families("proxy"));
        MessageResult(families)
    }
}

impl Handler<Drain> for ProxyPoller {
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
