//! Heartbeat: calls a URL regularly, so that somebody else notices when this program is gone.
//!
//! - receives: [`Drain`]
//! - sends: `GET` to that URL, at the start and then on schedule
//! - reports: nothing, for the page knows no such error type; a failed call is one error line
//! - on restart: calls at once, then on schedule

mod settings;

use std::rc::Rc;
use std::time::Duration;

use actix::fut::wrap_future;
use actix::{Actor, AsyncContext, Context, Handler, SpawnHandle, Supervised};

use crate::domain::errors::{DestinationHost, Failure};
use crate::io::http::{HttpClient, Limits, Request};
use crate::runtime::clock::Clock;
use crate::runtime::drain::Drain;
use crate::runtime::outage::Outage;
use crate::runtime::rhythm::on_schedule;

pub use settings::{HeartbeatKeys, HeartbeatSettings};

/// See the module.
pub struct Heartbeat {
    work: Rc<Work>,
    calling: Option<SpawnHandle>,
}

struct Work {
    settings: HeartbeatSettings,
    http: HttpClient,
    clock: Clock,
    /// Scheme and host, which is all that may be shown of the URL.
    host: DestinationHost,
}

/// Nobody waits longer for an answer, and nobody needs a longer one.
const LIMITS: Limits = Limits { timeout: Duration::from_secs(10), max_body: 1 << 20, redirects: 5 };

impl Heartbeat {
    /// A heartbeat that begins when the actor starts. Must be made on the thread it runs on.
    pub fn new(settings: HeartbeatSettings, clock: Clock) -> Self {
        let host = DestinationHost::of_url(&settings.url);
        let work = Work { settings, http: HttpClient::public(LIMITS), clock, host };
        Self { work: Rc::new(work), calling: None }
    }
}

impl Work {
    async fn call_for_ever(&self) {
        let started = self.clock.now();
        let mut outage = Outage::default();
        self.call(&mut outage).await;
        on_schedule(&self.settings.schedule, &self.clock, started, async || {
            self.call(&mut outage).await;
        })
        .await;
    }

    async fn call(&self, outage: &mut Outage) {
        let host = self.host.as_str();
        match self.ask().await {
            Ok(()) => {
                log::debug!("HEARTBEAT: Sent heartbeat to {host}");
                if let Some(ended) = outage.worked(&self.clock) {
                    log::info!("HEARTBEAT: {host} {ended}");
                }
            }
            Err(failure) => {
                outage.failed(&self.clock);
                log::error!("HEARTBEAT: Error sending heartbeat: {host}: {}", failure.message());
            }
        }
    }

    async fn ask(&self) -> Result<(), Failure> {
        let facts = self.http.facts(&self.settings.url);
        let answer = self.http.send(Request::get(self.settings.url.clone())).await?;
        if answer.is_success() {
            Ok(())
        } else {
            Err(Failure::Answered { status: answer.status, request: facts })
        }
    }
}

impl Actor for Heartbeat {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let work = Rc::clone(&self.work);
        let calls = async move { work.call_for_ever().await };
        self.calling = Some(ctx.spawn(wrap_future(calls)));
    }
}

impl Supervised for Heartbeat {}

impl Handler<Drain> for Heartbeat {
    type Result = ();

    /// No last call: silence is the message.
    fn handle(&mut self, _: Drain, ctx: &mut Self::Context) {
        if let Some(calling) = self.calling.take() {
            ctx.cancel_future(calling);
        }
    }
}

#[cfg(test)]
mod tests;
