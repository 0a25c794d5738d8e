//! NewRelicPoster: posts metrics and events to accounts of New Relic.
//!
//! - receives: [`HealthMetrics`], [`ProxySessions`], [`OwnMemory`], [`EventBatch`] of user and of
//!   log events, [`AskMetrics`], [`AskLost`], [`Drain`]
//! - sends: nothing
//! - reports: one `NEW_RELIC_POST` error for each request that failed, and one for each batch of
//!   events, or each measurement, that found no room or no credentials
//! - on restart: a request under way has failed; what waits is kept
//!
//! It does not answer `AskReadiness`: an orchestrator that took the program away because a service
//! on the internet is away would stop the monitoring of the site, too.
//!
//! ```text
//! settings.rs   what is posted where
//! metrics.rs    bodies for the Metric API
//! events.rs     bodies for the Event API
//! scramble.rs   names of users that cannot be read
//! lane.rs       what is posted of one kind for one account
//! transport.rs  one request
//! ```

mod events;
mod lane;
mod metrics;
mod scramble;
mod settings;
mod transport;

use std::rc::Rc;
use std::time::Duration;

use actix::fut::wrap_future;
use actix::{Actor, AsyncContext, Context, Handler, MessageResult, ResponseFuture, Supervised};
use bytes::Bytes;
use futures_util::future::join_all;

use self::lane::{Kind, Lane};
use self::transport::Form;
use crate::domain::errors::{ErrorOccurred, NewRelicModule};
use crate::domain::events::{Key, LogEvent, UserEvent};
use crate::domain::metrics::Destination;
use crate::domain::telemetry::{EventBatch, HealthMetrics, OwnMemory, ProxySessions};
use crate::io::delivery::{Policy, Stats};
use crate::io::http::{HttpClient, Limits};
use crate::runtime::clock::Clock;
use crate::runtime::drain::Drain;
use crate::runtime::lost::{AskLost, Lost};
use crate::runtime::metrics::AskMetrics;
use crate::runtime::outlet::Outlet;
use crate::runtime::poison::guard;

pub use self::settings::{
    Account, CredentialsKeys, Endpoint, EngineMetrics, EventPosts, LogEventPosts, LogLevels,
    MetricPosts, NewRelicKeys, NewRelicSection, NewRelicSettings, Timeouts, UptimePosts,
    UserEventPosts, attributes,
};

/// See the module.
pub struct NewRelicPoster {
    settings: NewRelicSettings,
    clock: Clock,
    health: Lanes,
    sessions: Lanes,
    uptime: Lanes,
    user_events: Lanes,
    log_events: Lanes,
}

/// Posts of one kind, a lane for each account.
type Lanes = Vec<Rc<Lane>>;

/// Events of one account that may wait.
const MOST_EVENTS: usize = 10_000;

/// Events in one request.
const EVENTS_TOGETHER: usize = 1_000;

/// Measurements in one request: a large site has more in a round than can be posted one by one.
const METRICS_TOGETHER: usize = 100;

/// Largest answer that is read. A good one has some fifty bytes.
const LARGEST_ANSWER: usize = 64 << 10;

impl NewRelicPoster {
    /// A poster. Must be made on the thread it runs on.
    pub fn new(
        settings: NewRelicSettings,
        clock: Clock,
        errors: impl Into<Outlet<ErrorOccurred>>,
    ) -> Self {
        let errors = errors.into();
        let client = |timeout: Duration| {
            let limits = Limits { timeout, max_body: LARGEST_ANSWER, redirects: 0 };
            Rc::new(HttpClient::public(limits))
        };
        let (long, short) = (client(settings.timeouts.long), client(settings.timeouts.short));
        let pause = settings.timeouts.pause;
        // The client has a deadline of its own; this is for when it does not keep it.
        let patience = settings.timeouts.long * 2 + Policy::PAUSE;
        let lanes = |kind: Kind, endpoint: &Endpoint, names: Option<&Vec<String>>| -> Lanes {
            let names = names.into_iter().flatten();
            let lane = |name: &String| {
                let heard = (errors.clone(), clock.clone());
                Lane::new(kind.clone(), name, &settings.accounts, endpoint, heard)
            };
            names.map(|name| Rc::new(lane(name))).collect()
        };
        let metrics = |module, http: &Rc<HttpClient>, room, names| {
            // As many as may wait may be under way.
            let (http, room) = (Rc::clone(http), 2 * room);
            let (together, form) = (METRICS_TOGETHER, Form::Array);
            let kind = Kind { module, http, room, together, form, pause, patience };
            lanes(kind, &settings.metric, names)
        };
        let events = |module, names: Option<&Vec<String>>| {
            let (room, together) = (MOST_EVENTS + EVENTS_TOGETHER, EVENTS_TOGETHER);
            let (http, form) = (Rc::clone(&long), Form::ObjectOrArray);
            let kind = Kind { module, http, room, together, form, pause, patience };
            settings.events.as_ref().map_or_else(Vec::new, |posts| lanes(kind, &posts.to, names))
        };
        // A round of polls may wait, and no second one behind it.
        let round = settings.metrics.as_ref().map_or(1, |posts| posts.round.max(1));
        let to = settings.metrics.as_ref().map(|posts| &posts.accounts);
        let to_uptime = settings.uptime.as_ref().map(|posts| &posts.accounts);
        let (user, log) = settings
            .events
            .as_ref()
            .map_or((None, None), |posts| (posts.user.as_ref(), posts.log.as_ref()));
        let to_user = user.map(|posts| &posts.accounts);
        let to_log = log.map(|posts| &posts.accounts);
        Self {
            health: metrics(NewRelicModule::HealthMetrics, &long, round, to),
            sessions: metrics(NewRelicModule::ProxySessions, &short, round, to),
            uptime: metrics(NewRelicModule::Uptime, &short, 1, to_uptime),
            user_events: events(NewRelicModule::UserEvents, to_user),
            log_events: events(NewRelicModule::LogEvents, to_log),
            settings,
            clock,
        }
    }

