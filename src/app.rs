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
//! HealthEndpoint ──AskReadiness──> destinations, receivers, HealthPoller
//! Heartbeat, CertificateWatcher and ConfigPage stand alone
//! ```
//!
//! Downstream starts first; sources stop first.

mod events;
mod metrics;
mod outputs;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix::{Addr, Recipient};
use actix_rt::Arbiter;
use actors::app_names_extractor::AppNamesExtractor;
use actors::certificate_watcher::CertificateWatcher;
use actors::config_page::{ConfigPage, Shown};
use actors::domain::errors::{ErrorCounts, ErrorOccurred, ErrorPoint};
use actors::domain::telemetry::AppNames;
use actors::error_history::{ErrorHistoryActor, ErrorStore};
use actors::error_tracker::{ErrorTrackerActor, Tracking};
use actors::health_endpoint::HealthEndpoint;
use actors::health_poller::HealthPoller;
use actors::heartbeat::Heartbeat;
use actors::influx_error_sink::InfluxErrorSinkActor;
use actors::mqtt_error_sink::MqttErrorSinkActor;
use actors::proxy_poller::ProxyPoller;
use actors::runtime::clock::Clock;
use actors::runtime::drain::Drain;
use actors::runtime::fanout::Fanout;
use actors::runtime::readiness::{AskReadiness, Readiness};
use actors::runtime::supervise::{Place, Policy, Supervisor};
use actors::udp_receiver::AskAddress;
use actors::uptime_monitor::{ReadHeap, UptimeMonitor};
use futures_util::future::join_all;
use tokio::sync::mpsc;
use tokio::time::Instant;

use self::metrics::Scraped;
use self::outputs::Outputs;
use crate::config::{Settings, TrackingSettings};
use crate::sockets::Sockets;

