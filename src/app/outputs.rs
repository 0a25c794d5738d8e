//! The part of the graph that sends: the destinations, and who gets what.

use actix::{Actor, Addr, Handler, Message, Recipient};
use actors::domain::errors::ErrorOccurred;
use actors::domain::events::{LogEvent, UserEvent};
use actors::domain::telemetry::{EventBatch, HealthMetrics, OwnMemory, ProxySessions};
use actors::influx_writer::{InfluxWriter, OwnTags};
use actors::mqtt_publisher::{EventTopics, MqttPublisher};
use actors::prometheus_endpoint::PrometheusEndpoint;
use actors::runtime::fanout::Fanout;
use actors::runtime::readiness::AskReadiness;

use super::{Graph, MAILBOX, Surroundings, events};
use crate::config::Settings;

/// The destinations that are switched on.
pub(super) struct Outputs {
    pub(super) writer: Option<Addr<InfluxWriter>>,
    mqtt: Option<Addr<MqttPublisher>>,
    prometheus: Option<Addr<PrometheusEndpoint>>,
    /// Which destinations want what.
    gates: Gates,
}

#[derive(Clone, Copy)]
struct Gates {
    memory_to_influx: bool,
    user_events: Wanted,
    log_events: Wanted,
}

#[derive(Clone, Copy)]
struct Wanted {
    influx: bool,
    mqtt: bool,
}

impl Gates {
    fn of(settings: &Settings) -> Self {
        let (user, log) = (settings.user_events.as_ref(), settings.log_events.as_ref());
        Self {
            memory_to_influx: settings.uptime.as_ref().is_some_and(|uptime| uptime.store),
            user_events: Wanted {
                influx: user.is_some_and(|user| user.to_influx),
                mqtt: user.is_some_and(|user| user.topics.is_some()),
            },
            log_events: Wanted {
                influx: log.is_some_and(|log| log.to_influx),
                mqtt: log.is_some_and(|log| log.topics.is_some()),
            },
        }
    }
}

impl Graph {
    pub(super) fn start_outputs(
        &mut self,
        settings: &Settings,
        surroundings: &Surroundings,
        errors: &Recipient<ErrorOccurred>,
    ) -> Outputs {
        Outputs {
            writer: self.start_writer(settings, surroundings, errors),
            mqtt: self.start_mqtt(settings, errors),
            prometheus: self.scraped.endpoint.clone(),
            gates: Gates::of(settings),
        }
    }

    fn start_writer(
        &mut self,
        settings: &Settings,
        surroundings: &Surroundings,
        errors: &Recipient<ErrorOccurred>,
    ) -> Option<Addr<InfluxWriter>> {
        let influx = settings.influx.clone()?;
        let own = OwnTags {
            instance: settings.uptime.as_ref().map_or_else(String::new, |up| up.instance.clone()),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        let events = events::measurements(settings);
        let (place, clock, errors) =
            (self.own_thread(), surroundings.clock.clone(), errors.clone());
        let writer = self.supervisor.start("InfluxWriter", &place, MAILBOX, move || {
            InfluxWriter::new(influx, own, events, clock, errors)
        });
        self.stop_order.push(("InfluxWriter", writer.clone().recipient()));
        self.scraped.add(&writer);
        Some(writer)
    }

    fn start_mqtt(
        &mut self,
        settings: &Settings,
        errors: &Recipient<ErrorOccurred>,
    ) -> Option<Addr<MqttPublisher>> {
        let mqtt = settings.mqtt.clone()?;
        let topics = EventTopics {
            user: settings.user_events.as_ref().and_then(|user| user.topics.clone()),
            log: settings.log_events.as_ref().and_then(|log| log.topics.clone()),
        };
        let (place, errors) = (self.own_thread(), errors.clone());
        let publisher = self.supervisor.start("MqttPublisher", &place, MAILBOX, move || {
            MqttPublisher::new(mqtt, topics, errors)
        });
        self.stop_order.push(("MqttPublisher", publisher.clone().recipient()));
        self.scraped.add(&publisher);
        Some(publisher)
    }
}

impl Outputs {
    pub(super) fn health(&self) -> Fanout<HealthMetrics> {
        fanout([to(&self.writer, true), to(&self.mqtt, true), to(&self.prometheus, true)])
    }

    pub(super) fn sessions(&self) -> Fanout<ProxySessions> {
        fanout([to(&self.writer, true), to(&self.mqtt, true), to(&self.prometheus, true)])
    }

    pub(super) fn memory(&self) -> Fanout<OwnMemory> {
        fanout([to(&self.writer, self.gates.memory_to_influx)])
    }

    pub(super) fn user_events(&self) -> Fanout<EventBatch<UserEvent>> {
        let wanted = self.gates.user_events;
        fanout([to(&self.writer, wanted.influx), to(&self.mqtt, wanted.mqtt)])
    }

    pub(super) fn log_events(&self) -> Fanout<EventBatch<LogEvent>> {
        let wanted = self.gates.log_events;
        fanout([to(&self.writer, wanted.influx), to(&self.mqtt, wanted.mqtt)])
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

    /// Who knows whether a destination can be reached.
    pub(super) fn asked(&self) -> Vec<Recipient<AskReadiness>> {
        [to(&self.writer, true), to(&self.mqtt, true)].into_iter().flatten().collect()
    }
}

/// A destination of one kind of message, where it is on and wanted.
fn to<A, M>(destination: &Option<Addr<A>>, wanted: bool) -> Option<Recipient<M>>
where
    A: Actor<Context = actix::Context<A>> + Handler<M>,
    M: Message + Send + 'static,
    M::Result: Send,
{
    destination.clone().filter(|_| wanted).map(Addr::recipient)
}

fn fanout<M, const N: usize>(recipients: [Option<Recipient<M>>; N]) -> Fanout<M>
where
    M: Message + Clone + Send + 'static,
    M::Result: Send,
{
    Fanout::new(recipients.into_iter().flatten().collect())
}
