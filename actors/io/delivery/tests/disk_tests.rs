//! What waits is on disk, and is sent from there: after an outage, after a kill, after a stop.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::io::outbox::{Level, Outbox, OutboxSettings, OutboxSpool, Reply, Stream, Work};

const LARGE: usize = 1_000_000;

fn outbox(folder: &Path) -> Outbox {
    let file = folder.join("data/outbox.sqlite3");
    let max_age = Duration::from_secs(86_400);
    Outbox::open(OutboxSettings {
        file,
        max_bytes: 64 << 20,
        max_age,
        replay: None,
        errors_elsewhere: false,
    })
    .unwrap()
}

struct Kept {
    stream: InfluxDelivery,
    events: Events,
    running: actix_rt::task::JoinHandle<()>,
}

/// A stream that keeps what waits in `folder`.
fn kept(server: &StandIn, folder: &Path) -> Kept {
    kept_by(server, folder, Look::WhenMissed)
}

fn kept_by(server: &StandIn, folder: &Path, look: Look) -> Kept {
    let events = Events::default();
    let for_stream = Rc::clone(&events);
    let settings = InfluxSettings { max_batch_size: 1_000, ..settings(server) };
    let pause = Duration::from_millis(20);
    let policy = Policy { pause, ..policy(&settings, LARGE) };
    let transport = InfluxTransport::new(&settings, look);
    let spool = OutboxSpool::new(outbox(folder), Stream::Measurements);
    let to: Option<Box<dyn Spool>> = Some(Box::new(spool));
    let stream =
        Delivery::new(transport, policy, to, move |event| for_stream.borrow_mut().push(event));
    let running = actix_rt::spawn(stream.clone().run());
    Kept { stream, events, running }
}

impl Kept {
    /// Ends it without asking, once what waits is written, and waits until its file is free.
    async fn kill(self, folder: &Path) {
        until_async("everything to be on disk", || {
            (self.stream.0.state.borrow().unsaved() == 0).then_some(())
        })
        .await;
        self.running.abort();
        _ = self.running.await;
        drop(self.stream);
        until_async("the file to be free", || {
            let lock = std::fs::File::open(folder.join("data/outbox.sqlite3.lock")).ok()?;
            lock.try_lock().ok()
        })
        .await;
    }
}

/// A server that answers 503 until the switch is on.
fn switched() -> (StandIn, Arc<AtomicBool>) {
    let up = Arc::new(AtomicBool::new(false));
    let switch = Arc::clone(&up);
    let server = StandIn::start(move |_| match switch.load(Ordering::Relaxed) {
        true => Answer::new(204, ""),
        false => Answer::new(503, ""),
    });
    (server, up)
}

/// The names of the points that were accepted, and how many lines brought them.
fn accepted(server: &StandIn, begin: usize) -> (BTreeSet<String>, usize) {
    let seen = server.seen();
    let lines: Vec<String> = seen[begin..]
        .iter()
        .flat_map(|seen| seen.text().lines().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    (lines.iter().cloned().collect(), lines.len())
}

#[actix::test]
async fn what_waits_outlives_a_kill_and_is_sent_by_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let (server, up) = switched();
    let first = kept(&server, folder.path());
    (0..50).for_each(|number| first.stream.push(job(&format!("a{number}"))));
    until_async("the outage", || first.stream.obstacle()).await;
    (0..50).for_each(|number| first.stream.push(job(&format!("b{number}"))));
    until_async("100 reports", || (not_stored(&first.events).len() == 100).then_some(())).await;
    first.kill(folder.path()).await;

    let refused = server.seen().len();
    up.store(true, Ordering::Relaxed);
    let second = kept(&server, folder.path());
    until_async("all points", || (accepted(&server, refused).0.len() == 100).then_some(())).await;
    assert_eq!(flush(&second.stream).await, 0);
    assert_eq!(accepted(&server, refused).1, 100, "each once");
    assert_eq!(second.stream.stats().waiting, 0);
    assert_eq!(not_stored(&second.events), Vec::<String>::new(), "they were reported before");
    second.kill(folder.path()).await;

    let third = kept(&server, folder.path());
    third.stream.push(job("fresh"));
    until_async("a fresh point", || {
        accepted(&server, refused).0.iter().any(|line| line.contains("fresh")).then_some(())
    })
    .await;
    assert_eq!(accepted(&server, refused).1, 101, "nothing is sent again");
}

