//! The one road out: how everything is sent, whatever it is and wherever it goes. A destination
//! adds a [`Transport`]: how one batch is sent, and what its answer means.
//!
//! ```text
//!         push                      stored
//! job ───────────> live ──batch──>  refused for good: dropped, the others are stored
//!          │                        away: the batch and all that waits join the backlog
//!          └ away ─> backlog ──one operation for each probe──> back: live and backlog batches
//!                       │                                      take turns
//!                       └ outbox: on disk until it is stored; of a long backlog the rest is there
//!                         only, and what is left at the end
//! a batch with an answer of neither kind ─> suspects ──the same answer five times while others
//!                                           are stored──> cut down to the lines that cause it
//! ```
//!
//! A job is one operation. If it is not stored at its first attempt, or joins the backlog, that is
//! reported once (decisions E11 and E19). Bytes never change between attempts, so a repeated write
//! is stored once. What a stream does while its destination is away is its [`Policy`].

mod backoff;
mod disk;
mod event;
mod flight;
mod job;
mod outcome;
mod overflow;
mod policy;
mod prepare;
mod run;
mod state;
mod suspect;
mod transport;
mod turn;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::sync::Notify;
use tokio::time::Instant;

use self::disk::Disk;
use self::state::State;
use self::turn::Turn;
use crate::domain::errors::Failure;
use crate::domain::metrics::{Destination, Family};
use crate::io::outbox::Spool;

pub use self::event::{DropReason, Event, Fate, Stats};
pub use self::job::Job;
pub use self::policy::{AtOnce, BatchSize, Policy, WhileAway};
pub use self::transport::{Attempt, Batch, Doubt, Rejection, SendError, Suspicion, Transport};

/// A stream to one destination; clones are the same stream. Lives on one thread.
pub struct Delivery<T>(Rc<Inner<T>>);

impl<T> Clone for Delivery<T> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

struct Inner<T> {
    transport: T,
    policy: Policy,
    /// Where what waits is kept; `None` is in memory.
    spool: Option<Box<dyn Spool>>,
    on_event: Box<dyn Fn(Event)>,
    state: RefCell<State>,
    /// Requests so far.
    requests: Cell<u64>,
    /// There is something to do.
    wake: Notify,
    /// Nothing is left to do, or nothing can be done before the end.
    at_rest: Notify,
    /// The outbox has answered.
    written: Notify,
}

/// What was not stored at the end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Leftover {
    /// Points that wait on disk for the next start.
    pub kept: usize,
    /// Points that are lost.
    pub lost: usize,
}

/// How long the end waits for the disk.
const LAST_WRITE: Duration = Duration::from_secs(2);

impl<T: Transport> Delivery<T> {
    /// A stream by way of `transport`; what waits is kept in the spool, else in memory. `on_event`
    /// must not call back into the stream.
    pub fn new(
        transport: T,
        policy: Policy,
        spool: Option<Box<dyn Spool>>,
        on_event: impl Fn(Event) + 'static,
    ) -> Self {
        let disk = spool.as_ref().map(|_| Disk::default());
        Self(Rc::new(Inner {
            transport,
            policy,
            spool,
            on_event: Box::new(on_event),
            state: RefCell::new(State::new(policy, disk)),
            requests: Cell::default(),
            wake: Notify::new(),
            at_rest: Notify::new(),
            written: Notify::new(),
        }))
    }

    /// Accepts an operation.
    pub fn push(&self, mut job: Job) {
        let inner = &*self.0;
        let mut state = inner.state.borrow_mut();
        if state.was_loaded(&job) {
            return;
        }
        let failure = state.away.as_ref().map(|away| away.error.failure.clone());
        let mut reports = match (failure, inner.policy.while_away) {
            (Some(failure), WhileAway::Keep) => {
                let report = job.origin.take().map(|origin| {
                    let fate = Fate::Kept;
                    Event::NotStored { origin, failure, fate }
                });
                state.join_backlog(job);
                report.into_iter().collect()
            }
            (Some(failure), WhileAway::Fail) => state.lose(vec![vec![job]], &failure),
            (_, WhileAway::TryOnce) | (None, _) => {
                state.note_row(&job);
                state.first_live.get_or_insert_with(Instant::now);
                state.live.push(job);
                Vec::new()
            }
        };
        let dropped = state.enforce_bounds();
        drop(state);
        reports.extend(dropped.into_iter().map(|origin| {
            let message = format!("too much waits for {}", T::NAME);
            let failure = Failure::local(T::CATEGORY, message);
            Event::NotStored { origin, failure, fate: Fate::Lost }
        }));
        inner.report_overflow(false);
        inner.report(reports);
        inner.wake.notify_one();
    }

