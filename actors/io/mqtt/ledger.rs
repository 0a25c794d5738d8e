//! What becomes of messages that were handed to the client library.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::domain::errors::Failure;

/// A publication under way: one health answer, one session list, one event, whatever the number of
/// its topics.
#[derive(Debug)]
pub(super) struct Publication {
    since: Instant,
    /// Messages that nothing has proven yet.
    left: Cell<usize>,
    failure: RefCell<Option<Failure>>,
    ended: Notify,
}

impl Publication {
    /// One of so many messages begins now.
    pub(super) fn new(messages: usize) -> Rc<Self> {
        Rc::new(Self {
            since: Instant::now(),
            left: Cell::new(messages),
            failure: RefCell::default(),
            ended: Notify::new(),
        })
    }

    /// Waits until the broker has all its messages, or one of them has failed.
    pub(super) async fn end(&self) -> Result<(), Failure> {
        loop {
            if let Some(failure) = &*self.failure.borrow() {
                return Err(failure.clone());
            }
            if self.left.get() == 0 {
                return Ok(());
            }
            self.ended.notified().await;
        }
    }

    /// The broker has one of its messages.
    fn arrived(&self) {
        self.left.set(self.left.get().saturating_sub(1));
        if self.left.get() == 0 {
            self.ended.notify_one();
        }
    }

    /// One of its messages has failed.
    fn fail(&self, failure: &Failure) {
        self.failure.borrow_mut().get_or_insert_with(|| failure.clone());
        self.ended.notify_one();
    }
}

/// Messages handed to the client library, oldest first.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    waiting: VecDeque<Rc<Publication>>,
    /// Written with QoS 1.
    unconfirmed: HashMap<u16, Rc<Publication>>,
    /// Written with QoS 0.
    unproven: VecDeque<Rc<Publication>>,
    question: Question,
}

/// The question whose answer proves that the broker reads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Question {
    #[default]
    None,
    /// Handed over, not written yet.
    Waiting,
    /// Written, behind so many messages that are not proven.
    Written(usize),
}

impl Ledger {
    /// A message of `publication` was handed over.
    pub(super) fn add(&mut self, publication: &Rc<Publication>) {
        self.waiting.push_back(Rc::clone(publication));
    }

    /// The oldest message was written. Without a packet id only a later answer of the broker can
    /// tell that it was read.
    pub(super) fn written(&mut self, packet_id: u16) {
        let Some(publication) = self.waiting.pop_front() else { return };
        if packet_id == 0 {
            self.unproven.push_back(publication);
        } else {
            self.unconfirmed.insert(packet_id, publication);
        }
    }

    /// The broker has confirmed a message.
    pub(super) fn confirmed(&mut self, packet_id: u16) {
        if let Some(publication) = self.unconfirmed.remove(&packet_id) {
            publication.arrived();
        }
    }

    /// How many messages were written that nothing has proven yet.
    pub(super) fn unproven(&self) -> usize {
        self.unproven.len()
    }