#[actix::test]
async fn a_long_backlog_is_on_disk_only_and_all_of_it_arrives() {
    let folder = tempfile::tempdir().unwrap();
    let (server, up) = switched();
    let kept = kept(&server, folder.path());
    kept.stream.push(job("first"));
    until_async("the outage", || kept.stream.obstacle()).await;
    for number in 0..600 {
        let lines: String = (0..100).map(|line| format!("m,t=p{number}_{line} f=1 1\n")).collect();
        kept.stream.push(Job::new(lines, 100, None));
    }
    assert_eq!(kept.stream.stats().waiting, 60_001);
    let in_memory = || {
        let state = kept.stream.0.state.borrow();
        (state.unsaved() == 0).then(|| state.waiting() - state.tail())
    };
    let in_memory = until_async("everything to be on disk", in_memory).await;
    assert!(in_memory <= 20_000, "{in_memory}");

    let refused = server.seen().len();
    up.store(true, Ordering::Relaxed);
    until_async("all of it", || (kept.stream.stats().waiting == 0).then_some(())).await;
    let (points, lines) = accepted(&server, refused);
    // The last of the refused may have been under way when the switch was turned.
    assert_eq!(points.len(), 60_001);
    assert!(lines < 60_001 + 2_000, "{lines}");
    assert_eq!(kept.stream.stats().written, 60_001);
    assert_eq!(flush(&kept.stream).await, 0);
    kept.kill(folder.path()).await;
    let again = outbox(folder.path());
    let reply = again.work(Stream::Measurements, Work::default()).await.unwrap();
    assert_eq!(reply.level.rows, 0, "nothing is left on disk");
}

#[actix::test]
async fn a_stop_in_an_outage_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (server, up) = switched();
    let first = kept(&server, folder.path());
    first.stream.push(job("before"));
    until_async("the outage", || first.stream.obstacle()).await;
    first.stream.push(job("meanwhile"));
    let left = first.stream.flush(Instant::now() + Duration::from_secs(10)).await;
    assert_eq!(left, Leftover { kept: 2, lost: 0 });
    first.kill(folder.path()).await;
    let refused = server.seen().len();
    up.store(true, Ordering::Relaxed);
    let second = kept(&server, folder.path());
    until_async("both", || (accepted(&server, refused).0.len() == 2).then_some(())).await;
    second.kill(folder.path()).await;
}

#[actix::test]
async fn without_a_disk_it_waits_in_memory_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    // Where the folder should be is a file.
    std::fs::write(folder.path().join("data"), "").unwrap();
    let (server, up) = switched();
    let kept = kept(&server, folder.path());
    kept.stream.push(job("one"));
    until_async("the outage", || kept.stream.obstacle()).await;
    (0..30).for_each(|number| kept.stream.push(job(&format!("{number}"))));
    assert_eq!(kept.stream.stats().waiting, 31);
    let refused = server.seen().len();
    up.store(true, Ordering::Relaxed);
    until_async("all of it", || (kept.stream.stats().waiting == 0).then_some(())).await;
    assert_eq!(accepted(&server, refused).0.len(), 31);
    let obstacle = kept.stream.obstacle().unwrap();
    assert!(obstacle.contains("outbox.sqlite3 cannot be opened"), "{obstacle}");
    assert_eq!(flush(&kept.stream).await, 0);
}

