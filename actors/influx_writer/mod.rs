//! InfluxWriter: stores measurements in InfluxDB.
//!
//! - receives: [`HealthMetrics`], [`ProxySessions`], [`OwnMemory`], batches of [`UserEvent`] and
//!   [`LogEvent`], [`CountedEvents`], [`QueueMetrics`], [`AskReadiness`], [`AskMetrics`],
//!   [`AskLost`], [`Drain`]
//! - sends: nothing
//! - reports: one `INFLUXDB_V*_WRITE` error for each write operation that was not stored at its
//!   first attempt (decisions E11 and E19)
//! - on restart: keeps its queue; the message in hand at a panic is lost

mod columns;
mod congestion;
mod counts;
mod events;
mod health;
mod log_events;
mod own_memory;
mod schema;
mod sessions;
mod uptime_text;
mod user_events;
mod write_reporter;

use std::time::Duration;

use actix::fut::{ActorFutureExt, wrap_future};
use actix::{Actor, AsyncContext, Context, Handler, MessageResult, ResponseActFuture, Supervised};

use tokio::time::Instant;

use crate::domain::errors::{ErrorOccurred, InfluxModule, Origin};
use crate::domain::events::{LogEvent, UserEvent};
use crate::domain::names::{MonitoredServer, ServerName};
use crate::domain::point::Point;
use crate::domain::telemetry::{
    CountedEvents, EventBatch, HealthMetrics, OwnMemory, ProxySessions, QueueMetrics,
};
use crate::io::delivery::{Delivery, Job, Policy};
use crate::io::influx::{InfluxSettings, InfluxTransport, Look, encode};
use crate::io::outbox::{Outbox, OutboxSpool, Spool, Stream};
use crate::runtime::clock::Clock;
use crate::runtime::drain::Drain;
use crate::runtime::lost::{AskLost, Lost};
use crate::runtime::metrics::AskMetrics;
use crate::runtime::outlet::Outlet;
use crate::runtime::poison::guard;
use crate::runtime::readiness::{AskReadiness, Readiness};

use self::congestion::Congestion;
use self::events::PendingLines;
use self::write_reporter::WriteReporter;

pub use self::counts::{events as event_count_points, rejected as rejected_count_points};
pub use self::events::EventSettings;
pub use self::log_events::LogEventLines;
pub use self::schema::Schema;
pub use self::user_events::point as user_event_point;

/// See the module.
pub struct InfluxWriter {
    influx: InfluxSettings,
    own: OwnTags,
    events: EventSettings,
    log_event_lines: LogEventLines,
    gathered: PendingLines,
    congestion: Congestion,
    clock: Clock,
    delivery: Delivery<InfluxTransport>,
    outbox: Option<Outbox>,
}

/// Tags of `butlersos_memory_usage`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnTags {
    /// `uptimeMonitor.storeInInfluxdb.instanceTag`, may be empty.
    pub instance: String,
    /// Version of the program.
    pub version: String,
}

/// Most points kept in memory while InfluxDB is away.
const MAX_POINTS: usize = 100_000;

/// How long a measurement waits for company.
const LINGER: Duration = Duration::from_millis(200);

impl InfluxWriter {
    /// A writer for one database; what waits for it is kept in `outbox`. Must be made on the
    /// thread it runs on.
    pub fn new(
        influx: InfluxSettings,
        outbox: Option<Outbox>,
        own: OwnTags,
        events: EventSettings,
        clock: Clock,
        errors: impl Into<Outlet<ErrorOccurred>>,
    ) -> Self {
        let errors = errors.into();
        let replay = outbox.as_ref().and_then(Outbox::replay);
        let policy = InfluxTransport::policy(&influx, LINGER, MAX_POINTS);
        let policy = Policy { replay, ..policy };
        let transport = InfluxTransport::new(&influx, Look::First);
        let reporter = WriteReporter::new(errors, clock.clone());
        let spool = outbox.clone().map(|outbox| OutboxSpool::new(outbox, Stream::Measurements));
        let spool = spool.map(|spool| -> Box<dyn Spool> { Box::new(spool) });
        let delivery =
            Delivery::new(transport, policy, spool, move |event| reporter.on_event(event));
        let log_event_lines = LogEventLines::new(&events.log_tags, influx.version(), events.schema);
        Self {
            influx,
            own,
            events,
            log_event_lines,
            gathered: PendingLines::default(),
            congestion: Congestion::default(),
            clock,
            delivery,
            outbox,
        }
    }

