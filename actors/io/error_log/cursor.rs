//! How far a sink is in the history: what is stored by it is a place in the history, and nothing
//! that waits for it is written twice.

use std::collections::BTreeSet;
use std::sync::Arc;

use actix::{Message, Recipient};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;

use super::query::HistoryRow;
use crate::domain::point::Stamp;
use crate::io::outbox::{Drops, Level, OutboxError, Reply, Row, Spool, Work};

/// What a sink has done, and what it wants to read.
#[derive(Debug, Clone, Default, Message)]
#[rtype(result = "Result<CursorReply, OutboxError>")]
pub struct CursorWork {
    /// Events that are done with.
    pub done: Vec<i64>,
    /// Wanted are the oldest events above this number, so many at most, at least one.
    pub read: Option<(i64, usize)>,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct CursorReply {
    /// What was asked for, with its numbers.
    pub events: Vec<(i64, HistoryRow)>,
    /// Events that had to leave the history before they were done with.
    pub dropped: Drops,
    /// Events that are not done with.
    pub waiting: usize,
    /// The number of the newest event.
    pub newest: i64,
}

/// Where events are now, in the order in which they were recorded: their numbers in the file, or
/// `None` for what is not in it, because it cannot be written.
#[derive(Debug, Clone, Message)]
#[rtype(result = "()")]
pub struct Placement(pub Arc<[(Option<i64>, Stamp)]>);

/// A place in the history. Everything up to it is done, and some of what is above it.
#[derive(Debug, Default)]
pub(super) struct Cursor {
    position: i64,
    /// Done with, above the position.
    done: BTreeSet<i64>,
    /// Events above the position, done or not.
    above: usize,
    /// What left before it was done with, until somebody was told.
    dropped: Drops,
}

impl Cursor {
    /// At this position, with so many events above it.
    pub(super) fn new(position: i64, above: usize) -> Self {
        Self { position, above, ..Self::default() }
    }

    pub(super) fn position(&self) -> i64 {
        self.position
    }

    /// Events that are not done with.
    pub(super) fn waiting(&self) -> usize {
        self.above.saturating_sub(self.done.len())
    }

    /// So many events were added.
    pub(super) fn added(&mut self, events: usize) {
        self.above += events;
    }

    /// These are done with.
    pub(super) fn finish(&mut self, done: impl IntoIterator<Item = i64>) {
        self.done.extend(done.into_iter().filter(|id| *id > self.position));
    }

    pub(super) fn is_done(&self, id: i64) -> bool {
        id <= self.position || self.done.contains(&id)
    }

    /// Whether the event with this number, the next one above the position, is done with; then
    /// that is the position.
    pub(super) fn advance(&mut self, id: i64) -> bool {
        let is_done = self.done.remove(&id);
        if is_done {
            self.position = id;
            self.above = self.above.saturating_sub(1);
        }
        is_done
    }

    /// Nothing is above the position but what is done with.
    pub(super) fn advance_to_end(&mut self, newest: i64) {
        self.done.clear();
        self.above = 0;
        self.position = self.position.max(newest);
    }

    /// So many events up to this number leave the history; `for_age` is why, else for their size.
    pub(super) fn leave(&mut self, up_to: i64, events: usize, for_age: bool) {
        if up_to <= self.position {
            return;
        }
        let kept = self.done.split_off(&(up_to + 1));
        let lost = events.saturating_sub(self.done.len());
        self.done = kept;
        self.above = self.above.saturating_sub(events);
        self.position = up_to;
        let count = if for_age { &mut self.dropped.for_age } else { &mut self.dropped.for_size };
        *count += lost;
        self.dropped.up_to = up_to;
    }

    /// What left before it was done with, said once.
    pub(super) fn take_dropped(&mut self) -> Drops {
        std::mem::take(&mut self.dropped)
    }
}

/// The history as the place where a sink keeps what waits.
pub struct HistorySpool {
    history: Recipient<CursorWork>,
    /// The bytes of an event, as the sink sends them.
    encode: Box<Encode>,
}

/// Makes the bytes of an event.
type Encode = dyn Fn(&HistoryRow) -> Vec<u8>;

impl HistorySpool {
    /// A spool on `history` of events that are sent as `encode` has them.
    pub fn new(
        history: Recipient<CursorWork>,
        encode: impl Fn(&HistoryRow) -> Vec<u8> + 'static,
    ) -> Self {
        Self { history, encode: Box::new(encode) }
    }
}

impl Spool for HistorySpool {
    fn work(&self, work: Work) -> LocalBoxFuture<'_, Result<Reply, OutboxError>> {
        async move {
            // What is to be appended is there already.
            let work = CursorWork { done: work.remove, read: work.load };
            let ended = |_| OutboxError::new("the error history has ended");
            let reply = self.history.send(work).await.map_err(ended)??;
            let row = |(id, event): &(i64, HistoryRow)| {
                let lines = (self.encode)(event).into();
                Row { id: *id, points: 1, lines }
            };
            let loaded = reply.events.iter().map(row).collect();
            let level = Level {
                rows: reply.waiting as u64,
                points: reply.waiting,
                bytes: 0,
                last: reply.newest,
                oldest: None,
            };
            Ok(Reply { loaded, dropped: reply.dropped, level, set_aside: None })
        }
        .boxed_local()
    }

    /// The history says itself what is wrong with it.
    fn obstacle(&self) -> Option<String> {
        None
    }

    fn failed(&self, error: &OutboxError) {
        log::debug!("ERROR TRACKER: Error events that wait are in memory only: {error}");
    }

    fn works_again(&self) {
        log::debug!("ERROR TRACKER: Error events that wait are in the history again");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_where_everything_before_is_done() {
        let mut cursor = Cursor::new(10, 5);
        cursor.finish([12, 13, 15, 9]);
        assert_eq!((cursor.position(), cursor.waiting()), (10, 2));
        assert!(!cursor.advance(11));
        cursor.finish([11]);
        let advanced = [11, 12, 13, 14].map(|id| cursor.advance(id));
        assert_eq!(advanced, [true, true, true, false]);
        assert_eq!((cursor.position(), cursor.waiting()), (13, 1));
        assert!(cursor.is_done(13) && cursor.is_done(15) && !cursor.is_done(14));
        cursor.added(3);
        assert_eq!(cursor.waiting(), 4);
    }

    #[test]
    fn what_leaves_before_it_is_done_is_counted_once() {
        let mut cursor = Cursor::new(0, 10);
        cursor.finish([1, 2, 8]);
        cursor.leave(5, 5, false);
        let Drops { for_size, for_age, up_to } = cursor.take_dropped();
        assert_eq!((for_size, for_age, up_to), (3, 0, 5));
        assert_eq!((cursor.position(), cursor.waiting()), (5, 4));
        cursor.leave(4, 4, true);
        assert_eq!(cursor.take_dropped(), Drops::default(), "it was done with");
        cursor.leave(10, 5, true);
        assert_eq!(cursor.take_dropped().for_age, 4);
        assert_eq!((cursor.position(), cursor.waiting()), (10, 0));
    }
}
