//! The write path against a server that refuses, vanishes and comes back.

use std::rc::Rc;
use std::sync::mpsc;

use test_support::{Answer, PATIENCE, RecordedRequest, StandIn, until_async};

use super::*;
use crate::domain::errors::{Failure, InfluxModule, InfluxVersion, Origin};
use crate::domain::names::{Secret, ServerName};
use crate::io::influx::{IncludeFields, InfluxSettings, InfluxTarget, InfluxTransport, Look};

mod disk_tests;
mod late_tests;
mod policy_tests;
mod refusal_tests;
mod verdict_tests;

type Events = Rc<RefCell<Vec<Event>>>;

fn settings(server: &StandIn) -> InfluxSettings {
    InfluxSettings {
        base_url: format!("http://{}", server.address()),
        ca_file: None,
        target: InfluxTarget::V3 {
            database: "d".to_owned(),
            token: Secret::from("token"),
            timeout: Duration::from_secs(10),
        },
        max_batch_size: 4,
        include: IncludeFields::default(),
    }
}

type InfluxDelivery = Delivery<InfluxTransport>;

/// Batches of at most as many points as are configured, and few pauses.
fn policy(settings: &InfluxSettings, max_points: usize) -> Policy {
    let policy = InfluxTransport::policy(settings, Duration::ZERO, max_points);
    let points = settings.max_batch_size;
    let batch = BatchSize { points, most_points: points, ..policy.batch };
    Policy { batch, pause: Duration::from_millis(500), ..policy }
}

/// For a state without a destination.
fn any_policy() -> Policy {
    let batch = BatchSize { points: 1, most_points: 1, most_bytes: usize::MAX };
    Policy {
        while_away: WhileAway::Keep,
        linger: Duration::ZERO,
        max_points: 1_000,
        max_bytes: usize::MAX,
        batch,
        at_once: AtOnce::WhenLate(8),
        pause: Policy::PAUSE,
        patience: PATIENCE,
        replay: None,
    }
}

fn delivery(server: &StandIn, max_points: usize) -> (InfluxDelivery, Events) {
    let settings = settings(server);
    start(&settings, policy(&settings, max_points), Look::First)
}

fn start(settings: &InfluxSettings, policy: Policy, look: Look) -> (InfluxDelivery, Events) {
    let events = Events::default();
    let for_stream = Rc::clone(&events);
    let transport = InfluxTransport::new(settings, look);
    let stream = Delivery::new(transport, policy, None, move |event| {
        if !matches!(event, Event::Stored { .. }) {
            for_stream.borrow_mut().push(event);
        }
    });
    actix_rt::spawn(stream.clone().run());
    (stream, events)
}

fn job(name: &str) -> Job {
    let origin = Origin::InfluxWrite {
        version: InfluxVersion::V3,
        module: InfluxModule::HealthMetrics,
        server: Some(ServerName::from(name)),
        to: crate::domain::errors::DestinationHost::of_url("http://h"),
    };
    Job::new(format!("m,t={name} f=1 1\n").into_bytes(), 1, Some(origin))
}

fn not_stored(events: &Events) -> Vec<String> {
    let events = events.borrow();
    let told = events.iter().filter_map(|event| match event {
        Event::NotStored { origin, .. } => origin.server().map(ToString::to_string),
        _ => None,
    });
    told.collect()
}

fn stored(server: &StandIn, accepted: impl Fn(&RecordedRequest) -> bool) -> Vec<String> {
    let seen = server.seen();
    let writes = seen.iter().filter(|seen| seen.target.contains("/write") && accepted(seen));
    writes.flat_map(|seen| seen.text().lines().map(str::to_owned).collect::<Vec<_>>()).collect()
}

async fn flush(stream: &InfluxDelivery) -> usize {
    stream.flush(Instant::now() + PATIENCE).await.lost
}