/// A running program.
pub struct App {
    /// The tracker, for those who want to know today's counts.
    pub tracker: Addr<ErrorTrackerActor>,
    /// Everybody who must finish work before the end, sources first.
    stop_order: Vec<(&'static str, Recipient<Drain>)>,
    /// Threads of their own, joined at the end.
    arbiters: Vec<Arbiter>,
    given_up: mpsc::UnboundedReceiver<&'static str>,
    /// Receivers of user events and of log events.
    receivers: [Option<Recipient<AskAddress>>; 2],
    /// Those who know whether they can do their work.
    asked: Vec<Recipient<AskReadiness>>,
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

/// Mailbox of an actor that is only told what it can handle at once.
const MAILBOX: usize = 1_000;

/// Error points that may wait for a sink: a burst of this many loses nothing.
const SINK_MAILBOX: usize = 100_000;

/// How long a stop may take.
pub const GRACE: Duration = Duration::from_secs(10);

/// How long the end waits for threads that have nothing left to do.
const LAST_WAIT: Duration = Duration::from_secs(2);

impl App {
    /// Starts everything that `settings` asks for. Must run inside an actix system.
    pub fn start(settings: Settings, mut surroundings: Surroundings) -> Self {
        let (give_up, given_up) = mpsc::unbounded_channel();
        let supervisor = Supervisor::new(Policy::default(), move |name| _ = give_up.send(name));
        let mut graph = Graph {
            supervisor,
            arbiters: Vec::new(),
            stop_order: Vec::new(),
            scraped: Scraped::default(),
        };

        let mut sockets = std::mem::take(&mut surroundings.sockets);
        let surroundings = &surroundings;
        graph.start_prometheus(&settings, surroundings, sockets.own_metrics.take());
        let tracker = graph.start_tracking(&settings, surroundings);
        let errors: Recipient<ErrorOccurred> = tracker.clone().recipient();
        let outputs = graph.start_outputs(&settings, surroundings, &errors);
        graph.start_uptime(&settings, surroundings, &outputs);
        graph.start_watchers(&settings, surroundings);
        let receivers = graph.start_events(&settings, surroundings, &outputs, &errors);
        let shown = settings.page.as_ref().map(|page| page.shown.clone());
        let mut asked = outputs.asked();
        asked.extend(receivers.asked);
        let clock = &surroundings.clock;
        asked.extend(graph.start_pollers(settings, clock, &outputs, receivers.names, &errors));
        graph.start_endpoints(sockets, shown, asked.clone());
        graph.scraped.complete();

        // Everybody was pushed as they started, downstream first.
        graph.stop_order.reverse();
        Self {
            tracker,
            stop_order: graph.stop_order,
            arbiters: graph.arbiters,
            given_up,
            receivers: [receivers.user, receivers.log],
            asked,
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

    /// Stops in order: sources, writer, tracker, sinks. Each finishes what it has accepted, all
    /// of them within `grace`; who is late is named.
    pub async fn drain(&self, grace: Duration) {
        let end = Instant::now() + grace;
        for (name, actor) in &self.stop_order {
            // A part of what is left, so that a slow one leaves time for those after it.
            let left = end.saturating_duration_since(Instant::now());
            let drain = Drain { until: Instant::now() + left * 3 / 4 };
            match tokio::time::timeout(left * 7 / 8, actor.send(drain)).await {
                Ok(Ok(())) => log::debug!("MAIN: {name} is done"),
                Ok(Err(error)) => log::warn!("MAIN: {name} did not finish: {error}"),
                Err(_) => log::warn!("MAIN: {name} did not finish in time"),
            }
        }
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

/// The graph while it is being built.
struct Graph {
    supervisor: Supervisor,
    arbiters: Vec<Arbiter>,
    stop_order: Vec<(&'static str, Recipient<Drain>)>,
    scraped: Scraped,
}

impl Graph {
    /// A thread for an actor that can be flooded, or that blocks.
    fn own_thread(&mut self) -> Place {
        let arbiter = Arbiter::new();
        let place = Place::Arbiter(arbiter.handle());
        self.arbiters.push(arbiter);
        place
    }

    fn start_tracking(
        &mut self,
        settings: &Settings,
        surroundings: &Surroundings,
    ) -> Addr<ErrorTrackerActor> {
        let tracking = match &settings.tracking {
            None => Tracking::Off,
            Some(tracking) => self.start_sinks(tracking, settings, surroundings),
        };
        let place = self.own_thread();
        let clock = surroundings.clock.clone();
        let tracker = self.supervisor.start("ErrorTrackerActor", &place, MAILBOX, move || {
            ErrorTrackerActor::new(tracking, clock)
        });
        self.stop_order.push(("ErrorTrackerActor", tracker.clone().recipient()));
        self.scraped.add(&tracker);
        tracker
    }

    fn start_sinks(
        &mut self,
        tracking: &TrackingSettings,
        settings: &Settings,
        surroundings: &Surroundings,
    ) -> Tracking {
        let mut sinks: Vec<Recipient<ErrorPoint>> = Vec::new();
        sinks.extend(self.scraped.endpoint.clone().map(Addr::recipient));
        if let (Some(sink), Some(influx)) = (&tracking.influx, &settings.influx) {
            let (sink, influx, place) = (sink.clone(), influx.clone(), self.own_thread());
            let addr =
                self.supervisor.start("InfluxErrorSinkActor", &place, SINK_MAILBOX, move || {
                    InfluxErrorSinkActor::new(&influx, sink)
                });
            self.stop_order.push(("InfluxErrorSinkActor", addr.clone().recipient()));
            self.scraped.add(&addr);
            sinks.push(addr.recipient());
        } else if tracking.influx.is_some() {
            log::info!(
                "MAIN: Error events are not written to InfluxDB: \
                 Butler-SOS.errorTracking.influxdb.enable is true, but \
                 Butler-SOS.influxdbConfig.enable is false"
            );
        }
        if let (Some(topic), Some(mqtt)) = (&tracking.topic, &settings.mqtt) {
            let (topic, mqtt, place) = (topic.clone(), mqtt.clone(), self.own_thread());
            let clock = surroundings.clock.clone();
            let addr =
                self.supervisor.start("MqttErrorSinkActor", &place, SINK_MAILBOX, move || {
                    MqttErrorSinkActor::new(mqtt, topic, clock)
                });
            self.stop_order.push(("MqttErrorSinkActor", addr.clone().recipient()));
            self.scraped.add(&addr);
            sinks.push(addr.recipient());
        }
        let mut today = ErrorCounts::new(surroundings.clock.now().date_naive());
        if let Some(history) = &tracking.history {
            match ErrorStore::open(&history.file) {
                Ok(store) => {
                    today = restored(&store, today);
                    sinks.push(self.start_history(store, history.retention_days, surroundings));
                }
                Err(error) => log::warn!("ERROR HISTORY: No history is kept: {error}"),
            }
        }
        Tracking::On { log_summary: tracking.log_summary, sinks, today }
    }

    fn start_history(
        &mut self,
        store: ErrorStore,
        retention_days: u32,
        surroundings: &Surroundings,
    ) -> Recipient<ErrorPoint> {
        let (place, clock) = (self.own_thread(), surroundings.clock.clone());
        let addr = self.supervisor.start("ErrorHistoryActor", &place, SINK_MAILBOX, move || {
            ErrorHistoryActor::new(store, retention_days, clock)
        });
        self.stop_order.push(("ErrorHistoryActor", addr.clone().recipient()));
        addr.recipient()
    }

    fn start_uptime(
        &mut self,
        settings: &Settings,
        surroundings: &Surroundings,
        outputs: &Outputs,
    ) {
        let Some(uptime) = settings.uptime.clone() else {
            return;
        };
        let memory = outputs.memory();
        let (clock, read_heap) = (surroundings.clock.clone(), surroundings.read_heap);
        let monitor = self.supervisor.start("UptimeMonitor", &Place::Here, MAILBOX, move || {
            UptimeMonitor::new(uptime, clock, read_heap, memory)
        });
        self.stop_order.push(("UptimeMonitor", monitor.recipient()));
    }

    /// Those who watch over the program itself, and send nothing to other actors.
    fn start_watchers(&mut self, settings: &Settings, surroundings: &Surroundings) {
        if let Some(heartbeat) = settings.heartbeat.clone() {
            let clock = surroundings.clock.clone();
            let addr = self.supervisor.start("Heartbeat", &Place::Here, MAILBOX, move || {
                Heartbeat::new(heartbeat, clock)
            });
            self.stop_order.push(("Heartbeat", addr.recipient()));
        }
        if let Some(files) = settings.sense.certificate.clone() {
            let clock = surroundings.clock.clone();
            let addr = self.supervisor.start("CertificateWatcher", &Place::Here, MAILBOX, || {
                CertificateWatcher::new(files, clock)
            });
            self.stop_order.push(("CertificateWatcher", addr.recipient()));
        }
    }

    fn start_endpoints(
        &mut self,
        sockets: Sockets,
        shown: Option<Shown>,
        asked: Vec<Recipient<AskReadiness>>,
    ) {
        if let Some(sockets) = sockets.health {
            let endpoint = self.supervisor.start("HealthEndpoint", &Place::Here, MAILBOX, || {
                HealthEndpoint::new(sockets, asked)
            });
            self.stop_order.push(("HealthEndpoint", endpoint.recipient()));
        }
        if let (Some(socket), Some(shown)) = (sockets.page, shown) {
            let page = self
                .supervisor
                .start("ConfigPage", &Place::Here, MAILBOX, || ConfigPage::new(socket, shown));
            self.stop_order.push(("ConfigPage", page.recipient()));
        }
    }

    fn start_pollers(
        &mut self,
        settings: Settings,
        clock: &Clock,
        outputs: &Outputs,
        mut use_names: Vec<Recipient<AppNames>>,
        errors: &Recipient<ErrorOccurred>,
    ) -> Option<Recipient<AskReadiness>> {
        let sense = Arc::new(settings.sense);
        // A checked configuration has one whenever there is something to poll.
        let certificate = sense.certificate.clone()?;

        let metrics = outputs.health();
        let health = {
            let (sense, certificate, clock, errors) =
                (Arc::clone(&sense), certificate.clone(), clock.clone(), errors.clone());
            self.supervisor.start("HealthPoller", &Place::Here, MAILBOX, move || {
                HealthPoller::new(sense, certificate, clock, metrics, errors)
            })
        };
        self.stop_order.push(("HealthPoller", health.clone().recipient()));
        self.scraped.add(&health);

        if let Some(polling) = sense.sessions.clone() {
            let sessions = outputs.sessions();
            let (sense, certificate, clock, errors) =
                (Arc::clone(&sense), certificate.clone(), clock.clone(), errors.clone());
            let proxy = self.supervisor.start("ProxyPoller", &Place::Here, MAILBOX, move || {
                ProxyPoller::new(&sense, polling, certificate, clock, sessions, errors)
            });
            self.scraped.add(&proxy);
            self.stop_order.push(("ProxyPoller", proxy.recipient()));
        }
        if let Some(polling) = sense.app_names.clone() {
            use_names.push(health.clone().recipient());
            let names = Fanout::new(use_names);
            let (verify, clock, errors) =
                (sense.reject_unauthorized, clock.clone(), errors.clone());
            let apps =
                self.supervisor.start("AppNamesExtractor", &Place::Here, MAILBOX, move || {
                    AppNamesExtractor::new(polling, verify, certificate, clock, names, errors)
                });
            self.scraped.add(&apps);
            self.stop_order.push(("AppNamesExtractor", apps.recipient()));
        }
        Some(health.recipient())
    }
}

/// Today's counts as the history knows them, so that a restart does not lose the day.
fn restored(store: &ErrorStore, today: ErrorCounts) -> ErrorCounts {
    match store.counts_of_day(today.day()) {
        Ok(counts) => {
            if counts.total() > 0 {
                log::info!("ERROR HISTORY: {} errors of today read back", counts.total());
            }
            counts
        }
        Err(error) => {
            log::warn!("ERROR HISTORY: Today's errors cannot be read back: {error}");
            today
        }
    }
}
