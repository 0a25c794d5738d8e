//! Rows in, rows out, bounds, and files that are damaged.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::file::OutboxFile;
use super::*;

fn settings(folder: &Path) -> OutboxSettings {
    OutboxSettings {
        replay: None,
        errors_elsewhere: false,
        file: folder.join("private/outbox.sqlite3"),
        max_bytes: 4 << 20,
        max_age: Duration::from_secs(7 * 86_400),
    }
}

fn row(id: i64, points: usize, bytes: usize) -> Row {
    let mut lines = format!("m f={id} {id}").into_bytes();
    lines.resize(bytes.max(lines.len()), b' ');
    Row { id, points, lines: lines.into() }
}

fn append(ids: impl IntoIterator<Item = i64>) -> Work {
    Work { append: ids.into_iter().map(|id| row(id, 2, 0)).collect(), ..Work::default() }
}

fn load(after: i64, points: usize) -> Work {
    Work { load: Some((after, points)), ..Work::default() }
}

fn ids(reply: &Reply) -> Vec<i64> {
    reply.loaded.iter().map(|row| row.id).collect()
}

const M: Stream = Stream::Measurements;

#[test]
fn the_database_has_no_known_defect_of_its_log() {
    // Before 3.51.3 a write-ahead log that is reset at the wrong moment may damage the file.
    let version = rusqlite::version_number();
    assert!(version >= 3_051_003, "{version}");
}

#[actix::test]
async fn rows_stay_until_they_are_removed_and_outlive_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let outbox = Outbox::open(settings(folder.path())).unwrap();
    let reply = outbox.work(M, append(1..=5)).await.unwrap();
    assert_eq!((reply.level.rows, reply.level.points, reply.level.last), (5, 10, 5));
    outbox.work(Stream::Errors, append(100..=100)).await.unwrap();
    assert_eq!(ids(&outbox.work(M, load(0, 5)).await.unwrap()), [1, 2]);
    assert_eq!(ids(&outbox.work(M, load(2, 1)).await.unwrap()), [3], "one at least");
    let work = Work { remove: vec![1, 3, 77, 100], ..load(0, 100) };
    assert_eq!(ids(&outbox.work(M, work).await.unwrap()), [2, 4, 5]);
    drop(outbox);

    let again = opened(folder.path()).await;
    let reply = again.work(M, load(0, 100)).await.unwrap();
    assert_eq!(ids(&reply), [2, 4, 5]);
    assert_eq!(reply.loaded[0], row(2, 2, 0), "its bytes are what they were");
    assert_eq!((reply.level.rows, reply.level.points, reply.level.last), (3, 6, 5));
    let errors = again.work(Stream::Errors, load(0, 100)).await.unwrap();
    assert_eq!(ids(&errors), [100], "no stream has a part in another");
}

/// A handle on the file once the one before has let go of it.
async fn opened(folder: &Path) -> Outbox {
    test_support::until("the file to be free", || {
        let lock = fs::File::open(settings(folder).file.with_extension("sqlite3.lock")).ok()?;
        lock.try_lock().ok()
    });
    Outbox::open(settings(folder)).unwrap()
}

#[test]
fn the_oldest_go_when_the_file_is_full_and_errors_have_their_share() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("private")).unwrap();
    let mut file = OutboxFile::open(&settings(folder.path())).unwrap();
    let large = |id| Work { append: vec![row(id, 10, 100_000)], ..Work::default() };
    file.work(Stream::Errors, &large(1)).unwrap();
    let mut dropped = 0;
    for id in 2..=60 {
        let reply = file.work(M, &large(id)).unwrap();
        dropped += reply.dropped.for_size;
        assert_eq!(reply.dropped.for_age, 0);
    }
    // Three quarters of 4 MiB.
    let reply = file.work(M, &load(0, 1)).unwrap();
    assert_eq!((reply.level.rows, dropped), (31, 280));
    assert_eq!(ids(&reply), [30]);
    assert!(reply.level.bytes <= 3 << 20, "{:?}", reply.level);
    assert_eq!(file.work(Stream::Errors, &load(0, 1)).unwrap().level.rows, 1);
    let size = fs::metadata(settings(folder.path()).file).unwrap().len();
    assert!(size < 5 << 20, "{size}");
}

