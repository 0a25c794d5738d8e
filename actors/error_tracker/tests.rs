//! Counts, lines, days and restarts of the tracker.

use std::sync::Arc;

use actix::Addr;
use chrono::{DateTime, Utc};

use super::*;
use crate::domain::errors::{Category, ErrorType, Failure, Origin, UdpModule};
use crate::domain::names::{Host, ServerName, VirtualProxy};
use crate::runtime::log_probe::{record, recorded};
use crate::runtime::probe::probe;
use crate::runtime::supervise::{Place, Policy, Supervisor};

fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn failure() -> Failure {
    Failure::local(Category::Unknown, Arc::from("it failed"))
}

fn health(server: &str) -> ErrorOccurred {
    let origin = Origin::HealthApi { server: server.into(), host: Host::from("h") };
    ErrorOccurred { origin, failure: failure() }
}

fn proxy(server: &str) -> ErrorOccurred {
    let origin = Origin::ProxyApi {
        server: server.into(),
        host: Host::from("h"),
        virtual_proxy: VirtualProxy::from("/"),
    };
    ErrorOccurred { origin, failure: failure() }
}

fn udp() -> ErrorOccurred {
    let origin = Origin::UdpEvent { module: UdpModule::UserEvents, server: None, host: None };
    ErrorOccurred { origin, failure: failure() }
}

/// Message that makes the tracker panic, as a defect of ours would.
#[derive(Message)]
#[rtype(result = "()")]
struct Break;

impl Handler<Break> for ErrorTrackerActor {
    type Result = ();

    fn handle(&mut self, _: Break, _: &mut Self::Context) {
        panic!("a defect");
    }
}

fn start(
    clock: &Clock,
    log_summary: bool,
    sinks: Vec<actix::Recipient<ErrorPoint>>,
) -> Addr<ErrorTrackerActor> {
    record();
    let today = ErrorCounts::new(clock.now().date_naive());
    let tracking = Tracking::On {
        log_summary,
        sinks: sinks.into_iter().map(Outlet::from).collect(),
        today,
        earlier: None,
    };
    let tracker = ErrorTrackerActor::new(tracking, CollectorNumber::default(), clock.clone());
    let supervisor = Supervisor::new(Policy::default(), |_| {});
    supervisor.start("ErrorTrackerActor", &Place::Here, 16, move || tracker)
}

async fn counts(tracker: &Addr<ErrorTrackerActor>) -> ErrorCounts {
    tracker.send(AskCounts).await.unwrap().counts.unwrap()
}

#[actix::test]
async fn every_error_logs_the_lines_of_the_page() {
    let clock = Clock::manual(time("2026-05-03T16:10:09.420Z"));
    let tracker = start(&clock, true, Vec::new());
    for error in [proxy("sense1"), health("sense1"), proxy("sense1"), udp()] {
        tracker.send(error).await.unwrap();
    }
    assert_eq!(
        recorded(),
        [
            "info: ERROR TRACKER: Scheduled next error counter reset at 2026-05-04T00:00:00.000Z (in 470 minutes)",
            "info: ERROR TRACKER: Initialized error tracking with daily UTC reset",
            "debug: ERROR TRACKER: Adding first error count for PROXY_API/sense1",
            r#"info: ERROR TRACKER: Error counts today (UTC): Total=1, Details={"PROXY_API":{"total":1,"servers":{"sense1":1}}}"#,
            "debug: ERROR TRACKER: Adding first error count for HEALTH_API/sense1",
            r#"info: ERROR TRACKER: Error counts today (UTC): Total=2, Details={"PROXY_API":{"total":1,"servers":{"sense1":1}},"HEALTH_API":{"total":1,"servers":{"sense1":1}}}"#,
            "debug: ERROR TRACKER: Incremented error count for PROXY_API/sense1, new count: 2",
            r#"info: ERROR TRACKER: Error counts today (UTC): Total=3, Details={"PROXY_API":{"total":2,"servers":{"sense1":2}},"HEALTH_API":{"total":1,"servers":{"sense1":1}}}"#,
            "debug: ERROR TRACKER: Adding first error count for UDP_USER_EVENT/_no_server_context",
            r#"info: ERROR TRACKER: Error counts today (UTC): Total=4, Details={"PROXY_API":{"total":2,"servers":{"sense1":2}},"HEALTH_API":{"total":1,"servers":{"sense1":1}},"UDP_USER_EVENT":{"total":1,"servers":{"_no_server_context":1}}}"#,
        ]
    );
}

