//! Versions of the file, places in it, and what becomes of damage.

use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, Utc};
use rusqlite::Connection;

use super::store_tests::{all, every_kind, simple, time};
use super::*;
use crate::domain::errors::ErrorPoint;
use crate::domain::point::Stamp;
use crate::io::influx::encode_error;

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
        encode_error(event, "m", Some("west 1"), &mut from_file);
        encode_error(point, "m", Some("west 1"), &mut live);
        let live = String::from_utf8(live).unwrap();
        assert!(live.starts_with("m,collector=west\\ 1,"), "{live}");
        assert_eq!(String::from_utf8(from_file).unwrap(), live);
    }
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

#[test]
fn a_file_whose_head_is_zeros_is_damaged_and_not_new() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("errors.sqlite3");
    drop(filled(&file, 0..3));
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[..4_096].fill(0);
    std::fs::write(&file, bytes).unwrap();
    assert!(ErrorStore::open(&file).unwrap().set_aside.is_some());
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
    let of = |now, passed| age_reference(at(now), newest, passed, kept);
    assert_eq!(of("2026-05-04T12:00:00Z", start), at("2026-05-04T12:00:00Z"));
    assert_eq!(of("2038-01-19T03:14:07Z", start), at("2026-05-18T12:00:00Z"));
    let day = Duration::from_secs(86_400);
    assert_eq!(of("2038-01-19T03:14:07Z", day), at("2026-05-19T12:00:00Z"), "time goes on");
    // And one that is right again while the file has the future in it.
    assert_eq!(of("2026-04-01T00:00:00Z", start), at("2026-04-01T00:00:00Z"));
}
