//! What waits in a stream, whether the database is away, and what is sent next.

use std::collections::VecDeque;

use tokio::time::{Duration, Instant};

use super::backoff::Backoff;
use super::disk::Disk;
use super::event::{DropReason, Stats};
use super::flight::Flight;
use super::suspect::Suspect;
use crate::io::influx::queue::{Queue, WriteJob};
use crate::io::influx::verdict::Outage;

#[derive(Default)]
pub(super) struct State {
    pub(super) live: Queue,
    pub(super) backlog: Queue,
    /// `None` where nothing is kept on disk.
    pub(super) disk: Option<Disk>,
    /// Batches that the server has a strange answer for.
    pub(super) suspects: VecDeque<Suspect>,
    /// When the oldest live job came.
    pub(super) first_live: Option<Instant>,
    pub(super) flights: Vec<Flight>,
    /// How many batches were sent off.
    pub(super) departures: u64,
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
    /// When the last attempt failed.
    pub(super) failed: Instant,
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
    /// Nothing more can be sent until an answer comes.
    Busy,
    Rest,
}

/// How a stream sends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// How long the first live job waits for company.
    pub(super) linger: Duration,
    /// So many points wait for no company.
    pub(super) full: usize,
    /// Most batches that are under way together; more than one only while full ones wait.
    pub(super) at_once: usize,
    /// Whether somebody has looked at the database.
    pub(super) looked: bool,
}

impl State {
    pub(super) fn waiting(&self) -> usize {
        let live = self.flights.iter().filter(|flight| flight.is_live()).map(Flight::points);
        self.live.points() + live.sum::<usize>() + self.waiting_to_catch_up()
    }

    /// Points that wait because they were not stored when they came.
    pub(super) fn waiting_to_catch_up(&self) -> usize {
        let late = self.flights.iter().filter(|flight| !flight.is_live()).map(Flight::points);
        let suspects = self.suspects.iter().map(Suspect::points);
        self.backlog.points() + self.tail() + late.chain(suspects).sum::<usize>()
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
        let under_way = !self.flights.is_empty();
        if self.draining && !others && !under_way && !due && !self.suspects.is_empty() {
            self.gave_up = true;
        }
    }

    /// Drops the oldest, suspects first, then the backlog, but never what is under way.
    pub(super) fn enforce_bound(&mut self, max_points: usize) {
        self.spill();
        while self.waiting() - self.tail() > max_points {
            let dropped = self
                .drop_suspicious()
                .or_else(|| self.backlog.drop_oldest())
                .or_else(|| self.live.drop_oldest());
            let Some(job) = dropped else { return };
            self.untold += job.points;
            self.stats.count_drop(DropReason::Overflow, job.points);
            self.forget(&[job]);
        }
    }

    fn drop_suspicious(&mut self) -> Option<WriteJob> {
        let suspect = self.suspects.front_mut()?;
        let dropped = suspect.drop_oldest();
        if suspect.points() == 0 {
            self.suspects.pop_front();
        }
        dropped
    }

    /// Whether the database takes points, as far as is known.
    pub(super) fn is_proven(&self) -> bool {
        self.away.is_none() && self.successes > 0
    }

    /// What to do at `now`.
    pub(super) fn turn(&self, now: Instant, pace: Pace) -> Turn {
        if !self.flights.is_empty() {
            return self.further_turn(pace);
        }
        match &self.away {
            Some(away) => {
                let due = now >= away.until || (self.draining && !self.gave_up);
                match self.probe() {
                    Some(lane) if due => Turn::Send(lane),
                    None if now >= away.until => Turn::Look,
                    _ => Turn::Wait(away.until),
                }
            }
            None => match self.ordinary_turn(now, pace) {
                Turn::Wait(_) | Turn::Rest if !pace.looked && !self.draining => Turn::Look,
                turn => turn,
            },
        }
    }

    /// What to do while something is under way: more of it, where full batches wait. A suspect is
    /// alone, and so is a probe.
    fn further_turn(&self, pace: Pace) -> Turn {
        let alone = self.away.is_some() || self.flights.iter().any(Flight::is_suspect);
        if alone || self.flights.len() >= pace.at_once {
            return Turn::Busy;
        }
        let is_full = |points: usize| points >= pace.full;
        match (is_full(self.live.points()), is_full(self.backlog.points())) {
            (true, true) if self.served == Some(Lane::Live) => Turn::Send(Lane::Backlog),
            (true, _) => Turn::Send(Lane::Live),
            (false, true) => Turn::Send(Lane::Backlog),
            (false, false) => Turn::Busy,
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
    fn ordinary_turn(&self, now: Instant, pace: Pace) -> Turn {
        let Pace { linger, full, .. } = pace;
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
