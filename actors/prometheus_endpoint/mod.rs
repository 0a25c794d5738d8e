//! PrometheusEndpoint: lets Prometheus scrape the metrics of Qlik Sense, and those of this program.
//!
//! - receives: [`HealthMetrics`], [`ProxySessions`], [`ErrorPoint`] from the tracker, [`Watch`],
//!   [`AskMetrics`], [`Drain`]
//! - sends: [`AskMetrics`] to the actors that it was told of; it answers `GET /metrics` on two
//!   addresses
//! - reports: nothing; it holds no address of the tracker (decision E16)
//! - on restart: keeps its numbers and listens on the same sockets again

mod errors;
mod process;
mod sense;
mod settings;
mod web;

use std::net::TcpListener;
use std::time::Duration;

use actix::fut::{ActorFutureExt, wrap_future};
use actix::{
    Actor, AsyncContext, Context, Handler, Message, MessageResult, Recipient, SpawnHandle,
    Supervised,
};
use tokio::time::sleep;

use self::errors::ErrorSheet;
use self::sense::SenseSheet;
use self::web::{Own, Sense};
use crate::domain::errors::ErrorPoint;
use crate::domain::metrics::Family;
use crate::domain::names::ServerName;
use crate::domain::telemetry::{HealthMetrics, ProxySessions};
use crate::io::http::CertFiles;
use crate::io::web::{Hosts, Site, serve};
use crate::runtime::clock::Clock;
use crate::runtime::drain::Drain;
use crate::runtime::metrics::AskMetrics;
use crate::runtime::supervise::Supervisor;

pub use self::settings::{ListenAddress, PrometheusKeys, PrometheusSettings, check_labels};

/// See the module.
pub struct PrometheusEndpoint {
    sense: SenseSheet,
    errors: ErrorSheet,
    listens: PrometheusSettings,
    /// Bound when there is somebody to serve; kept over a restart.
    sense_socket: Option<TcpListener>,
    own_socket: TcpListener,
    own: Own,
    /// Whether all actors are known.
    watching: bool,
    work: Vec<SpawnHandle>,
}

/// What the endpoint needs to know of the program.
pub struct ScrapeSources {
    /// All servers that are configured.
    pub servers: Vec<ServerName>,
    /// Whose end is told.
    pub certificate: Option<CertFiles>,
    /// Whose restarts are told.
    pub supervisor: Supervisor,
    /// Time.
    pub clock: Clock,
}

/// The actors that have numbers to tell, once all of them are started: nothing is served before.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Watch(pub Vec<Recipient<AskMetrics>>);

/// Asks for the metrics of Qlik Sense.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "Vec<Family>")]
struct AskSense;

/// How soon the port for Qlik Sense is tried again.
const BIND_PAUSE: Duration = Duration::from_secs(10);

impl PrometheusEndpoint {
    /// An endpoint that will listen for metrics of Qlik Sense, and listens on a bound socket for
    /// those of the program, which starts now.
    pub fn new(
        listens: PrometheusSettings,
        own_socket: TcpListener,
        observed: ScrapeSources,
    ) -> Self {
        let ScrapeSources { servers, certificate, supervisor, clock } = observed;
        let started = clock.now();
        Self {
            sense: SenseSheet::default(),
            errors: ErrorSheet::new(&servers),
            listens,
            sense_socket: None,
            own_socket,
            own: Own { asked: Vec::new(), supervisor, certificate, clock, started },
            watching: false,
            work: Vec::new(),
        }
    }

    fn serve(&mut self, ctx: &mut Context<Self>) {
        let own = serve(
            ctx,
            Site {
                name: "PROMETHEUS: The endpoint for metrics of this program",
                sockets: std::slice::from_ref(&self.own_socket),
                hosts: self.hosts(&self.own_socket, &self.listens.own),
                routes: web::own(self.own.clone()),
            },
        );
        if let Ok(address) = self.own_socket.local_addr() {
            log::info!("PROMETHEUS: Metrics of this program at http://{address}/metrics");
        }
        self.work.push(own);
        match &self.sense_socket {
            Some(_) => self.serve_sense(ctx),
            None => {
                let bind = wrap_future(bind(self.listens.sense.clone()));
                let bind = bind.map(|socket, this: &mut Self, ctx: &mut Context<Self>| {
                    this.sense_socket = Some(socket);
                    this.serve_sense(ctx);
                });
                self.work.push(ctx.spawn(bind));
            }
        }
    }

