//! Receivers on real sockets.

use std::net::UdpSocket;

use actix::Addr;

use super::*;
use crate::domain::errors::{ErrorCode, Origin, UdpModule};
use crate::domain::events::{ServerDirectory, Source, UserEvent};
use crate::domain::measurement_name::MeasurementName;
use crate::domain::names::ServerName;
use crate::domain::telemetry::EventStream;
use crate::runtime::probe::{Received as Probed, probe};

const U1: &str = include_str!("../../tests/data/events/U1.txt");
const E1: &str = include_str!("../../tests/data/events/E1.txt");

pub(super) fn udp() -> UdpSettings {
    UdpSettings {
        host: "127.0.0.1".to_owned(),
        port: 0,
        limits: Limits {
            queue_size: 5,
            backpressure_percent: 80,
            rate_per_minute: None,
            max_message_size: 65_507,
        },
        allowed_sources: None,
        metrics: None,
    }
}

pub(super) fn users(udp: UdpSettings) -> UserEventSettings {
    let excluded = vec![("ACME".to_owned(), "svc_monitor".to_owned())];
    UserEventSettings { udp, excluded, count: true, tags: Arc::new([]) }
}

pub(super) fn directory() -> ServerDirectory {
    let server = ServerName::from("Central");
    ServerDirectory::new([(&server, vec!["qs-node1.example.com".into()])])
}

pub(super) struct Rig<H: DatagramHandler> {
    receiver: Addr<UdpReceiver<H>>,
    socket: UdpSocket,
    pub(super) events: Probed<EventBatch<H::Event>>,
    pub(super) errors: Probed<ErrorOccurred>,
    metrics: Probed<QueueMetrics>,
}

impl<H: DatagramHandler> Rig<H> {
    pub(super) async fn start(udp: UdpSettings, handling: H) -> Self
    where
        H::Event: Unpin,
    {
        let (events_to, events) = probe();
        let (metrics_to, metrics) = probe();
        let (errors_to, errors) = probe();
        let outlets = Outlets {
            events: vec![events_to.into()],
            metrics: vec![metrics_to].into(),
            errors: errors_to.into(),
        };
        let receiver = UdpReceiver::new(udp, handling, Clock::system(), outlets).start();
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let rig = Self { receiver, socket, events, errors, metrics };
        let address = loop {
            match rig.receiver.send(AskAddress).await.unwrap() {
                Some(address) => break address,
                None => tokio::task::yield_now().await,
            }
        };
        rig.socket.connect(address).unwrap();
        rig
    }

    pub(super) fn send(&self, datagram: impl AsRef<[u8]>) {
        self.socket.send(datagram.as_ref()).unwrap();
    }