    /// So many points are in the spool and were not pushed: they are read from there.
    pub fn look_in_spool(&self, points: usize) {
        self.0.state.borrow_mut().missed(points);
        self.0.wake.notify_one();
    }

    /// Sends what is pushed, for ever. The owner spawns this once in `started`; after a restart
    /// it may be spawned again, and what was under way is sent again.
    pub async fn run(self) {
        let inner = &*self.0;
        inner.call_back();
        if inner.transport.prepares_first() {
            inner.prepare().await;
        }
        let mut flights = FuturesUnordered::new();
        let mut disk = FuturesUnordered::new();
        loop {
            disk.extend(inner.keep());
            tokio::select! {
                Some(()) = flights.next(), if !flights.is_empty() => {}
                Some(()) = disk.next(), if !disk.is_empty() => {}
                turn = inner.next_turn() => match turn {
                    Some(Turn::Send(lane)) => flights.extend(inner.depart(lane).map(|it| inner.fly(it))),
                    Some(Turn::Prepare) => inner.prepare().await,
                    _ => {}
                },
            }
        }
    }

    /// Waits until everything is stored, until the destination proves to be away, or until the
    /// deadline, and has the rest written to disk where there is one.
    pub async fn flush(&self, until: Instant) -> Leftover {
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
        inner.report_overflow(true);
        inner.state.borrow_mut().save_all();
        inner.wake.notify_one();
        let saved = async {
            loop {
                let written = inner.written.notified();
                if inner.state.borrow().is_saved() {
                    break;
                }
                written.await;
            }
        };
        _ = tokio::time::timeout(LAST_WRITE, saved).await;
        let state = inner.state.borrow();
        let lost = state.unsaved();
        Leftover { lost, kept: state.waiting().saturating_sub(lost) }
    }

    /// The end has come: whatever waits or is under way is lost, with this failure.
    pub fn give_up(&self, failure: &Failure) {
        let events = self.0.state.borrow_mut().lose_all(failure);
        self.0.report(events);
    }

    /// Why nothing can be sent right now, or what waits cannot be kept; `None` when both can, as
    /// far as is known.
    pub fn obstacle(&self) -> Option<String> {
        let state = self.0.state.borrow();
        let away = state.away.as_ref().map(|away| away.error.message.clone());
        away.or_else(|| self.0.spool.as_ref().and_then(|spool| spool.obstacle()))
    }

    /// Points that are lost if the program ends now: they wait in memory only.
    pub fn unsaved(&self) -> usize {
        self.0.state.borrow().unsaved()
    }

    /// The counters.
    pub fn stats(&self) -> Stats {
        let state = self.0.state.borrow();
        let requests = self.0.requests.get();
        Stats { waiting: state.waiting(), requests, ..state.stats }
    }

    /// The counters as the numbers of a destination called `name`.
    pub fn families(&self, name: &'static str) -> Vec<Family> {
        let stats = self.stats();
        let destination = Destination {
            name,
            writes: stats.requests,
            retries: stats.retries,
            points: stats.written,
            dropped: &[
                ("overflow", stats.dropped_overflow),
                ("refused", stats.dropped_refused),
                ("size", stats.dropped_size),
                ("age", stats.dropped_age),
                ("damaged", stats.dropped_damaged),
            ],
            waiting: stats.waiting,
            capacity: self.0.policy.max_points,
            up: self.0.state.borrow().away.is_none(),
        };
        destination.families()
    }
}

#[cfg(test)]
mod tests;