#[test]
fn what_is_too_old_goes_a_few_rows_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("private")).unwrap();
    let mut file = OutboxFile::open(&settings(folder.path())).unwrap();
    file.work(M, &append(1..=600)).unwrap();
    drop(file);
    let connection = rusqlite::Connection::open(settings(folder.path()).file).unwrap();
    let days = |count: i64| count * 86_400;
    let sql = "UPDATE waiting SET added = added - ? WHERE id < 600";
    connection.execute(sql, [days(8)]).unwrap();
    let mut file = OutboxFile::open(&settings(folder.path())).unwrap();
    let dropped: Vec<(usize, i64)> = (0..4)
        .map(|_| file.work(M, &Work::default()).unwrap().dropped)
        .map(|dropped| (dropped.for_age, dropped.up_to))
        .collect();
    assert_eq!(dropped, [(512, 256), (512, 512), (174, 599), (0, 0)]);
    drop(file);

    // A clock that jumped while the program was off.
    let sql = "UPDATE waiting SET added = added - ?";
    connection.execute(sql, [days(4_000)]).unwrap();
    let mut file = OutboxFile::open(&settings(folder.path())).unwrap();
    let reply = file.work(M, &append([601])).unwrap();
    assert_eq!((reply.dropped, reply.level.rows), (Drops::default(), 2));
}

#[actix::test]
async fn a_damaged_file_is_set_aside_and_what_can_be_read_is_saved() {
    let folder = tempfile::tempdir().unwrap();
    let file = settings(folder.path()).file;
    let outbox = Outbox::open(settings(folder.path())).unwrap();
    let rows = (1..=200).map(|id| row(id, 1, 3_000)).collect();
    outbox.work(M, Work { append: rows, ..Work::default() }).await.unwrap();
    drop(outbox);
    drop(opened(folder.path()).await);
    let connection = rusqlite::Connection::open(&file).unwrap();
    _ = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    drop(connection);

    damage(&file);

    let outbox = Outbox::open(settings(folder.path())).unwrap();
    let reply = outbox.work(M, load(0, 1_000)).await.unwrap();
    let (saved, aside) = (ids(&reply), reply.set_aside);
    assert!(saved.len() > 150 && saved.len() < 200, "{} rows", saved.len());
    assert!(saved.first() == Some(&1) && saved.last() == Some(&200), "{saved:?}");
    assert!(aside.is_some_and(|aside| aside.exists()), "the damaged file is kept");
    outbox.work(M, append([201])).await.unwrap();
}

/// Zeros in the middle.
fn damage(file: &Path) {
    let mut bytes = fs::read(file).unwrap();
    let middle = bytes.len() / 2 / 4_096 * 4_096;
    bytes[middle..middle + 8 * 4_096].fill(0);
    fs::write(file, &bytes).unwrap();
}

#[actix::test]
async fn what_of_a_damaged_file_finds_no_room_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let file = settings(folder.path()).file;
    let outbox = Outbox::open(settings(folder.path())).unwrap();
    // More than the slices in which rows are saved.
    for from in (1..=1_600).step_by(400) {
        let rows = (from..from + 400).map(|id| row(id, 2, 1_000)).collect();
        outbox.work(M, Work { append: rows, ..Work::default() }).await.unwrap();
    }
    drop(outbox);
    drop(opened(folder.path()).await);
    let connection = rusqlite::Connection::open(&file).unwrap();
    _ = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    drop(connection);
    damage(&file);

    let smaller = OutboxSettings { max_bytes: 1 << 20, ..settings(folder.path()) };
    let outbox = Outbox::open(smaller).unwrap();
    let reply = outbox.work(M, load(0, 10_000)).await.unwrap();
    let saved = ids(&reply);
    assert!(saved.len() > 400 && saved.last() == Some(&1_600), "{} rows", saved.len());
    assert!(saved.is_sorted() && reply.dropped.up_to < saved[0], "{:?}", reply.dropped);
    // Some rows could not be read; all others are saved or counted.
    let counted = reply.dropped.for_size / 2;
    assert!(counted > 700 && (1_540..1_600).contains(&(saved.len() + counted)), "{counted}");
    let again = outbox.work(M, Work::default()).await.unwrap();
    assert_eq!(again.dropped, Drops::default(), "told once");
}