    /// Waits until so many datagrams were counted, and tells the counts.
    pub(super) async fn counted(&self, total: u64) -> crate::domain::events::EventCounts {
        let mut all = crate::domain::events::EventCounts::default();
        // A minute, for a machine that is busy.
        for _ in 0..12_000 {
            all.merge(self.receiver.send(TakeCounts).await.unwrap());
            if all.events.values().sum::<u64>() >= total {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        all
    }
}

#[actix::test]
async fn user_events_arrive_with_their_server() {
    let handling = UserDatagramHandler::new(&users(udp()), true, directory());
    let rig = Rig::start(udp(), handling).await;
    rig.send(U1);
    rig.send(U1.replace("jdoe", "svc_monitor"));
    rig.send("");
    rig.send("hello");
    rig.send("/qseow-proxy-session/;qs-node1;Start session;ACME;jdoe");
    rig.send("/qseow-proxy-session/");
    let errors = rig.errors.at_least(2).await;
    assert_eq!(errors.len(), 2);
    for (error, host) in errors.into_iter().zip([Some("qs-node1".into()), None]) {
        let origin = Origin::UdpEvent { module: UdpModule::UserEvents, server: None, host };
        assert_eq!(error.origin, origin);
        assert_eq!(error.failure.category().as_str(), "unknown");
    }
    let batches = rig.events.at_least(1).await;
    assert_eq!(batches.len(), 1);
    let received: &crate::domain::events::Received<UserEvent> = &batches[0].events[0];
    assert_eq!(received.server.as_ref().map(ServerName::as_str), Some("Central"));
    assert_eq!(received.event.text(crate::domain::events::UserKey::Host), "qs-node1");
    let counts = rig.counted(6).await;
    let mut keys: Vec<String> = counts
        .events
        .iter()
        .map(|(key, n)| format!("{}/{}/{}={n}", key.source, key.host, key.subsystem))
        .collect();
    keys.sort();
    assert_eq!(
        keys,
        [
            "Unknown/Unknown/Unknown=2",
            "qseow-proxy-session/Unknown/Unknown=1",
            "qseow-proxy-session/qs-node1/AppAccess=2",
            "qseow-proxy-session/qs-node1/Unknown=1",
        ]
    );
}

#[actix::test]
async fn log_events_of_disabled_sources_are_counted_only() {
    let settings = LogEventSettings {
        udp: udp(),
        sources: vec![Source::Proxy, Source::QixPerf],
        categorise: None,
        performance: None,
        count: true,
        tags: Arc::new([]),
    };
    let rig = Rig::start(udp(), LogDatagramHandler::new(settings, true, directory())).await;
    rig.send(E1);
    rig.send("/qseow-proxy/;1;x");
    rig.send(include_str!("../../tests/data/events/Q1.txt"));
    rig.send(include_str!("../../tests/data/events/P1.txt"));
    let batches = rig.events.at_least(1).await;
    let sources: Vec<Source> =
        batches.iter().flat_map(|b| b.events.iter().map(|e| e.event.source)).collect();
    assert_eq!(sources, [Source::Proxy]);
    let counts = rig.counted(4).await;
    assert_eq!(counts.events.len(), 4);
    assert!(counts.events.keys().any(|key| key.source == "qseow-engine"
        && &*key.host == "qs-node1"
        && &*key.subsystem == "System.Engine.Engine"));
    assert_eq!(rig.errors.all().len(), 1);
}

#[actix::test]
async fn a_full_queue_drops_newcomers_and_counts_them() {
    let mut settings = udp();
    settings.metrics = Some(QueueMetricsSettings {
        every: Duration::from_millis(100),
        measurement: MeasurementName::known("q"),
        tags: Arc::new([]),
    });
    settings.limits.max_message_size = 1_000;
    let handling = UserDatagramHandler::new(&users(settings.clone()), true, directory());
    let rig = Rig::start(settings, handling).await;
    // The probe keeps what it gets, so 10,000 events stay under way and the next wait: five in
    // the queue. Sent in steps that any receive buffer holds.
    for _ in 0..50 {
        (0..200).for_each(|_| rig.send(U1));
        rig.counted(200).await;
    }
    (0..10).for_each(|_| rig.send(U1));
    rig.send("x".repeat(1_001));
    let sum = |pick: fn(&crate::domain::telemetry::QueueReading) -> u64| {
        rig.metrics.all().iter().map(|metrics| pick(&metrics.reading)).sum::<u64>()
    };
    for _ in 0..12_000 {
        if sum(|r| r.received + r.dropped_kernel.unwrap_or(0)) >= 10_011 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(sum(|r| r.dropped_kernel.unwrap_or(0)), 0);
    assert_eq!(sum(|r| r.received), 10_011);
    assert_eq!(sum(|r| r.dropped_size), 1);
    let (processed, full) = (sum(|r| r.processed), sum(|r| r.dropped_queue_full));
    // Whole slices pass the mark together.
    assert_eq!(processed + full + 5, 10_010);
    for metrics in rig.metrics.all() {
        let reading = metrics.reading;
        assert_eq!(metrics.stream, EventStream::User);
        assert_eq!(reading.received, reading.queued + reading.dropped_total());
    }
    let last = rig.metrics.all().last().unwrap().reading;
    assert_eq!((last.queue_size, last.backpressure_active), (5, true));
}

#[actix::test]
async fn nobody_may_send_until_the_allowed_are_known() {
    let mut settings = udp();
    settings.allowed_sources = Some(vec!["no-such-host.invalid".to_owned()]);
    let handling = UserDatagramHandler::new(&users(settings.clone()), true, directory());
    let rig = Rig::start(settings, handling).await;
    rig.send(U1);
    let mut settings = udp();
    settings.allowed_sources = Some(vec!["127.0.0.1".to_owned()]);
    let handling = UserDatagramHandler::new(&users(settings.clone()), true, directory());
    let open = Rig::start(settings, handling).await;
    while open.events.all().is_empty() {
        open.send(U1);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(rig.events.all().is_empty());
    assert!(rig.counted(0).await.is_empty());
}

#[actix::test]
async fn refused_datagrams_are_counted_by_reason() {
    for (allowed, reason) in
        [("no-such-host.invalid", "not_resolved"), ("127.0.0.77", "not_allowed")]
    {
        let settings = UdpSettings { allowed_sources: Some(vec![allowed.to_owned()]), ..udp() };
        let handling = UserDatagramHandler::new(&users(settings.clone()), true, directory());
        let rig = Rig::start(settings, handling).await;
        let line = |count: u64| {
            let labels = format!("queue=\"user_events\",reason=\"{reason}\"");
            format!("butlersos_udp_datagrams_refused_total{{{labels}}} {count}\n")
        };
        let mut sent = 0;
        // The first may come while the list is still looked up.
        loop {
            let page = rig.receiver.send(AskMetrics).await.unwrap();
            let page = crate::domain::metrics::encode(&page);
            if (1..=sent).any(|count| page.contains(&line(count))) {
                assert!(page.contains("received_total{queue=\"user_events\"} 0\n"), "{page}");
                break;
            }
            rig.send(U1);
            sent += 1;
            assert!(sent < 10_000, "{reason}: {page}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

#[actix::test]
async fn a_port_in_use_is_reported() {
    let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut settings = udp();
    settings.port = taken.local_addr().unwrap().port();
    let (errors_to, errors) = probe();
    let handling = UserDatagramHandler::new(&users(settings.clone()), true, directory());
    let outlets =
        Outlets { events: vec![], metrics: Fanout::new(vec![]), errors: errors_to.into() };
    let receiver = UdpReceiver::new(settings, handling, Clock::system(), outlets).start();
    let errors = errors.at_least(1).await;
    assert_eq!(errors[0].failure.code().map(ErrorCode::as_str), Some("EADDRINUSE"));
    let readiness = receiver.send(AskReadiness).await.unwrap();
    assert_eq!(readiness.of, "user_events");
    assert!(readiness.obstacle.unwrap().contains("cannot listen on 127.0.0.1:"));
    assert_eq!(receiver.send(AskAddress).await.unwrap(), None);
}
