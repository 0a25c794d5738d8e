//! What a policy says is done, whatever the transport is.

use crate::domain::errors::Category;
use std::future::pending;

use super::*;
use crate::io::delivery::state::{Lane, State};

/// What a destination that only a test knows does with the next batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answers {
    Stored,
    Away,
    Never,
}

/// A batch, and when it came.
type RecordedRequest = (Instant, Vec<String>);

/// Such a destination, and the batches that it was sent.
#[derive(Clone)]
struct Script {
    answers: Rc<Cell<Answers>>,
    batches: Rc<RefCell<Vec<RecordedRequest>>>,
}

impl Script {
    fn new(answers: Answers) -> Self {
        Self { answers: Rc::new(Cell::new(answers)), batches: Rc::default() }
    }

    fn sizes(&self) -> Vec<usize> {
        self.batches.borrow().iter().map(|(_, jobs)| jobs.len()).collect()
    }

    fn times(&self) -> Vec<Instant> {
        self.batches.borrow().iter().map(|(at, _)| *at).collect()
    }
}

impl Transport for Script {
    const NAME: &'static str = "the script";
    const CATEGORY: Category = Category::Unknown;

    async fn send(&self, batch: Batch, attempt: &Attempt<'_>) -> Result<Vec<Rejection>, SendError> {
        attempt.request();
        let names = batch.jobs.iter().map(|job| String::from_utf8_lossy(job).into_owned());
        self.batches.borrow_mut().push((Instant::now(), names.collect()));
        match self.answers.get() {
            Answers::Stored => Ok(Vec::new()),
            Answers::Never => pending().await,
            Answers::Away => {
                let failure = Failure::local(Category::Unknown, "away");
                let message = "it is away".to_owned();
                Err(SendError { failure, message, retry_after: None, suspicion: None })
            }
        }
    }
}

fn scripted(script: &Script, policy: Policy) -> (Delivery<Script>, Events) {
    let events = Events::default();
    let for_stream = Rc::clone(&events);
    let on_event = move |event| for_stream.borrow_mut().push(event);
    let stream = Delivery::new(script.clone(), policy, None, on_event);
    actix_rt::spawn(stream.clone().run());
    (stream, events)
}

async fn idle(stream: &Delivery<Script>) {
    until_async("everything to leave", || (stream.stats().waiting == 0).then_some(())).await;
}

#[actix::test]
async fn a_probe_is_one_operation_every_two_seconds_and_then_everything_leaves() {
    tokio::time::pause();
    let script = Script::new(Answers::Away);
    let batch = BatchSize { points: 100, ..any_policy().batch };
    let (stream, events) = scripted(&script, Policy { batch, ..any_policy() });
    (0..50).for_each(|number| stream.push(job(&format!("{number}"))));
    until_async("some probes", || (script.sizes().len() == 12).then_some(())).await;
    assert_eq!(not_stored(&events).len(), 50);
    assert!(script.sizes()[1..].iter().all(|size| *size == 1), "{:?}", script.sizes());
    for pause in script.times().windows(2).map(|pair| pair[1] - pair[0]) {
        assert!((1.6..2.5).contains(&pause.as_secs_f64()), "{pause:?}");
    }
    script.answers.set(Answers::Stored);
    idle(&stream).await;
    assert_eq!(script.sizes()[12..], [1, 49], "one operation shows it");
    let back = events.borrow().iter().filter(|it| matches!(it, Event::Back { .. })).count();
    assert_eq!(back, 1);
}

