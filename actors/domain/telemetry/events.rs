//! Events on their way from a receiver to the destinations, and what the receivers count.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::domain::events::{EventCounts, Pairs, Received};
use crate::domain::measurement_name::MeasurementName;

/// Which of the two receivers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventStream {
    /// User events.
    User,
    /// Log events.
    Log,
}

impl EventStream {
    /// The tag `queue_type`.
    pub const fn queue_type(self) -> &'static str {
        match self {
            Self::User => "user_events",
            Self::Log => "log_events",
        }
    }
}

/// Events that were received together, oldest first.
#[derive(Debug, Clone, actix::Message)]
#[rtype(result = "()")]
pub struct EventBatch<E> {
    /// The events.
    pub events: Arc<[Received<E>]>,
    /// Given back when the last destination has taken the batch.
    _room: Arc<EventSlots>,
}

/// How many events are on their way; clones share the number.
#[derive(Debug, Clone, Default)]
pub struct UnderWay(Arc<AtomicUsize>);

#[derive(Debug)]
struct EventSlots(UnderWay, usize);

impl Drop for EventSlots {
    fn drop(&mut self) {
        self.0.0.fetch_sub(self.1, Ordering::Relaxed);
    }
}

impl UnderWay {
    /// Events that no destination has taken yet, or not all.
    pub fn events(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// A batch that counts as under way until it is dropped everywhere.
    pub fn batch<E>(&self, events: Vec<Received<E>>) -> EventBatch<E> {
        self.batch_of(&events.into())
    }

    /// The same of events that others get as well.
    pub fn batch_of<E>(&self, events: &Arc<[Received<E>]>) -> EventBatch<E> {
        self.0.fetch_add(events.len(), Ordering::Relaxed);
        let room = Arc::new(EventSlots(self.clone(), events.len()));
        EventBatch { events: Arc::clone(events), _room: room }
    }
}

/// Asks a receiver for its counts since it was asked last.
#[derive(Debug, Clone, Copy, actix::Message)]
#[rtype(result = "EventCounts")]
pub struct TakeCounts;

/// One tick of counts.
#[derive(Debug, Clone, Default, PartialEq, actix::Message)]
#[rtype(result = "()")]
pub struct CountedEvents {
    /// What the receiver of user events counted.
    pub user: EventCounts,
    /// What the receiver of log events counted.
    pub log: EventCounts,
}

/// The state of a receiver's queue, and what became of datagrams since the reading before.
#[derive(Debug, Clone, PartialEq, actix::Message)]
#[rtype(result = "()")]
pub struct QueueMetrics {
    /// Whose.
    pub stream: EventStream,
    /// Where to store it.
    pub measurement: MeasurementName,
    /// Tags from the configuration.
    pub tags: Pairs,
    /// Name of this machine.
    pub host: Arc<str>,
    /// The numbers.
    pub reading: QueueReading,
}

/// See section 2.3 of the page on events. Times in milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[expect(missing_docs, reason = "the fields of the same names")]
pub struct QueueReading {
    pub queue_size: u64,
    pub queue_max_size: u64,
    pub queue_running: u64,
    pub received: u64,
    pub queued: u64,
    pub processed: u64,
    pub failed: u64,
    pub dropped_rate_limit: u64,
    pub dropped_queue_full: u64,
    pub dropped_size: u64,
    /// `None` where the operating system does not tell.
    pub dropped_kernel: Option<u64>,
    pub processing_time_avg_ms: f64,
    pub processing_time_p95_ms: f64,
    pub processing_time_max_ms: f64,
    pub rate_limit_current: u64,
    pub backpressure_active: bool,
}

impl QueueReading {
    /// Datagrams that we dropped, for any reason.
    pub fn dropped_total(&self) -> u64 {
        self.dropped_rate_limit + self.dropped_queue_full + self.dropped_size
    }

    /// Adds the counts of datagrams of another reading to these; the rest stays.
    #[must_use]
    pub fn plus(self, other: &Self) -> Self {
        Self {
            received: self.received + other.received,
            queued: self.queued + other.queued,
            processed: self.processed + other.processed,
            failed: self.failed + other.failed,
            dropped_rate_limit: self.dropped_rate_limit + other.dropped_rate_limit,
            dropped_queue_full: self.dropped_queue_full + other.dropped_queue_full,
            dropped_size: self.dropped_size + other.dropped_size,
            ..self
        }
    }

    /// How full the queue is.
    #[expect(clippy::cast_precision_loss, reason = "sizes of queues are far below 2^53")]
    pub fn utilization_pct(&self) -> f64 {
        if self.queue_max_size == 0 {
            return 0.0;
        }
        self.queue_size as f64 / self.queue_max_size as f64 * 100.0
    }
}
