//! InfluxErrorSinkActor: stores every error event as one point in InfluxDB.
//!
//! - receives: [`ErrorPoint`] from the tracker, [`AskLost`], [`Drain`], [`AskStats`], [`AskMetrics`]
//! - sends: nothing; it holds no address of the tracker, so a failing write cannot become an
//!   error that is written again (decision E16)
//! - reports: failures at debug only, and local counters
//! - on restart: keeps its queue; the point in hand at a panic is lost

mod settings;

use std::time::Duration;

use actix::fut::{ActorFutureExt, wrap_future};
use actix::{
    Actor, AsyncContext, Context, Handler, Message, MessageResult, ResponseActFuture, Supervised,
};

use crate::domain::errors::ErrorPoint;
use crate::domain::measurement_name::MeasurementName;
use crate::io::delivery::{Delivery, Event, Job, Stats};
use crate::io::influx::{InfluxSettings, InfluxTransport, Look, encode_error};
use crate::io::outbox::{Outbox, Stream};
use crate::runtime::drain::Drain;
use crate::runtime::lost::{AskLost, Lost};
use crate::runtime::metrics::AskMetrics;

pub use settings::{ErrorSinkConfig, ErrorSinkSettings};

/// See the module.
pub struct InfluxErrorSinkActor {
    measurement: MeasurementName,
    delivery: Delivery<InfluxTransport>,
}

/// Asks what became of the points.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "Stats")]
pub struct AskStats;

impl InfluxErrorSinkActor {
    /// A sink for one database; what waits for it is kept in `outbox`. Must be made on the thread
    /// it runs on.
    pub fn new(
        influx: &InfluxSettings,
        outbox: Option<Outbox>,
        settings: ErrorSinkSettings,
    ) -> Self {
        // Error points leave at once when no request is under way and gather while one is.
        let policy = InfluxTransport::policy(influx, Duration::ZERO, settings.max_points);
        // InfluxWriter looks at the database; two at once would make it twice.
        let transport = InfluxTransport::new(influx, Look::WhenMissed);
        let outbox = outbox.map(|outbox| (outbox, Stream::Errors));
        let delivery = Delivery::new(transport, policy, outbox, |event| log_event(&event));
        Self { measurement: settings.measurement, delivery }
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

impl Actor for InfluxErrorSinkActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.spawn(wrap_future(self.delivery.clone().run()).map(|_, _, _| ()));
    }
}

impl Supervised for InfluxErrorSinkActor {}

impl Handler<ErrorPoint> for InfluxErrorSinkActor {
    type Result = ();

    fn handle(&mut self, point: ErrorPoint, _: &mut Self::Context) {
        let mut lines = Vec::with_capacity(384);
        encode_error(&point, self.measurement.as_str(), &mut lines);
        self.delivery.push(Job::new(lines, 1, None));
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
        let count = self.delivery.unsaved() as u64;
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
