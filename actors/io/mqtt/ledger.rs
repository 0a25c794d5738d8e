//! What is under way to the broker, and what becomes of it: pure. The client library never says
//! which message failed, only which were written and confirmed, and in which order.
//!
//! With QoS 0 nothing confirms a message. What was written may still lie in a buffer of this
//! machine or of the broker's, so it counts as published when the broker has answered a question
//! that was written after it: a broker reads in order.

use std::cell::Cell;
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;
use std::time::Duration;

use tokio::time::Instant;

/// A publication under way: one health answer, one session list, one event, whatever the number of
/// its topics. `A` is what it is about, for its error.
#[derive(Debug)]
pub(super) struct Publication<A> {
    about: A,
    since: Instant,
    failed: Cell<bool>,
}

impl<A: Clone> Publication<A> {
    /// Begins now.
    pub(super) fn new(about: A) -> Rc<Self> {
        Rc::new(Self { about, since: Instant::now(), failed: Cell::new(false) })
    }

    /// Marks it failed; what it is about, the first time.
    pub(super) fn fail(&self) -> Option<A> {
        (!self.failed.replace(true)).then(|| self.about.clone())
    }
}

/// Messages handed to the client library, oldest first.
#[derive(Debug)]
pub(super) struct Ledger<A> {
    waiting: VecDeque<Rc<Publication<A>>>,
    /// Written with QoS 1.
    unconfirmed: HashMap<u16, Rc<Publication<A>>>,
    /// Written with QoS 0.
    unproven: VecDeque<Rc<Publication<A>>>,
    question: Question,
    traffic: Traffic,
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

/// What became of messages since the program started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Traffic {
    pub(super) written: u64,
    /// Confirmed with QoS 1, proven to be read with QoS 0.
    pub(super) published: u64,
    pub(super) failed: u64,
}

impl<A> Default for Ledger<A> {
    fn default() -> Self {
        Self {
            waiting: VecDeque::new(),
            unconfirmed: HashMap::new(),
            unproven: VecDeque::new(),
            question: Question::None,
            traffic: Traffic::default(),
        }
    }
}

impl<A: Clone> Ledger<A> {
    /// A message of `publication` was handed over.
    pub(super) fn add(&mut self, publication: &Rc<Publication<A>>) {
        self.waiting.push_back(Rc::clone(publication));
    }

    /// The oldest message was written. Without a packet id only a later answer of the broker can
    /// tell that it was read.
    pub(super) fn written(&mut self, packet_id: u16) {
        let Some(publication) = self.waiting.pop_front() else { return };
        self.traffic.written += 1;
        if packet_id == 0 {
            self.unproven.push_back(publication);
        } else {
            self.unconfirmed.insert(packet_id, publication);
        }
    }

    /// The broker has confirmed a message.
    pub(super) fn confirmed(&mut self, packet_id: u16) {
        let was_waited_for = self.unconfirmed.remove(&packet_id).is_some();
        self.traffic.published += u64::from(was_waited_for);
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
            let proven = self.unproven.drain(..before.min(self.unproven.len())).count();
            self.traffic.published += proven as u64;
        }
    }

    /// So many messages could not even be handed over.
    pub(super) fn refused(&mut self, messages: usize) {
        self.traffic.failed += messages as u64;
    }

    /// What became of all messages that are not under way any more, and how many were written.
    pub(super) fn traffic(&self) -> Traffic {
        self.traffic
    }

    /// How many messages are neither written nor confirmed, as their quality of service wants.
    pub(super) fn len(&self) -> usize {
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

    /// Gives everything up: what the publications were about, each once.
    pub(super) fn fail_all(&mut self) -> Vec<A> {
        self.traffic.failed += self.len() as u64;
        self.question = Question::None;
        let unconfirmed = self.unconfirmed.drain().map(|(_, publication)| publication);
        let all = unconfirmed.chain(self.unproven.drain(..)).chain(self.waiting.drain(..));
        all.filter_map(|publication| publication.fail()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_publication_fails_once_whatever_the_number_of_its_messages() {
        let mut ledger = Ledger::default();
        let (a, b) = (Publication::new("a"), Publication::new("b"));
        for publication in [&a, &a, &b] {
            ledger.add(publication);
        }
        ledger.written(0);
        assert!(ledger.asks() && !ledger.asks());
        ledger.asked();
        ledger.answered();
        assert_eq!(ledger.len(), 2);
        let failed = ledger.fail_all();
        assert_eq!(failed, ["a", "b"]);
        assert_eq!((ledger.len(), a.fail()), (0, None));
    }

    #[test]
    fn what_is_written_for_the_broker_to_confirm_is_still_under_way() {
        let mut ledger = Ledger::default();
        for server in ["a", "b", "c"] {
            ledger.add(&Publication::new(server));
        }
        ledger.written(1);
        ledger.written(2);
        ledger.confirmed(1);
        assert_eq!(ledger.fail_all(), ["b", "c"]);
        // Nobody waits any more; late news change nothing.
        ledger.written(3);
        ledger.confirmed(3);
        assert_eq!(ledger.len(), 0);
        ledger.refused(2);
        assert_eq!(ledger.traffic(), Traffic { written: 2, published: 1, failed: 4 });
    }

    #[test]
    fn without_confirmation_an_answer_proves_what_was_written_before_its_question() {
        let mut ledger = Ledger::default();
        assert!(!ledger.asks(), "nothing was written");
        for server in ["a", "b", "c"] {
            ledger.add(&Publication::new(server));
        }
        ledger.written(0);
        assert!(ledger.asks());
        ledger.written(0);
        ledger.asked();
        ledger.written(0);
        ledger.answered();
        assert_eq!(ledger.traffic(), Traffic { written: 3, published: 2, failed: 0 });
        assert_eq!(ledger.unproven(), 1);
        assert!(ledger.asks());
        assert_eq!(ledger.fail_all(), ["c"]);
        // An answer that nothing was asked for proves nothing.
        ledger.answered();
        assert_eq!(ledger.traffic(), Traffic { written: 3, published: 2, failed: 1 });
    }

    #[tokio::test(start_paused = true)]
    async fn what_takes_too_long_is_overdue() {
        let limit = Duration::from_secs(10);
        let mut ledger = Ledger::default();
        ledger.add(&Publication::new("a"));
        tokio::time::advance(Duration::from_secs(9)).await;
        assert!(!ledger.is_overdue(limit));
        ledger.written(7);
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(ledger.is_overdue(limit));
        ledger.confirmed(7);
        assert!(!ledger.is_overdue(limit));
    }
}