    /// Whether nothing waits to be written.
    pub(super) fn is_all_written(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Whether to ask the broker now. Whoever is told so asks.
    pub(super) fn asks(&mut self) -> bool {
        let due = self.question == Question::None && !self.unproven.is_empty();
        if due {
            self.question = Question::Waiting;
        }
        due
    }

    /// The question was written.
    pub(super) fn asked(&mut self) {
        self.question = Question::Written(self.unproven.len());
    }

    /// The question was answered: what was written before it was read.
    pub(super) fn answered(&mut self) {
        if let Question::Written(before) = std::mem::take(&mut self.question) {
            let proven = self.unproven.drain(..before.min(self.unproven.len()));
            proven.for_each(|publication| publication.arrived());
        }
    }

    /// How many messages are neither written nor confirmed, as their quality of service wants.
    #[cfg(test)]
    fn len(&self) -> usize {
        self.waiting.len() + self.unconfirmed.len() + self.unproven.len()
    }

    /// Whether a message has been under way for longer than `limit`.
    pub(super) fn is_overdue(&self, limit: Duration) -> bool {
        let first = self.waiting.front().into_iter().chain(self.unproven.front());
        first
            .chain(self.unconfirmed.values())
            .map(|publication| publication.since.elapsed())
            .any(|age| age >= limit)
    }

    /// Gives everything up.
    pub(super) fn fail_all(&mut self, failure: &Failure) {
        self.question = Question::None;
        let unconfirmed = self.unconfirmed.drain().map(|(_, publication)| publication);
        let all = unconfirmed.chain(self.unproven.drain(..)).chain(self.waiting.drain(..));
        all.for_each(|publication| publication.fail(failure));
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;
    use crate::domain::errors::Category;

    /// What has become of a publication: `None` while it is under way.
    fn fate(publication: &Publication) -> Option<Result<(), String>> {
        let end = publication.end().now_or_never()?;
        Some(end.map_err(|failure| failure.message().into_owned()))
    }

    fn broken() -> Failure {
        Failure::local(Category::Unknown, "broken")
    }

    fn failed() -> Option<Result<(), String>> {
        Some(Err("broken".to_owned()))
    }

    #[test]
    fn a_publication_ends_with_the_last_of_its_messages_or_the_first_that_fails() {
        let mut ledger = Ledger::default();
        let (a, b, c) = (Publication::new(1), Publication::new(2), Publication::new(2));
        for publication in [&a, &b, &b, &c, &c] {
            ledger.add(publication);
        }
        (0..4).for_each(|_| ledger.written(0));
        assert!(ledger.asks() && !ledger.asks());
        ledger.asked();
        assert_eq!([fate(&a), fate(&b)], [None, None]);
        ledger.answered();
        assert_eq!([fate(&a), fate(&b), fate(&c)], [Some(Ok(())), Some(Ok(())), None]);
        assert_eq!(ledger.len(), 1);
        ledger.fail_all(&broken());
        assert_eq!((ledger.len(), fate(&c)), (0, failed()));
    }

    #[test]
    fn what_is_written_for_the_broker_to_confirm_is_still_under_way() {
        let mut ledger = Ledger::default();
        let [a, b, c] = [(); 3].map(|()| Publication::new(1));
        [&a, &b, &c].into_iter().for_each(|publication| ledger.add(publication));
        ledger.written(1);
        ledger.written(2);
        ledger.confirmed(1);
        ledger.fail_all(&broken());
        assert_eq!([fate(&a), fate(&b), fate(&c)], [Some(Ok(())), failed(), failed()]);
        // Nobody waits any more; late news change nothing.
        ledger.written(3);
        ledger.confirmed(3);
        assert_eq!(ledger.len(), 0);
    }

    #[test]
    fn without_confirmation_an_answer_proves_what_was_written_before_its_question() {
        let mut ledger = Ledger::default();
        assert!(!ledger.asks(), "nothing was written");
        let all = [(); 3].map(|()| Publication::new(1));
        all.iter().for_each(|publication| ledger.add(publication));
        ledger.written(0);
        assert!(ledger.asks());
        ledger.written(0);
        ledger.asked();
        ledger.written(0);
        ledger.answered();
        assert_eq!([0, 1, 2].map(|it| fate(&all[it])), [Some(Ok(())), Some(Ok(())), None]);
        assert_eq!(ledger.unproven(), 1);
        assert!(ledger.asks());
        ledger.fail_all(&broken());
        // An answer that nothing was asked for proves nothing.
        ledger.answered();
        assert_eq!(fate(&all[2]), failed());
    }

    #[tokio::test(start_paused = true)]
    async fn what_takes_too_long_is_overdue() {
        let limit = Duration::from_secs(10);
        let mut ledger = Ledger::default();
        ledger.add(&Publication::new(1));
        tokio::time::advance(Duration::from_secs(9)).await;
        assert!(!ledger.is_overdue(limit));
        ledger.written(7);
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(ledger.is_overdue(limit));
        ledger.confirmed(7);
        assert!(!ledger.is_overdue(limit));
    }
}
