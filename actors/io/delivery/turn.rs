//! What a stream does next.

use tokio::time::{Duration, Instant};

use super::flight::Flight;
use super::job::Load;
use super::policy::AtOnce;
use super::state::{Lane, State};
use super::suspect::Suspect;

/// What to do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    Send(Lane),
    /// The destination is not prepared yet, or nothing waits that could show whether it is back.
    Prepare,
    Wait(Instant),
    /// Nothing more can be sent until an answer comes.
    Busy,
    Rest,
}

/// From here on an answer is late: it is not the work that takes so long.
const LATE: Duration = Duration::from_millis(300);

impl State {
    /// What to do at `now`; `prepared` is whether the destination is.
    pub(super) fn turn(&self, now: Instant, prepared: bool) -> Turn {
        let prepared = prepared || self.needs_no_preparation;
        if !self.flights.is_empty() {
            return self.further_turn(now);
        }
        match &self.away {
            Some(away) => {
                let due = now >= away.until || (self.draining && !self.gave_up);
                match self.probe() {
                    Some(lane) if due => Turn::Send(lane),
                    None if now >= away.until => Turn::Prepare,
                    _ => Turn::Wait(away.until),
                }
            }
            None => match self.ordinary_turn(now) {
                Turn::Wait(_) | Turn::Rest if !prepared && !self.draining => Turn::Prepare,
                turn => turn,
            },
        }
    }

    /// What to do while something is under way: more of it, where full batches wait. A suspect is
    /// alone, and so is a probe.
    fn further_turn(&self, now: Instant) -> Turn {
        let alone = self.away.is_some() || self.flights.iter().any(Flight::is_suspect);
        if alone || self.flights.len() >= self.width {
            return Turn::Busy;
        }
        let enough = self.enough();
        let is_full = |points: usize| points >= enough;
        let paced = self.replay_at.filter(|at| *at > now && !self.draining);
        let backlog = is_full(self.backlog.points()) && paced.is_none();
        match (is_full(self.live.points()), backlog) {
            (true, true) if self.served == Some(Lane::Live) => Turn::Send(Lane::Backlog),
            (true, _) => Turn::Send(Lane::Live),
            (false, true) => Turn::Send(Lane::Backlog),
            (false, false) => Turn::Busy,
        }
    }

    /// So many points leave although others are under way.
    fn enough(&self) -> usize {
        match self.policy.at_once {
            AtOnce::WhenLate(_) => self.policy.batch.points,
            AtOnce::Always(_) => 1,
        }
    }

    /// What shows whether the destination is back: each suspect in turn, then something else.
    fn probe(&self) -> Option<Lane> {
        let others = !self.backlog.is_empty();
        if self.round < self.suspects.len() || (!others && !self.suspects.is_empty()) {
            return Some(Lane::Suspect);
        }
        let live = (!self.live.is_empty()).then_some(Lane::Live);
        others.then_some(Lane::Backlog).or(live)
    }

    /// Live and the others take turns.
    fn ordinary_turn(&self, now: Instant) -> Turn {
        let linger = self.policy.linger;
        let live_due = self.first_live.or(Some(now)).filter(|_| !self.live.is_empty());
        let live_due = live_due.map(|first| {
            let is_full = self.live.points() >= self.policy.batch.points;
            if self.draining || linger.is_zero() || is_full { first } else { first + linger }
        });
        let suspect_due = self.suspects.iter().map(Suspect::until).min();
        let paced = self.replay_at.filter(|at| *at > now && !self.draining);
        let backlog_due = (!self.backlog.is_empty()).then(|| paced.unwrap_or(now));
        let is_due = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        let other = match is_due(suspect_due) {
            true => Some(Lane::Suspect),
            false => is_due(backlog_due).then_some(Lane::Backlog),
        };
        match other {
            Some(lane) if !is_due(live_due) || self.served == Some(Lane::Live) => Turn::Send(lane),
            _ if is_due(live_due) => Turn::Send(Lane::Live),
            _ => {
                let dues = [live_due, suspect_due, backlog_due].into_iter().flatten();
                dues.min().map_or(Turn::Rest, Turn::Wait)
            }
        }
    }

    /// How much leaves in the next batch of a lane. A probe is one operation of what can wait;
    /// more than usual leaves together while more waits than is sent in time.
    pub(super) fn most(&self, lane: Lane, limit: usize) -> Load {
        let batch = self.policy.batch;
        let bytes = batch.most_bytes.min(limit);
        if self.away.is_some() && self.is_kept() {
            return Load { points: 1, bytes };
        }
        let waiting = if lane == Lane::Live { self.live.points() } else { self.backlog.points() };
        let points = waiting.min(batch.most_points).max(batch.points);
        Load { points, bytes }
    }

    /// A batch of one request was stored in so long.
    pub(super) fn answered_in(&mut self, took: Duration) {
        let AtOnce::WhenLate(most) = self.policy.at_once else { return };
        self.width =
            if took >= LATE { (self.width * 2).min(most) } else { (self.width / 2).max(1) };
    }
}
