//! The part of the graph that receives events: a receiver for each socket, and the counter.

use std::net::UdpSocket;

use actix::{Addr, Recipient};
use actors::domain::errors::ErrorOccurred;
use actors::domain::events::ServerDirectory;
use actors::domain::names::Host;
use actors::domain::telemetry::{AppNames, EventBatch};
use actors::event_counter::{EventCounter, EventSources};
use actors::io::sense::SenseSettings;
use actors::runtime::outlet::Outlet;
use actors::runtime::supervise::Place;
use actors::udp_receiver::{
    AskAddress, DatagramHandler, LogDatagramHandler, Outlets, UdpReceiver, UdpSettings,
    UserDatagramHandler,
};

use super::outputs::Outputs;
use super::part::{Part, Stage};
use super::{Graph, Surroundings};
use crate::config::Settings;
use crate::handed::EventSockets;

/// What others need to know of the receivers.
#[derive(Default)]
pub(super) struct Receivers {
    /// They use app names.
    pub(super) names: Vec<Outlet<AppNames>>,
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
        handed: EventSockets,
        outputs: &Outputs,
        errors: &Outlet<ErrorOccurred>,
    ) -> Receivers {
        let servers = directory(&settings.sense);
        let mut receivers = Receivers::default();
        let mut counting = EventSources::default();
        // Both on one, which is woken once for both; if there is any.
        let mut place = None;
        let mut thread =
            |graph: &mut Self| -> Place { place.get_or_insert_with(|| graph.new_thread()).clone() };

        if let Some(user) = &settings.user_events {
            let events = outputs.user_events();
            let wanted = !events.is_empty();
            let handling = UserDatagramHandler::new(&user.receiver, wanted, servers.clone());
            let name = "UdpReceiver for user events";
            let place = thread(self);
            let start = Start { name, udp: user.receiver.udp.clone(), place, socket: handed.user };
            let addr = self.start_receiver(start, handling, events, surroundings, outputs, errors);
            receivers.names.push(self.outlet(name, &addr));
            receivers.user = Some(addr.clone().recipient());
            counting.user = Some(addr.recipient());
        }
        if let Some(log) = &settings.log_events {
            let events = outputs.log_events();
            let wanted = !events.is_empty();
            let name = "UdpReceiver for log events";
            let place = thread(self);
            let start = Start { name, udp: log.receiver.udp.clone(), place, socket: handed.log };
            let handling = LogDatagramHandler::new(log.receiver.clone(), wanted, servers);
            let addr = self.start_receiver(start, handling, events, surroundings, outputs, errors);
            receivers.names.push(self.outlet(name, &addr));
            receivers.log = Some(addr.clone().recipient());
            counting.log = Some(addr.recipient());
        }
        let counts = &settings.event_counts;
        let on = counts.counts.is_some() || counts.rejected.is_some();
        let to = outputs.to_writer();
        if let (true, Some(every), false) = (on, counts.every, to.is_empty()) {
            let part = Part::new("EventCounter", Stage::Counters);
            self.plug(part, move || EventCounter::new(every, counting, to));
        }
        receivers
    }

    fn start_receiver<H: DatagramHandler + Send>(
        &mut self,
        start: Start,
        handling: H,
        events: Vec<Outlet<EventBatch<H::Event>>>,
        surroundings: &Surroundings,
        outputs: &Outputs,
        errors: &Outlet<ErrorOccurred>,
    ) -> Addr<UdpReceiver<H>> {
        let clock = surroundings.clock.clone();
        let outlets = Outlets { events, metrics: outputs.to_writer(), errors: errors.clone() };
        let part = Part::new(start.name, Stage::Sources).shares_thread(start.place);
        self.plug(part.with_metrics().can_lose().with_readiness(), move || {
            UdpReceiver::new(start.udp, handling, clock, outlets).from_socket(start.socket)
        })
    }
}

/// A receiver to be started.
struct Start {
    name: &'static str,
    udp: UdpSettings,
    place: Place,
    /// Handed over, in place of one to be bound.
    socket: Option<UdpSocket>,
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
