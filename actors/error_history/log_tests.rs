//! The history as the log of a sink: nothing is in the database that is not in it, and everything
//! that is in it is in the database in the end.

use std::collections::BTreeMap;
use std::path::Path;

use actix::Arbiter;
use chrono::{DateTime, Utc};
use rusqlite::Connection;
use test_support::{Answer, PATIENCE, StandIn, until_async};

use super::store_tests::{all, every_kind, simple, time};
use super::*;
use crate::domain::measurement_name::MeasurementName;
use crate::domain::names::Secret;
use crate::influx_error_sink::{AskStats, ErrorSinkSettings, InfluxErrorSinkActor, Source};
use crate::io::influx::{IncludeFields, InfluxSettings, InfluxTarget, encode_error};
use crate::runtime::drain::Drain;

fn settings(file: &Path) -> HistorySettings {
    HistorySettings::of_file(file.to_owned(), 30)
}

/// The history and its sink, as the program wires them.
struct Both {
    history: actix::Addr<ErrorHistoryActor>,
    sink: actix::Addr<InfluxErrorSinkActor>,
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
        let clock = Clock::manual(time("2026-05-03T12:00:00Z"));
        let keeps = settings(file);
        let history = ErrorHistoryActor::start_in_arbiter(&arbiter.handle(), move |_| {
            ErrorHistoryActor::new(keeps, clock)
        });
        let measurement = MeasurementName::known("error_metrics");
        let sink = ErrorSinkSettings { measurement, max_points: 100_000 };
        let source = Source::History(history.clone().recipient());
        let sink = InfluxErrorSinkActor::start_in_arbiter(&arbiter.handle(), move |_| {
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
            assert!(begun.elapsed() < PATIENCE, "waited in vain for {written} points: {stats:?}");
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

/// A file of which another process has a part of the work done.
fn filled(file: &Path, stamps: std::ops::Range<i64>) -> ErrorStore {
    let mut store = ErrorStore::open(file).unwrap();
    store.insert(&stamps.map(|stamp| simple(stamp, "a")).collect::<Vec<_>>()).unwrap();
    store
}

#[test]
fn what_is_read_back_becomes_the_same_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("errors.sqlite3");
    let points = every_kind();
    let mut store = ErrorStore::open(&file).unwrap();
    store.insert(&points).unwrap();
    let work = CursorWork { done: Vec::new(), read: Some((0, 1_000)) };
    let read = store.work(work).unwrap();
    assert_eq!(read.events.len(), points.len());
    for ((_, event), point) in read.events.iter().zip(&points) {
        let (mut from_file, mut live) = (Vec::new(), Vec::new());
        encode_error(event, "m", &mut from_file);
        encode_error(point, "m", &mut live);
        assert_eq!(String::from_utf8(from_file), String::from_utf8(live));
    }
}

#[actix::test]
async fn points_are_stored_once_they_are_in_the_history_and_leave_no_trace_behind() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("errors.sqlite3");
    let server = up();
    let both = Both::start(&server, &file).await;
    both.record((1..=3_000).map(|stamp| simple(stamp, "a")));
    both.until_stored(3_000).await;
    both.drain().await;
    assert_eq!((accepted(&server).len(), both.waiting().await), (3_000, 0));
    assert!(accepted(&server).values().all(|times| *times == 1));
    assert_eq!(all(&file, &Filter::default()).len(), 3_000);
    // Another start has nothing to send.
    both.end();
    let silent = up();
    let again = Both::start(&silent, &file).await;
    again.record([simple(4_000, "a")]);
    again.until_stored(1).await;
    assert_eq!(accepted(&silent).len(), 1);
}

#[actix::test]
async fn what_the_end_leaves_is_sent_by_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("errors.sqlite3");
    let down = StandIn::start(|_| Answer::new(503, ""));
    let both = Both::start(&down, &file).await;
    both.record((1..=30_000).map(|stamp| simple(stamp, "a")));
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
        both.record((0..2_000).map(|i| simple(stamp + i, "a")));
        stamp += 2_000;
        // Somewhere in the middle.
        both.until_stored(100 * round + 1).await;
        both.end();
    }
    let last = Both::start(&server, &file).await;
    last.record([simple(stamp, "a")]);
    let known = || all(&file, &Filter::default()).len();
    until_async("the last", || (known() > 0 && accepted(&server).len() == known()).then_some(()))
        .await;
    let known: std::collections::BTreeSet<i64> =
        all(&file, &Filter::default()).iter().map(|row| row.stamp.0).collect();
    let stored: std::collections::BTreeSet<i64> = accepted(&server)
        .keys()
        .map(|line| line.rsplit(' ').next().unwrap().parse().unwrap())
        .collect();
    assert_eq!(known, stored);
}

