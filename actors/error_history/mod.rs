//! ErrorHistoryActor: keeps every error event in a file on this machine, so that the program is
//! useful without any database, and a restart does not lose the day's counts. The file is the log
//! of which a sink has stored everything up to a place.
//!
//! - receives: [`ErrorPoint`] from the tracker, [`CursorWork`] from a sink, [`CountsTo`],
//!   [`PlacesTo`], [`AskLost`], [`Drain`]
//! - sends: [`EarlierErrors`], once, when the file can be read; [`Placement`] for every event, as soon
//!   as it is written through to the disk, or is known not to be
//! - reports: nothing; a file that cannot be written is one warning, and one line when it can again
//! - on restart: keeps the events that were not written yet

mod settings;
mod takeover;
mod writing;

use std::time::Duration;

use actix::{Actor, AsyncContext, Context, Handler, Message, MessageResult, Recipient, Supervised};

use tokio::sync::oneshot;

use crate::domain::errors::{EarlierErrors, ErrorPoint};
use crate::domain::point::Stamp;
use crate::io::error_log::{CursorReply, CursorWork, ErrorStore, Placement, age_reference};
use crate::io::outbox::OutboxError;
use crate::runtime::clock::Clock;
use crate::runtime::drain::Drain;
use crate::runtime::lost::{AskLost, Lost};

pub use settings::{EARLIER_FILE, FILE_NAME, HistoryKeys, HistorySettings};
pub use takeover::open;

/// See the module. Blocks while it writes, so it needs a thread of its own.
pub struct ErrorHistoryActor {
    settings: HistorySettings,
    /// `None` while it cannot be used; tried again now and then.
    store: Option<ErrorStore>,
    clock: Clock,
    /// Who waits for what was recorded before this start.
    first: Option<oneshot::Sender<EarlierErrors>>,
    /// Who counts, and what is to be counted too: both are needed before anything is sent.
    counts_to: Option<Recipient<EarlierErrors>>,
    earlier: Option<EarlierErrors>,
    places_to: Option<Recipient<Placement>>,
    /// What it could not be told yet.
    unplaced: Vec<(Option<i64>, Stamp)>,
    pending: Vec<ErrorPoint>,
    /// So many of the pending are known not to be in the file, and wait for nothing.
    released: usize,
    failing: bool,
    dropped: u64,
    /// Events that made their handler panic twice.
    poison: u64,
}

/// Who counts the errors of the day. Tells the history after the start, because the tracker begins
/// with the addresses of all sinks.
#[derive(Debug, Clone, Message)]
#[rtype(result = "()")]
pub struct CountsTo(pub Recipient<EarlierErrors>);

/// The sink that sends what is in the history, and nothing that is not.
#[derive(Debug, Clone, Message)]
#[rtype(result = "()")]
pub struct PlacesTo(pub Recipient<Placement>);

/// Writes what is pending. Comes after the messages that already wait, so that a burst is one
/// transaction.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
struct Flush;

/// As many events are written at once; more would delay the first of them.
const BATCH: usize = 4_096;

/// How often a file is tried that could not be used, and is looked for when it can.
const TRY_EVERY: Duration = Duration::from_secs(10);

/// How often old events leave, some at a time.
const TRIM_EVERY: Duration = Duration::from_secs(60);

/// Events that wait for a file that cannot be written. Beyond, the oldest are dropped.
const MAX_PENDING: usize = 100_000;

impl ErrorHistoryActor {
    /// Keeps events in the file that `settings` name: it is opened when the actor starts, so that
    /// nobody waits for that, and tried again as long as it cannot be used.
    /// The first time is told to `first`, or later to whom [`CountsTo`] names.
    pub fn new(
        settings: HistorySettings,
        clock: Clock,
        first: Option<oneshot::Sender<EarlierErrors>>,
    ) -> Self {
        Self {
            first,
            settings,
            store: None,
            clock,
            counts_to: None,
            earlier: None,
            places_to: None,
            unplaced: Vec::new(),
            pending: Vec::new(),
            released: 0,
            failing: false,
            dropped: 0,
            poison: 0,
        }
    }

