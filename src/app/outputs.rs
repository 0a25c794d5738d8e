//! The part of the graph that sends: the destinations, and who gets what.

use std::sync::Arc;

use actix::{Actor, Addr, Handler, Message, Recipient};
use actors::domain::errors::ErrorOccurred;
use actors::domain::events::{LogEvent, Pairs, UserEvent};
use actors::domain::telemetry::{EventBatch, HealthMetrics, OwnMemory, ProxySessions};
use actors::influx_writer::{EventSettings, InfluxWriter, Measurement, OwnTags};
use actors::mqtt_publisher::{EventTopics, MqttPublisher};
use actors::new_relic_poster::NewRelicPoster;
use actors::prometheus_endpoint::PrometheusEndpoint;
use actors::runtime::fanout::Fanout;
use actors::runtime::readiness::AskReadiness;
use actors::runtime::supervise::Place;

use super::{Graph, MAILBOX, Surroundings};
use crate::config::Settings;

/// The destinations that are switched on.
pub(super) struct Outputs {
    pub(super) writer: Option<Addr<InfluxWriter>>,
    mqtt: Option<Addr<MqttPublisher>>,
    new_relic: Option<Addr<NewRelicPoster>>,
    prometheus: Option<Addr<PrometheusEndpoint>>,
    /// Which destinations want what.
    gates: Gates,
}

#[derive(Clone, Copy)]
struct Gates {
    memory_to_influx: bool,
    memory_to_new_relic: bool,
    health_to_new_relic: bool,
    sessions_to_new_relic: bool,
    user_events: Wanted,
    log_events: Wanted,
}

#[derive(Clone, Copy)]
struct Wanted {
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
            user_events: Wanted {
                influx: user.is_some_and(|user| user.to_influx),
                mqtt: user.is_some_and(|user| user.topics.is_some()),
                new_relic: events.is_some_and(|events| events.user.is_some()),
            },
            log_events: Wanted {
                influx: log.is_some_and(|log| log.to_influx),
                mqtt: log.is_some_and(|log| log.topics.is_some()),
                new_relic: events.is_some_and(|events| events.log.is_some()),
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
            // Started first, so that it ends last: nothing that it has outlives a stop, and what
            // is slow there must not take the time that the others need.
            new_relic: self.start_new_relic(settings, surroundings, errors),
            writer: self.start_writer(settings, surroundings, errors),
            mqtt: self.start_mqtt(settings, surroundings, errors),
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
        let events = measurements(settings);
        let (place, clock, errors) =
            (self.own_thread(), surroundings.clock.clone(), errors.clone());
        let outbox = self.outbox.clone();
        let writer = self.start("InfluxWriter", &place, MAILBOX, move || {
            InfluxWriter::new(influx, outbox, own, events, clock, errors)
        });
        self.scraped.add(&writer);
        self.losers.push(writer.clone().recipient());
        Some(writer)
    }

    fn start_new_relic(
        &mut self,
        settings: &Settings,
        surroundings: &Surroundings,
        errors: &Recipient<ErrorOccurred>,
    ) -> Option<Addr<NewRelicPoster>> {
        let relic = settings.new_relic.clone()?;
        let (clock, errors) = (surroundings.clock.clone(), errors.clone());
        let poster = self.start("NewRelicPoster", &Place::Here, MAILBOX, move || {
            NewRelicPoster::new(relic, clock, errors)
        });
        self.scraped.add(&poster);
        self.losers.push(poster.clone().recipient());
        Some(poster)
    }

    fn start_mqtt(
        &mut self,
        settings: &Settings,
        surroundings: &Surroundings,
        errors: &Recipient<ErrorOccurred>,
    ) -> Option<Addr<MqttPublisher>> {
        let mqtt = settings.mqtt.clone()?;
        let topics = EventTopics {
            user: settings.user_events.as_ref().and_then(|user| user.topics.clone()),
            log: settings.log_events.as_ref().and_then(|log| log.topics.clone()),
        };
        let (place, clock, errors) =
            (self.own_thread(), surroundings.clock.clone(), errors.clone());
        let publisher = self.start("MqttPublisher", &place, MAILBOX, move || {
            MqttPublisher::new(mqtt, topics, clock, errors)
        });
        self.scraped.add(&publisher);
        self.losers.push(publisher.clone().recipient());
        Some(publisher)
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

    pub(super) fn user_events(&self) -> Fanout<EventBatch<UserEvent>> {
        let wanted = self.gates.user_events;
        let relic = to(&self.new_relic, wanted.new_relic);
        fanout([to(&self.writer, wanted.influx), to(&self.mqtt, wanted.mqtt), relic])
    }

    pub(super) fn log_events(&self) -> Fanout<EventBatch<LogEvent>> {
        let wanted = self.gates.log_events;
        let relic = to(&self.new_relic, wanted.new_relic);
        fanout([to(&self.writer, wanted.influx), to(&self.mqtt, wanted.mqtt), relic])
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
        rejected: Measurement {
            name: rejected.unwrap_or(default.rejected.name),
            tags: performance.map_or_else(none, |on| on.rejected_tags.clone()),
        },
    }
}
