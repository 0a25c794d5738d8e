//! What waits in a stream, and whether the database is away.

use tokio::time::Instant;

use super::backoff::Backoff;
use super::event::Stats;
use crate::io::influx::client::Outage;
use crate::io::influx::queue::Queue;

#[derive(Default)]
pub(super) struct State {
    pub(super) live: Queue,
    pub(super) backlog: Queue,
    /// When the oldest live job came.
    pub(super) first_live: Option<Instant>,
    /// Jobs at the head of a queue that are under way.
    pub(super) in_hand: Option<(Lane, usize)>,
    /// The lane that was served last.
    pub(super) served: Option<Lane>,
    pub(super) away: Option<Away>,
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
}

impl State {
    pub(super) fn waiting(&self) -> usize {
        self.live.points() + self.backlog.points()
    }

    pub(super) fn queue(&mut self, lane: Lane) -> &mut Queue {
        match lane {
            Lane::Live => &mut self.live,
            Lane::Backlog => &mut self.backlog,
        }
    }

    /// Drops the oldest, backlog first, but never what is under way.
    pub(super) fn enforce_bound(&mut self, max_points: usize) {
        while self.waiting() > max_points {
            let in_hand = |lane| match self.in_hand {
                Some((busy, count)) if busy == lane => count,
                _ => 0,
            };
            let (in_backlog, in_live) = (in_hand(Lane::Backlog), in_hand(Lane::Live));
            let dropped =
                self.backlog.drop_oldest(in_backlog).or_else(|| self.live.drop_oldest(in_live));
            let Some(points) = dropped else { return };
            self.untold += points;
            self.stats.dropped_overflow += points as u64;
        }
    }

    /// Live and backlog take turns.
    pub(super) fn choose(&self) -> Option<Lane> {
        match (self.live.is_empty(), self.backlog.is_empty()) {
            (true, true) => None,
            (false, true) => Some(Lane::Live),
            (true, false) => Some(Lane::Backlog),
            (false, false) if self.served == Some(Lane::Live) => Some(Lane::Backlog),
            (false, false) => Some(Lane::Live),
        }
    }
}
