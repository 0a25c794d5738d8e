//! The history as the log of a sink: nothing is in the database that is not in it, and everything
//! that is in it is in the database in the end.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use actix::{Actor, Addr};
use actix_rt::Arbiter;
use actors::domain::errors::{Category, ErrorOccurred, ErrorPoint, Failure, Origin};
use actors::domain::measurement_name::MeasurementName;
use actors::domain::names::Secret;
use actors::domain::point::Stamp;
use actors::error_history::{ErrorHistoryActor, HistorySettings, PlacesTo};
use actors::influx_error_sink::{AskStats, ErrorSinkSettings, InfluxErrorSinkActor, Source};
use actors::io::error_log::{ErrorReader, Filter};
use actors::io::influx::{IncludeFields, InfluxSettings, InfluxTarget};
use actors::runtime::clock::Clock;
use actors::runtime::drain::Drain;
use actors::runtime::lost::AskLost;
use test_support::{Answer, PATIENCE, StandIn, until_async};

fn simple(stamp: i64) -> ErrorPoint {
    let origin = Origin::HealthApi { server: "a".into(), host: "h".into() };
    let failure = Failure::local(Category::Unknown, Arc::from("failed"));
    ErrorPoint::new(Stamp(stamp), ErrorOccurred { origin, failure })
}

/// Stamps of the events in a file; none while it cannot be read.
fn known(file: &Path) -> BTreeSet<i64> {
    let mut stamps = BTreeSet::new();
    if let Ok(reader) = ErrorReader::open(file) {
        _ = reader.for_each(&Filter::default(), None, |row| _ = stamps.insert(row.stamp.0));
    }
    stamps
}

/// The history and its sink, as the program wires them.
struct Both {
    history: Addr<ErrorHistoryActor>,
    sink: Addr<InfluxErrorSinkActor>,
    arbiter: Arbiter,
}

impl Both {
    async fn start(server: &StandIn, file: &Path) -> Self {
        let influx = InfluxSettings {
            base_url: format!("http://{}", server.address()),
            ca_file: None,
            target: InfluxTarget::V3 {
                database: "d".to_owned(),
                token: Secret::from("token"),
                timeout: PATIENCE,
            },
            max_batch_size: 1_000,
            include: IncludeFields::default(),
        };
        // A thread of their own, so that both end with it.
        let arbiter = Arbiter::new();
        let clock = Clock::manual("2026-05-03T12:00:00Z".parse().unwrap());
        let keeps = HistorySettings::of_file(file.to_owned(), 30);
        let history = ErrorHistoryActor::start_in_arbiter(&arbiter.handle(), move |context| {
            context.set_mailbox_capacity(100_000);
            ErrorHistoryActor::new(keeps, clock, None)
        });
        let measurement = MeasurementName::new("error_metrics").unwrap();
        let sink = ErrorSinkSettings { measurement, collector: None, max_points: 100_000 };
        let source = Source::History(history.clone().recipient());
        let sink = InfluxErrorSinkActor::start_in_arbiter(&arbiter.handle(), move |context| {
            context.set_mailbox_capacity(100_000);
            InfluxErrorSinkActor::new(&influx, sink, source)
        });
        history.send(PlacesTo(sink.clone().recipient())).await.unwrap();
        Self { history, sink, arbiter }
    }

    fn record(&self, points: impl IntoIterator<Item = ErrorPoint>) {
        for point in points {
            self.sink.do_send(point.clone());
            self.history.do_send(point);
        }
    }

    async fn waiting(&self) -> usize {
        self.sink.send(AskStats).await.unwrap().waiting
    }

    async fn until_stored(&self, written: u64) {
        let begun = tokio::time::Instant::now();
        while self.sink.send(AskStats).await.unwrap().written < written {
            let stats = self.sink.send(AskStats).await.unwrap();
            assert!(
                begun.elapsed().as_secs() < 15,
                "waited in vain for {written} points: {stats:?}"
            );
            tokio::task::yield_now().await;
        }
    }

    /// Ends both without a word, as a kill does.
    fn end(self) {
        self.arbiter.stop();
        self.arbiter.join().unwrap();
    }

    async fn drain(&self) {
        let until = tokio::time::Instant::now() + PATIENCE;
        self.history.send(Drain { until }).await.unwrap();
        self.sink.send(Drain { until }).await.unwrap();
    }
}

/// Lines by stamp, each with how often it was accepted.
fn accepted(server: &StandIn) -> BTreeMap<String, usize> {
    let mut lines = BTreeMap::new();
    for seen in server.seen().iter().filter(|seen| seen.target.contains("/write")) {
        seen.text().lines().for_each(|line| *lines.entry(line.to_owned()).or_default() += 1);
    }
    lines
}

fn up() -> StandIn {
    StandIn::start(|_| Answer::new(204, ""))
}