    /// Encodes the points of one write operation and queues them as one job. An operation that
    /// panics is left out.
    fn write<'p>(
        &self,
        module: InfluxModule,
        server: Option<&ServerName>,
        points: impl FnOnce() -> Vec<Point<'p>>,
    ) {
        let encoded = guard("INFLUXDB: A measurement", || {
            let points = points();
            let mut lines = Vec::with_capacity(256 * points.len());
            let written = points.into_iter().map(|point| encode(point, &mut lines));
            (written.filter(|it| *it).count(), lines)
        });
        if let Some((written, lines)) = encoded {
            self.push(module, server, lines, written);
        }
    }

    fn push(
        &self,
        module: InfluxModule,
        server: Option<&ServerName>,
        lines: Vec<u8>,
        points: usize,
    ) {
        if points == 0 {
            return;
        }
        let origin = Origin::InfluxWrite {
            version: self.influx.version(),
            module,
            server: server.cloned(),
            to: self.influx.destination(),
        };
        let job = Job::new(lines, points, Some(origin));
        self.delivery.push(match module {
            InfluxModule::UserEvents | InfluxModule::LogEvents => job.of_events(),
            _ => job,
        });
    }

    /// Sends gathered events on when enough are together, else when they have waited long enough.
    fn gathered(&mut self, before: usize, ctx: &mut Context<Self>) {
        if self.gathered.points() >= self.influx.max_batch_size {
            self.send_gathered();
        } else if before == 0 && self.gathered.points() > 0 {
            ctx.run_later(LINGER, |writer, _| writer.send_gathered());
        }
    }

    /// A database that is too slow for the series of all these events is told of once, with what
    /// helps.
    fn look_at_congestion(&mut self) {
        if self.events.schema == Schema::FewSeries {
            return;
        }
        let waiting = self.delivery.stats().waiting;
        let answers = self.delivery.obstacle().is_none();
        if self.congestion.look(waiting, answers, Instant::now()) {
            log::warn!(
                "INFLUXDB: Events come faster than they are stored, {waiting} points wait: each \
                 makes a series of its own. Butler-SOS.qlikSenseEvents.influxdb.fewSeries: true \
                 makes few, see docs/INFLUXDB.md for what changes"
            );
        }
    }

    fn send_gathered(&mut self) {
        self.look_at_congestion();
        for ((module, server), lines) in self.gathered.take() {
            self.push(module, server.as_ref(), lines.bytes, lines.points);
        }
    }
}

/// A point with the tags that every measurement about a server has. Configured server tags come
/// last and win.
fn server_point(
    measurement: &'static str,
    server: &MonitoredServer,
    clock: &Clock,
) -> Point<'static> {
    let mut point = Point::new(measurement, clock.stamp())
        .tag("host", server.host.as_str().to_owned())
        .tag("server_name", server.name.as_str().to_owned())
        .tag("server_description", server.description.clone());
    for (name, value) in &server.tags {
        point = point.tag(name.clone(), value.clone());
    }
    point
}

impl Actor for InfluxWriter {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        // After a restart the timer of what was gathered is gone.
        self.send_gathered();
        ctx.spawn(wrap_future(self.delivery.clone().run()).map(|_, _, _| ()));
    }
}

impl Supervised for InfluxWriter {}

impl Handler<HealthMetrics> for InfluxWriter {
    type Result = ();

    fn handle(&mut self, metrics: HealthMetrics, _: &mut Self::Context) {
        self.write(InfluxModule::HealthMetrics, Some(&metrics.server.name), || {
            health::points(&metrics, &self.influx, &self.clock)
        });
    }
}

impl Handler<ProxySessions> for InfluxWriter {
    type Result = ();

    fn handle(&mut self, sessions: ProxySessions, _: &mut Self::Context) {
        self.write(InfluxModule::ProxySessions, Some(&sessions.server.name), || {
            sessions::points(&sessions, self.influx.version(), &self.clock)
        });
    }
}

