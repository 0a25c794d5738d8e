//! InfluxErrorSinkActor: stores every error event as one point in InfluxDB.
//!
//! - receives: [`ErrorPoint`] from the tracker, [`Placement`] from the history, [`AskLost`],
//!   [`Drain`], [`AskStats`], [`AskMetrics`]
//! - sends: [`CursorWork`] to the history, of which it has stored everything up to a place; it holds
//!   no address of the tracker, so a failing write cannot become an error that is written again
//!   (decision E16)
//! - reports: failures at debug only, and local counters
//! - on restart: keeps its queue; the point in hand at a panic is lost

mod settings;

use std::collections::VecDeque;
use std::time::Duration;

use actix::fut::{ActorFutureExt, wrap_future};
use actix::{
    Actor, AsyncContext, Context, Handler, Message, MessageResult, Recipient, ResponseActFuture,
    Supervised,
};

use bytes::Bytes;
use tokio::time::Instant;

use crate::domain::errors::{ErrorPoint, ErrorRecord};
use crate::domain::measurement_name::MeasurementName;
use crate::domain::point::Stamp;
use crate::io::delivery::{Delivery, Event, Job, Stats};
use crate::io::error_log::{CursorWork, HistoryRow, HistorySpool, Placement};
use crate::io::influx::{InfluxSettings, InfluxTransport, Look, encode_error};
use crate::io::outbox::{OutboxSpool, Spool};
use crate::runtime::drain::Drain;
use crate::runtime::lost::{AskLost, Lost};
use crate::runtime::metrics::AskMetrics;

pub use settings::{ErrorSinkKeys, ErrorSinkSettings};

/// See the module.
pub struct InfluxErrorSinkActor {
    series: Series,
    delivery: Delivery<InfluxTransport>,
    /// Points that are not known to be in the history, where they wait for that: what the history
    /// does not know must not be in the database.
    unplaced: Option<VecDeque<PendingError>>,
}

/// A point that is not known to be in the history.
struct PendingError {
    stamp: Stamp,
    line: Bytes,
    since: Instant,
}

/// A history that is slower than this is not waited for: a disk that hangs must not keep errors
/// from a database that works.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// What all points have in common.
#[derive(Clone)]
struct Series {
    measurement: MeasurementName,
    collector: Option<String>,
}

/// Where points are kept until they are stored.
pub enum Source {
    /// In memory only.
    Memory,
    /// In an outbox of the sink's own.
    Outbox(OutboxSpool),
    /// In the history, which has them anyway.
    History(Recipient<CursorWork>),
}

/// Points that may wait for the history. Beyond, the oldest are sent without it.
const MOST_UNPLACED: usize = 100_000;

/// Asks what became of the points.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "Stats")]
pub struct AskStats;

impl InfluxErrorSinkActor {
    /// A sink for one database. Must be made on the thread it runs on.
    pub fn new(influx: &InfluxSettings, settings: ErrorSinkSettings, source: Source) -> Self {
        // Error points leave at once when no request is under way and gather while one is.
        let policy = InfluxTransport::policy(influx, Duration::ZERO, settings.max_points);
        // InfluxWriter looks at the database; two at once would make it twice.
        let transport = InfluxTransport::new(influx, Look::WhenMissed);
        let ErrorSinkSettings { measurement, collector, .. } = settings;
        let series = Series { measurement, collector };
        let (spool, waits): (Option<Box<dyn Spool>>, bool) = match source {
            Source::Memory => (None, false),
            Source::Outbox(outbox) => (Some(Box::new(outbox)), false),
            Source::History(history) => {
                let series = series.clone();
                let encode = move |event: &HistoryRow| series.encoded(event);
                (Some(Box::new(HistorySpool::new(history, encode))), true)
            }
        };
        let delivery = Delivery::new(transport, policy, spool, |event| log_event(&event));
        let unplaced = waits.then(VecDeque::new);
        Self { series, delivery, unplaced }
    }
}

/// The page: failures are logged at debug level only.
fn log_event(event: &Event) {
    match event {
        Event::Away { message, .. } | Event::Dropped { message, .. } => {
            log::debug!("ERROR TRACKER: Error writing error event to InfluxDB: {message}");
        }
        Event::Back { backlog_points } => {
            log::debug!("ERROR TRACKER: InfluxDB is back, {backlog_points} error events to send");
        }
        // Only jobs with an origin are reported, and error points have none. They are kept.
        Event::NotStored { .. } | Event::Lost { .. } | Event::Stored { .. } => {}
    }
}