#[actix::test]
async fn what_is_no_database_of_this_version_is_set_aside() {
    let text = "not a database, but long enough to look like one".repeat(100);
    for content in [text.as_str(), "later", "foreign", "another program"] {
        let folder = tempfile::tempdir().unwrap();
        let file = settings(folder.path()).file;
        fs::create_dir(file.parent().unwrap()).unwrap();
        match content {
            "foreign" => {
                let connection = rusqlite::Connection::open(&file).unwrap();
                connection.execute_batch("CREATE TABLE waiting (guests TEXT)").unwrap();
            }
            "another program" => {
                let connection = rusqlite::Connection::open(&file).unwrap();
                connection.execute_batch("CREATE TABLE guests (name TEXT)").unwrap();
            }
            "later" => {
                let connection = rusqlite::Connection::open(&file).unwrap();
                connection.pragma_update(None, "user_version", 7).unwrap();
            }
            text => fs::write(&file, text).unwrap(),
        }
        let outbox = Outbox::open(settings(folder.path())).unwrap();
        let reply = outbox.work(M, append([1])).await.unwrap();
        assert_eq!(reply.level.rows, 1);
        assert!(file.with_extension("sqlite3.damaged-1").exists());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(&file).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "the new one is for this account, too");
        }
    }
}

#[actix::test]
async fn a_file_has_one_owner_and_a_reason_while_it_cannot_be_used() {
    let folder = tempfile::tempdir().unwrap();
    let first = Outbox::open(settings(folder.path())).unwrap();
    first.work(M, append([1])).await.unwrap();
    let second = Outbox::open(settings(folder.path())).unwrap();
    let error = second.work(M, append([2])).await.unwrap_err();
    assert!(error.message.ends_with("is used by another Butler SOS"), "{error}");
    assert_eq!(second.obstacle(), Some(error.message));
    assert_eq!(first.obstacle(), None);
}

#[test]
fn errors_that_found_another_place_leave_with_the_measurements() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("private")).unwrap();
    let mut file = OutboxFile::open(&settings(folder.path())).unwrap();
    file.work(Stream::Errors, &append(2..=4)).unwrap();
    file.work(M, &append(1..=2)).unwrap();
    drop(file);
    let elsewhere = OutboxSettings { errors_elsewhere: true, ..settings(folder.path()) };
    let mut file = OutboxFile::open(&elsewhere).unwrap();
    let reply = file.work(M, &load(0, 100)).unwrap();
    assert_eq!((ids(&reply), reply.level.points), (vec![1, 2, 5, 6, 7], 10));
    assert_eq!(reply.level.last, 7);
    assert_eq!(file.work(Stream::Errors, &load(0, 100)).unwrap().level.rows, 0);
}

#[test]
fn streams_may_have_the_same_numbers() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("private")).unwrap();
    let mut file = OutboxFile::open(&settings(folder.path())).unwrap();
    file.work(M, &append(1..=3)).unwrap();
    file.work(Stream::Errors, &append(2..=4)).unwrap();
    file.work(M, &Work { remove: vec![2], ..Work::default() }).unwrap();
    assert_eq!(ids(&file.work(M, &load(0, 100)).unwrap()), [1, 3]);
    assert_eq!(ids(&file.work(Stream::Errors, &load(0, 100)).unwrap()), [2, 3, 4]);
}

