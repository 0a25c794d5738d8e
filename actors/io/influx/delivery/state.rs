//! What waits in a stream, whether the database is away, and what is sent next.

use std::collections::VecDeque;

use tokio::time::{Duration, Instant};

use super::backoff::Backoff;
use super::event::Stats;
use super::suspect::{Doubt, Suspect};
use crate::io::influx::queue::{Batch, Queue};
use crate::io::influx::verdict::{Outage, Suspicion};

#[derive(Default)]
pub(super) struct State {
    pub(super) live: Queue,
    pub(super) backlog: Queue,
    /// Batches that the server has a strange answer for.
    pub(super) suspects: VecDeque<Suspect>,
    /// When the oldest live job came.
    pub(super) first_live: Option<Instant>,
    /// Jobs at the head of a queue that are under way.
    pub(super) in_hand: Option<(Lane, usize)>,
    /// The lane that was served last.
    pub(super) served: Option<Lane>,
    pub(super) away: Option<Away>,
    /// How many suspects were tried since something else was, while the database is away.
    pub(super) round: usize,
    /// How many batches were stored.
    pub(super) successes: u64,
    /// The last new batch failed as suspects do, and nothing was stored since.
    pub(super) doubtful: bool,
    /// The first pause after a failure.
    pub(super) pause: Duration,
    pub(super) draining: bool,
    pub(super) gave_up: bool,
    /// Overflowed points that were not told yet.
    pub(super) untold: usize,
    pub(super) stats: Stats,
}

pub(super) struct Away {
    pub(super) outage: Outage,
    pub(super) backoff: Backoff,
    pub(super) until: Instant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lane {
    Live,
    Backlog,
    /// The first of the suspects.
    Suspect,
}

/// What to do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    Send(Lane),
    /// The database was not looked at yet, or nothing waits that could show whether it is back.
    Look,
    Wait(Instant),
    Rest,
}

impl State {
    pub(super) fn waiting(&self) -> usize {
        self.live.points() + self.waiting_to_catch_up()
    }

    /// Points that wait because they were not stored when they came.
    pub(super) fn waiting_to_catch_up(&self) -> usize {
        self.backlog.points() + self.suspects.iter().map(Suspect::points).sum::<usize>()
    }

    /// The batch that leaves now, with what is thought of it.
    pub(super) fn take(&mut self, lane: Lane, most: usize) -> (Batch, Doubt) {
        let (batch, doubt) = match lane {
            Lane::Live => (self.live.oldest(most), Doubt::None),
            Lane::Backlog => (self.backlog.oldest(most), Doubt::None),
            Lane::Suspect => {
                self.bring_forward();
                match self.suspects.front() {
                    Some(suspect) => (suspect.batch(), self.doubt_of(suspect)),
                    None => (Queue::default().oldest(0), Doubt::None),
                }
            }
        };
        self.in_hand = Some((lane, batch.jobs.len()));
        (batch, doubt)
    }

    /// While others wait they show whether it is the server; a search would only load it more.
    fn doubt_of(&self, suspect: &Suspect) -> Doubt {
        match suspect.doubt() {
            Doubt::Possible if !self.backlog.is_empty() => Doubt::None,
            doubt => doubt,
        }
    }

    /// The suspect that is due first becomes the first; while the database is away they take
    /// turns.
    fn bring_forward(&mut self) {
        let suspects = self.suspects.iter().enumerate();
        let first = suspects.min_by_key(|(_, suspect)| suspect.until()).map(|(index, _)| index);
        if let Some(index) = first.filter(|_| self.away.is_none()) {
            self.suspects.swap(0, index);
        }
    }

    pub(super) fn suspect_failed(&mut self, suspicion: Option<Suspicion>) {
        if let Some(mut suspect) = self.suspects.pop_front() {
            suspect.failed(suspicion, self.successes);
            self.suspects.push_back(suspect);
            self.round += 1;
        }
    }

