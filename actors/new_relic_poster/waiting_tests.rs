//! What waits, what has no room, and what is left at the end.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};

use test_support::{Answer, RecordedRequest, StandIn, until_async};
use tokio::time::Instant;

use super::body_tests::{HEALTH, health};
use super::tests::{LONG, base, drain, settings, start, user_events};
use super::*;
use crate::domain::errors::Failure;
use crate::runtime::log_probe::{record, recorded};
use crate::runtime::probe::probe;

/// A server that answers nothing before the gate is dropped.
fn gated(status: u16) -> (StandIn, mpsc::Sender<()>, Arc<AtomicUsize>) {
    let (gate, closed) = mpsc::channel();
    let arrived = Arc::<AtomicUsize>::default();
    let counter = Arc::clone(&arrived);
    let server = StandIn::start(move |_| {
        counter.fetch_add(1, Ordering::SeqCst);
        // Ends with an error when the gate is gone.
        _ = closed.recv();
        Answer::new(status, "{}")
    });
    (server, gate, arrived)
}

async fn first_of(arrived: &AtomicUsize) {
    let any = || (arrived.load(Ordering::SeqCst) > 0).then_some(());
    until_async("a request to be under way", any).await;
}

fn count(seen: &RecordedRequest) -> usize {
    let body: serde_json::Value = serde_json::from_str(&seen.text()).unwrap();
    body.as_array().map_or(1, Vec::len)
}

#[actix::test]
async fn events_that_wait_leave_together() {
    let (server, gate, arrived) = gated(202);
    let (poster, errors) = start(settings(&base(&server), &["first"]));
    poster.do_send(user_events(1));
    first_of(&arrived).await;
    for _ in 0..5 {
        poster.do_send(user_events(500));
    }
    drop(gate);
    drain(&poster, LONG).await;
    let seen = server.seen();
    assert_eq!(seen.iter().map(count).collect::<Vec<_>>(), [1, 1_000, 1_000, 500]);
    assert!(seen[0].text().starts_with('{'), "one alone is no array");
    assert_eq!(errors.all(), []);
}

#[actix::test]
async fn what_has_no_room_is_told_once_for_each_episode() {
    record();
    let (server, gate, arrived) = gated(202);
    let (poster, errors) = start(settings(&base(&server), &["first"]));
    poster.do_send(user_events(1));
    first_of(&arrived).await;
    poster.do_send(user_events(MOST_EVENTS + EVENTS_TOGETHER - 1));
    for _ in 0..3 {
        poster.do_send(user_events(7));
    }
    let told = errors.at_least(1).await;
    let Failure::Local { message, .. } = &told[0].failure else { panic!() };
    assert_eq!(&**message, "too much waits for new relic");
    assert_eq!(told[0].failure.category().as_str(), "new_relic_error");
    let loud = || {
        let lines = recorded().into_iter();
        lines
            .filter(|line| !line.starts_with("debug: ") && !line.starts_with("verbose: "))
            .collect::<Vec<_>>()
    };
    let line = |points| {
        format!(
            "warn: NEW RELIC: account \"first\", user events: {points} dropped: more than 11000 \
             points wait, or 32 MiB: the oldest had to go"
        )
    };
    assert_eq!(loud(), [line(1)]);
    drop(gate);
    drain(&poster, LONG).await;
    assert_eq!(errors.all().len(), 1, "what waited was posted");
    assert_eq!(loud(), [line(20)], "the rest of it, and slow is no outage");
    assert_eq!(server.seen().iter().map(count).sum::<usize>(), MOST_EVENTS + EVENTS_TOGETHER);
    let numbers = ["writes 12", "points 11000", "dropped,failed 0", "dropped,overflow 21", "up 1"];
    check_numbers(&poster, &numbers).await;
}