    /// Opens the file if it can be used by now. What it has of today is counted before anything
    /// of this process is in it.
    fn open(&mut self, is_first: bool) {
        if self.store.is_some() {
            return;
        }
        let store = match open(&self.settings) {
            Ok(store) => store,
            Err(error) if is_first => {
                log::warn!(
                    "ERROR HISTORY: Events are kept in memory: {error}. It is tried again every \
                     10 s. A folder that can be written is named with --data-dir, or a file with \
                     Butler-SOS.errorTracking.history.file"
                );
                return;
            }
            Err(error) => return log::debug!("ERROR HISTORY: Still not usable: {error}"),
        };
        if let Some((_, saved)) = &store.set_aside {
            log::info!("ERROR HISTORY: {saved} events of the damaged file were saved");
        }
        if !is_first {
            log::info!(
                "ERROR HISTORY: The file can be used now; {} events that waited are written, {} \
                 were dropped",
                self.pending.len(),
                std::mem::take(&mut self.dropped)
            );
        }
        let now = self.clock.now();
        let earlier = store
            .counts_of_day(now.date_naive())
            .and_then(|counts| Ok(EarlierErrors { counts, ahead: store.ahead_of(now)? }));
        match earlier {
            Ok(earlier) => {
                if earlier.counts.total() > 0 {
                    let total = earlier.counts.total();
                    log::info!("ERROR HISTORY: {total} errors of today read back");
                }
                self.earlier = Some(earlier);
            }
            Err(error) => {
                log::warn!("ERROR HISTORY: Today's errors cannot be read back: {error}");
            }
        }
        self.store = Some(store);
        self.send_earlier();
        self.trim();
        self.flush();
    }

    /// A file that was deleted is begun anew with what waits for the sink.
    fn look_for_file(&mut self) {
        let Some(mut deleted) = self.store.take_if(|store| !store.is_there()) else { return };
        deleted.unlock();
        let file = self.settings.file.display();
        match open(&self.settings) {
            Ok(mut store) => {
                let moved = store.take_over(&deleted);
                log::warn!(
                    "ERROR HISTORY: {file} was deleted or replaced while it was in use; a new one \
                     is begun with {} events that wait for InfluxDB",
                    moved.unwrap_or(0)
                );
                self.store = Some(store);
            }
            Err(error) => {
                log::warn!("ERROR HISTORY: {file} was deleted while it was in use: {error}");
            }
        }
    }

    fn send_earlier(&mut self) {
        if let Some(first) = self.first.take()
            && let Some(earlier) = self.earlier.take()
        {
            // Who does not wait any more is told as others are.
            self.earlier = first.send(earlier).err();
        }
        if let Some(tracker) = &self.counts_to
            && let Some(earlier) = self.earlier.take()
            && let Err(error) = tracker.try_send(earlier)
        {
            log::warn!("ERROR HISTORY: Today's earlier errors are not counted: {error}");
        }
    }

    fn trim(&mut self) {
        let kept = chrono::Duration::days(self.settings.retention_days.into());
        let Some(store) = &mut self.store else { return };
        let now = age_reference(self.clock.now(), store.newest(), self.clock.passed(), kept);
        let before = (now - kept).timestamp_nanos_opt().map_or(Stamp(0), Stamp);
        match store.trim(before) {
            Ok(0) => {}
            Ok(removed) => log::debug!(
                "ERROR HISTORY: Removed {removed} events older than {} days",
                self.settings.retention_days
            ),
            Err(error) => log::debug!("ERROR HISTORY: Old events cannot be removed: {error}"),
        }
    }
}

impl Actor for ErrorHistoryActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.open(true);
        self.first = None;
        ctx.run_interval(TRIM_EVERY, |this, _| this.trim());
        ctx.run_interval(Duration::from_secs(1), |this, _| {
            this.place_again();
            if this.failing && this.store.is_some() {
                this.flush();
            }
            if let Some(store) = &mut this.store
                && let Err(error) = store.save_position()
            {
                log::debug!("ERROR HISTORY: The place of the sink is not written: {error}");
            }
        });
        ctx.run_interval(TRY_EVERY, |this, _| {
            this.look_for_file();
            this.open(false);
        });
        ctx.notify(Flush);
    }
}

impl Supervised for ErrorHistoryActor {}

impl Handler<ErrorPoint> for ErrorHistoryActor {
    type Result = ();

    fn handle(&mut self, point: ErrorPoint, ctx: &mut Self::Context) {
        self.pending.push(point);
        if self.failing || self.store.is_none() {
            self.release();
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

impl Handler<PlacesTo> for ErrorHistoryActor {
    type Result = ();

    fn handle(&mut self, PlacesTo(sink): PlacesTo, _: &mut Self::Context) {
        self.places_to = Some(sink);
    }
}

impl Handler<CursorWork> for ErrorHistoryActor {
    type Result = Result<CursorReply, OutboxError>;

    fn handle(&mut self, work: CursorWork, _: &mut Self::Context) -> Self::Result {
        // What is pending comes first: its numbers are lower than what is asked for next.
        self.flush();
        let Some(store) = &mut self.store else {
            return Err(OutboxError::new("the history cannot be used"));
        };
        store.work(work).map_err(|error| OutboxError::new(error.to_string()))
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
        self.open(false);
        self.flush();
        self.place_last();
        if self.store.is_none() && !self.pending.is_empty() {
            let (file, lost) = (self.settings.file.display(), self.pending.len());
            log::warn!("ERROR HISTORY: {file} could not be used, {lost} events are not in it");
        }
    }
}

#[cfg(test)]
mod tests;
