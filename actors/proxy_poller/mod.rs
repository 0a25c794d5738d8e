//! ProxyPoller: asks Qlik Sense proxies for their sessions, each virtual proxy at its own rate.
//!
//! - receives: [`AskMetrics`], [`Drain`]
//! - sends: [`ProxySessions`] to every destination
//! - reports: one `PROXY_API` error for each session list without a usable answer
//! - on restart: all virtual proxies are polled from the beginning

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix::fut::wrap_future;
use actix::{Actor, AsyncContext, Context, Handler, MessageResult, SpawnHandle, Supervised};

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
use crate::runtime::outlet::Outlet;
use crate::runtime::poll_state::{self, Polls};
use crate::runtime::polling::{Listeners, Target, watch};

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
    polls: Vec<RefCell<Polls>>,
    clock: Clock,
    sessions: Fanout<ProxySessions>,
    certificates: ServerCertificates,
    errors: Outlet<ErrorOccurred>,
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
        errors: impl Into<Outlet<ErrorOccurred>>,
    ) -> Self {
        let errors = errors.into();
        let client =
            SenseClient::for_polling(certificate, settings.reject_unauthorized, polling.interval);
        let targets = proxy_targets(settings);
        let polls = targets.iter().map(|_| RefCell::default()).collect();
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

/// One virtual proxy of one server, and where it is asked.
struct Proxy<'a> {
    work: &'a Work,
    index: usize,
}

impl Proxy<'_> {
    fn target(&self) -> &ProxyTarget {
        &self.work.targets[self.index]
    }
}

impl Target for Proxy<'_> {
    type Answer = ProxySessions;

    fn name(&self) -> String {
        let ProxyTarget { server, authority, virtual_proxy } = self.target();
        format!("PROXY SESSIONS: {} ({authority}) {}", server.name, virtual_proxy.shown())
    }

    fn origin(&self) -> Origin {
        let ProxyTarget { server, authority, virtual_proxy } = self.target();
        Origin::ProxyApi {
            server: server.name.clone(),
            host: Host::of_authority(authority),
            virtual_proxy: virtual_proxy.clone(),
        }
    }

    fn polls(&self) -> &RefCell<Polls> {
        &self.work.polls[self.index]
    }

    async fn ask(&self) -> Result<ProxySessions, Failure> {
        let (work, ProxyTarget { server, authority, virtual_proxy }) = (self.work, self.target());
        let answer = work.client.sessions(self.index, authority, virtual_proxy).await?;
        work.certificates.saw(&server.name, authority, answer.certificate_end);
        let excluded = |directory: &str, user_id: &str| {
            work.polling.excluded.iter().any(|(dir, id)| dir == directory && id == user_id)
        };
        let (sessions, answer_json) = ProxySession::list_from_json(&answer.body, excluded)
            .map_err(|reason| answer.unusable(reason))?;
        Ok(ProxySessions {
            server: Arc::clone(server),
            session_host: Arc::clone(authority),
            virtual_proxy: virtual_proxy.clone(),
            sessions,
            answer: answer_json,
        })
    }

    fn answered(&self, sessions: ProxySessions, took: Duration) {
        let (ms, count) = (took.as_millis(), sessions.sessions.len());
        verbose!("{} polled in {ms} ms, {count} sessions", self.name());
        log::debug!("{}: {}", self.name(), sessions.answer);
        self.work.sessions.send(&sessions);
    }

    fn failed(&self) {
        self.work.client.retire_connection(self.index);
    }
}

impl Actor for ProxyPoller {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let work = Rc::clone(&self.work);
        let all = async move {
            let targets = (0..work.targets.len()).map(|index| Proxy { work: &work, index });
            let to = Listeners { clock: &work.clock, errors: &work.errors };
            watch(targets, work.polling.interval, to).await;
        };
        self.polling = Some(ctx.spawn(wrap_future(all)));
    }
}

impl Supervised for ProxyPoller {}

impl Handler<AskMetrics> for ProxyPoller {
    type Result = MessageResult<AskMetrics>;

    fn handle(&mut self, _: AskMetrics, _: &mut Self::Context) -> Self::Result {
        let labels = self.work.targets.iter().map(|target| {
            Labels::of(&[
                ("poller", "proxy"),
                ("server_name", target.server.name.as_str()),
                ("virtual_proxy", target.virtual_proxy.as_str()),
            ])
        });
        let polls: Vec<Polls> = self.work.polls.iter().map(|polls| *polls.borrow()).collect();
        let mut families = poll_state::families(labels.zip(&polls));
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