/// Lets both clocks run; the tokio clock fires timers, the manual one tells the date.
async fn run(clock: &Clock, minutes: u32) {
    for _ in 0..minutes {
        clock.advance(Duration::from_secs(60));
        // Timers have a grain of a millisecond; sleeping a little longer lets all due ones fire.
        tokio::time::sleep(Duration::from_millis(60_005)).await;
    }
}

#[actix::test]
async fn three_days_pass_with_four_lines_at_each_midnight() {
    tokio::time::pause();
    let clock = Clock::manual(time("2026-05-03T23:58:00Z"));
    let tracker = start(&clock, true, Vec::new());
    tracker.send(health("sense1")).await.unwrap();
    recorded();
    run(&clock, 2).await;
    assert_eq!(
        recorded(),
        [
            "info: ERROR TRACKER: Midnight UTC reached, resetting error counters",
            r#"info: ERROR TRACKER: Error counts today (UTC): Total=1, Details={"HEALTH_API":{"total":1,"servers":{"sense1":1}}}"#,
            "info: ERROR TRACKER: Reset all error counters",
            "info: ERROR TRACKER: Scheduled next error counter reset at 2026-05-05T00:00:00.000Z (in 1440 minutes)",
        ]
    );
    assert_eq!(counts(&tracker).await.total(), 0);
    tracker.send(health("sense1")).await.unwrap();
    assert_eq!(counts(&tracker).await.total(), 1);
    recorded();
    run(&clock, 2 * 1440).await;
    let lines = recorded();
    assert_eq!(lines.len(), 8, "{lines:?}");
    assert!(
        lines[1].ends_with(r#"Total=1, Details={"HEALTH_API":{"total":1,"servers":{"sense1":1}}}"#)
    );
    assert!(lines[5].ends_with("Total=0, Details={}"));
    assert_eq!(counts(&tracker).await.day(), clock.now().date_naive());
}

#[actix::test]
async fn an_error_on_another_day_resets_before_it_counts() {
    let clock = Clock::manual(time("2026-05-03T12:00:00Z"));
    let tracker = start(&clock, true, Vec::new());
    tracker.send(health("a")).await.unwrap();
    recorded();
    clock.set(time("2026-05-04T09:00:00Z"));
    tracker.send(health("b")).await.unwrap();
    assert_eq!(
        recorded(),
        [
            "debug: ERROR TRACKER: Date changed from 2026-05-03 to 2026-05-04, resetting counters",
            r#"info: ERROR TRACKER: Error counts today (UTC): Total=1, Details={"HEALTH_API":{"total":1,"servers":{"a":1}}}"#,
            "info: ERROR TRACKER: Reset all error counters",
            "debug: ERROR TRACKER: Adding first error count for HEALTH_API/b",
            r#"info: ERROR TRACKER: Error counts today (UTC): Total=1, Details={"HEALTH_API":{"total":1,"servers":{"b":1}}}"#,
        ]
    );
}

#[actix::test]
async fn a_clock_set_back_is_another_day_too() {
    let clock = Clock::manual(time("2026-05-04T00:10:00Z"));
    let tracker = start(&clock, false, Vec::new());
    tracker.send(health("a")).await.unwrap();
    clock.set(time("2026-05-03T23:50:00Z"));
    tracker.send(health("a")).await.unwrap();
    assert_eq!(counts(&tracker).await.total(), 1);
}

#[actix::test]
async fn without_the_summary_days_still_end_but_nothing_is_said() {
    tokio::time::pause();
    let clock = Clock::manual(time("2026-05-03T23:59:00Z"));
    let tracker = start(&clock, false, Vec::new());
    tracker.send(health("a")).await.unwrap();
    run(&clock, 1).await;
    assert_eq!(counts(&tracker).await.total(), 0);
    assert_eq!(recorded(), ["debug: ERROR TRACKER: Adding first error count for HEALTH_API/a"]);
}

#[actix::test]
async fn what_was_counted_earlier_today_comes_first_and_another_day_is_nothing() {
    let clock = Clock::manual(time("2026-05-03T12:00:00Z"));
    let tracker = start(&clock, true, Vec::new());
    tracker.send(proxy("sense2")).await.unwrap();
    tracker.send(health("sense1")).await.unwrap();
    recorded();
    let mut earlier = ErrorCounts::new(clock.now().date_naive());
    earlier.add_many(ErrorType::HealthApi, Some(&"sense1".into()), 4);
    let yesterday = clock.now().date_naive().pred_opt().unwrap();
    let mut before = ErrorCounts::new(yesterday);
    before.add(ErrorType::ProxyApi, None);
    for counts in [earlier, before] {
        tracker.send(EarlierErrors { counts, ahead: Vec::new() }).await.unwrap();
    }
    assert_eq!(
        recorded(),
        [
            r#"info: ERROR TRACKER: Error counts today (UTC): Total=6, Details={"HEALTH_API":{"total":5,"servers":{"sense1":5}},"PROXY_API":{"total":1,"servers":{"sense2":1}}}"#
        ]
    );
}

#[actix::test]
async fn switched_off_means_no_count_no_line_no_point() {
    record();
    let clock = Clock::manual(time("2026-05-03T23:59:00Z"));
    let tracker =
        ErrorTrackerActor::new(Tracking::Off, CollectorNumber::default(), clock.clone()).start();
    tracker.send(health("a")).await.unwrap();
    assert!(tracker.send(AskCounts).await.unwrap().counts.is_none());
    assert!(recorded().is_empty());
}

#[actix::test]
async fn every_sink_gets_every_error_with_a_stamp_of_its_own() {
    let clock = Clock::manual(time("2026-05-03T12:00:00Z"));
    let (first, at_first) = probe::<ErrorPoint>();
    let (second, at_second) = probe::<ErrorPoint>();
    let tracker = start(&clock, false, vec![first, second]);
    for _ in 0..3 {
        tracker.send(health("sense1")).await.unwrap();
    }
    let points = at_first.at_least(3).await;
    assert_eq!(at_second.at_least(3).await, points);
    let begin = clock.now().timestamp_nanos_opt().unwrap();
    let stamps: Vec<i64> = points.iter().map(|point| point.stamp().0 - begin).collect();
    assert_eq!(stamps, [0, 1_000, 2_000]);
}

#[actix::test]
async fn a_panic_keeps_the_counts_and_the_midnight_timer() {
    tokio::time::pause();
    let clock = Clock::manual(time("2026-05-03T23:58:00Z"));
    let tracker = start(&clock, false, Vec::new());
    tracker.send(health("sense1")).await.unwrap();
    assert!(tracker.send(Break).await.is_err());
    tracker.send(health("sense1")).await.unwrap();
    let server = ServerName::from("sense1");
    assert_eq!(counts(&tracker).await.of(ErrorType::HealthApi, Some(&server)), 2);
    run(&clock, 2).await;
    assert_eq!(counts(&tracker).await.total(), 0);
}

#[actix::test]
async fn a_sink_that_ended_costs_points_but_no_counts() {
    let clock = Clock::manual(time("2026-05-03T12:00:00Z"));
    let arbiter = actix_rt::Arbiter::new();
    let (send, receive) = std::sync::mpsc::channel();
    arbiter.spawn_fn(move || send.send(probe::<ErrorPoint>().0).unwrap());
    let sink = receive.recv().unwrap();
    arbiter.stop();
    arbiter.join().unwrap();
    let tracker = start(&clock, false, vec![sink]);
    tracker.send(health("sense1")).await.unwrap();
    let tracked = tracker.send(AskCounts).await.unwrap();
    assert_eq!((tracked.counts.unwrap().total(), tracked.points_dropped), (1, 1));
}