#[actix::test]
async fn points_are_stored_once_they_are_in_the_history_and_leave_no_trace_behind() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("errors.sqlite3");
    let server = up();
    let both = Both::start(&server, &file).await;
    both.record((1..=3_000).map(simple));
    both.until_stored(3_000).await;
    both.drain().await;
    assert_eq!((accepted(&server).len(), both.waiting().await), (3_000, 0));
    assert!(accepted(&server).values().all(|times| *times == 1));
    assert_eq!(known(&file).len(), 3_000);
    // Another start has nothing to send.
    both.end();
    let silent = up();
    let again = Both::start(&silent, &file).await;
    again.record([simple(4_000)]);
    again.until_stored(1).await;
    assert_eq!(accepted(&silent).len(), 1);
}

#[actix::test]
async fn what_the_end_leaves_is_sent_by_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("errors.sqlite3");
    let down = StandIn::start(|_| Answer::new(503, ""));
    let both = Both::start(&down, &file).await;
    both.record((1..=30_000).map(simple));
    both.drain().await;
    assert_eq!(both.sink.send(AskLost).await.unwrap().count, 0);
    assert_eq!(both.waiting().await, 30_000);
    both.end();
    let server = up();
    let again = Both::start(&server, &file).await;
    again.until_stored(30_000).await;
    assert_eq!(accepted(&server).len(), 30_000, "each is another line");
}

#[actix::test]
async fn what_is_killed_loses_nothing_that_the_history_knows() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("errors.sqlite3");
    let server = up();
    let mut stamp = 0;
    for round in 0..10 {
        let both = Both::start(&server, &file).await;
        both.record((0..2_000).map(|i| simple(stamp + i)));
        stamp += 2_000;
        // Somewhere in the middle.
        both.until_stored(100 * round + 1).await;
        both.end();
    }
    let last = Both::start(&server, &file).await;
    last.record([simple(stamp)]);
    let stored = || -> BTreeSet<i64> {
        let lines = accepted(&server);
        lines.keys().map(|line| line.rsplit(' ').next().unwrap().parse().unwrap()).collect()
    };
    until_async("the last", || {
        (known(&file).contains(&stamp) && stored().len() >= known(&file).len()).then_some(())
    })
    .await;
    assert_eq!(known(&file), stored());
}

#[actix::test]
async fn an_outage_longer_than_memory_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("errors.sqlite3");
    let server = StandIn::start(|_| Answer::new(503, ""));
    let both = Both::start(&server, &file).await;
    both.record((1..=50_000).map(simple));
    let begun = tokio::time::Instant::now();
    while both.waiting().await < 50_000 {
        assert!(begun.elapsed() < PATIENCE);
        tokio::task::yield_now().await;
    }
    let refused = server.seen().len();
    server.respond(|_| Answer::new(204, ""));
    both.record((50_001..=50_010).map(simple));
    both.until_stored(50_010).await;
    let mut stamps: Vec<String> = Vec::new();
    for seen in &server.seen()[refused..] {
        stamps.extend(seen.text().lines().map(str::to_owned));
    }
    stamps.sort();
    stamps.dedup();
    assert_eq!(stamps.len(), 50_010);
}

#[actix::test]
async fn a_file_that_is_deleted_under_us_is_begun_anew_with_what_waits() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("errors.sqlite3");
    let server = StandIn::start(|_| Answer::new(503, ""));
    let both = Both::start(&server, &file).await;
    both.record((1..=100).map(simple));
    let begun = tokio::time::Instant::now();
    while both.waiting().await < 100 {
        assert!(begun.elapsed() < PATIENCE);
        tokio::task::yield_now().await;
    }
    for part in ["", "-wal", "-shm"] {
        _ = std::fs::remove_file(dir.path().join(format!("errors.sqlite3{part}")));
    }
    let count = || {
        let mut rows = 0;
        let reader = ErrorReader::open(&file).ok()?;
        reader.for_each(&Filter::default(), None, |_| rows += 1).ok()?;
        Some(rows)
    };
    until_async("a new file", || (count()? == 100).then_some(())).await;
    both.record([simple(101)]);
    until_async("all of them", || (count()? == 101).then_some(())).await;
}

#[actix::test]
async fn what_comes_after_a_file_was_deleted_is_stored_as_well() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("errors.sqlite3");
    let server = up();
    let both = Both::start(&server, &file).await;
    both.record((1..=100).map(simple));
    both.until_stored(100).await;
    for part in ["", "-wal", "-shm"] {
        _ = std::fs::remove_file(dir.path().join(format!("errors.sqlite3{part}")));
    }
    until_async("a new file", || file.exists().then_some(())).await;
    both.record((101..=110).map(simple));
    both.until_stored(110).await;
    assert_eq!(accepted(&server).len(), 110);
}