    fn serve_sense(&mut self, ctx: &mut Context<Self>) {
        let Some(socket) = &self.sense_socket else { return };
        let asked = ctx.address().recipient();
        let sense = serve(
            ctx,
            Site {
                name: "PROMETHEUS: The endpoint for metrics of Qlik Sense",
                sockets: std::slice::from_ref(socket),
                hosts: self.hosts(socket, &self.listens.sense),
                routes: web::sense(Sense { asked, started: self.own.started }),
            },
        );
        if let Ok(address) = socket.local_addr() {
            log::info!("PROMETHEUS: Metrics of Qlik Sense at http://{address}/metrics");
        }
        self.work.push(sense);
    }

    fn hosts(&self, socket: &TcpListener, at: &ListenAddress) -> Hosts {
        let names = self.listens.host_names.iter().chain([&at.host]);
        Hosts::strict(socket.local_addr().into_iter().collect(), names)
            .open_to_programs()
            .with_key("Butler-SOS.prometheus.hostNames")
    }
}

/// Tries until the socket is bound: another program may leave the port.
async fn bind(at: ListenAddress) -> TcpListener {
    loop {
        let bound = tokio::net::TcpListener::bind((at.host.as_str(), at.port)).await;
        match bound.and_then(tokio::net::TcpListener::into_std) {
            Ok(socket) => return socket,
            Err(error) => log::error!(
                "PROMETHEUS: Butler-SOS.prometheus.port: cannot listen on {at}: {error}; tried \
                 again in {} s",
                BIND_PAUSE.as_secs()
            ),
        }
        sleep(BIND_PAUSE).await;
    }
}

impl Actor for PrometheusEndpoint {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.work.clear();
        if self.watching {
            self.serve(ctx);
        }
    }
}

impl Supervised for PrometheusEndpoint {}

impl Handler<HealthMetrics> for PrometheusEndpoint {
    type Result = ();

    fn handle(&mut self, metrics: HealthMetrics, _: &mut Self::Context) {
        self.sense.health(&metrics);
    }
}

impl Handler<ProxySessions> for PrometheusEndpoint {
    type Result = ();

    fn handle(&mut self, sessions: ProxySessions, _: &mut Self::Context) {
        self.sense.sessions(&sessions);
    }
}

impl Handler<ErrorPoint> for PrometheusEndpoint {
    type Result = ();

    fn handle(&mut self, point: ErrorPoint, _: &mut Self::Context) {
        self.errors.add(&point);
    }
}

impl Handler<Watch> for PrometheusEndpoint {
    type Result = ();

    fn handle(&mut self, Watch(actors): Watch, ctx: &mut Self::Context) {
        self.own.asked = actors;
        // Its own counts of errors.
        self.own.asked.push(ctx.address().recipient());
        if !std::mem::replace(&mut self.watching, true) {
            self.serve(ctx);
        }
    }
}

impl Handler<AskSense> for PrometheusEndpoint {
    type Result = MessageResult<AskSense>;

    fn handle(&mut self, _: AskSense, _: &mut Self::Context) -> Self::Result {
        MessageResult(self.sense.families())
    }
}

impl Handler<AskMetrics> for PrometheusEndpoint {
    type Result = MessageResult<AskMetrics>;

    fn handle(&mut self, _: AskMetrics, _: &mut Self::Context) -> Self::Result {
        MessageResult(self.errors.families())
    }
}

impl Handler<Drain> for PrometheusEndpoint {
    type Result = ();

    /// Nothing waits here: what is scraped was told before.
    fn handle(&mut self, _: Drain, ctx: &mut Self::Context) {
        for work in self.work.drain(..) {
            ctx.cancel_future(work);
        }
    }
}

#[cfg(test)]
mod tests;