impl InfluxErrorSinkActor {
    /// What the history has not placed for too long is sent without it; it will be sent again when
    /// the history tells where it is, and stored once.
    fn send_what_waits_too_long(&mut self) {
        let Some(unplaced) = &mut self.unplaced else { return };
        let late = unplaced.iter().take_while(|it| it.since.elapsed() >= LONGEST_WAIT).count();
        for oldest in unplaced.drain(..late) {
            self.delivery.push(Job::new(oldest.line, 1, None));
        }
    }
}

impl Actor for InfluxErrorSinkActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.spawn(wrap_future(self.delivery.clone().run()).map(|_, _, _| ()));
        ctx.run_interval(Duration::from_secs(1), |this, _| this.send_what_waits_too_long());
    }
}

impl Supervised for InfluxErrorSinkActor {}

impl Handler<ErrorPoint> for InfluxErrorSinkActor {
    type Result = ();

    fn handle(&mut self, point: ErrorPoint, _: &mut Self::Context) {
        let line = self.series.encoded(&point);
        let Some(unplaced) = &mut self.unplaced else {
            return self.delivery.push(Job::new(line, 1, None));
        };
        let (stamp, since) = (point.stamp(), Instant::now());
        unplaced.push_back(PendingError { stamp, line: line.into(), since });
        if unplaced.len() > MOST_UNPLACED
            && let Some(oldest) = unplaced.pop_front()
        {
            self.delivery.push(Job::new(oldest.line, 1, None));
        }
    }
}

impl Handler<Placement> for InfluxErrorSinkActor {
    type Result = ();

    fn handle(&mut self, Placement(events): Placement, _: &mut Self::Context) {
        let Some(unplaced) = &mut self.unplaced else { return };
        let mut missed = 0;
        for (row, stamp) in events.iter() {
            // The first, unless the mailbox of one of us was full.
            let Some(at) = unplaced.iter().position(|it| it.stamp == *stamp) else {
                missed += usize::from(row.is_some());
                continue;
            };
            for (number, it) in unplaced.drain(..=at).enumerate() {
                let job = Job::new(it.line, 1, None);
                self.delivery.push(match row.filter(|_| number == at) {
                    Some(row) => job.in_row(row),
                    None => job,
                });
            }
        }
        if missed > 0 {
            self.delivery.look_in_spool(missed);
        }
    }
}

impl Series {
    fn encoded(&self, error: &impl ErrorRecord) -> Vec<u8> {
        let mut line = Vec::with_capacity(384);
        encode_error(error, self.measurement.as_str(), self.collector.as_deref(), &mut line);
        line
    }
}

impl Handler<AskStats> for InfluxErrorSinkActor {
    type Result = MessageResult<AskStats>;

    fn handle(&mut self, _: AskStats, _: &mut Self::Context) -> Self::Result {
        MessageResult(self.delivery.stats())
    }
}

impl Handler<AskMetrics> for InfluxErrorSinkActor {
    type Result = MessageResult<AskMetrics>;

    fn handle(&mut self, _: AskMetrics, _: &mut Self::Context) -> Self::Result {
        MessageResult(self.delivery.families("influxdb_errors"))
    }
}

impl Handler<AskLost> for InfluxErrorSinkActor {
    type Result = MessageResult<AskLost>;

    fn handle(&mut self, _: AskLost, _: &mut Self::Context) -> Self::Result {
        let unplaced = self.unplaced.as_ref().map_or(0, VecDeque::len);
        let count = (self.delivery.unsaved() + unplaced) as u64;
        MessageResult(Lost { count, what: "error events", to: "InfluxDB" })
    }
}

impl Handler<Drain> for InfluxErrorSinkActor {
    type Result = ResponseActFuture<Self, ()>;

    fn handle(&mut self, drain: Drain, _: &mut Self::Context) -> Self::Result {
        let delivery = self.delivery.clone();
        let flush = async move { delivery.flush(drain.until).await };
        Box::pin(wrap_future(flush).map(|left, _: &mut Self, _| {
            if left.lost > 0 {
                let lost = left.lost;
                log::debug!("ERROR TRACKER: {lost} error events could not be sent before the end");
            }
        }))
    }
}

#[cfg(test)]
mod tests;
