//! The one write path: every writer has a stream of its own with one request under way at most.
//!
//! ```text
//!         push                      204: stored
//! job ───────────> live ──batch──>  refused: retyped, else the bad points are dropped
//!          │                        away: the batch and all that waits join the backlog
//!          └ away ─> backlog ──one probe for each step of the back-off──> back: live and
//!                                                            backlog batches take turns
//! a batch with an answer of neither kind ─> suspects ──the same answer five times while others
//!                                           are stored──> cut down to the lines that cause it
//! ```
//!
//! A job is one write operation. If it is not stored at its first attempt, or joins the backlog,
//! that is told once (decisions E11 and E19). Bytes never change between attempts, so a repeated
//! write is stored once.

mod backoff;
mod database;
mod event;
mod outcome;
mod piece;
mod state;
mod store;
mod suspect;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use self::state::{Lane, State, Turn};
use self::store::store;
use super::client::InfluxClient;
use super::queue::WriteJob;
use super::settings::InfluxSettings;
use crate::domain::metrics::{Destination, Family};

pub use self::event::{DropReason, Event, Fate, Stats};

/// How a stream behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// How long the first job of a batch waits for company. Zero: not at all, so jobs gather only
    /// while a request is under way.
    pub linger: Duration,
    /// Most points that wait; beyond that the oldest are dropped.
    pub max_points: usize,
    /// The first pause after a failure, [`Style::PAUSE`]; it doubles up to sixty times that.
    pub pause: Duration,
    /// When the database is looked at.
    pub look: Look,
}

/// When a stream makes sure of the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Before the first write, and when a write misses it.
    First,
    /// Only when a write misses it: another stream of the program looks first.
    WhenMissed,
}

impl Style {
    /// One second.
    pub const PAUSE: Duration = backoff::FIRST;
}

/// A stream to one database; clones are the same stream. Lives on one thread.
#[derive(Clone)]
pub struct Delivery(Rc<Inner>);

struct Inner {
    client: InfluxClient,
    style: Style,
    on_event: Box<dyn Fn(Event)>,
    state: RefCell<State>,
    /// There is something to do.
    wake: Notify,
    /// Nothing is left to do, or nothing can be done before the end.
    at_rest: Notify,
    /// When the database was found or made; `None` until then.
    set_up: Cell<Option<Instant>>,
    /// What was said about it last.
    notes: RefCell<Vec<String>>,
}

impl Delivery {
    /// A stream to the database of `settings`. `on_event` must not call back into the stream.
    pub fn new(
        settings: &InfluxSettings,
        style: Style,
        on_event: impl Fn(Event) + 'static,
    ) -> Self {
        Self(Rc::new(Inner {
            client: InfluxClient::new(settings),
            style,
            on_event: Box::new(on_event),
            state: RefCell::new(State { pause: style.pause, ..State::default() }),
            wake: Notify::new(),
            at_rest: Notify::new(),
            set_up: Cell::default(),
            notes: RefCell::default(),
        }))
    }

    /// Accepts an operation.
    pub fn push(&self, mut job: WriteJob) {
        let inner = &*self.0;
        let mut state = inner.state.borrow_mut();
        let report = match &state.away {
            Some(away) => {
                let failure = away.outage.failure.clone();
                let report = job.origin.take().map(|origin| {
                    let fate = Fate::Kept;
                    Event::NotStored { origin, failure, fate }
                });
                state.backlog.push(job);
                report
            }
            None => {
                state.first_live.get_or_insert_with(Instant::now);
                state.live.push(job);
                None
            }
        };
        state.enforce_bound(inner.style.max_points);
        drop(state);
        if let Some(report) = report {
            (inner.on_event)(report);
        }
        inner.wake.notify_one();
    }

    /// Sends what is pushed, for ever. The owner spawns this once in `started`; after a restart
    /// it may be spawned again, and what was under way is sent again.
    pub async fn run(self) {
        let inner = &*self.0;
        inner.state.borrow_mut().in_hand = None;
        if inner.looks_first() && inner.set_up.get().is_none() {
            inner.look().await;
        }
        loop {
            match inner.next_turn().await {
                Turn::Send(lane) => inner.deliver(lane).await,
                Turn::Look | Turn::Wait(_) | Turn::Rest => inner.look().await,
            }
        }
    }