    fn lanes(&self) -> impl Iterator<Item = &Rc<Lane>> {
        let metrics = self.health.iter().chain(&self.sessions).chain(&self.uptime);
        metrics.chain(&self.user_events).chain(&self.log_events)
    }
}

/// Queues the same bodies for each account.
fn push<B: IntoIterator<Item = String>>(lanes: &Lanes, bodies: impl FnOnce() -> B) {
    let bodies = guard("NEW RELIC: A measurement", || {
        bodies().into_iter().map(Bytes::from).collect::<Vec<Bytes>>()
    });
    for lane in lanes {
        lane.push(bodies.as_deref().unwrap_or_default());
    }
}

/// The same of each event; one that panics is left out alone.
fn push_each<'e, E: 'e>(
    lanes: &Lanes,
    events: impl IntoIterator<Item = &'e E>,
    body: impl Fn(&E) -> String,
) {
    let bodies =
        events.into_iter().filter_map(|event| guard("NEW RELIC: An event", || body(event)));
    let bodies: Vec<Bytes> = bodies.map(Bytes::from).collect();
    lanes.iter().for_each(|lane| lane.push(&bodies));
}

impl Actor for NewRelicPoster {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        for lane in self.lanes() {
            let lane = Rc::clone(lane);
            ctx.spawn(wrap_future(async move { lane.run().await }));
        }
    }
}

impl Supervised for NewRelicPoster {}

impl Handler<HealthMetrics> for NewRelicPoster {
    type Result = ();

    fn handle(&mut self, health: HealthMetrics, _: &mut Self::Context) {
        if let Some(posts) = &self.settings.metrics {
            push(&self.health, || metrics::health(posts, &health, self.clock.now()));
        }
    }
}

impl Handler<ProxySessions> for NewRelicPoster {
    type Result = ();

    fn handle(&mut self, sessions: ProxySessions, _: &mut Self::Context) {
        if let Some(posts) = &self.settings.metrics {
            push(&self.sessions, || metrics::sessions(posts, &sessions, self.clock.now()));
        }
    }
}

impl Handler<OwnMemory> for NewRelicPoster {
    type Result = ();

    fn handle(&mut self, memory: OwnMemory, _: &mut Self::Context) {
        if let Some(posts) = &self.settings.uptime {
            push(&self.uptime, || metrics::uptime(posts, &memory, self.clock.now()));
        }
    }
}

impl Handler<EventBatch<UserEvent>> for NewRelicPoster {
    type Result = ();

    fn handle(&mut self, batch: EventBatch<UserEvent>, _: &mut Self::Context) {
        if let Some(posts) = self.settings.events.as_ref().and_then(|posts| posts.user.as_ref()) {
            push_each(&self.user_events, batch.events.iter(), |event| {
                events::user_event(posts, event)
            });
        }
    }
}

impl Handler<EventBatch<LogEvent>> for NewRelicPoster {
    type Result = ();

    fn handle(&mut self, batch: EventBatch<LogEvent>, _: &mut Self::Context) {
        let Some(EventPosts { attributes, log: Some(posts), .. }) = &self.settings.events else {
            return;
        };
        let wanted = batch
            .events
            .iter()
            .filter(|received| posts.wants(received.event.source, received.event.text(Key::Level)));
        push_each(&self.log_events, wanted, |event| events::log_event(posts, attributes, event));
    }
}

impl Handler<AskMetrics> for NewRelicPoster {
    type Result = MessageResult<AskMetrics>;

    /// All accounts together: their names are not for everybody who may scrape.
    fn handle(&mut self, _: AskMetrics, _: &mut Self::Context) -> Self::Result {
        let stats: Vec<Stats> = self.lanes().map(|lane| lane.stats()).collect();
        let sum = |count: fn(&Stats) -> u64| stats.iter().map(count).sum();
        let destination = Destination {
            name: "new_relic",
            writes: sum(|stats| stats.requests),
            retries: 0,
            points: sum(|stats| stats.written),
            dropped: &[
                ("failed", sum(|stats| stats.dropped_away)),
                ("overflow", sum(|stats| stats.dropped_overflow)),
            ],
            waiting: stats.iter().map(|stats| stats.waiting).sum(),
            capacity: self.lanes().map(|lane| lane.room()).sum(),
            up: !self.lanes().any(|lane| lane.is_failing()),
        };
        MessageResult(destination.families())
    }
}

impl Handler<AskLost> for NewRelicPoster {
    type Result = MessageResult<AskLost>;

    fn handle(&mut self, _: AskLost, _: &mut Self::Context) -> Self::Result {
        let count = self.lanes().map(|lane| lane.left()).sum();
        MessageResult(Lost { count, what: "messages", to: "New Relic" })
    }
}

impl Handler<Drain> for NewRelicPoster {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, drain: Drain, _: &mut Self::Context) -> Self::Result {
        let lanes: Lanes = self.lanes().cloned().collect();
        Box::pin(async move {
            join_all(lanes.iter().map(|lane| lane.finish(drain.until))).await;
        })
    }
}

#[cfg(test)]
mod body_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod waiting_tests;
