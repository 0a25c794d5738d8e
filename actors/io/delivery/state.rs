//! What waits in a stream, and whether its destination is away.

use std::collections::VecDeque;

use tokio::time::Instant;

use super::disk::Disk;
use super::event::{DropReason, Stats};
use super::flight::Flights;
use super::job::{Job, Live, Load, Queue};
use super::overflow::Overflow;
use super::policy::{AtOnce, Policy, WhileAway};
use super::suspect::Suspect;
use super::transport::SendError;
use crate::domain::errors::Origin;

pub(super) struct State {
    pub(super) policy: Policy,
    pub(super) live: Live,
    pub(super) backlog: Queue,
    /// `None` where nothing is kept on disk.
    pub(super) disk: Option<Disk>,
    /// Batches that the destination has a strange answer for.
    pub(super) suspects: VecDeque<Suspect>,
    /// When the oldest live job came.
    pub(super) first_live: Option<Instant>,
    pub(super) flights: Flights,
    /// How many batches were sent off.
    pub(super) departures: u64,
    /// The lane that was served last.
    pub(super) served: Option<Lane>,
    pub(super) away: Option<Away>,
    /// The destination takes points, so whatever it still lacks stands in nobody's way.
    pub(super) needs_no_preparation: bool,
    /// How many suspects were tried since something else was, while the database is away.
    pub(super) round: usize,
    /// How many batches were stored.
    pub(super) successes: u64,
    /// The last new batch failed as suspects do, and nothing was stored since.
    pub(super) doubtful: bool,
    /// So many batches may be under way together.
    pub(super) width: usize,
    /// When the backlog may be sent on, where that has a pace.
    pub(super) replay_at: Option<Instant>,
    pub(super) draining: bool,
    pub(super) gave_up: bool,
    pub(super) overflow: Overflow,
    pub(super) stats: Stats,
}

/// The destination cannot take anything.
pub(super) struct Away {
    pub(super) error: SendError,
    /// When it is tried again.
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

impl State {
    /// Nothing waits yet.
    pub(super) fn new(policy: Policy, disk: Option<Disk>) -> Self {
        Self {
            policy,
            live: Live::default(),
            backlog: Queue::default(),
            disk,
            suspects: VecDeque::new(),
            first_live: None,
            flights: Flights::default(),
            departures: 0,
            served: None,
            away: None,
            needs_no_preparation: false,
            round: 0,
            successes: 0,
            doubtful: false,
            width: match policy.at_once {
                AtOnce::WhenLate(_) => 1,
                AtOnce::Always(most) => most,
            },
            replay_at: None,
            draining: false,
            gave_up: false,
            overflow: Overflow::default(),
            stats: Stats::default(),
        }
    }

    pub(super) fn waiting(&self) -> usize {
        self.live.points() + self.flights.live().points + self.waiting_to_catch_up()
    }

    /// Points that wait because they were not stored when they came.
    pub(super) fn waiting_to_catch_up(&self) -> usize {
        let suspects = self.suspects.iter().map(Suspect::load);
        let late = self.backlog.load().plus(self.flights.late());
        suspects.fold(late, Load::plus).points + self.tail()
    }

    /// What waits in memory or is under way.
    fn in_memory_load(&self) -> Load {
        let flights = self.flights.live().plus(self.flights.late());
        let suspects = self.suspects.iter().map(Suspect::load);
        suspects.fold(self.live.load().plus(self.backlog.load()).plus(flights), Load::plus)
    }

    /// The destination is back, or the end is near: every suspect may be tried.
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

    /// Drops what is beyond the bounds: suspects first, then the oldest of the backlog, but never
    /// what is under way. The answer is what was not reported yet.
    pub(super) fn enforce_bounds(&mut self) -> Vec<Origin> {
        self.spill();
        let mut origins = Vec::new();
        let bounds = Load { points: self.policy.max_points, bytes: self.policy.max_bytes };
        while self.in_memory_load().exceeds(bounds) {
            let dropped = self
                .drop_suspicious()
                .or_else(|| self.backlog.drop_oldest())
                .or_else(|| self.live.drop_least());
            let Some(mut job) = dropped else { break };
            origins.extend(job.origin.take());
            self.overflow.dropped(job.points);
            self.stats.count_drop(DropReason::Overflow, job.points);
            self.forget(&[job]);
        }
        origins
    }

    fn drop_suspicious(&mut self) -> Option<Job> {
        let suspect = self.suspects.front_mut()?;
        let dropped = suspect.drop_oldest();
        if suspect.load().points == 0 {
            self.suspects.pop_front();
        }
        dropped
    }

    /// Whether there is room again, by far.
    pub(super) fn has_room(&self) -> bool {
        let half = Load { points: self.policy.max_points / 2, bytes: self.policy.max_bytes / 2 };
        !self.in_memory_load().exceeds(half)
    }

    /// Whether the destination takes points, as far as is known.
    pub(super) fn is_proven(&self) -> bool {
        self.away.is_none() && self.successes > 0
    }

    /// What does not wait for another try is lost.
    pub(super) fn is_kept(&self) -> bool {
        self.policy.while_away == WhileAway::Keep
    }
}