    /// The database is back, or the end is near: every suspect may be tried.
    pub(super) fn begin_round(&mut self) {
        self.round = 0;
        self.suspects.iter_mut().for_each(Suspect::hurry);
    }

    /// At the end nothing is waited for: what was tried once more is left.
    pub(super) fn settle(&mut self) {
        let now = Instant::now();
        let due = self.suspects.iter().any(|suspect| suspect.until() <= now);
        let others = !self.live.is_empty() || !self.backlog.is_empty();
        if self.draining && !others && !due && !self.suspects.is_empty() {
            self.gave_up = true;
        }
    }

    /// Drops the oldest, suspects first, then the backlog, but never what is under way.
    pub(super) fn enforce_bound(&mut self, max_points: usize) {
        while self.waiting() > max_points {
            let in_hand = |lane| match self.in_hand {
                Some((busy, count)) if busy == lane => count,
                _ => 0,
            };
            let (in_backlog, in_live) = (in_hand(Lane::Backlog), in_hand(Lane::Live));
            let busy = usize::from(in_hand(Lane::Suspect) > 0);
            let dropped = self
                .drop_suspicious(busy)
                .or_else(|| self.backlog.drop_oldest(in_backlog))
                .or_else(|| self.live.drop_oldest(in_live));
            let Some(points) = dropped else { return };
            self.untold += points;
            self.stats.dropped_overflow += points as u64;
        }
    }

    /// Drops the oldest job of the suspects after the first `busy`.
    fn drop_suspicious(&mut self, busy: usize) -> Option<usize> {
        let suspect = self.suspects.get_mut(busy)?;
        let dropped = suspect.drop_oldest();
        if suspect.points() == 0 {
            self.suspects.remove(busy);
        }
        dropped
    }

    /// Whether the database takes points, as far as is known.
    pub(super) fn is_proven(&self) -> bool {
        self.away.is_none() && self.successes > 0
    }

    /// What to do at `now`. The first live job waits `linger` for company unless `full` points
    /// are together; `looked` is whether somebody has looked at the database.
    pub(super) fn turn(&self, now: Instant, linger: Duration, full: usize, looked: bool) -> Turn {
        match &self.away {
            Some(away) => {
                let due = now >= away.until || (self.draining && !self.gave_up);
                match self.probe() {
                    Some(lane) if due => Turn::Send(lane),
                    None if now >= away.until => Turn::Look,
                    _ => Turn::Wait(away.until),
                }
            }
            None => match self.ordinary_turn(now, linger, full) {
                Turn::Wait(_) | Turn::Rest if !looked && !self.draining => Turn::Look,
                turn => turn,
            },
        }
    }

    /// What shows whether the database is back: each suspect in turn, then something else.
    fn probe(&self) -> Option<Lane> {
        let others = !self.backlog.is_empty();
        if self.round < self.suspects.len() || (!others && !self.suspects.is_empty()) {
            return Some(Lane::Suspect);
        }
        others.then_some(Lane::Backlog)
    }

    /// Live and the others take turns.
    fn ordinary_turn(&self, now: Instant, linger: Duration, full: usize) -> Turn {
        let live_due = self.first_live.or(Some(now)).filter(|_| !self.live.is_empty());
        let live_due = live_due.map(|first| {
            let at_once = self.draining || linger.is_zero() || self.live.points() >= full;
            if at_once { first } else { first + linger }
        });
        let suspect_due = self.suspects.iter().map(Suspect::until).min();
        let is_due = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        let other = match is_due(suspect_due) {
            true => Some(Lane::Suspect),
            false => (!self.backlog.is_empty()).then_some(Lane::Backlog),
        };
        match other {
            Some(lane) if !is_due(live_due) || self.served == Some(Lane::Live) => Turn::Send(lane),
            _ if is_due(live_due) => Turn::Send(Lane::Live),
            _ => [live_due, suspect_due].into_iter().flatten().min().map_or(Turn::Rest, Turn::Wait),
        }
    }
}
