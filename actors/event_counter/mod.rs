//! EventCounter: collects the counts of the receivers at a fixed rate.
//!
//! - receives: [`Drain`]
//! - sends: [`TakeCounts`] to the receivers, [`CountedEvents`] to the destinations
//! - reports: nothing; who writes the counts reports
//! - on restart: the counts of the round in hand are lost

mod settings;

use std::rc::Rc;
use std::time::Duration;

use actix::fut::wrap_future;
use actix::{
    Actor, AsyncContext, Context, Handler, Recipient, ResponseFuture, SpawnHandle, Supervised,
};

use crate::domain::events::EventCounts;
use crate::domain::telemetry::{CountedEvents, TakeCounts};
use crate::runtime::drain::Drain;
use crate::runtime::fanout::Fanout;
use crate::runtime::rhythm::every;

pub use settings::{EventCountKeys, EventCountSettings};

/// See the module.
pub struct EventCounter {
    rounds: Rc<Rounds>,
    interval: Duration,
    running: Option<SpawnHandle>,
}

/// Who is asked.
#[derive(Default)]
pub struct EventSources {
    /// The receiver of user events, if there is one.
    pub user: Option<Recipient<TakeCounts>>,
    /// The receiver of log events, if there is one.
    pub log: Option<Recipient<TakeCounts>>,
}

struct Rounds {
    counting: EventSources,
    to: Fanout<CountedEvents>,
}

impl EventCounter {
    /// Collects every `interval`.
    pub fn new(interval: Duration, counting: EventSources, to: Fanout<CountedEvents>) -> Self {
        Self { rounds: Rc::new(Rounds { counting, to }), interval, running: None }
    }
}

impl Rounds {
    async fn round(&self) {
        let user = take(self.counting.user.as_ref()).await;
        let log = take(self.counting.log.as_ref()).await;
        if !(user.is_empty() && log.is_empty()) {
            self.to.send(&CountedEvents { user, log });
        }
    }
}

async fn take(from: Option<&Recipient<TakeCounts>>) -> EventCounts {
    let Some(from) = from else { return EventCounts::default() };
    // Without a time limit: an answer that comes too late would be lost counts.
    from.send(TakeCounts).await.unwrap_or_else(|error| {
        log::warn!("EVENT COUNTS: A receiver did not tell its counts: {error}");
        EventCounts::default()
    })
}

impl Actor for EventCounter {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let (rounds, interval) = (Rc::clone(&self.rounds), self.interval);
        let work = async move {
            every(interval, interval, async || rounds.round().await, |_| {}).await;
        };
        self.running = Some(ctx.spawn(wrap_future(work)));
    }
}

impl Supervised for EventCounter {}

impl Handler<Drain> for EventCounter {
    type Result = ResponseFuture<()>;

    /// One last round, so that no count is lost.
    fn handle(&mut self, _: Drain, ctx: &mut Self::Context) -> Self::Result {
        if let Some(running) = self.running.take() {
            ctx.cancel_future(running);
        }
        let rounds = Rc::clone(&self.rounds);
        Box::pin(async move { rounds.round().await })
    }
}

#[cfg(test)]
mod tests;