    /// Waits until everything is stored, until the database proves to be away, or until the
    /// deadline; returns how many points are left.
    pub async fn flush(&self, until: Instant) -> usize {
        let inner = &*self.0;
        {
            let mut state = inner.state.borrow_mut();
            state.draining = true;
            state.begin_round();
        }
        inner.wake.notify_one();
        loop {
            let at_rest = inner.at_rest.notified();
            {
                let state = inner.state.borrow();
                if state.waiting() == 0 || state.gave_up {
                    break;
                }
            }
            if tokio::time::timeout_at(until, at_rest).await.is_err() {
                break;
            }
        }
        inner.tell_overflow();
        inner.state.borrow().waiting()
    }

    /// Why the database cannot be written to right now; `None` when it can, as far as is known.
    pub fn obstacle(&self) -> Option<String> {
        let state = self.0.state.borrow();
        state.away.as_ref().map(|away| away.outage.message.clone())
    }

    /// The counters.
    pub fn stats(&self) -> Stats {
        let state = self.0.state.borrow();
        Stats { waiting: state.waiting(), ..state.stats }
    }

    /// The counters as the numbers of a destination called `name`.
    pub fn families(&self, name: &'static str) -> Vec<Family> {
        let stats = self.stats();
        let destination = Destination {
            name,
            writes: stats.requests,
            retries: stats.retries,
            points: stats.written,
            dropped: &[("overflow", stats.dropped_overflow), ("refused", stats.dropped_refused)],
            waiting: stats.waiting,
            capacity: self.0.style.max_points,
            up: self.obstacle().is_none(),
        };
        destination.families()
    }
}

impl Inner {
    /// Waits until there is something to do.
    async fn next_turn(&self) -> Turn {
        loop {
            let turn = {
                let full = self.client.settings.max_batch_size;
                let looked = self.set_up.get().is_some()
                    || !self.looks_first()
                    || !self.client.has_retention();
                self.state.borrow().turn(Instant::now(), self.style.linger, full, looked)
            };
            match turn {
                Turn::Send(_) | Turn::Look => return turn,
                Turn::Rest => {
                    self.at_rest.notify_waiters();
                    self.wake.notified().await;
                }
                Turn::Wait(until) => tokio::select! {
                    () = sleep_until(until) => {}
                    () = self.wake.notified() => {}
                },
            }
        }
    }

    /// Sends the oldest batch of a lane.
    async fn deliver(&self, lane: Lane) {
        self.tell_overflow();
        let (batch, doubt) = {
            let most = self.client.settings.max_batch_size;
            self.state.borrow_mut().take(lane, most)
        };
        let count = batch.jobs.len();
        let before = self.state.borrow().stats.requests;
        let result = store(self, batch, doubt).await;
        let events = {
            let mut state = self.state.borrow_mut();
            state.in_hand = None;
            // What comes from elsewhere was tried before, or would have been.
            let first_tries = u64::from(lane == Lane::Live);
            let sent = state.stats.requests - before;
            state.stats.retries += sent.saturating_sub(first_tries);
            match result {
                Ok(outcomes) => state.done(lane, count, &outcomes),
                Err(outage) => state.not_stored(lane, count, outage),
            }
        };
        self.tell(events);
        if self.state.borrow().gave_up {
            self.at_rest.notify_waiters();
        }
    }

    fn tell(&self, events: Vec<Event>) {
        events.into_iter().for_each(|event| (self.on_event)(event));
    }

    fn tell_overflow(&self) {
        let points = std::mem::take(&mut self.state.borrow_mut().untold);
        if points > 0 {
            let message = format!(
                "more than {} points wait for InfluxDB, the oldest had to go",
                self.style.max_points
            );
            (self.on_event)(Event::Dropped { points, reason: DropReason::Overflow, message });
        }
    }
}

#[cfg(test)]
mod tests;
