//! A server that answers each write with the next flush of its log, as version 3 does.

use super::*;
use crate::domain::errors::Category;
use crate::io::delivery::state::Lane;

const FLUSH: Duration = Duration::from_millis(400);

/// When writes arrived, by how many others were without an answer.
fn overlaps(server: &StandIn) -> Vec<usize> {
    let seen = server.seen();
    let writes: Vec<&RecordedRequest> =
        seen.iter().filter(|seen| seen.target.contains("/write")).collect();
    let open = |at: std::time::Instant| {
        writes.iter().filter(|other| other.at <= at && at < other.at + FLUSH).count()
    };
    writes.iter().map(|write| open(write.at)).collect()
}

#[actix::test]
async fn full_batches_do_not_wait_for_a_server_that_answers_late() {
    let server = StandIn::start(|seen| match seen.target.contains("/write") {
        true => Answer::Late(FLUSH, 204),
        false => Answer::new(200, "OK"),
    });
    let (stream, events) = delivery(&server, 1_000);
    (0..160).for_each(|number| stream.push(job(&format!("{number}"))));
    until_async("everything", || (stream.stats().waiting == 0).then_some(())).await;
    let overlaps = overlaps(&server);
    assert!(overlaps.iter().any(|open| *open > 1), "{overlaps:?}");
    assert!(overlaps.iter().all(|open| *open <= 8), "{overlaps:?}");
    let mut lines = stored(&server, |_| true);
    lines.sort();
    lines.dedup();
    assert_eq!((lines.len(), stream.stats().written), (160, 160));
    assert_eq!(*events.borrow(), []);
}

#[actix::test]
async fn what_was_under_way_together_fails_as_one() {
    let mut writes = 0;
    let server = StandIn::start(move |seen| {
        writes += u16::from(seen.target.contains("/write"));
        match writes {
            0 => Answer::new(200, "OK"),
            1 => Answer::Late(FLUSH, 204),
            _ => Answer::Late(FLUSH, 503),
        }
    });
    let (stream, events) = delivery(&server, 1_000);
    (0..40).for_each(|number| stream.push(job(&format!("{number}"))));
    until_async("the outage", || (not_stored(&events).len() == 36).then_some(())).await;
    assert!(overlaps(&server).iter().any(|open| *open > 1), "{:?}", overlaps(&server));
    server.respond(|_| Answer::new(204, ""));
    assert_eq!(flush(&stream).await, 0);
    assert_eq!(stream.stats().written, 40);
    assert_eq!(not_stored(&events).len(), 36, "each once");
    let events = events.borrow();
    let away = events.iter().filter(|event| matches!(event, Event::Away { .. })).count();
    assert_eq!(away, 1, "{events:?}");
}

#[test]
fn eight_failures_at_once_make_the_pause_no_longer() {
    let pause = Duration::from_secs(1);
    let mut state = State::new(Policy { pause, ..any_policy() }, None);
    let failure = Failure::local(Category::Unknown, "x");
    let error = SendError { failure, message: "x".to_owned(), retry_after: None, suspicion: None };
    (0..8).for_each(|number| state.live.push(job(&format!("{number}"))));
    let flights: Vec<u64> =
        (0..8).map(|_| state.depart(Lane::Live, usize::MAX).unwrap().id).collect();
    for id in flights {
        state.not_stored(id, error.clone());
    }
    let away = state.away.as_ref().unwrap();
    assert!(away.until - away.failed <= pause * 120 / 100, "{:?}", away.until - away.failed);
    assert_eq!((state.backlog.points(), state.flights.len()), (8, 0));
    // The one that was under way before says nothing about now.
    state.live.push(job("early"));
    let early = state.depart(Lane::Live, usize::MAX).unwrap().id;
    let late = Instant::now() + Duration::from_millis(1);
    state.away.as_mut().unwrap().failed = late;
    assert_eq!(state.done(early, &[]), [Event::Stored { points: 1 }]);
    assert!(state.away.is_some());
}
