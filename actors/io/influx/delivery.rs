//! The one write path: every writer has a stream of its own with one request under way at most.
//!
//! ```text
//!         push                      2xx: done
//! job ───────────> live ──batch──>  refused: retyped, else the bad points are dropped
//!          │                        away: the batch and all that waits join the backlog
//!          └ away ─> backlog ──one probe for each step of the back-off──> back: live and
//!                                                            backlog batches take turns
//! ```
//!
//! A job is one write operation. If it is not stored at its first attempt, or joins the backlog,
//! that is told once (decisions E11 and E19). Bytes never change between attempts, so a repeated
//! write is stored once.

mod backoff;
mod event;
mod state;
mod store;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use self::backoff::Backoff;
use self::state::{Away, Lane, State};
use self::store::{Outcome, store};
use super::client::{InfluxClient, Outage};
use super::queue::WriteJob;
use super::settings::InfluxSettings;
use crate::domain::metrics::{Destination, Family};

pub use self::event::{DropReason, Event, Stats};

/// How a stream behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// How long the first job of a batch waits for company. Zero: not at all, so jobs gather only
    /// while a request is under way.
    pub linger: Duration,
    /// Most points that wait; beyond that the oldest are dropped.
    pub max_points: usize,
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
}

/// A database that was found or made, and is said to be missing, is looked for at most this often.
const SET_UP_PAUSE: Duration = Duration::from_secs(60);

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
            state: RefCell::default(),
            wake: Notify::new(),
            at_rest: Notify::new(),
            set_up: Cell::default(),
        }))
    }

    /// Accepts an operation.
    pub fn push(&self, mut job: WriteJob) {
        let inner = &*self.0;
        let mut state = inner.state.borrow_mut();
        let report = match &state.away {
            Some(away) => {
                let failure = away.outage.failure.clone();
                let report = job.origin.take().map(|origin| Event::NotStored { origin, failure });
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
        if inner.set_up.get().is_none() {
            inner.set_up().await;
        }
        loop {
            let lane = inner.next_lane().await;
            inner.deliver(lane).await;
        }
    }

    /// Waits until everything is stored, until the database proves to be away, or until the
    /// deadline; returns how many points are left.
    pub async fn flush(&self, until: Instant) -> usize {
        let inner = &*self.0;
        inner.state.borrow_mut().draining = true;
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
    /// Waits until a batch should leave.
    async fn next_lane(&self) -> Lane {
        loop {
            let wait_until = {
                let state = self.state.borrow();
                let urgent = state.draining;
                match (&state.away, state.choose()) {
                    (_, None) => {
                        self.at_rest.notify_waiters();
                        None
                    }
                    (Some(_), Some(_)) if urgent && !state.gave_up => return Lane::Backlog,
                    (Some(away), Some(_)) if Instant::now() >= away.until => return Lane::Backlog,
                    (Some(away), Some(_)) => Some(away.until),
                    (None, Some(Lane::Live)) if !urgent => {
                        let first = state.first_live.unwrap_or_else(Instant::now);
                        let due = first + self.style.linger;
                        let full = state.live.points() >= self.client.settings.max_batch_size;
                        if full || self.style.linger.is_zero() || Instant::now() >= due {
                            return Lane::Live;
                        }
                        Some(due)
                    }
                    (None, Some(lane)) => return lane,
                }
            };
            match wait_until {
                None => self.wake.notified().await,
                Some(until) => tokio::select! {
                    () = sleep_until(until) => {}
                    () = self.wake.notified() => {}
                },
            }
        }
    }

    /// Sends the oldest batch of a lane.
    async fn deliver(&self, lane: Lane) {
        self.tell_overflow();
        let batch = {
            let mut state = self.state.borrow_mut();
            let most = self.client.settings.max_batch_size;
            let batch = state.queue(lane).oldest(most);
            state.in_hand = Some((lane, batch.jobs.len()));
            batch
        };
        let count = batch.jobs.len();
        let before = self.state.borrow().stats.requests;
        let result = store(self, batch).await;
        {
            let mut state = self.state.borrow_mut();
            state.in_hand = None;
            // What comes from the backlog was tried before, or would have been.
            let first_tries = u64::from(lane == Lane::Live);
            let sent = state.stats.requests - before;
            state.stats.retries += sent.saturating_sub(first_tries);
        }
        match result {
            Ok(outcomes) => self.done(lane, count, &outcomes),
            Err(outage) => self.go_away(lane, count, outage),
        }
    }

    /// The database answered for every line of the batch.
    fn done(&self, lane: Lane, count: usize, outcomes: &[Outcome]) {
        let mut events = Vec::new();
        {
            let mut state = self.state.borrow_mut();
            let jobs = state.queue(lane).remove(count);
            let mut refused_in_all = 0;
            for outcome in outcomes {
                refused_in_all += outcome.points;
                state.stats.dropped_refused += outcome.points as u64;
                events.push(Event::Dropped {
                    points: outcome.points,
                    reason: DropReason::Refused,
                    message: outcome.message.clone(),
                });
            }
            for (index, job) in jobs.iter().enumerate() {
                let refused = outcomes.iter().find(|outcome| outcome.job == Some(index));
                if let (Some(origin), Some(outcome)) = (&job.origin, refused) {
                    let (origin, failure) = (origin.clone(), outcome.failure.clone());
                    events.push(Event::NotStored { origin, failure });
                }
            }
            let points: usize = jobs.iter().map(|job| job.points).sum();
            state.stats.written += points.saturating_sub(refused_in_all) as u64;
            state.served = Some(lane);
            if lane == Lane::Live {
                state.first_live = (!state.live.is_empty()).then(Instant::now);
            }
            if state.away.take().is_some() {
                events.push(Event::Back { backlog_points: state.backlog.points() });
            }
        }
        events.into_iter().for_each(|event| (self.on_event)(event));
    }

    /// The database cannot be written to: everything waits, and every operation is told once.
    fn go_away(&self, lane: Lane, count: usize, outage: Outage) {
        let mut events = Vec::new();
        {
            let mut state = self.state.borrow_mut();
            let state = &mut *state;
            let mut backoff = match state.away.take() {
                Some(away) => away.backoff,
                None => {
                    let (failure, message) = (outage.failure.clone(), outage.message.clone());
                    events.push(Event::Away { failure, message });
                    Backoff::default()
                }
            };
            // A batch that comes from the backlog was told before, and stays where it is.
            let newcomers = if lane == Lane::Live { count } else { 0 };
            let mut jobs = state.live.remove(newcomers);
            jobs.extend(state.live.remove(usize::MAX));
            state.first_live = None;
            for mut job in jobs {
                if let Some(origin) = job.origin.take() {
                    let failure = outage.failure.clone();
                    events.push(Event::NotStored { origin, failure });
                }
                state.backlog.push(job);
            }
            let until = Instant::now() + backoff.next(outage.retry_after);
            state.away = Some(Away { outage, backoff, until });
            if state.draining {
                state.gave_up = true;
            }
        }
        events.into_iter().for_each(|event| (self.on_event)(event));
        if self.state.borrow().gave_up {
            self.at_rest.notify_waiters();
        }
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

    /// Creates what is missing; whether the database is there now.
    async fn set_up(&self) -> bool {
        match self.client.set_up().await {
            Ok(created) => {
                self.set_up.set(Some(Instant::now()));
                if let Some(message) = created {
                    (self.on_event)(Event::SetUp { message });
                }
                true
            }
            Err(message) => {
                (self.on_event)(Event::SetUpFailed { message });
                false
            }
        }
    }

    /// As [`Inner::set_up`], when a write was told that the database is missing.
    async fn set_up_again(&self) -> bool {
        match self.set_up.get() {
            Some(at) if at.elapsed() < SET_UP_PAUSE => false,
            _ => self.set_up().await,
        }
    }
}

#[cfg(test)]
mod tests;
