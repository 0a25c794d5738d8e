//! The part of the graph that is scraped: who tells numbers, and where.

use std::net::TcpListener;

use actix::{Addr, Handler, Recipient};
use actors::prometheus_endpoint::{PrometheusEndpoint, ScrapeSources, Watch};
use actors::runtime::metrics::AskMetrics;

use super::part::{Part, Stage};
use super::{Graph, Surroundings};
use crate::config::Settings;

/// The name of the endpoint.
pub(super) const ENDPOINT: &str = "PrometheusEndpoint";

/// Where numbers for Prometheus are gathered while the graph is built.
#[derive(Default)]
pub(super) struct ScrapeTargets {
    /// `None` when switched off.
    pub(super) endpoint: Option<Addr<PrometheusEndpoint>>,
    actors: Vec<Recipient<AskMetrics>>,
}

impl ScrapeTargets {
    /// An actor has numbers to tell.
    pub(super) fn add<A>(&mut self, actor: &Addr<A>)
    where
        A: Handler<AskMetrics, Context = actix::Context<A>>,
    {
        self.actors.push(actor.clone().recipient());
    }

    /// All actors are there.
    pub(super) fn complete(self) {
        if let Some(endpoint) = self.endpoint {
            // Sent once, to a mailbox that is empty.
            endpoint.do_send(Watch(self.actors));
        }
    }
}

impl Graph {
    /// Starts the endpoint before anything that it gets numbers from: it is an error sink as well.
    pub(super) fn start_prometheus(
        &mut self,
        settings: &Settings,
        surroundings: &Surroundings,
        own_socket: Option<TcpListener>,
    ) {
        let (Some(prometheus), Some(own_socket)) = (&settings.prometheus, own_socket) else {
            return;
        };
        let sense = &settings.sense;
        let observed = ScrapeSources {
            servers: sense.targets.iter().map(|target| target.server.name.clone()).collect(),
            certificate: sense.certificate.clone(),
            supervisor: self.supervisor.clone(),
            clock: surroundings.clock.clone(),
        };
        let listens = prometheus.clone();
        let part = Part::new(ENDPOINT, Stage::Observers).optional().own_thread().error_sink();
        let endpoint =
            self.plug(part, move || PrometheusEndpoint::new(listens, own_socket, observed));
        self.scraped.endpoint = Some(endpoint);
    }
}
