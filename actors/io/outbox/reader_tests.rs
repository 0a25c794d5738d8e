//! Looking into the file while it is written, and what is dropped by hand.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::file::OutboxFile;
use super::*;

const M: Stream = Stream::Measurements;

fn settings(folder: &Path) -> OutboxSettings {
    OutboxSettings {
        replay: None,
        errors_elsewhere: false,
        file: folder.join("outbox.sqlite3"),
        max_bytes: 64 << 20,
        max_age: Duration::from_secs(7 * 86_400),
    }
}

fn rows(ids: impl IntoIterator<Item = i64>, bytes: usize) -> Work {
    let row = |id| {
        let mut lines = format!("m f={id} {id}").into_bytes();
        lines.resize(bytes.max(lines.len()), b' ');
        lines.push(b'\n');
        Row { id, points: 1, lines: lines.into() }
    };
    Work { append: ids.into_iter().map(row).collect(), ..Work::default() }
}

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().try_into().unwrap()
}

/// Makes rows older than they are.
fn age(file: &Path, from: i64, to: i64, seconds: i64) {
    let connection = rusqlite::Connection::open(file).unwrap();
    let sql = "UPDATE waiting SET added = added - ? WHERE id BETWEEN ? AND ?";
    connection.execute(sql, [seconds, from, to]).unwrap();
}

#[test]
fn growth_is_what_came_in_the_last_ten_minutes() {
    let folder = tempfile::tempdir().unwrap();
    let file = settings(folder.path()).file;
    let mut outbox = OutboxFile::open(&settings(folder.path())).unwrap();
    let growth = |now: i64| {
        let waiting = OutboxReader::open(&file).unwrap().waiting(now).unwrap();
        assert_eq!((waiting[0].stream, waiting[1].growth), (M, 0.0));
        waiting[0].growth
    };
    assert_eq!(growth(now()), 0.0, "nothing waits");
    outbox.work(M, &rows(1..=30, 9_999)).unwrap();
    let came = OutboxReader::open(&file).unwrap().waiting(0).unwrap()[0].level.oldest.unwrap();
    assert_eq!(growth(came), 0.0, "there is no stretch yet");
    // Ten of them came long ago, ten 500 s ago.
    age(&file, 1, 10, 5_000);
    age(&file, 11, 20, 500);
    assert_eq!(growth(came), 200_000.0 / 600.0);
    assert_eq!(growth(came + 300), 100_000.0 / 600.0, "some are out of the stretch");
    assert_eq!(growth(came + 601), 0.0, "it does not grow any more");
    // A stretch that begins with the oldest: what was there first is no growth.
    outbox.work(M, &Work { remove: (1..=10).collect(), ..Work::default() }).unwrap();
    assert_eq!(growth(came), 100_000.0 / 500.0);
    assert_eq!(growth(came - 100), 100_000.0 / 500.0, "the clock was set back");
}

#[test]
fn pages_are_small_and_hold_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut outbox = OutboxFile::open(&settings(folder.path())).unwrap();
    outbox.work(M, &rows(1..=600, 99)).unwrap();
    outbox.work(Stream::Errors, &rows(1..=3, 3 << 20)).unwrap();
    outbox.connection.execute("UPDATE waiting SET lines = 'text' WHERE id = 7", []).unwrap();
    let reader = OutboxReader::open(&settings(folder.path()).file).unwrap();
    let (mut end, mut sizes, mut left_out) = (None, Vec::new(), 0);
    while let Some(page) = reader.page(end).unwrap() {
        sizes.push(page.lines.len());
        left_out += page.left_out;
        end = Some(page.end);
        // A statement that is under way would keep the log of changes from being merged.
        let busy = "PRAGMA wal_checkpoint(TRUNCATE)";
        let busy: i64 = outbox.connection.query_row(busy, [], |row| row.get(0)).unwrap();
        assert_eq!(busy, 0);
        outbox.work(M, &Work { remove: vec![1], ..Work::default() }).unwrap();
    }
    let large = (3 << 20) + 1;
    assert_eq!(sizes, [49_900, 10_000 + large, large, large]);
    assert_eq!(left_out, 1, "a row of strange types costs itself");
}

#[test]
fn a_file_of_an_earlier_version_and_one_that_is_being_made_can_be_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let file = settings(folder.path()).file;
    let read = || {
        let reader = OutboxReader::open(&file).unwrap();
        let waiting = reader.waiting(now()).unwrap();
        let refused = reader.refused_count().unwrap() as usize + reader.refused().unwrap().len();
        (waiting[0].level.points, refused, reader.page(None).unwrap().is_some())
    };
    fs::write(&file, "").unwrap();
    assert_eq!(read(), (0, 0, false));
    fs::remove_file(&file).unwrap();

    let mut outbox = OutboxFile::open(&settings(folder.path())).unwrap();
    outbox.work(M, &rows(1..=2, 0)).unwrap();
    outbox.connection.execute_batch("DROP TABLE refused; PRAGMA user_version = 1").unwrap();
    assert_eq!(read(), (2, 0, true));
}

#[test]
fn what_is_dropped_gives_its_room_back_whichever_way() {
    for in_slices in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let file = settings(folder.path()).file;
        let mut outbox = OutboxFile::open(&settings(folder.path())).unwrap();
        outbox.work(M, &rows(1..=1_000, 20_000)).unwrap();
        outbox.work(Stream::Errors, &rows(1..=1, 0)).unwrap();
        outbox.merge_log();
        assert!(fs::metadata(&file).unwrap().len() > 20_000_000);
        let mut points = 1_000;
        if in_slices {
            outbox.drop_in_slices(M).unwrap();
            assert!(!outbox.reserve.is_there());
            points = 0;
        }
        assert_eq!(outbox.empty(M).unwrap(), points);
        let level = |stream: Stream| {
            let waiting = OutboxReader::open(&file).unwrap().waiting(now()).unwrap();
            waiting.into_iter().find(|it| it.stream == stream).unwrap().level
        };
        let left = level(M);
        assert_eq!((left.rows, left.points, left.bytes, left.last), (0, 0, 0, 1_000));
        assert_eq!(level(Stream::Errors).points, 1);
        assert!(fs::metadata(&file).unwrap().len() < 200_000, "in slices: {in_slices}");
    }
}