#[actix::test]
async fn a_bad_point_is_found_and_costs_only_itself() {
    let bad = |seen: &RecordedRequest| seen.text().contains("t=bad");
    let server = StandIn::start(move |seen| match seen.target.contains("/write") && bad(seen) {
        true => Answer::new(400, r#"{"error":"cannot parse"}"#),
        false => Answer::new(204, ""),
    });
    let (stream, events) = delivery(&server, 100);
    let names = ["a", "b", "bad", "c", "d", "e", "f", "g", "h"];
    names.iter().for_each(|name| stream.push(job(name)));
    assert_eq!(flush(&stream).await, 0);
    let mut lines = stored(&server, |seen| !bad(seen));
    lines.sort();
    let good: Vec<String> =
        ["a", "b", "c", "d", "e", "f", "g", "h"].map(|n| format!("m,t={n} f=1 1")).to_vec();
    assert_eq!(lines, good, "each good point once");
    assert_eq!(not_stored(&events), ["bad"]);
    let stats = stream.stats();
    assert_eq!((stats.written, stats.dropped_refused, stats.waiting), (8, 1, 0));
}

#[actix::test]
async fn an_outage_is_told_once_for_each_operation_and_ends_with_everything_stored() {
    let server = StandIn::start(|seen| match seen.target.contains("/write") {
        true => Answer::Http(503, "Retry-After: 1\r\n", String::new()),
        false => Answer::new(204, ""),
    });
    let (stream, events) = delivery(&server, 100);
    (0..10).for_each(|number| stream.push(job(&format!("{number}"))));
    until_async("all reports", || (not_stored(&events).len() == 10).then_some(())).await;
    stream.push(job("late"));
    assert_eq!(not_stored(&events).len(), 11, "while it is away, at once");
    server.respond(|_| Answer::new(204, ""));
    until_async("the end", || (stream.stats().waiting == 0).then_some(())).await;
    assert_eq!(not_stored(&events).len(), 11, "never again for what is sent later");
    let stats = stream.stats();
    assert_eq!((stats.written, stats.retries), (11, stats.requests - 1), "one was the first try");
    let events = events.borrow();
    let away = events.iter().filter(|event| matches!(event, Event::Away { .. })).count();
    let back = events.iter().filter(|event| matches!(event, Event::Back { .. })).count();
    assert_eq!((away, back), (1, 1));
    let failed = events.iter().find_map(|event| match event {
        Event::NotStored { failure, .. } => Some(failure.clone()),
        _ => None,
    });
    assert!(matches!(failed, Some(Failure::Answered { status: 503, .. })));
}

#[actix::test]
async fn live_data_waits_for_one_batch_of_the_backlog_at_most() {
    let server = StandIn::start(|_| Answer::HangUp);
    let (stream, events) = delivery(&server, 10_000);
    (0..40).for_each(|number| stream.push(job(&format!("old{number}"))));
    until_async("all reports", || (not_stored(&events).len() == 40).then_some(())).await;
    let (arrive, arrived) = mpsc::channel::<()>();
    let (go_on, wait) = mpsc::channel::<()>();
    server.respond(move |_| {
        // The first two batches wait until the test lets them go.
        _ = arrive.send(());
        _ = wait.recv();
        Answer::new(204, "")
    });
    until_async("the probe", || arrived.try_recv().ok()).await;
    go_on.send(()).unwrap();
    until_async("a batch of the backlog", || arrived.try_recv().ok()).await;
    stream.push(job("live"));
    drop(go_on);
    assert_eq!(flush(&stream).await, 0);
    let lines = stored(&server, |seen| seen.text().starts_with("m,t="));
    let lines = &lines[lines.len() - 41..];
    let live = lines.iter().position(|line| line.contains("t=live")).unwrap();
    assert_eq!(live, 5, "after the probe and one batch: {lines:?}");
}

#[actix::test]
async fn the_oldest_go_when_too_many_wait_and_it_is_told() {
    let server = StandIn::start(|_| Answer::HangUp);
    let (stream, events) = delivery(&server, 10);
    (0..5).for_each(|number| stream.push(job(&format!("{number}"))));
    until_async("the outage", || (not_stored(&events).len() == 5).then_some(())).await;
    (5..25).for_each(|number| stream.push(job(&format!("{number}"))));
    server.respond(|_| Answer::new(204, ""));
    assert_eq!(flush(&stream).await, 0);
    let stats = stream.stats();
    assert_eq!((stats.written, stats.dropped_overflow), (10, 15));
    let dropped: usize = events
        .borrow()
        .iter()
        .map(|event| match event {
            Event::Dropped { points, reason: DropReason::Overflow, .. } => *points,
            _ => 0,
        })
        .sum();
    assert_eq!(dropped, 15);
    assert!(stored(&server, |_| true).iter().any(|line| line.contains("t=24 ")));
}

#[actix::test]
async fn a_flush_gives_up_when_the_database_is_away() {
    let server = StandIn::start(|_| Answer::HangUp);
    let (stream, _) = delivery(&server, 100);
    stream.push(job("a"));
    assert_eq!(flush(&stream).await, 1, "left for the next start, at once and not after the grace");
}
