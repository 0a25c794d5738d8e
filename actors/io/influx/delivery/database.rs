//! Making sure that the database is there: before the first write, and when a write misses it.

use std::time::Duration;

use tokio::time::Instant;

use super::event::Event;
use super::{Inner, Look};
use crate::io::influx::verdict::Outage;

/// A database that was found or made, and is said to be missing, is looked for at most this often.
const SET_UP_PAUSE: Duration = Duration::from_secs(60);

impl Inner {
    pub(super) fn looks_first(&self) -> bool {
        self.style.look == Look::First
    }

    /// Makes sure of the database before the first write, or as soon as there is nothing better to
    /// do; when that shows that nothing can be written, the database is away at once.
    pub(super) async fn look(&self) {
        let begun = Instant::now();
        match self.set_up(false).await {
            Ok(()) => {
                let mut state = self.state.borrow_mut();
                let back = state.away.take().map(|_| {
                    let backlog_points = state.waiting_to_catch_up();
                    Event::Back { backlog_points }
                });
                state.begin_round();
                drop(state);
                self.tell(back.into_iter().collect());
            }
            // What is stored needs no set-up: nothing that it finds stands in the way.
            Err(_) if self.state.borrow().is_proven() => self.set_up.set(Some(Instant::now())),
            Err(outage) => {
                let events = self.state.borrow_mut().stay_away(outage, begun);
                self.tell(events);
            }
        }
    }

    /// Creates what is missing; `missing` is whether a write was told so.
    async fn set_up(&self, missing: bool) -> Result<(), Outage> {
        let notes = self.client.set_up(missing).await?;
        self.set_up.set(Some(Instant::now()));
        // What was said once is known, unless something was done again.
        if missing || *self.notes.borrow() != notes {
            self.notes.borrow_mut().clone_from(&notes);
            self.tell(notes.into_iter().map(|message| Event::SetUp { message }).collect());
        }
        Ok(())
    }

    /// As [`Inner::set_up`], when a write was told that the database is missing; `None` when it
    /// was made sure of just before.
    pub(super) async fn set_up_again(&self) -> Option<Result<(), Outage>> {
        match self.set_up.get() {
            Some(at) if at.elapsed() < SET_UP_PAUSE => None,
            _ => Some(self.set_up(true).await),
        }
    }
}
