//! The part of the graph that sends: the destinations, and who gets what.

use std::sync::Arc;

use actix::{Actor, Addr, Handler, Message};
use actors::domain::errors::ErrorOccurred;
use actors::domain::events::{LogEvent, Pairs, UserEvent};
use actors::domain::measurement_name::TaggedMeasurement;
use actors::domain::telemetry::{EventBatch, HealthMetrics, OwnMemory, ProxySessions};
use actors::influx_writer::{EventSettings, InfluxWriter, OwnTags, Schema};
use actors::mqtt_publisher::{EventTopics, MqttPublisher};
use actors::new_relic_poster::NewRelicPoster;
use actors::prometheus_endpoint::PrometheusEndpoint;
use actors::runtime::fanout::Fanout;
use actors::runtime::outlet::{Meter, Outlet};

use super::part::{Part, Stage};
use super::{Graph, Surroundings, metrics};
use crate::config::Settings;

/// The destinations that are switched on.
pub(super) struct Outputs {
    writer: Output<InfluxWriter>,
    mqtt: Output<MqttPublisher>,
    new_relic: Output<NewRelicPoster>,
    prometheus: Output<PrometheusEndpoint>,
    /// Which destinations want what.
    gates: Gates,
}

/// A destination, where it is on, and what counts what finds no room with it.
struct Output<A: Actor> {
    addr: Option<Addr<A>>,
    meter: Arc<Meter>,
}

#[derive(Clone, Copy)]
struct Gates {
    memory_to_influx: bool,
    memory_to_new_relic: bool,
    health_to_new_relic: bool,
    sessions_to_new_relic: bool,
    user_events: Destinations,
    log_events: Destinations,
}

#[derive(Clone, Copy)]
struct Destinations {
    influx: bool,
    mqtt: bool,
    new_relic: bool,
}

impl Gates {
    fn of(settings: &Settings) -> Self {
        let (user, log) = (settings.user_events.as_ref(), settings.log_events.as_ref());
        let relic = settings.new_relic.as_ref();
        let metrics = relic.and_then(|relic| relic.metrics.as_ref());
        let events = relic.and_then(|relic| relic.events.as_ref());
        Self {
            memory_to_new_relic: relic.is_some_and(|relic| relic.uptime.is_some()),
            health_to_new_relic: metrics.is_some(),
            sessions_to_new_relic: metrics.is_some_and(|metrics| metrics.sessions),
            memory_to_influx: settings.uptime.as_ref().is_some_and(|uptime| uptime.store),
            user_events: Destinations {
                influx: user.is_some_and(|user| user.to_influx),
                mqtt: user.is_some_and(|user| user.topics.is_some()),
                new_relic: events.is_some_and(|events| events.user.is_some()),
            },
            log_events: Destinations {
                influx: log.is_some_and(|log| log.to_influx),
                mqtt: log.is_some_and(|log| log.topics.is_some()),
                new_relic: events.is_some_and(|events| events.log.is_some()),
            },
        }
    }
}

const WRITER: &str = "InfluxWriter";
const MQTT: &str = "MqttPublisher";
const NEW_RELIC: &str = "NewRelicPoster";

impl Graph {
    pub(super) fn start_outputs(
        &mut self,
        settings: &Settings,
        surroundings: &Surroundings,
        errors: &Outlet<ErrorOccurred>,
    ) -> Outputs {
        let new_relic = self.start_new_relic(settings, surroundings, errors);
        let writer = self.start_writer(settings, surroundings, errors);
        let mqtt = self.start_mqtt(settings, surroundings, errors);
        Outputs {
            new_relic: self.output(NEW_RELIC, new_relic),
            writer: self.output(WRITER, writer),
            mqtt: self.output(MQTT, mqtt),
            prometheus: self.output(metrics::ENDPOINT, self.scraped.endpoint.clone()),
            gates: Gates::of(settings),
        }
    }

    fn output<A: Actor>(&self, name: &'static str, addr: Option<Addr<A>>) -> Output<A> {
        Output { addr, meter: self.supervisor.meters().of(name) }
    }

