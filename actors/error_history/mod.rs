//! ErrorHistoryActor: keeps every error event in a file on this machine, so that the program is
//! useful without any database, and a restart does not lose the day's counts.
//!
//! - receives: [`ErrorPoint`] from the tracker, [`AskLost`], [`Drain`]
//! - sends: nothing; it holds no address of the tracker
//! - reports: nothing; a file that cannot be written is one warning, and one line when it can again
//! - on restart: keeps the events that were not written yet

mod query;
mod settings;
mod store;

use std::time::Duration;

use actix::{Actor, AsyncContext, Context, Handler, Message, MessageResult, Supervised};

use crate::domain::errors::ErrorPoint;
use crate::domain::point::Stamp;
use crate::runtime::clock::Clock;
use crate::runtime::drain::Drain;
use crate::runtime::lost::{AskLost, Lost};

pub use query::{ErrorReader, Filter, HistoryRow, Total};
pub use settings::{DEFAULT_FILE, HistoryConfig, HistorySettings};
pub use store::{ErrorStore, StoreError};

/// See the module. Blocks while it writes, so it needs a thread of its own.
pub struct ErrorHistoryActor {
    store: ErrorStore,
    retention_days: u32,
    clock: Clock,
    pending: Vec<ErrorPoint>,
    failing: bool,
    dropped: u64,
}

/// Writes what is pending. Comes after the messages that already wait, so that a burst is one
/// transaction.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
struct Flush;

/// As many events are written at once; more would delay the first of them.
const BATCH: usize = 4_096;

/// Events that wait for a file that cannot be written. Beyond, the oldest are dropped.
const MAX_PENDING: usize = 100_000;

impl ErrorHistoryActor {
    /// Keeps events in `store` for a number of days.
    pub fn new(store: ErrorStore, retention_days: u32, clock: Clock) -> Self {
        if let Some(aside) = &store.set_aside {
            log::warn!(
                "ERROR HISTORY: The file was damaged. It is kept as {}, a new one is begun",
                aside.display()
            );
        }
        let pending = Vec::new();
        Self { store, retention_days, clock, pending, failing: false, dropped: 0 }
    }

    fn flush(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        match self.store.insert(&self.pending) {
            Ok(()) => {
                self.pending.clear();
                if std::mem::take(&mut self.failing) {
                    let dropped = std::mem::take(&mut self.dropped);
                    match dropped {
                        0 => log::info!("ERROR HISTORY: Writing again, nothing was dropped"),
                        _ => log::warn!(
                            "ERROR HISTORY: Writing again, {dropped} events were dropped: more \
                             than {MAX_PENDING} waited for Butler-SOS.errorTracking.history.file"
                        ),
                    }
                }
            }
            Err(error) => {
                if !std::mem::replace(&mut self.failing, true) {
                    log::warn!("ERROR HISTORY: Cannot write, events are kept in memory: {error}");
                }
                let surplus = self.pending.len().saturating_sub(MAX_PENDING);
                self.pending.drain(..surplus);
                self.dropped += surplus as u64;
            }
        }
    }

    fn trim(&mut self) {
        let kept = chrono::Duration::days(self.retention_days.into());
        let before = (self.clock.now() - kept).timestamp_nanos_opt().map_or(Stamp(0), Stamp);
        match self.store.trim(before) {
            Ok(0) => {}
            Ok(removed) => log::debug!(
                "ERROR HISTORY: Removed {removed} events older than {} days",
                self.retention_days
            ),
            Err(error) => log::debug!("ERROR HISTORY: Old events cannot be removed: {error}"),
        }
    }
}

impl Actor for ErrorHistoryActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.trim();
        ctx.run_interval(Duration::from_secs(3_600), |this, _| this.trim());
        ctx.run_interval(Duration::from_secs(1), |this, _| {
            if this.failing {
                this.flush();
            }
        });
        ctx.notify(Flush);
    }
}

impl Supervised for ErrorHistoryActor {}

impl Handler<ErrorPoint> for ErrorHistoryActor {
    type Result = ();

    fn handle(&mut self, point: ErrorPoint, ctx: &mut Self::Context) {
        self.pending.push(point);
        if self.failing {
            // Tried again each second; until then only the bound is kept.
            if self.pending.len() > MAX_PENDING + BATCH {
                self.pending.drain(..BATCH);
                self.dropped += BATCH as u64;
            }
        } else if self.pending.len() == 1 {
            ctx.notify(Flush);
        } else if self.pending.len() >= BATCH {
            self.flush();
        }
    }
}

impl Handler<Flush> for ErrorHistoryActor {
    type Result = ();

    fn handle(&mut self, _: Flush, _: &mut Self::Context) {
        self.flush();
    }
}

impl Handler<AskLost> for ErrorHistoryActor {
    type Result = MessageResult<AskLost>;

    fn handle(&mut self, _: AskLost, _: &mut Self::Context) -> Self::Result {
        let count = self.pending.len() as u64;
        MessageResult(Lost { count, what: "error events", to: "the error history" })
    }
}

impl Handler<Drain> for ErrorHistoryActor {
    type Result = ();

    fn handle(&mut self, _: Drain, _: &mut Self::Context) {
        self.flush();
    }
}

#[cfg(test)]
mod tests;
