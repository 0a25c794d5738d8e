//! The whole graph on one screen: which actors there are, who sends to whom, on which thread, and
//! in which order they start and stop.
//!
//! ```text
//! AppNamesExtractor ──AppNames──> HealthPoller ──HealthMetrics──┐
//!                                 ProxyPoller ──ProxySessions───┼──> InfluxWriter,
//!                                 UptimeMonitor ──OwnMemory─────┤    MqttPublisher,
//! UdpReceiver (user events, log events) ──EventBatch────────────┘    NewRelicPoster
//!          ├──QueueMetrics──────────────────────────────────────┐
//!          └──counts, when asked──> EventCounter ─CountedEvents─┴──> InfluxWriter
//! HealthMetrics, ProxySessions, ErrorPoint ──> PrometheusEndpoint ──AskMetrics──> who has numbers
//! pollers, receivers, destinations ──ErrorOccurred──> ErrorTrackerActor
//! ErrorTrackerActor ──ErrorPoint──> InfluxErrorSinkActor, MqttErrorSinkActor, ErrorHistoryActor
//! ErrorHistoryActor ──EarlierErrors──> ErrorTrackerActor
//! ErrorHistoryActor ──Placement──> InfluxErrorSinkActor ──CursorWork──> ErrorHistoryActor
//! HealthEndpoint ──AskReadiness──> destinations, receivers, HealthPoller
//! HealthPoller, ProxyPoller ──ServerCertificate──> CertificateWatcher
//! at the end ──AskLost──> receivers, destinations, sinks
//! Heartbeat and ConfigPage stand alone
//! ```
//!
//! Downstream starts first; what stops when is said by the stage of each part.

mod events;
mod metrics;
mod outputs;
mod part;
mod pollers;
mod self_monitoring;
mod tracking;

use std::net::SocketAddr;
use std::time::Duration;

use actix::{Addr, Context, Handler, Message, Recipient};
use actix_rt::Arbiter;
use actors::domain::errors::ErrorPoint;
use actors::error_tracker::ErrorTrackerActor;
use actors::io::outbox::{Outbox, OutboxSettings};
use actors::runtime::certificates::ReadAgain;
use actors::runtime::clock::Clock;
use actors::runtime::drain::Drain;
use actors::runtime::lost::{AskLost, Lost};
use actors::runtime::outlet::Outlet;
use actors::runtime::readiness::{AskReadiness, Readiness};
use actors::runtime::supervise::{Policy, Supervisor};
use actors::udp_receiver::AskAddress;
use actors::uptime_monitor::ReadHeap;
use futures_util::future::join_all;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

use self::metrics::ScrapeTargets;
use self::part::Stage;
use crate::config::Settings;
use crate::sockets::Sockets;

/// A running program.
pub struct App {
    /// The tracker, for those who want to know today's counts.
    pub tracker: Addr<ErrorTrackerActor>,
    /// Those who look at certificate files when they are asked to.
    pub certificates: Vec<Recipient<ReadAgain>>,
    /// Everybody who must finish work before the end.
    stops: Vec<(Stage, &'static str, Recipient<Drain>)>,
    /// Threads of their own, joined at the end.
    arbiters: Vec<Arbiter>,
    given_up: mpsc::Receiver<&'static str>,
    /// Receivers of user events and of log events.
    receivers: [Option<Recipient<AskAddress>>; 2],
    /// Those who know whether they can do their work.
    asked: Vec<Recipient<AskReadiness>>,
    /// Those with whom something can be lost at the end.
    losers: Vec<Recipient<AskLost>>,
}

/// What the program is given by the machine.
pub struct Surroundings {
    /// Time.
    pub clock: Clock,
    /// The allocator's counters.
    pub read_heap: ReadHeap,
    /// Bound for the endpoints that are switched on.
    pub sockets: Sockets,
}

/// How long a stop may take.
pub const GRACE: Duration = Duration::from_secs(10);

const ONE_SECOND: Duration = Duration::from_secs(1);

/// How long the end waits for threads that have nothing left to do.
const LAST_WAIT: Duration = Duration::from_secs(2);

impl App {
    /// Starts everything that `settings` asks for. Must run inside an actix system.
    pub fn start(settings: Settings, mut surroundings: Surroundings) -> Self {
        // The first name ends the program, so there is room for it.
        let (give_up, given_up) = mpsc::channel(1);
        let supervisor = Supervisor::new(Policy::default(), move |name| _ = give_up.try_send(name));
        let mut graph = Graph {
            supervisor,
            arbiters: Vec::new(),
            stops: Vec::new(),
            certificates: Vec::new(),
            scraped: ScrapeTargets::default(),
            error_sinks: Vec::new(),
            losers: Vec::new(),
            asked: Vec::new(),
            outbox: settings.outbox.clone().and_then(|outbox| {
                let tracking = settings.tracking.as_ref();
                let errors_elsewhere = tracking.is_some_and(|it| it.history.is_some());
                open_outbox(OutboxSettings { errors_elsewhere, ..outbox })
            }),
        };

        let mut sockets = std::mem::take(&mut surroundings.sockets);
        let surroundings = &surroundings;
        graph.start_prometheus(&settings, surroundings, sockets.own_metrics.take());
        let tracker = graph.start_tracking(&settings, surroundings);
        let errors = graph.outlet(TRACKER, &tracker);
        let outputs = graph.start_outputs(&settings, surroundings, &errors);
        graph.start_uptime(&settings, surroundings, &outputs);
        let watcher = graph.start_watchers(&settings, surroundings);
        let handed = std::mem::take(&mut sockets.events);
        let receivers = graph.start_events(&settings, surroundings, handed, &outputs, &errors);
        let page = settings.page.clone();
        let clock = &surroundings.clock;
        graph.start_pollers(settings, clock, &outputs, receivers.names, watcher, &errors);
        graph.start_endpoints(sockets, page);
        graph.scraped.complete();
        Self {
            tracker,
            certificates: graph.certificates,
            stops: graph.stops,
            arbiters: graph.arbiters,
            given_up,
            receivers: [receivers.user, receivers.log],
            asked: graph.asked,
            losers: graph.losers,
        }
    }

