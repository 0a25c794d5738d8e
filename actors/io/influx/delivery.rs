//! The one write path: every writer has a stream of its own with one request under way, or some
//! where the server answers late.
//!
//! ```text
//!         push                      204: stored
//! job ───────────> live ──batch──>  refused: retyped, else the bad points are dropped
//!          │                        away: the batch and all that waits join the backlog
//!          └ away ─> backlog ──one probe for each step of the back-off──> back: live and
//!                       │                                    backlog batches take turns
//!                       └ outbox: on disk until it is stored; of a long backlog the rest is there
//!                         only, and what is left at the end
//! a batch with an answer of neither kind ─> suspects ──the same answer five times while others
//!                                           are stored──> cut down to the lines that cause it
//! ```
//!
//! A job is one write operation. If it is not stored at its first attempt, or joins the backlog,
//! that is told once (decisions E11 and E19). Bytes never change between attempts, so a repeated
//! write is stored once.

mod backoff;
mod database;
mod disk;
mod event;
mod flight;
mod outcome;
mod piece;
mod state;
mod store;
mod stored;
mod style;
mod suspect;
mod turns;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::sync::Notify;
use tokio::time::Instant;

use self::disk::Disk;
use self::state::{State, Turn};
use super::client::InfluxClient;
use super::queue::WriteJob;
use super::settings::InfluxSettings;
use crate::domain::metrics::{Destination, Family};
use crate::io::outbox::{Outbox, Stream};

pub use self::event::{DropReason, Event, Fate, Stats};
pub use self::style::{Look, Style};

/// A stream to one database; clones are the same stream. Lives on one thread.
#[derive(Clone)]
pub struct Delivery(Rc<Inner>);

struct Inner {
    client: InfluxClient,
    style: Style,
    /// Where what waits is kept, and as which stream.
    outbox: Option<(Outbox, Stream)>,
    on_event: Box<dyn Fn(Event)>,
    state: RefCell<State>,
    /// There is something to do.
    wake: Notify,
    /// Nothing is left to do, or nothing can be done before the end.
    at_rest: Notify,
    /// The outbox has answered.
    written: Notify,
    /// When the database was found or made; `None` until then.
    set_up: Cell<Option<Instant>>,
    /// How long the server took for the last request that it stored.
    took: Cell<Duration>,
    /// What was said about the database last.
    notes: RefCell<Vec<String>>,
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

impl Delivery {
    /// A stream to the database of `settings`, kept in memory. `on_event` must not call back into
    /// the stream.
    pub fn new(
        settings: &InfluxSettings,
        style: Style,
        on_event: impl Fn(Event) + 'static,
    ) -> Self {
        Self::with_outbox(settings, style, None, on_event)
    }

    /// The same; what waits for the database is kept in the outbox.
    pub fn with_outbox(
        settings: &InfluxSettings,
        style: Style,
        outbox: Option<(Outbox, Stream)>,
        on_event: impl Fn(Event) + 'static,
    ) -> Self {
        let disk = outbox.as_ref().map(|_| Disk::default());
        Self(Rc::new(Inner {
            client: InfluxClient::new(settings),
            style,
            outbox,
            on_event: Box::new(on_event),
            state: RefCell::new(State { pause: style.pause, disk, ..State::default() }),
            wake: Notify::new(),
            at_rest: Notify::new(),
            written: Notify::new(),
            set_up: Cell::default(),
            took: Cell::default(),
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
                state.join_backlog(job);
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
        inner.state.borrow_mut().call_back();
        if inner.looks_first() && inner.set_up.get().is_none() {
            inner.look().await;
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
                    Some(Turn::Look) => inner.look().await,
                    _ => {}
                },
            }
        }
    }

    /// Waits until everything is stored, until the database proves to be away, or until the
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
        inner.tell_overflow();
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

    /// Why the database cannot be written to right now, or what waits for it cannot be kept; `None`
    /// when both can, as far as is known.
    pub fn obstacle(&self) -> Option<String> {
        let state = self.0.state.borrow();
        let away = state.away.as_ref().map(|away| away.outage.message.clone());
        away.or_else(|| self.0.outbox.as_ref().and_then(|(outbox, _)| outbox.obstacle()))
    }

    /// Points that are lost if the program ends now: they wait in memory only.
    pub fn unsaved(&self) -> usize {
        self.0.state.borrow().unsaved()
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
            dropped: &[
                ("overflow", stats.dropped_overflow),
                ("refused", stats.dropped_refused),
                ("size", stats.dropped_size),
                ("age", stats.dropped_age),
                ("damaged", stats.dropped_damaged),
            ],
            waiting: stats.waiting,
            capacity: self.0.style.max_points,
            up: self.0.state.borrow().away.is_none(),
        };
        destination.families()
    }
}

#[cfg(test)]
mod tests;
