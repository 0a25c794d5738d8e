//! The one write path: every writer has a stream of its own with one request under way, or some
//! where the server answers late.
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
mod flight;
mod outcome;
mod piece;
mod state;
mod store;
mod stored;
mod style;
mod suspect;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use self::flight::Departure;
use self::state::{Lane, Pace, State, Turn};
use self::store::store;
use self::stored::Stored;
use super::client::InfluxClient;
use super::queue::WriteJob;
use super::settings::InfluxSettings;
use crate::domain::events::excerpt;
use crate::domain::metrics::{Destination, Family};
use crate::runtime::level::{VERBOSE, verbose};

pub use self::event::{DropReason, Event, Fate, Stats};
pub use self::style::{Look, Style};

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
    /// How long the server took for the last request that it stored.
    took: Cell<Duration>,
    /// What was said about the database last.
    notes: RefCell<Vec<String>>,
}

/// Characters of a request that the debug log shows.
const SHOWN: usize = 2_000;

/// From here on an answer is late: it is not the work that takes so long.
const LATE: Duration = Duration::from_millis(300);

/// So many requests are under way to a server that answers late. Points carry their stamps, so
/// their order does not matter.
const AT_ONCE: usize = 8;

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
        inner.state.borrow_mut().call_back();
        if inner.looks_first() && inner.set_up.get().is_none() {
            inner.look().await;
        }
        let mut flights = FuturesUnordered::new();
        loop {
            tokio::select! {
                Some(()) = flights.next(), if !flights.is_empty() => {}
                turn = inner.next_turn() => match turn {
                    Turn::Send(lane) => flights.extend(inner.depart(lane).map(|it| inner.fly(it))),
                    _ => inner.look().await,
                },
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
            let turn = self.state.borrow().turn(Instant::now(), self.pace());
            match turn {
                Turn::Send(_) | Turn::Look => return turn,
                Turn::Busy => self.wake.notified().await,
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

    fn pace(&self) -> Pace {
        let answers_late = self.client.flushes_before_it_answers() && self.took.get() >= LATE;
        let looked = self.set_up.get().is_some() || !self.looks_first();
        Pace {
            linger: self.style.linger,
            full: self.client.settings.max_batch_size,
            at_once: if answers_late { AT_ONCE } else { 1 },
            looked: looked || !self.client.has_retention(),
        }
    }

    fn depart(&self, lane: Lane) -> Option<Departure> {
        self.tell_overflow();
        self.state.borrow_mut().depart(lane, self.client.settings.max_batch_size)
    }

    /// One batch, until every line of it has an answer.
    async fn fly(&self, departure: Departure) {
        let Departure { id, lane, batch, doubt } = departure;
        let begun = Instant::now();
        let requests = Cell::new(0);
        // Counting and copying cost something, so only where they are told.
        let points =
            log::log_enabled!(target: VERBOSE, log::Level::Debug).then(|| Stored::of(&batch));
        let values = log::log_enabled!(log::Level::Debug)
            .then(|| excerpt(&String::from_utf8_lossy(&batch.lines), SHOWN).into_owned());
        let result = store(self, batch, doubt, &requests).await;
        if let (Some(points), Ok(outcomes)) = (points, &result) {
            let ms = begun.elapsed().as_millis();
            verbose!("INFLUXDB: Stored {} in {ms} ms", points.told(outcomes));
        }
        if let (Some(values), Ok(_)) = (values, &result) {
            log::debug!("INFLUXDB: Stored {values:?}");
        }
        if result.is_ok() && requests.get() == 1 {
            self.took.set(begun.elapsed());
        }
        let events = {
            let mut state = self.state.borrow_mut();
            // What comes from elsewhere was tried before, or would have been.
            let first_tries = u64::from(lane == Lane::Live);
            state.stats.retries += requests.get().saturating_sub(first_tries);
            match result {
                Ok(outcomes) => state.done(id, &outcomes),
                Err(outage) => state.not_stored(id, outage),
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