    /// Where user events and log events are received; `None` where they are not.
    pub async fn event_addresses(&self) -> [Option<SocketAddr>; 2] {
        let mut addresses = [None; 2];
        for (address, receiver) in addresses.iter_mut().zip(&self.receivers) {
            if let Some(receiver) = receiver {
                *address = receiver.send(AskAddress).await.ok().flatten();
            }
        }
        addresses
    }

    /// What each actor that depends on others needs for its work, and what stands in the way.
    pub async fn readiness(&self) -> Vec<Readiness> {
        let answers = self.asked.iter().map(|actor| actor.send(AskReadiness));
        join_all(answers).await.into_iter().flatten().collect()
    }

    /// Waits for the name of an actor that could not be kept alive.
    pub async fn given_up(&mut self) -> &'static str {
        match self.given_up.recv().await {
            Some(name) => name,
            None => std::future::pending().await,
        }
    }

    /// Stops stage by stage, all actors of a stage at once. Each finishes what it has accepted, all
    /// of them within `grace`; who is late is named.
    pub async fn drain(&self, grace: Duration) {
        let end = Instant::now() + grace;
        for stage in Stage::ALL {
            // A part of what is left, so that a slow stage leaves time for those after it.
            let left = end.saturating_duration_since(Instant::now());
            let drain = Drain { until: Instant::now() + left * 3 / 4 };
            let members = self.stops.iter().filter(|(of, ..)| *of == stage);
            let stops = members.map(async |(_, name, actor)| {
                match timeout(left * 7 / 8, actor.send(drain)).await {
                    Ok(Ok(())) => log::debug!("MAIN: {name} is done"),
                    Ok(Err(error)) => log::warn!("MAIN: {name} did not finish: {error}"),
                    Err(_) => log::warn!("MAIN: {name} did not finish in time"),
                }
            });
            join_all(stops).await;
        }
    }

    /// What the end loses, by destination: after [`App::drain`] all of it, before its end what
    /// would be lost now. Who does not answer within a second does not know.
    pub async fn lost(&self) -> Vec<Lost> {
        let answers = self.losers.iter().map(|actor| timeout(ONE_SECOND, actor.send(AskLost)));
        let answers = join_all(answers).await.into_iter();
        answers.flatten().flatten().filter(|lost| lost.count > 0).collect()
    }

    /// Ends the threads. Call after [`App::drain`]; a thread that is stuck is left behind.
    pub fn end(self) {
        let (done, ended) = std::sync::mpsc::channel::<()>();
        std::thread::spawn(move || {
            for arbiter in self.arbiters {
                arbiter.stop();
                _ = arbiter.join();
            }
            drop(done);
        });
        _ = ended.recv_timeout(LAST_WAIT);
    }
}

/// The name of the one that counts errors.
const TRACKER: &str = "ErrorTrackerActor";

/// The graph while it is being built.
struct Graph {
    supervisor: Supervisor,
    arbiters: Vec<Arbiter>,
    stops: Vec<(Stage, &'static str, Recipient<Drain>)>,
    certificates: Vec<Recipient<ReadAgain>>,
    scraped: ScrapeTargets,
    /// Where every error goes.
    error_sinks: Vec<(Stage, Outlet<ErrorPoint>)>,
    losers: Vec<Recipient<AskLost>>,
    asked: Vec<Recipient<AskReadiness>>,
    /// What waits for InfluxDB, if it is kept on disk.
    outbox: Option<Outbox>,
}

fn open_outbox(settings: OutboxSettings) -> Option<Outbox> {
    Outbox::open(settings)
        .inspect_err(|error| log::error!("OUTBOX: What waits is kept in memory: {error}"))
        .ok()
}

impl Graph {
    /// The way to an actor that was started under this name.
    fn outlet<A, M>(&self, name: &'static str, actor: &Addr<A>) -> Outlet<M>
    where
        A: Handler<M, Context = Context<A>>,
        M: Message + Send + 'static,
        M::Result: Send,
    {
        Outlet::new(actor.clone().recipient(), self.supervisor.meters().of(name))
    }
}