#[test]
fn a_file_that_may_not_grow_frees_its_reserve_and_the_oldest_make_room() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("private")).unwrap();
    let reserve = settings(folder.path()).file.with_extension("sqlite3.reserve");
    let mut file = OutboxFile::open(&settings(folder.path())).unwrap();
    assert_eq!(fs::metadata(&reserve).unwrap().len(), 4 << 20);
    let made = |reserve: &Path| fs::metadata(reserve).unwrap().modified().unwrap();
    let first = made(&reserve);
    let large = |id| Work { append: vec![row(id, 10, 100_000)], ..Work::default() };
    (1..=20).for_each(|id| _ = file.work(M, &large(id)).unwrap());
    drop(file);
    let mut file = OutboxFile::open(&settings(folder.path())).unwrap();
    assert_eq!(made(&reserve), first, "one that is there is kept");

    // SQLite answers as on a full volume.
    file.may_grow(false).unwrap();
    let dropped: usize =
        (21..=40).map(|id| file.work(M, &large(id)).unwrap().dropped.for_size).sum();
    assert!(!reserve.exists());
    let reply = file.work(M, &load(0, 1_000)).unwrap();
    assert_eq!(reply.level.points + dropped, 400, "all are there, or counted");
    assert!((200..300).contains(&dropped) && ids(&reply).last() == Some(&40), "{dropped}");
}

/// Needs a volume of its own, which only root can make: elsewhere it shows nothing.
#[cfg(target_os = "linux")]
#[test]
fn a_full_volume_frees_its_reserve_and_the_oldest_make_room() {
    use std::process::Command;
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().display().to_string();
    let mount = ["-t", "tmpfs", "-o", "size=16m", "tmpfs", &at];
    if !Command::new("mount").args(mount).status().is_ok_and(|status| status.success()) {
        return;
    }
    fs::create_dir(folder.path().join("private")).unwrap();
    let mut file = OutboxFile::open(&settings(folder.path())).unwrap();
    let reserve = settings(folder.path()).file.with_extension("sqlite3.reserve");
    assert_eq!(fs::metadata(&reserve).unwrap().len(), 4 << 20);
    let large = |id| Work { append: vec![row(id, 10, 100_000)], ..Work::default() };
    (1..=20).for_each(|id| _ = file.work(M, &large(id)).unwrap());
    // Others take what is left, down to the last bytes.
    let others = folder.path().join("others");
    let mut blob = fs::File::create(&others).unwrap();
    while std::io::Write::write_all(&mut blob, &[0; 16_384]).is_ok() {}
    drop(blob);
    let mut dropped = 0;
    for id in 21..=60 {
        match file.work(M, &large(id)) {
            Ok(reply) => dropped += reply.dropped.for_size,
            Err(error) => panic!("{id}: {error}"),
        }
    }
    assert!(!reserve.exists());
    let reply = file.work(M, &load(0, 1_000)).unwrap();
    assert_eq!(reply.level.points + dropped, 600, "all are there, or counted");
    assert!(dropped < 600 - 100 && ids(&reply).last() == Some(&60), "{dropped}");
    drop(file);
    let mut file = OutboxFile::open(&settings(folder.path())).unwrap();
    assert_eq!(
        file.work(M, &Work::default()).unwrap().level,
        reply.level,
        "opened while it is full"
    );
    fs::remove_file(others).unwrap();
    file.work(M, &large(61)).unwrap();
    drop(file);
    assert!(Command::new("umount").arg(&at).status().unwrap().success());
}

#[cfg(unix)]
#[actix::test]
async fn only_this_account_may_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let outbox = Outbox::open(settings(folder.path())).unwrap();
    outbox.work(M, append([1])).await.unwrap();
    let private = folder.path().join("private");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&private), 0o700);
    for entry in fs::read_dir(&private).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}