#[actix::test]
async fn a_batch_in_which_nothing_happens_has_failed_whatever_its_transport_does() {
    tokio::time::pause();
    let script = Script::new(Answers::Never);
    let patience = Duration::from_secs(70);
    let (stream, events) = scripted(&script, Policy { patience, ..any_policy() });
    stream.push(job("a"));
    let begun = Instant::now();
    until_async("the failure", || (not_stored(&events).len() == 1).then_some(())).await;
    assert!((70..80).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
    assert_eq!(stream.obstacle().as_deref(), Some("timeout: the script did nothing for 70 s"));
    script.answers.set(Answers::Stored);
    idle(&stream).await;
    assert_eq!(stream.stats().written, 1, "it is not lost");
}

#[actix::test]
async fn what_is_tried_once_is_lost_with_its_batch_and_the_rest_waits() {
    tokio::time::pause();
    let script = Script::new(Answers::Away);
    let batch = BatchSize { points: 10, most_points: 10, most_bytes: usize::MAX };
    let policy = Policy { while_away: WhileAway::TryOnce, max_points: 40, batch, ..any_policy() };
    let (stream, events) = scripted(&script, policy);
    (0..30).for_each(|number| stream.push(job(&format!("{number}"))));
    until_async("a batch to be lost", || (stream.stats().dropped_away == 10).then_some(())).await;
    assert_eq!(stream.stats().waiting, 20);
    script.answers.set(Answers::Stored);
    idle(&stream).await;
    assert_eq!((stream.stats().written, stream.stats().dropped_away), (20, 10));
    let lost = |points| move |event: &&Event| matches!(event, Event::Lost { points: lost, .. } if *lost == points);
    assert_eq!(events.borrow().iter().filter(lost(10)).count(), 1);
    assert_eq!(not_stored(&events).len(), 10, "each operation of it");

    // The end: what is under way and what waits, a batch at a time.
    script.answers.set(Answers::Never);
    (0..25).for_each(|number| stream.push(job(&format!("{number}"))));
    until_async("the last request", || (script.sizes().len() == 4).then_some(())).await;
    assert_eq!(stream.flush(Instant::now() + Duration::from_secs(1)).await.lost, 25);
    stream.give_up(&Failure::local(Category::Unknown, "stopped"));
    assert_eq!((stream.stats().waiting, stream.stats().dropped_away), (0, 35));
    assert_eq!(events.borrow().iter().filter(lost(10)).count(), 3);
    assert_eq!(events.borrow().iter().filter(lost(5)).count(), 1);
}

#[actix::test]
async fn a_backlog_leaves_at_its_pace() {
    tokio::time::pause();
    let script = Script::new(Answers::Away);
    let batch = BatchSize { points: 10, most_points: 10, most_bytes: usize::MAX };
    let policy = Policy { replay: Some(20), batch, ..any_policy() };
    let (stream, _) = scripted(&script, policy);
    (0..61).for_each(|number| stream.push(job(&format!("{number}"))));
    until_async("the outage", || stream.obstacle()).await;
    script.answers.set(Answers::Stored);
    until_async("the probe", || (stream.stats().written > 0).then_some(())).await;
    let back = Instant::now();
    stream.push(job("live"));
    idle(&stream).await;
    // The probe, then 60 points at 20 in a second.
    let took = back.elapsed().as_secs_f64();
    assert!((2.5..3.2).contains(&took), "{took}");
    let batches = script.batches.borrow();
    let at = batches.iter().position(|(_, jobs)| jobs[0].contains("t=live")).unwrap();
    assert_eq!(batches[at].0, back, "what is new waits for nothing");
}

#[test]
fn batches_grow_with_what_waits_up_to_the_bound_of_the_destination() {
    let batch = BatchSize { points: 10, most_points: 25, most_bytes: 200 };
    let mut state = State::new(Policy { batch, ..any_policy() }, None);
    let mut sizes = |waiting: usize, limit: usize| {
        (0..waiting).for_each(|_| state.live.push(job("a")));
        let departure = state.depart(Lane::Live, limit).unwrap();
        state.live.take_all().count();
        departure.batch.points
    };
    assert_eq!(sizes(9, usize::MAX), 9);
    assert_eq!(sizes(20, usize::MAX), 16, "200 bytes");
    let line = "m,t=a f=1 1\n".len();
    assert_eq!(sizes(20, 3 * line), 3, "what the destination was found to take");
    assert_eq!(sizes(1, 1), 1, "one at least");
}

#[actix::test]
async fn measurements_go_ahead_of_events() {
    tokio::time::pause();
    let script = Script::new(Answers::Stored);
    let batch = BatchSize { points: 3, most_points: 3, most_bytes: usize::MAX };
    let linger = Duration::from_millis(200);
    let (stream, _) = scripted(&script, Policy { batch, linger, ..any_policy() });
    (0..4).for_each(|number| stream.push(job(&format!("e{number}")).of_events()));
    stream.push(job("m"));
    idle(&stream).await;
    let batches = script.batches.borrow();
    let first: Vec<&str> = batches[0].1.iter().map(String::as_str).collect();
    assert_eq!(first, ["m,t=m f=1 1\n", "m,t=e0 f=1 1\n", "m,t=e1 f=1 1\n"]);
}
