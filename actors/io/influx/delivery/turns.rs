//! What a stream does, one turn after the other: batches leave and land, and the disk is written.

use std::cell::Cell;

use tokio::time::{Duration, Instant, sleep_until};

use super::Inner;
use super::event::{DropReason, Event};
use super::flight::Departure;
use super::state::{Lane, Pace, Turn};
use super::store::store;
use super::stored::Stored;
use crate::domain::events::excerpt;
use crate::runtime::level::{VERBOSE, verbose};

/// Characters of a request that the debug log shows.
const SHOWN: usize = 2_000;

/// From here on an answer is late: it is not the work that takes so long.
const LATE: Duration = Duration::from_millis(300);

/// So many requests are under way to a server that answers late. Points carry their stamps, so
/// their order does not matter.
pub(super) const AT_ONCE: usize = 8;

impl Inner {
    /// Waits until there is something to do; `None` when something else has changed.
    pub(super) async fn next_turn(&self) -> Option<Turn> {
        let turn = self.state.borrow().turn(Instant::now(), self.pace());
        match turn {
            Turn::Send(_) | Turn::Look => return Some(turn),
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
        None
    }

    /// What is to be done on disk now.
    pub(super) fn keep(&self) -> Option<impl Future<Output = ()> + use<'_>> {
        let (outbox, stream) = self.outbox.as_ref()?;
        let work = self.state.borrow_mut().disk_work()?;
        Some(async move {
            let reply = outbox.work(*stream, work.clone()).await;
            let events = self.state.borrow_mut().disk_replied(work, reply);
            self.tell(events);
            self.written.notify_waiters();
        })
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

    pub(super) fn depart(&self, lane: Lane) -> Option<Departure> {
        self.tell_overflow();
        self.state.borrow_mut().depart(lane, self.client.settings.max_batch_size)
    }

    /// One batch, until every line of it has an answer.
    pub(super) async fn fly(&self, departure: Departure) {
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

    pub(super) fn tell(&self, events: Vec<Event>) {
        events.into_iter().for_each(|event| (self.on_event)(event));
    }

    pub(super) fn tell_overflow(&self) {
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
