//! The actor: bursts, retention, a file that cannot be used yet.

use chrono::{DateTime, Utc};

use super::*;
use crate::io::error_log::Filter;
use crate::io::error_log::store_tests::{all, simple, time};

#[actix::test]
async fn the_actor_stores_a_burst_and_answers_the_drain_when_done() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("errors.sqlite3");
    let clock = Clock::manual(time("2026-05-03T12:00:00Z"));
    let stamp = clock.stamp().0;
    let actor =
        ErrorHistoryActor::new(HistorySettings::of_file(file.clone(), 30), clock, None).start();
    for i in 0..10_000 {
        actor.do_send(simple(stamp + i, "a"));
    }
    actor.send(Drain { until: tokio::time::Instant::now() }).await.unwrap();
    assert_eq!(all(&file, &Filter::default()).len(), 10_000);
}

#[actix::test]
async fn events_older_than_the_retention_leave_at_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("errors.sqlite3");
    let now = time("2026-05-03T12:00:00Z");
    let mut store = ErrorStore::open(&file).unwrap();
    let nanos = |time: DateTime<Utc>| time.timestamp_nanos_opt().unwrap();
    let days = |n| chrono::Duration::days(n);
    store
        .insert(&[simple(nanos(now - days(8)), "old"), simple(nanos(now - days(1)), "new")])
        .unwrap();
    drop(store);
    let settings = HistorySettings::of_file(file.clone(), 7);
    let actor = ErrorHistoryActor::new(settings, Clock::manual(now), None).start();
    actor.send(Drain { until: tokio::time::Instant::now() }).await.unwrap();
    let rows = all(&file, &Filter::default());
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].server_name, "new");
}

#[actix::test]
async fn a_file_that_was_in_use_at_the_start_is_tried_again_and_todays_counts_come_back() {
    use crate::runtime::probe::probe;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("errors.sqlite3");
    let clock = Clock::manual(time("2026-05-03T12:00:00Z"));
    let stamp = clock.stamp().0;
    let mut other = ErrorStore::open(&file).unwrap();
    other.insert(&[simple(stamp, "a"), simple(stamp + 1, "a")]).unwrap();
    tokio::time::pause();
    let settings = HistorySettings::of_file(file.clone(), 30);
    let actor = ErrorHistoryActor::new(settings, clock, None).start();
    let (tracker, sent) = probe::<EarlierErrors>();
    actor.send(CountsTo(tracker)).await.unwrap();
    actor.send(simple(stamp + 2, "b")).await.unwrap();
    tokio::time::sleep(TRY_EVERY * 3).await;
    assert_eq!(all(&file, &Filter::default()).len(), 2, "still in use by another");
    drop(other);
    tokio::time::sleep(TRY_EVERY).await;
    let EarlierErrors { counts, .. } = sent.at_least(1).await.remove(0);
    assert_eq!(counts.details().to_string(), r#"{"HEALTH_API":{"total":2,"servers":{"a":2}}}"#);
    assert_eq!(all(&file, &Filter::default()).len(), 3, "what waited is written");
    actor.send(simple(stamp + 3, "b")).await.unwrap();
    actor.send(Drain { until: tokio::time::Instant::now() }).await.unwrap();
    assert_eq!(all(&file, &Filter::default()).len(), 4);
    assert_eq!(sent.at_least(1).await.len(), 1, "sent once");
}
