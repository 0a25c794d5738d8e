//! How error points leave, and that their failures stay here.

use std::sync::mpsc;

use test_support::{Answer, PATIENCE, RecordedRequest, StandIn, until_async};

use super::*;
use crate::domain::errors::{Category, ErrorOccurred, Failure, Origin};
use crate::domain::names::Secret;
use crate::domain::point::Stamp;
use crate::io::influx::{IncludeFields, InfluxTarget};
use crate::runtime::log_probe::{record, recorded};

fn start(server: &StandIn, max_points: usize) -> actix::Addr<InfluxErrorSinkActor> {
    let influx = InfluxSettings {
        base_url: format!("http://{}", server.address()),
        ca_file: None,
        target: InfluxTarget::V3 {
            database: "d".to_owned(),
            token: Secret::from("token"),
            timeout: Duration::from_secs(10),
        },
        max_batch_size: 1000,
        include: IncludeFields::default(),
    };
    let settings = ErrorSinkSettings {
        measurement: MeasurementName::known("my errors"),
        collector: None,
        max_points,
    };
    InfluxErrorSinkActor::new(&influx, settings, Source::Memory).start()
}

fn point(number: i64) -> ErrorPoint {
    let origin = Origin::HealthApi { server: "sense1".into(), host: "h".into() };
    let failure = Failure::local(Category::Unknown, "it failed");
    ErrorPoint::new(Stamp(number), ErrorOccurred { origin, failure })
}

fn writes(server: &StandIn) -> Vec<RecordedRequest> {
    server.seen().into_iter().filter(|seen| seen.target.contains("/write")).collect()
}

fn stamps(write: &RecordedRequest) -> Vec<i64> {
    write.text().lines().map(|line| line.rsplit(' ').next().unwrap().parse().unwrap()).collect()
}

async fn drain(sink: &actix::Addr<InfluxErrorSinkActor>) {
    let until = Instant::now() + PATIENCE;
    sink.send(Drain { until }).await.unwrap();
}

#[actix::test]
async fn a_point_leaves_at_once_and_others_gather_while_it_is_under_way() {
    let (go_on, wait) = mpsc::channel::<()>();
    let (arrived, first_arrived) = mpsc::channel::<()>();
    let server = StandIn::start(move |seen| {
        if seen.target.contains("/write") && arrived.send(()).is_ok() {
            // Until the test lets go; afterwards at once.
            _ = wait.recv();
        }
        Answer::new(204, "")
    });
    let sink = start(&server, 1_000);
    sink.do_send(point(1));
    until_async("the first write", || first_arrived.try_recv().ok()).await;
    (2..=100).for_each(|number| sink.do_send(point(number)));
    // Handled in order: when this is answered the others are in the queue.
    assert_eq!(sink.send(AskStats).await.unwrap().waiting, 100);
    drop(go_on);
    drain(&sink).await;

    let writes = writes(&server);
    assert_eq!(writes.len(), 2);
    assert_eq!(stamps(&writes[0]), [1]);
    assert_eq!(stamps(&writes[1]), (2..=100).collect::<Vec<_>>());
    assert!(writes[0].text().starts_with(r"my\ errors,error_type=HEALTH_API,host=h,"));
}

#[actix::test]
async fn failures_are_debug_lines_and_counters() {
    record();
    let server = StandIn::start(|_| Answer::new(500, r#"{"message":"disk full"}"#));
    let sink = start(&server, 10);
    (1..=25).for_each(|number| sink.do_send(point(number)));
    until_async("a refused write", || (!writes(&server).is_empty()).then_some(())).await;
    drain(&sink).await;
    let stats = sink.send(AskStats).await.unwrap();
    assert_eq!((stats.written, stats.waiting), (0, 10));
    assert_eq!(stats.dropped_overflow, 15);
    let lines = recorded();
    assert!(lines.iter().all(|line| line.starts_with("debug: ERROR TRACKER: ")), "{lines:?}");
    let expected = "debug: ERROR TRACKER: Error writing error event to InfluxDB: ";
    assert!(lines.iter().any(|line| line.starts_with(expected) && line.contains("disk full")));
    assert!(lines.iter().any(|line| line.contains("more than 10 points wait")), "{lines:?}");
}

#[actix::test]
async fn the_newest_points_survive_an_outage() {
    let server = StandIn::start(|_| Answer::HangUp);
    let sink = start(&server, 10);
    (1..=25).for_each(|number| sink.do_send(point(number)));
    until_async("a broken write", || (!writes(&server).is_empty()).then_some(())).await;
    server.respond(|_| Answer::new(204, ""));
    let stored = || writes(&server).last().map(stamps).filter(|stamps| stamps.len() == 10);
    let stamps = until_async("ten points in one write", stored).await;
    // The one that was under way was not to be dropped.
    assert!(
        stamps == (16..=25).collect::<Vec<_>>() || stamps[1..] == (17..=25).collect::<Vec<_>>()
    );
    drain(&sink).await;
}
