//! The part of the graph that receives events: a receiver for each socket, and the counter.

use std::sync::Arc;

use actix::{Addr, Recipient};
use actors::domain::errors::ErrorOccurred;
use actors::domain::events::{Pairs, ServerDirectory};
use actors::domain::names::Host;
use actors::domain::telemetry::{AppNames, EventBatch};
use actors::event_counter::{Counting, EventCounter};
use actors::influx_writer::{EventSettings, InfluxWriter, Measurement};
use actors::io::sense::SenseSettings;
use actors::runtime::fanout::Fanout;
use actors::runtime::readiness::AskReadiness;
use actors::runtime::supervise::Place;
use actors::udp_receiver::{
    AskAddress, Handling, LogHandling, Outlets, UdpReceiver, UdpSettings, UserHandling,
};

use super::{Graph, MAILBOX, Surroundings, to_writer};
use crate::config::Settings;

/// What others need to know of the receivers.
#[derive(Default)]
pub(super) struct Receivers {
    /// They use app names.
    pub(super) names: Vec<Recipient<AppNames>>,
    /// They are ready, or not.
    pub(super) asked: Vec<Recipient<AskReadiness>>,
    /// Where user events are received.
    pub(super) user: Option<Recipient<AskAddress>>,
    /// Where log events are received.
    pub(super) log: Option<Recipient<AskAddress>>,
}

impl Graph {
    pub(super) fn start_events(
        &mut self,
        settings: &Settings,
        surroundings: &Surroundings,
        writer: Option<&Addr<InfluxWriter>>,
        errors: &Recipient<ErrorOccurred>,
    ) -> Receivers {
        let servers = directory(&settings.sense);
        let mut receivers = Receivers::default();
        let mut counting = Counting::default();
        // It asks the receivers, so it ends after them.
        let counter_at = self.stop_order.len();

        if let Some(user) = &settings.user_events {
            let to = writer.filter(|_| user.to_influx);
            let events = to_writer(to);
            let handling = UserHandling::new(user, to.is_some(), servers.clone());
            let start = Start { name: "UdpReceiver for user events", udp: user.udp.clone() };
            let addr = self.start_receiver(start, handling, events, surroundings, writer, errors);
            receivers.add(&addr);
            receivers.user = Some(addr.clone().recipient());
            counting.user = Some(addr.recipient());
        }
        if let Some(log) = settings.log_events.clone() {
            let to = writer.filter(|_| log.to_influx);
            let events = to_writer(to);
            let start = Start { name: "UdpReceiver for log events", udp: log.udp.clone() };
            let handling = LogHandling::new(log, to.is_some(), servers);
            let addr = self.start_receiver(start, handling, events, surroundings, writer, errors);
            receivers.add(&addr);
            receivers.log = Some(addr.clone().recipient());
            counting.log = Some(addr.recipient());
        }
        let counts = &settings.event_counts;
        let on = counts.counts.is_some() || counts.rejected.is_some();
        if let (true, Some(every), Some(writer)) = (on, counts.every, writer) {
            let to = to_writer(Some(writer));
            let counter = self.supervisor.start("EventCounter", &Place::Here, MAILBOX, move || {
                EventCounter::new(every, counting, to)
            });
            self.stop_order.insert(counter_at, ("EventCounter", counter.recipient()));
        }
        receivers
    }

    fn start_receiver<H: Handling + Send>(
        &mut self,
        start: Start,
        handling: H,
        events: Fanout<EventBatch<H::Event>>,
        surroundings: &Surroundings,
        writer: Option<&Addr<InfluxWriter>>,
        errors: &Recipient<ErrorOccurred>,
    ) -> Addr<UdpReceiver<H>> {
        let (place, clock) = (self.own_thread(), surroundings.clock.clone());
        let outlets = Outlets { events, metrics: to_writer(writer), errors: errors.clone() };
        let addr = self.supervisor.start(start.name, &place, MAILBOX, move || {
            UdpReceiver::new(start.udp, handling, clock, outlets)
        });
        self.stop_order.push((start.name, addr.clone().recipient()));
        addr
    }
}

/// A receiver to be started.
struct Start {
    name: &'static str,
    udp: UdpSettings,
}

impl Receivers {
    fn add<H: Handling>(&mut self, addr: &Addr<UdpReceiver<H>>) {
        self.names.push(addr.clone().recipient());
        self.asked.push(addr.clone().recipient());
    }
}

/// The servers by every name that an event may call them.
fn directory(sense: &SenseSettings) -> ServerDirectory {
    ServerDirectory::new(sense.targets.iter().map(|target| {
        let proxy = target.sessions.as_ref();
        let proxy = proxy.map(|sessions| Host::of_authority(&sessions.authority));
        let hosts = [Some(target.server.host.clone()), proxy];
        (&target.server.name, hosts.into_iter().flatten().collect())
    }))
}

/// Names and tags of the measurements about events.
pub(super) fn measurements(settings: &Settings) -> EventSettings {
    let none = || -> Pairs { Arc::new([]) };
    let default = EventSettings::default();
    let log = settings.log_events.as_ref();
    let performance = log.and_then(|log| log.performance.as_ref());
    let rejected = settings.event_counts.rejected.clone();
    EventSettings {
        user_tags: settings.user_events.as_ref().map_or_else(none, |user| user.tags.clone()),
        log_tags: log.map_or_else(none, |log| log.tags.clone()),
        counts: settings.event_counts.counts.clone().unwrap_or(default.counts),
        rejected: Measurement {
            measurement: rejected.unwrap_or(default.rejected.measurement),
            tags: performance.map_or_else(none, |on| on.rejected_tags.clone()),
        },
    }
}
