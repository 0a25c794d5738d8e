//! ErrorHistoryActor: keeps every error event in a file on this machine, so that the program is
//! useful without any database, and a restart does not lose the day's counts.
//!
//! - receives: [`ErrorPoint`] from the tracker, [`CountsTo`], [`AskLost`], [`Drain`]
//! - sends: [`EarlierCounts`], once, when a file can be read that could not be at the start
//! - reports: nothing; a file that cannot be written is one warning, and one line when it can again
//! - on restart: keeps the events that were not written yet

mod query;
mod settings;
mod store;
mod takeover;

use std::time::Duration;

use actix::{Actor, AsyncContext, Context, Handler, Message, MessageResult, Recipient, Supervised};

use crate::domain::errors::{EarlierCounts, ErrorPoint};
use crate::domain::point::Stamp;
use crate::runtime::clock::Clock;
use crate::runtime::drain::Drain;
use crate::runtime::lost::{AskLost, Lost};

pub use query::{ErrorReader, Filter, HistoryRow, Total};
pub use settings::{EARLIER_FILE, FILE_NAME, HistoryConfig, HistorySettings};
pub use store::{ErrorStore, StoreError};
pub use takeover::open;

/// See the module. Blocks while it writes, so it needs a thread of its own.
pub struct ErrorHistoryActor {
    store: Store,
    retention_days: u32,
    clock: Clock,
    /// Who counts, and what is to be counted too: both are needed before anything is sent.
    counts_to: Option<Recipient<EarlierCounts>>,
    earlier: Option<EarlierCounts>,
    pending: Vec<ErrorPoint>,
    failing: bool,
    dropped: u64,
}

enum Store {
    Open(ErrorStore),
    /// Tried again now and then.
    Unusable(HistorySettings),
}

/// Who counts the errors of the day. Tells the history after the start, because the tracker begins
/// with the addresses of all sinks.
#[derive(Debug, Clone, Message)]
#[rtype(result = "()")]
pub struct CountsTo(pub Recipient<EarlierCounts>);

/// Writes what is pending. Comes after the messages that already wait, so that a burst is one
/// transaction.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
struct Flush;

/// As many events are written at once; more would delay the first of them.
const BATCH: usize = 4_096;

/// How often a file is tried that could not be used at the start.
const TRY_EVERY: Duration = Duration::from_secs(10);

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
        Self::with(Store::Open(store), retention_days, clock)
    }

    /// Keeps events in memory until the file can be used, which is tried every ten seconds.
    pub fn waiting(settings: HistorySettings, clock: Clock) -> Self {
        let retention_days = settings.retention_days;
        Self::with(Store::Unusable(settings), retention_days, clock)
    }

    fn with(store: Store, retention_days: u32, clock: Clock) -> Self {
        let (counts_to, earlier, pending) = (None, None, Vec::new());
        let (failing, dropped) = (false, 0);
        Self { store, retention_days, clock, counts_to, earlier, pending, failing, dropped }
    }

    /// Opens the file if it can be used by now. What it has of today is counted before anything
    /// of this process is in it.
    fn try_again(&mut self) {
        let Store::Unusable(settings) = &self.store else { return };
        match open(settings) {
            Ok(store) => {
                log::info!(
                    "ERROR HISTORY: The file can be used now; {} events that waited are written, \
                     {} were dropped",
                    self.pending.len(),
                    std::mem::take(&mut self.dropped)
                );
                match store.counts_of_day(self.clock.now().date_naive()) {
                    Ok(counts) => self.earlier = Some(EarlierCounts(counts)),
                    Err(error) => {
                        log::warn!("ERROR HISTORY: Today's errors cannot be read back: {error}");
                    }
                }
                self.store = Store::Open(store);
                self.send_earlier();
                self.trim();
                self.flush();
            }
            Err(error) => log::debug!("ERROR HISTORY: Still not usable: {error}"),
        }
    }

    fn send_earlier(&mut self) {
        if let Some(tracker) = &self.counts_to
            && let Some(earlier) = self.earlier.take()
        {
            tracker.do_send(earlier);
        }
    }

    fn flush(&mut self) {
        let Store::Open(store) = &mut self.store else { return };
        if self.pending.is_empty() {
            return;
        }
        match store.insert(&self.pending) {
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
        let Store::Open(store) = &mut self.store else { return };
        match store.trim(before) {
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
        if let Store::Unusable(_) = self.store {
            ctx.run_interval(TRY_EVERY, |this, _| this.try_again());
        }
        ctx.notify(Flush);
    }
}

impl Supervised for ErrorHistoryActor {}

impl Handler<ErrorPoint> for ErrorHistoryActor {
    type Result = ();

    fn handle(&mut self, point: ErrorPoint, ctx: &mut Self::Context) {
        self.pending.push(point);
        if self.failing || matches!(self.store, Store::Unusable(_)) {
            // Tried again now and then; until then only the bound is kept.
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

impl Handler<CountsTo> for ErrorHistoryActor {
    type Result = ();

    fn handle(&mut self, CountsTo(tracker): CountsTo, _: &mut Self::Context) {
        self.counts_to = Some(tracker);
        self.send_earlier();
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
        self.try_again();
        self.flush();
        if let Store::Unusable(settings) = &self.store
            && !self.pending.is_empty()
        {
            let (file, lost) = (settings.file.display(), self.pending.len());
            log::warn!("ERROR HISTORY: {file} could never be used, {lost} events are not in it");
        }
    }
}

#[cfg(unix)]
#[cfg(test)]
mod permission_tests;
#[cfg(test)]
mod store_tests;
#[cfg(test)]
mod tests;