/// Compares numbers for Prometheus, written shortly.
async fn check_numbers(poster: &actix::Addr<NewRelicPoster>, expected: &[&str]) {
    let page = crate::domain::metrics::encode(&poster.send(AskMetrics).await.unwrap());
    let short = page
        .replace("butlersos_destination_", "")
        .replace("points_dropped", "dropped")
        .replace("_total", "")
        .replace("{destination=\"new_relic\"}", "")
        .replace("{destination=\"new_relic\",reason=\"", ",")
        .replace("\"}", "");
    for number in expected {
        assert!(short.lines().any(|line| line == *number), "{number}: {short}");
    }
}

#[actix::test]
async fn a_slow_account_keeps_one_round_of_metrics() {
    let (server, gate, arrived) = gated(202);
    let (poster, errors) = start(settings(&base(&server), &["first"]));
    poster.send(health(HEALTH)).await.unwrap();
    first_of(&arrived).await;
    for _ in 0..4 {
        poster.send(health(HEALTH)).await.unwrap();
    }
    errors.at_least(1).await;
    drop(gate);
    drain(&poster, LONG).await;
    let elements = |seen: &RecordedRequest| {
        let body: serde_json::Value = serde_json::from_str(&seen.text()).unwrap();
        body.as_array().unwrap().len()
    };
    // What waited left together.
    assert_eq!(server.seen().iter().map(elements).collect::<Vec<_>>(), [1, 3]);
    assert_eq!(errors.all().len(), 1, "one had no room");
}

#[actix::test]
async fn what_is_left_at_the_end_has_failed_once() {
    let (server, gate, arrived) = gated(503);
    let (poster, errors) = start(settings(&base(&server), &["first"]));
    poster.do_send(user_events(1));
    first_of(&arrived).await;
    poster.do_send(user_events(EVENTS_TOGETHER + 1));
    drain(&poster, Duration::from_millis(100)).await;
    // The one under way, and two that waited.
    let told = errors.at_least(3).await;
    assert_eq!(told.len(), 3);
    assert!(told.iter().all(|error| error.failure.category().as_str() == "new_relic_error"));
    drop(gate);
    // The answer is too late to be told.
    until_async("the answer", || (server.seen().len() == 1).then_some(())).await;
    drain(&poster, LONG).await;
    poster.do_send(user_events(1));
    assert_eq!(errors.at_least(4).await.len(), 4, "nothing is accepted any more");
    let lost = format!("dropped,failed {}", 1 + EVENTS_TOGETHER + 1 + 1);
    check_numbers(&poster, &["writes 1", "points 0", &lost, "queue_depth 0", "up 0"]).await;
}

#[actix::test]
async fn what_was_under_way_at_a_panic_has_failed() {
    let (server, gate, arrived) = gated(202);
    let (errors, received) = probe();
    let all = settings(&base(&server), &[]);
    let limits = Limits { timeout: LONG, max_body: LARGEST_ANSWER, redirects: 0 };
    let http = Rc::new(HttpClient::public(limits));
    let kind = Kind {
        module: NewRelicModule::UserEvents,
        http,
        room: 10,
        together: 1_000,
        form: Form::ObjectOrArray,
        pause: Duration::from_millis(1),
        patience: LONG,
    };
    let to = Endpoint { url: base(&server), headers: Vec::new() };
    let lane = Lane::new(kind, "second", &all.accounts, &to, (errors.into(), Clock::system()));
    // Three bodies of 400,000 bytes are more than one request takes.
    let large = Bytes::from(format!("\"{}\"", "x".repeat(400_000)));
    lane.push(&[large.clone(), large.clone(), large]);
    {
        let run = std::pin::pin!(lane.run());
        tokio::select! { () = run => {} () = first_of(&arrived) => {} }
    }
    assert_eq!(received.all().len(), 0);
    drop(gate);
    let run = std::pin::pin!(lane.run());
    let end = lane.finish(Instant::now() + LONG);
    tokio::select! { () = run => {} () = end => {} }
    let told = received.at_least(1).await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].failure.category().as_str(), "new_relic_error");
    let last = server.seen().pop().unwrap();
    assert_eq!((count(&last), last.text().len()), (1, 400_002));
}