#[actix::test]
async fn what_an_earlier_start_has_left_is_found_although_the_database_is_away_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (server, up) = switched();
    let first = kept(&server, folder.path());
    (0..5).for_each(|number| first.stream.push(job(&format!("old{number}"))));
    until_async("the outage", || first.stream.obstacle()).await;
    first.kill(folder.path()).await;

    // The database is looked at, and is away, before the file was opened.
    let second = kept_by(&server, folder.path(), Look::First);
    second.stream.push(job("new"));
    until_async("the outage", || second.stream.obstacle()).await;
    until_async("what waits", || (second.stream.stats().waiting == 6).then_some(())).await;
    let refused = server.seen().len();
    up.store(true, Ordering::Relaxed);
    until_async("all of it", || (second.stream.stats().waiting == 0).then_some(())).await;
    let points = accepted(&server, refused).0;
    assert_eq!(points.iter().filter(|line| line.contains("f=1")).count(), 6, "{points:?}");
    second.kill(folder.path()).await;
}

/// A state whose file has answered, with a job of so many points in its backlog.
fn opened(points: usize) -> State {
    let mut state = State::new(any_policy(), Some(Disk::default()));
    state.backlog.push(Job::new("m f=1 1\n", points, None));
    let work = state.disk_work().unwrap();
    assert_eq!(work.load, Some((0, 20_000_usize.saturating_sub(points))));
    state.disk_replied(work, Ok(Reply::default()));
    state
}

#[test]
fn a_file_is_asked_for_rows_whatever_is_in_memory_and_not_again_when_it_has_none() {
    for points in [0, 19_999, 25_000] {
        let mut state = opened(points);
        assert_eq!(state.disk_work(), None, "{points}");
    }
    // The sums of the file speak of rows that it does not have.
    let mut state = opened(0);
    let level = Level { points: 7, ..Level::default() };
    let reply = |level| Reply { level, ..Reply::default() };
    state.forget(&[Job { row: Some(1), ..Job::new("m f=1 1\n", 1, None) }]);
    let work = state.disk_work().unwrap();
    state.disk_replied(work, Ok(reply(level)));
    assert_eq!(state.tail(), 7);
    let work = state.disk_work().unwrap();
    state.disk_replied(work, Ok(reply(level)));
    assert_eq!((state.tail(), state.disk_work()), (0, None));
}

#[test]
fn what_has_no_room_in_memory_leaves_the_disk_too() {
    let mut state = opened(0);
    for number in 0..3 {
        state.join_backlog(Job::new(format!("m f={number} 1\n"), 1, None));
    }
    let work = state.disk_work().unwrap();
    let first = work.append[0].id;
    let level = Level { points: 3, last: work.append[2].id, ..Level::default() };
    state.disk_replied(work, Ok(Reply { level, ..Reply::default() }));
    state.policy.max_points = 2;
    state.enforce_bounds();
    assert_eq!(state.stats.dropped_overflow, 1);
    assert_eq!(state.disk_work().unwrap().remove, [first]);
}

#[actix::test]
async fn what_is_refused_is_kept_to_be_looked_at_with_its_reason() {
    let folder = tempfile::tempdir().unwrap();
    let server = StandIn::start(|seen| match seen.text().contains("t=bad ") {
        true => Answer::new(400, r#"{"error":"cannot parse"}"#),
        false => Answer::new(204, ""),
    });
    let kept = kept(&server, folder.path());
    ["a", "bad", "b"].into_iter().for_each(|name| kept.stream.push(job(name)));
    let file = folder.path().join("data/outbox.sqlite3");
    let refused = until_async("the refused point", || {
        let refused = crate::io::outbox::OutboxReader::open(&file).ok()?.refused().ok()?;
        (!refused.is_empty()).then_some(refused)
    })
    .await;
    assert_eq!(refused.len(), 1);
    assert_eq!(
        (refused[0].reason.as_str(), refused[0].stream.as_str()),
        ("cannot parse", "measurements")
    );
    assert_eq!(refused[0].lines, b"m,t=bad f=1 1\n");
    kept.kill(folder.path()).await;
}