#[actix::test]
async fn an_outage_longer_than_memory_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("errors.sqlite3");
    let server = StandIn::start(|_| Answer::new(503, ""));
    let both = Both::start(&server, &file).await;
    both.record((1..=50_000).map(|stamp| simple(stamp, "a")));
    let begun = tokio::time::Instant::now();
    while both.waiting().await < 50_000 {
        assert!(begun.elapsed() < PATIENCE);
        tokio::task::yield_now().await;
    }
    let refused = server.seen().len();
    server.respond(|_| Answer::new(204, ""));
    both.record((50_001..=50_010).map(|stamp| simple(stamp, "a")));
    both.until_stored(50_010).await;
    let mut stamps: Vec<String> = Vec::new();
    for seen in &server.seen()[refused..] {
        stamps.extend(seen.text().lines().map(str::to_owned));
    }
    stamps.sort();
    stamps.dedup();
    assert_eq!(stamps.len(), 50_010);
}

#[test]
fn a_place_that_was_not_written_makes_points_come_twice_and_none_be_lost() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("errors.sqlite3");
    let mut store = filled(&file, 0..100);
    let numbers: Vec<i64> = store
        .work(CursorWork { read: Some((0, 100)), ..CursorWork::default() })
        .unwrap()
        .events
        .iter()
        .map(|(id, _)| *id)
        .collect();
    assert_eq!(numbers.len(), 100);
    // The first half and the last ten are done with.
    let done = numbers[..50].iter().chain(&numbers[90..]).copied().collect();
    let reply = store.work(CursorWork { done, read: Some((0, 100)) }).unwrap();
    let left: Vec<i64> = reply.events.iter().map(|(id, _)| *id).collect();
    assert_eq!((left.as_slice(), reply.waiting), (&numbers[50..90], 40));
    drop(store);
    let mut store = ErrorStore::open(&file).unwrap();
    let reply = store.work(CursorWork { read: Some((0, 100)), ..CursorWork::default() }).unwrap();
    assert_eq!((reply.waiting, reply.events.len()), (50, 50), "what was behind the place");
}

#[test]
fn a_full_file_counts_what_it_loses_for_the_sink() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("errors.sqlite3");
    let mut store = ErrorStore::open_limited(&file, 2 << 20).unwrap();
    let mut stamp = 0;
    while store.dropped() == 0 {
        store.insert(&(0..1_000).map(|i| simple(stamp + i, "a")).collect::<Vec<_>>()).unwrap();
        stamp += 1_000;
    }
    let reply = store.work(CursorWork { read: Some((0, 1)), ..CursorWork::default() }).unwrap();
    assert_eq!(reply.dropped.for_size as u64, store.dropped());
    assert_eq!(reply.waiting as u64 + store.dropped(), u64::try_from(stamp).unwrap());
    assert!(reply.events[0].0 > reply.dropped.up_to);
}

/// The table of files without a version.
const BEFORE: &str = "CREATE TABLE errors (
    stamp INTEGER NOT NULL, error_type TEXT NOT NULL, server_name TEXT NOT NULL,
    host TEXT, virtual_proxy TEXT, destination_host TEXT, module TEXT,
    error_category TEXT NOT NULL, error_code TEXT NOT NULL,
    http_status INTEGER, request_url TEXT, request_timeout_ms INTEGER,
    remote_address TEXT, remote_port INTEGER, syscall TEXT, message TEXT NOT NULL);
    CREATE INDEX errors_by_stamp ON errors (stamp);
    INSERT INTO errors VALUES (7,'HEALTH_API','a','h',NULL,NULL,NULL,'timeout','',NULL,NULL,NULL,NULL,NULL,NULL,'m');";

#[test]
fn a_file_without_a_version_is_brought_to_this_one_and_was_sent_before() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("errors.sqlite3");
    Connection::open(&file).unwrap().execute_batch(BEFORE).unwrap();
    let mut store = ErrorStore::open(&file).unwrap();
    assert_eq!(store.set_aside, None);
    store.insert(&[simple(8, "a")]).unwrap();
    let stamps: Vec<i64> = all(&file, &Filter::default()).iter().map(|row| row.stamp.0).collect();
    assert_eq!(stamps, [8, 7]);
    assert_eq!(store.work(CursorWork::default()).unwrap().waiting, 1);
}

#[test]
fn one_column_more_is_welcome_and_what_does_not_fit_is_set_aside() {
    for (change, is_welcome) in [
        ("ALTER TABLE errors ADD COLUMN colour TEXT", true),
        ("ALTER TABLE errors DROP COLUMN syscall", false),
        ("ALTER TABLE errors ADD COLUMN colour TEXT NOT NULL DEFAULT 'red'", true),
        ("DROP TABLE cursors", false),
        ("PRAGMA user_version = 99", false),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("errors.sqlite3");
        drop(filled(&file, 0..3));
        Connection::open(&file).unwrap().execute_batch(change).unwrap();
        let mut store = ErrorStore::open(&file).unwrap();
        assert_eq!(store.set_aside.is_none(), is_welcome, "{change}");
        store.insert(&[simple(9, "a")]).unwrap();
        assert!(!all(&file, &Filter::default()).is_empty());
    }
}