impl Handler<OwnMemory> for InfluxWriter {
    type Result = ();

    fn handle(&mut self, memory: OwnMemory, _: &mut Self::Context) {
        self.write(InfluxModule::ButlerMemory, None, || {
            vec![own_memory::point(&memory, &self.own, self.clock.stamp())]
        });
    }
}

impl Handler<EventBatch<UserEvent>> for InfluxWriter {
    type Result = ();

    fn handle(&mut self, batch: EventBatch<UserEvent>, ctx: &mut Self::Context) {
        let before = self.gathered.points();
        let (version, schema) = (self.influx.version(), self.events.schema);
        for received in batch.events.iter() {
            let server = received.server.as_ref();
            self.gathered.add(InfluxModule::UserEvents, server, |to| {
                match user_events::point(received, &self.events.user_tags, version, schema) {
                    Some(point) => encode(point, to),
                    None => {
                        log::warn!(
                            "INFLUXDB: A user event without host or command is not written to \
                             InfluxDB"
                        );
                        false
                    }
                }
            });
        }
        self.gathered(before, ctx);
    }
}

impl Handler<EventBatch<LogEvent>> for InfluxWriter {
    type Result = ();

    fn handle(&mut self, batch: EventBatch<LogEvent>, ctx: &mut Self::Context) {
        let before = self.gathered.points();
        for received in batch.events.iter() {
            let server = received.server.as_ref();
            self.gathered.add(InfluxModule::LogEvents, server, |to| {
                self.log_event_lines.write(received, to);
                true
            });
        }
        self.gathered(before, ctx);
    }
}

impl Handler<CountedEvents> for InfluxWriter {
    type Result = ();

    fn handle(&mut self, counted: CountedEvents, _: &mut Self::Context) {
        let version = self.influx.version();
        self.write(InfluxModule::EventCounts, None, || {
            counts::events(&counted, &self.events, version, &self.clock)
        });
        self.write(InfluxModule::RejectedEventCounts, None, || {
            counts::rejected(&counted, &self.events, version, &self.clock)
        });
    }
}

impl Handler<QueueMetrics> for InfluxWriter {
    type Result = ();

    fn handle(&mut self, metrics: QueueMetrics, _: &mut Self::Context) {
        self.write(InfluxModule::QueueMetrics, None, || {
            vec![counts::queue(&metrics, self.influx.version(), &self.clock)]
        });
    }
}

impl Handler<AskReadiness> for InfluxWriter {
    type Result = MessageResult<AskReadiness>;

    fn handle(&mut self, _: AskReadiness, _: &mut Self::Context) -> Self::Result {
        MessageResult(Readiness { of: "influxdb", obstacle: self.delivery.obstacle() })
    }
}

impl Handler<AskMetrics> for InfluxWriter {
    type Result = MessageResult<AskMetrics>;

    fn handle(&mut self, _: AskMetrics, _: &mut Self::Context) -> Self::Result {
        let mut families = self.delivery.families("influxdb");
        families.extend(self.outbox.iter().flat_map(Outbox::families));
        MessageResult(families)
    }
}

impl Handler<AskLost> for InfluxWriter {
    type Result = MessageResult<AskLost>;

    fn handle(&mut self, _: AskLost, _: &mut Self::Context) -> Self::Result {
        let count = (self.delivery.unsaved() + self.gathered.points()) as u64;
        MessageResult(Lost { count, what: "points", to: "InfluxDB" })
    }
}

impl Handler<Drain> for InfluxWriter {
    type Result = ResponseActFuture<Self, ()>;

    fn handle(&mut self, drain: Drain, _: &mut Self::Context) -> Self::Result {
        self.send_gathered();
        let delivery = self.delivery.clone();
        let flush = async move { delivery.flush(drain.until).await };
        Box::pin(wrap_future(flush).map(|left, _: &mut Self, _| {
            if left.kept > 0 {
                log::info!("INFLUXDB: {} points wait on disk for the next start", left.kept);
            }
            if left.lost > 0 {
                log::warn!("INFLUXDB: {} points could not be sent before the end", left.lost);
            }
        }))
    }
}

#[cfg(test)]
mod event_tests;
#[cfg(test)]
mod tests;
