//! How batches are stored in InfluxDB: requests, until the server has answered for every line.

mod piece;
mod store;
mod stored_points;

use crate::domain::errors::Category;
use std::cell::{Cell, RefCell};
use std::time::Duration;

use tokio::time::Instant;

use self::stored_points::StoredPoints;
use super::client::InfluxClient;
use super::settings::{InfluxSettings, InfluxTarget};
use crate::domain::events::excerpt;
use crate::io::delivery::{
    AtOnce, Attempt, Batch, BatchSize, Policy, Rejection, SendError, Transport, WhileAway,
};
use crate::runtime::level::{VERBOSE, verbose};

/// Writes to one database.
pub struct InfluxTransport {
    client: InfluxClient,
    look: Look,
    /// When the database was found or made; `None` until then.
    set_up: Cell<Option<Instant>>,
    /// What was said about the database last.
    notes: RefCell<Vec<String>>,
    /// Most bytes that the server takes in one request, as far as is known.
    largest: Cell<usize>,
}

/// When a transport makes sure of the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Before the first write, and when a write misses it.
    First,
    /// Only when a write misses it: another stream of the program looks first.
    WhenMissed,
}

/// A database that was found or made, and is said to be missing, is looked for at most this often.
const SET_UP_PAUSE: Duration = Duration::from_secs(60);

/// Characters of a request that the debug log shows.
const SHOWN: usize = 2_000;

/// So many requests are under way to a server that answers late. Points carry their stamps, so
/// their order does not matter.
const AT_ONCE: usize = 4;

/// The same for one that answers only after the next flush of its log, every second, whatever the
/// size of the write.
const AT_ONCE_TO_ONE_THAT_FLUSHES: usize = 8;

/// Most points of a request while more wait than can be sent in time.
const MOST_POINTS: usize = 10_000;

/// Most bytes of a request. The servers take 10 MB (version 3) and 25 MB (version 1) by default.
const MOST_BYTES: usize = 4 << 20;

/// Most bytes that wait in memory.
const MAX_BYTES: usize = 64 << 20;

impl InfluxTransport {
    /// To the database of `settings`. Must be made on the thread it is used on.
    pub fn new(settings: &InfluxSettings, look: Look) -> Self {
        Self {
            client: InfluxClient::new(settings),
            look,
            set_up: Cell::default(),
            notes: RefCell::default(),
            largest: Cell::new(usize::MAX),
        }
    }

    /// What a stream to this database does: it keeps up to `max_points` in memory, of which the
    /// first waits for `linger` for company.
    pub fn policy(settings: &InfluxSettings, linger: Duration, max_points: usize) -> Policy {
        let points = settings.max_batch_size;
        Policy {
            while_away: WhileAway::Keep,
            linger,
            max_points,
            max_bytes: MAX_BYTES,
            batch: BatchSize {
                points,
                most_points: MOST_POINTS.max(points),
                most_bytes: MOST_BYTES,
            },
            at_once: AtOnce::WhenLate(match settings.target {
                InfluxTarget::V3 { .. } => AT_ONCE_TO_ONE_THAT_FLUSHES,
                _ => AT_ONCE,
            }),
            pause: Policy::PAUSE,
            // The client has a deadline of its own; this is for when it does not keep it.
            patience: settings.timeout() * 2 + Duration::from_secs(10),
            replay: None,
        }
    }

    fn looks_first(&self) -> bool {
        self.look == Look::First
    }

    /// Creates what is missing; `missing` is whether a write was told so.
    async fn set_up(&self, missing: bool) -> Result<(), SendError> {
        let notes = self.client.set_up(missing).await?;
        self.set_up.set(Some(Instant::now()));
        // What was said once is known, unless something was done again.
        if missing || *self.notes.borrow() != notes {
            self.notes.borrow_mut().clone_from(&notes);
            notes.iter().for_each(|note| log::info!("INFLUXDB: {note}"));
        }
        Ok(())
    }

    /// As [`Self::set_up`], when a write was told that the database is missing; `None` when it was
    /// made sure of just before.
    async fn set_up_again(&self) -> Option<Result<(), SendError>> {
        match self.set_up.get() {
            Some(at) if at.elapsed() < SET_UP_PAUSE => None,
            _ => Some(self.set_up(true).await),
        }
    }

    /// A request of so many bytes was too large.
    fn too_large(&self, bytes: usize) {
        self.largest.set((bytes / 2).max(1).min(self.largest.get()));
    }
}

impl Transport for InfluxTransport {
    const NAME: &'static str = "InfluxDB";
    const CATEGORY: Category = Category::Unknown;

    async fn send(&self, batch: Batch, attempt: &Attempt<'_>) -> Result<Vec<Rejection>, SendError> {
        let begun = Instant::now();
        // Counting and copying cost something, so only where they are shown.
        let points =
            log::log_enabled!(target: VERBOSE, log::Level::Debug).then(|| StoredPoints::of(&batch));
        let values = log::log_enabled!(log::Level::Debug).then(|| shown(&batch));
        let rejections = store::store(self, batch, attempt).await?;
        if let Some(points) = points {
            let ms = begun.elapsed().as_millis();
            verbose!("INFLUXDB: Stored {} in {ms} ms", points.summary(&rejections));
        }
        if let Some(values) = values {
            log::debug!("INFLUXDB: Stored {values:?}");
        }
        Ok(rejections)
    }

    async fn prepare(&self) -> Result<(), SendError> {
        self.set_up(false).await
    }

    fn is_prepared(&self) -> bool {
        let looked = self.set_up.get().is_some() || !self.looks_first();
        looked || !self.client.has_retention()
    }

    fn prepares_first(&self) -> bool {
        self.looks_first() && self.set_up.get().is_none()
    }

    fn most_bytes(&self) -> usize {
        self.largest.get()
    }
}

/// The beginning of a batch.
fn shown(batch: &Batch) -> String {
    let mut text = String::new();
    for job in &batch.jobs {
        text.push_str(&String::from_utf8_lossy(job));
        if text.len() > 4 * SHOWN {
            break;
        }
    }
    excerpt(&text, SHOWN).into_owned()
}