#[test]
fn a_damaged_file_gives_back_what_can_be_read_and_what_waits_still_waits() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("errors.sqlite3");
    let mut store = filled(&file, 0..20_000);
    store.work(CursorWork { done: (1..=15_000).collect(), read: None }).unwrap();
    drop(store);
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2 / 4_096 * 4_096;
    bytes[middle..middle + 8 * 4_096].fill(0);
    std::fs::write(&file, bytes).unwrap();
    let mut store = ErrorStore::open(&file).unwrap();
    let (aside, saved) = store.set_aside.clone().unwrap();
    assert!(aside.exists() && saved > 15_000 && saved < 20_000, "{saved}");
    let reply = store.work(CursorWork::default()).unwrap();
    assert!((1..=5_000).contains(&reply.waiting), "{}", reply.waiting);
}

#[actix::test]
async fn a_file_that_is_deleted_under_us_is_begun_anew_with_what_waits() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("errors.sqlite3");
    let server = StandIn::start(|_| Answer::new(503, ""));
    let both = Both::start(&server, &file).await;
    both.record((1..=100).map(|stamp| simple(stamp, "a")));
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
    both.record([simple(101, "a")]);
    until_async("all of them", || (count()? == 101).then_some(())).await;
}

#[test]
fn rows_of_strange_types_are_left_out_and_counted() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("errors.sqlite3");
    let store = filled(&file, 0..2_500);
    let connection = Connection::open(&file).unwrap();
    for change in [
        "UPDATE errors SET message = x'ff00' WHERE id = 10",
        "UPDATE errors SET stamp = 'yesterday' WHERE id = 1200",
        "UPDATE errors SET error_type = x'80' WHERE id = 2000",
        "UPDATE errors SET http_status = 70000 WHERE id = 2001",
    ] {
        connection.execute(change, []).unwrap();
    }
    let reader = ErrorReader::open(&file).unwrap();
    let mut rows = 0;
    let left_out = reader.for_each(&Filter::default(), None, |_| rows += 1).unwrap();
    assert_eq!((rows, left_out), (2_496, 4));
    let total: u64 =
        reader.totals(&Filter::default()).unwrap().iter().map(|total| total.count).sum();
    assert_eq!(total, 2_499);
    drop(store);
    let mut store = ErrorStore::open(&file).unwrap();
    let read = CursorWork { read: Some((0, 10_000)), ..CursorWork::default() };
    assert_eq!(store.work(read).unwrap().events.len(), 2_496);
}

#[test]
fn a_slow_reader_does_not_make_the_log_of_changes_grow() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("errors.sqlite3");
    let mut store = filled(&file, 0..1_500);
    let reader = ErrorReader::open(&file).unwrap();
    let mut stamp = 10_000;
    let mut largest = 0;
    let mut rows = 0;
    reader
        .for_each(&Filter::default(), Some(40), |_| {
            // Somebody reads page after page with much time in between.
            let points: Vec<ErrorPoint> = (0..1_000).map(|i| simple(stamp + i, "a")).collect();
            store.insert(&points).unwrap();
            stamp += 1_000;
            let log = dir.path().join("errors.sqlite3-wal");
            largest = largest.max(std::fs::metadata(log).map_or(0, |log| log.len()));
            rows += 1;
        })
        .unwrap();
    assert_eq!(rows, 40);
    assert!(largest < 8 << 20, "{largest}");
}

#[test]
fn a_clock_in_the_future_makes_nothing_old() {
    let (kept, start) = (chrono::Duration::days(30), Duration::ZERO);
    let newest = Some(Stamp(time("2026-05-03T12:00:00Z").timestamp_nanos_opt().unwrap()));
    let at = |text: &str| -> DateTime<Utc> { time(text) };
    let of = |now, passed| store::reference(at(now), newest, passed, kept);
    assert_eq!(of("2026-05-04T12:00:00Z", start), at("2026-05-04T12:00:00Z"));
    assert_eq!(of("2038-01-19T03:14:07Z", start), at("2026-05-18T12:00:00Z"));
    let day = Duration::from_secs(86_400);
    assert_eq!(of("2038-01-19T03:14:07Z", day), at("2026-05-19T12:00:00Z"), "time goes on");
    // And one that is right again while the file has the future in it.
    assert_eq!(of("2026-04-01T00:00:00Z", start), at("2026-04-01T00:00:00Z"));
}