    fn start_writer(
        &mut self,
        settings: &Settings,
        surroundings: &Surroundings,
        errors: &Outlet<ErrorOccurred>,
    ) -> Option<Addr<InfluxWriter>> {
        let influx = settings.influx.clone()?;
        let own = OwnTags {
            instance: settings.uptime.as_ref().map_or_else(String::new, |up| up.instance.clone()),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        let events = measurements(settings);
        let (clock, errors, outbox) =
            (surroundings.clock.clone(), errors.clone(), self.outbox.clone());
        let part = Part::new(WRITER, Stage::Destinations).own_thread().destination();
        Some(self.plug(part.with_readiness(), move || {
            InfluxWriter::new(influx, outbox, own, events, clock, errors)
        }))
    }

    fn start_new_relic(
        &mut self,
        settings: &Settings,
        surroundings: &Surroundings,
        errors: &Outlet<ErrorOccurred>,
    ) -> Option<Addr<NewRelicPoster>> {
        let relic = settings.new_relic.clone()?;
        let (clock, errors) = (surroundings.clock.clone(), errors.clone());
        let part = Part::new(NEW_RELIC, Stage::Destinations).optional().destination();
        Some(self.plug(part, move || NewRelicPoster::new(relic, clock, errors)))
    }

    fn start_mqtt(
        &mut self,
        settings: &Settings,
        surroundings: &Surroundings,
        errors: &Outlet<ErrorOccurred>,
    ) -> Option<Addr<MqttPublisher>> {
        let mqtt = settings.mqtt.clone()?;
        let topics = EventTopics {
            user: settings.user_events.as_ref().and_then(|user| user.topics.clone()),
            log: settings.log_events.as_ref().and_then(|log| log.topics.clone()),
        };
        let (clock, errors) = (surroundings.clock.clone(), errors.clone());
        let part = Part::new(MQTT, Stage::Destinations).optional().own_thread().destination();
        Some(
            self.plug(part.with_readiness(), move || {
                MqttPublisher::new(mqtt, topics, clock, errors)
            }),
        )
    }
}

impl Outputs {
    pub(super) fn health(&self) -> Fanout<HealthMetrics> {
        let relic = to(&self.new_relic, self.gates.health_to_new_relic);
        fanout([to(&self.writer, true), to(&self.mqtt, true), relic, to(&self.prometheus, true)])
    }

    pub(super) fn sessions(&self) -> Fanout<ProxySessions> {
        let relic = to(&self.new_relic, self.gates.sessions_to_new_relic);
        fanout([to(&self.writer, true), to(&self.mqtt, true), relic, to(&self.prometheus, true)])
    }

    pub(super) fn memory(&self) -> Fanout<OwnMemory> {
        let gates = self.gates;
        let relic = to(&self.new_relic, gates.memory_to_new_relic);
        fanout([to(&self.writer, gates.memory_to_influx), relic])
    }

    pub(super) fn user_events(&self) -> Vec<Outlet<EventBatch<UserEvent>>> {
        let wanted = self.gates.user_events;
        let relic = to(&self.new_relic, wanted.new_relic);
        let all = [to(&self.writer, wanted.influx), to(&self.mqtt, wanted.mqtt), relic];
        all.into_iter().flatten().collect()
    }

    pub(super) fn log_events(&self) -> Vec<Outlet<EventBatch<LogEvent>>> {
        let wanted = self.gates.log_events;
        let relic = to(&self.new_relic, wanted.new_relic);
        let all = [to(&self.writer, wanted.influx), to(&self.mqtt, wanted.mqtt), relic];
        all.into_iter().flatten().collect()
    }

    /// What only InfluxDB gets.
    pub(super) fn to_writer<M>(&self) -> Fanout<M>
    where
        M: Message + Clone + Send + 'static,
        M::Result: Send,
        InfluxWriter: Handler<M>,
    {
        fanout([to(&self.writer, true)])
    }
}

/// The way to a destination for one kind of message, where it is on and wanted.
fn to<A, M>(destination: &Output<A>, wanted: bool) -> Option<Outlet<M>>
where
    A: Actor<Context = actix::Context<A>> + Handler<M>,
    M: Message + Send + 'static,
    M::Result: Send,
{
    let addr = destination.addr.clone().filter(|_| wanted)?;
    Some(Outlet::new(addr.recipient(), Arc::clone(&destination.meter)))
}

fn fanout<M, const N: usize>(outlets: [Option<Outlet<M>>; N]) -> Fanout<M>
where
    M: Message + Clone + Send + 'static,
    M::Result: Send,
{
    Fanout::new(outlets.into_iter().flatten().collect())
}

/// Names and tags of the measurements about events.
fn measurements(settings: &Settings) -> EventSettings {
    let none = || -> Pairs { Arc::new([]) };
    let default = EventSettings::default();
    let log = settings.log_events.as_ref();
    let performance = log.and_then(|log| log.receiver.performance.as_ref());
    let rejected = settings.event_counts.rejected.clone();
    EventSettings {
        user_tags: settings
            .user_events
            .as_ref()
            .map_or_else(none, |user| user.receiver.tags.clone()),
        log_tags: log.map_or_else(none, |log| log.receiver.tags.clone()),
        counts: settings.event_counts.counts.clone().unwrap_or(default.counts),
        rejected: TaggedMeasurement {
            name: rejected.unwrap_or(default.rejected.name),
            tags: performance.map_or_else(none, |on| on.rejected_tags.clone()),
        },
        schema: match settings.event_counts.few_series {
            true => Schema::FewSeries,
            false => Schema::Original,
        },
    }
}
