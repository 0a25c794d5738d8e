//! What a stream does, one turn after the other: batches leave and land, and the disk is written.

use tokio::time::{Instant, sleep_until, timeout_at};

use super::Inner;
use super::event::{DropReason, Event};
use super::flight::Departure;
use super::state::Lane;
use super::transport::{Attempt, Batch, Rejection, SendError, Transport};
use super::turn::Turn;
use crate::domain::errors::{Category, Failure};

impl<T: Transport> Inner<T> {
    /// Waits until there is something to do; `None` when something else has changed.
    pub(super) async fn next_turn(&self) -> Option<Turn> {
        let turn = self.state.borrow().turn(Instant::now(), self.transport.is_prepared());
        match turn {
            Turn::Send(_) | Turn::Prepare => return Some(turn),
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

    /// Nobody waits for the answers to what was under way before a restart.
    pub(super) fn call_back(&self) {
        let events = {
            let mut state = self.state.borrow_mut();
            if state.is_kept() {
                state.send_again();
                return;
            }
            let reason =
                format!("the request to {} was given up, because its actor restarted", T::NAME);
            let failure = Failure::local(T::CATEGORY, reason.as_str());
            state.lose_flights(&failure)
        };
        self.report(events);
    }

    /// What is to be done on disk now.
    pub(super) fn keep(&self) -> Option<impl Future<Output = ()> + use<'_, T>> {
        let spool = self.spool.as_ref()?;
        let work = self.state.borrow_mut().disk_work()?;
        Some(async move {
            let reply = spool.work(work.clone()).await;
            let was_failing = self.state.borrow().is_disk_failing();
            match &reply {
                Err(error) if !was_failing => spool.failed(error),
                Ok(_) if was_failing => spool.works_again(),
                _ => {}
            }
            let events = self.state.borrow_mut().disk_replied(work, reply);
            self.report(events);
            self.written.notify_waiters();
        })
    }

    pub(super) fn depart(&self, lane: Lane) -> Option<Departure> {
        self.report_overflow(false);
        self.state.borrow_mut().depart(lane, self.transport.most_bytes())
    }

    /// One batch, until every job of it has an answer.
    pub(super) async fn fly(&self, departure: Departure) {
        let Departure { id, lane, batch, doubt } = departure;
        let begun = Instant::now();
        let attempt = Attempt::new(doubt, &self.requests);
        let result = self.watched(batch, &attempt).await;
        let events = {
            let mut state = self.state.borrow_mut();
            if result.is_ok() && attempt.requests() == 1 {
                state.answered_in(begun.elapsed());
            }
            // What comes from elsewhere was tried before, or would have been.
            let first_tries = u64::from(lane == Lane::Live);
            state.stats.retries += attempt.requests().saturating_sub(first_tries);
            match result {
                Ok(rejections) => state.done(id, &rejections),
                Err(error) => state.not_stored(id, error),
            }
        };
        self.report(events);
        if self.state.borrow().gave_up {
            self.at_rest.notify_waiters();
        }
    }

    /// Whatever the transport does, a batch that makes no progress has failed.
    async fn watched(
        &self,
        batch: Batch,
        attempt: &Attempt<'_>,
    ) -> Result<Vec<Rejection>, SendError> {
        let patience = self.policy.patience;
        let mut sending = std::pin::pin!(self.transport.send(batch, attempt));
        loop {
            let until = attempt.progress() + patience;
            if let Ok(result) = timeout_at(until, &mut sending).await {
                return result;
            }
            if Instant::now() >= attempt.progress() + patience {
                let message =
                    format!("timeout: {} did nothing for {} s", T::NAME, patience.as_secs());
                let failure = Failure::local(Category::Timeout, message.as_str());
                return Err(SendError { failure, message, retry_after: None, suspicion: None });
            }
        }
    }

    pub(super) fn report(&self, events: Vec<Event>) {
        events.into_iter().for_each(|event| (self.on_event)(event));
    }

    /// Says what found no room, now and then, or all of it.
    pub(super) fn report_overflow(&self, all: bool) {
        let loss = {
            let mut state = self.state.borrow_mut();
            let over = all || state.has_room();
            state.overflow.loss(over)
        };
        if let Some(loss) = loss {
            let (points, bytes) = (self.policy.max_points, self.policy.max_bytes >> 20);
            let message =
                format!("more than {points} points wait, or {bytes} MiB: the oldest had to go");
            let (points, begins) = (loss.points, loss.begins);
            let reason = DropReason::Overflow;
            (self.on_event)(Event::Dropped { points, reason, message, begins });
        }
    }
}
