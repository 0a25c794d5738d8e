//! Rounds of counting.

use actix::{Addr, MessageResult};

use super::*;
use crate::runtime::probe::probe;

/// A receiver that counted one event since it was asked last.
struct Counted;

impl Actor for Counted {
    type Context = Context<Self>;
}

impl Handler<TakeCounts> for Counted {
    type Result = MessageResult<TakeCounts>;

    fn handle(&mut self, _: TakeCounts, _: &mut Self::Context) -> Self::Result {
        let mut counts = EventCounts::default();
        counts.count("qseow-engine", "h", "");
        MessageResult(counts)
    }
}

#[actix::test]
async fn each_round_is_one_message_and_the_end_has_a_round_of_its_own() {
    tokio::time::pause();
    let (to, received) = probe::<CountedEvents>();
    let counting = EventSources { log: Some(Counted.start().recipient()), user: None };
    let interval = Duration::from_secs(5);
    let counter: Addr<EventCounter> =
        EventCounter::new(interval, counting, Fanout::from(vec![to])).start();
    let rounds = received.at_least(1).await;
    assert_eq!(rounds[0].log.events.values().sum::<u64>(), 1);
    assert!(rounds[0].user.is_empty());
    let until = tokio::time::Instant::now() + interval;
    counter.send(Drain { until }).await.unwrap();
    assert_eq!(received.at_least(2).await.len(), 2);
}
