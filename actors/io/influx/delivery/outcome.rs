//! What became of the jobs of a batch: the counters, and what is said about it.

use tokio::time::Instant;

use super::backoff::Backoff;
use super::event::{DropReason, Event, Fate};
use super::flight::{Flight, Load};
use super::state::{Away, State};
use super::suspect::Suspect;
use crate::domain::errors::Failure;
use crate::io::influx::queue::WriteJob;
use crate::io::influx::verdict::{Outage, Suspicion};

/// Points of a batch that the server will never take.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Outcome {
    /// Which job of the batch they belong to.
    pub(super) job: usize,
    pub(super) points: usize,
    pub(super) message: String,
    pub(super) failure: Failure,
}

/// Most lines about one batch; a server that gives each point its own reason is cut short.
const MOST_LINES: usize = 5;

impl State {
    /// The database answered for every line of a flight.
    pub(super) fn done(&mut self, id: u64, outcomes: &[Outcome]) -> Vec<Event> {
        // What waited before this batch was stored: with it the outage ends.
        let waited = self.waiting_to_catch_up();
        let Some(flight) = self.land(id) else { return Vec::new() };
        let begun = flight.begun;
        let jobs = flight.into_load().into_jobs();
        let refused: usize = outcomes.iter().map(|outcome| outcome.points).sum();
        self.stats.count_drop(DropReason::Refused, refused);
        let mut events = dropped(outcomes);
        for (index, job) in jobs.iter().enumerate() {
            let outcome = outcomes.iter().find(|outcome| outcome.job == index);
            if let (Some(origin), Some(outcome)) = (&job.origin, outcome) {
                let (origin, failure) = (origin.clone(), outcome.failure.clone());
                events.push(Event::NotStored { origin, failure, fate: Fate::Dropped });
            }
        }
        self.forget(&jobs);
        let points: usize = jobs.iter().map(|job| job.points).sum();
        self.stats.written += points.saturating_sub(refused) as u64;
        self.successes += 1;
        self.doubtful = false;
        // What was under way before it failed says nothing about now.
        if self.away.take_if(|away| begun >= away.failed).is_some() {
            self.begin_round();
            events.push(Event::Back { backlog_points: waited });
        }
        self.settle();
        events
    }

    /// A flight was not stored, and no line of it is known to be bad: it waits, and every
    /// operation is reported once.
    pub(super) fn not_stored(&mut self, id: u64, outage: Outage) -> Vec<Event> {
        let Some(flight) = self.land(id) else { return Vec::new() };
        let begun = flight.begun;
        let mut reports = Vec::new();
        let about_these_alone = self.is_about_these_alone(&flight, outage.suspicion);
        let is_live = flight.is_live();
        match flight.into_load() {
            Load::Suspect(mut suspect) => {
                suspect.failed(outage.suspicion, self.successes);
                self.suspects.push_back(suspect);
                self.round += 1;
            }
            Load::Live(jobs) | Load::Backlog(jobs) => {
                self.round = 0;
                let jobs = reported(jobs, &outage.failure, &mut reports);
                match outage.suspicion.filter(|_| !is_live || about_these_alone) {
                    // From the second failure on it stays by itself, so that it is known again.
                    Some(suspicion) => {
                        let suspect = Suspect::new(jobs, suspicion, self.successes, self.pause);
                        self.suspects.push_back(suspect);
                    }
                    None if is_live => jobs.into_iter().for_each(|job| self.join_backlog(job)),
                    None => self.backlog.put_back(jobs),
                }
            }
        }
        let mut events = Vec::new();
        if !about_these_alone {
            events = self.stay_away(outage, begun);
        }
        events.extend(reports);
        self.settle();
        events
    }

    /// Whether a failure says nothing about the database: a suspect that fails again, or a batch
    /// as bad as those that are known. The second new one in a row is an outage.
    fn is_about_these_alone(&mut self, flight: &Flight, suspicion: Option<Suspicion>) -> bool {
        let Some(suspicion) = suspicion.filter(|_| self.away.is_none()) else {
            return false;
        };
        let is_known = || self.suspects.iter().any(|suspect| suspect.suspicion() == suspicion);
        flight.is_suspect() || (is_known() && !std::mem::replace(&mut self.doubtful, true))
    }

    /// Nothing can be written: what waits and what comes joins the backlog. `begun` is when the
    /// attempt began that has shown it.
    pub(super) fn stay_away(&mut self, outage: Outage, begun: Instant) -> Vec<Event> {
        let mut events = Vec::new();
        let live = self.live.remove(usize::MAX);
        for job in reported(live, &outage.failure, &mut events) {
            self.join_backlog(job);
        }
        self.first_live = None;
        self.gave_up |= self.draining;
        let before = self.away.take();
        if before.as_ref().is_some_and(|away| begun < away.failed) {
            // Of several that were under way together the first has said it.
            self.away = before;
            return events;
        }
        if before.as_ref().is_none_or(|away| is_another_cause(&away.outage, &outage)) {
            let (failure, message) = (outage.failure.clone(), outage.message.clone());
            events.insert(0, Event::Away { failure, message });
        }
        let mut backoff = before.map_or_else(|| Backoff::from(self.pause), |away| away.backoff);
        let failed = Instant::now();
        let until = failed + backoff.next(outage.retry_after);
        self.away = Some(Away { outage, backoff, until, failed });
        events
    }
}

/// The jobs, with an event for each that was not reported before.
fn reported(mut jobs: Vec<WriteJob>, failure: &Failure, events: &mut Vec<Event>) -> Vec<WriteJob> {
    events.extend(jobs.iter_mut().filter_map(|job| job.origin.take()).map(|origin| {
        let failure = failure.clone();
        Event::NotStored { origin, failure, fate: Fate::Kept }
    }));
    jobs
}

/// One event for each reason, the most frequent reasons only.
fn dropped(outcomes: &[Outcome]) -> Vec<Event> {
    let mut reasons: Vec<(&str, usize)> = Vec::new();
    for outcome in outcomes {
        match reasons.iter_mut().find(|(message, _)| *message == outcome.message) {
            Some((_, points)) => *points += outcome.points,
            None => reasons.push((&outcome.message, outcome.points)),
        }
    }
    // Stable: of two with the same number the earlier stays first.
    reasons.sort_by_key(|(_, points)| std::cmp::Reverse(*points));
    let event =
        |points, message: String| Event::Dropped { points, reason: DropReason::Refused, message };
    let rest: usize = reasons.iter().skip(MOST_LINES).map(|(_, points)| points).sum();
    let shown = reasons.iter().take(MOST_LINES);
    let mut events: Vec<Event> =
        shown.map(|(message, points)| event(*points, (*message).to_owned())).collect();
    if rest > 0 {
        events.push(event(rest, "for reasons like these".to_owned()));
    }
    events
}

/// Whether an outage goes on with another cause, which an administrator should see.
fn is_another_cause(before: &Outage, now: &Outage) -> bool {
    let cause = |outage: &Outage| (outage.failure.code(), outage.failure.status());
    cause(before) != cause(now) && before.message != now.message
}
