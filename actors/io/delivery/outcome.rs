//! What became of the jobs of a batch: the counters, and what is said about it.

use tokio::time::{Duration, Instant};

use super::backoff::spread;
use super::event::{DropReason, Event, Fate};
use super::flight::{Cargo, Flight};
use super::job::{Job, Load};
use super::policy::{AtOnce, WhileAway};
use super::state::{Away, State};
use super::suspect::Suspect;
use super::transport::{Rejection, SendError, Suspicion};
use crate::domain::errors::Failure;

/// Most lines about one batch; a server that gives each point its own reason is cut short.
const MOST_LINES: usize = 5;

/// The longest that a server can ask to be left alone.
const LONGEST_WISH: Duration = Duration::from_secs(60);

impl State {
    /// The destination answered for every job of a flight.
    pub(super) fn done(&mut self, id: u64, rejections: &[Rejection]) -> Vec<Event> {
        // What waited before this batch was stored: with it the outage ends.
        let waited = self.waiting_to_catch_up();
        let Some(flight) = self.flights.land(id) else { return Vec::new() };
        let (begun, points) = (flight.begun, flight.load().points);
        let jobs = flight.into_cargo().into_jobs();
        let refused: usize = rejections.iter().map(|rejection| rejection.points).sum();
        self.stats.count_drop(DropReason::Refused, refused);
        let mut events = dropped(rejections);
        for (index, job) in jobs.iter().enumerate() {
            let rejection = rejections.iter().find(|rejection| rejection.job == index);
            if let (Some(origin), Some(rejection)) = (&job.origin, rejection) {
                let (origin, failure) = (origin.clone(), rejection.failure.clone());
                events.push(Event::NotStored { origin, failure, fate: Fate::Refused });
            }
        }
        self.forget(&jobs);
        self.note_refused(rejections);
        let points = points.saturating_sub(refused);
        self.stats.written += points as u64;
        self.successes += 1;
        self.doubtful = false;
        events.push(Event::Stored { points });
        // What was under way before it failed says nothing about now.
        if self.away.take_if(|away| begun >= away.failed).is_some() {
            self.begin_round();
            events.push(Event::Back { backlog_points: waited });
        }
        self.settle();
        events
    }

    /// A flight was not stored, and no job of it is known to be bad: it waits, and every operation
    /// is reported once.
    pub(super) fn not_stored(&mut self, id: u64, error: SendError) -> Vec<Event> {
        let Some(flight) = self.flights.land(id) else { return Vec::new() };
        let begun = flight.begun;
        if !self.is_kept() {
            return self.lost(flight, error);
        }
        let mut reports = Vec::new();
        let about_these_alone = self.is_about_these_alone(&flight, error.suspicion);
        let is_live = flight.is_live();
        match flight.into_cargo() {
            Cargo::Suspect(mut suspect) => {
                suspect.failed(error.suspicion, self.successes);
                self.suspects.push_back(suspect);
                self.round += 1;
            }
            Cargo::Live(jobs) | Cargo::Backlog(jobs) => {
                self.round = 0;
                let jobs = reported(jobs, &error.failure, Fate::Kept, &mut reports);
                match error.suspicion.filter(|_| !is_live || about_these_alone) {
                    // From the second failure on it stays by itself, so that it is known again.
                    Some(suspicion) => {
                        let pause = self.policy.pause;
                        let suspect = Suspect::new(jobs, suspicion, self.successes, pause);
                        self.suspects.push_back(suspect);
                    }
                    None if is_live => jobs.into_iter().for_each(|job| self.join_backlog(job)),
                    None => self.backlog.put_back(jobs),
                }
            }
        }
        let mut events = Vec::new();
        if !about_these_alone {
            events = self.stay_away(error, begun);
        }
        events.extend(reports);
        self.settle();
        events
    }

    /// What is tried once is lost with its flight; what waits is tried later.
    fn lost(&mut self, flight: Flight, error: SendError) -> Vec<Event> {
        let (begun, points) = (flight.begun, flight.load().points);
        self.stats.count_drop(DropReason::Away, points);
        let failure = error.failure.clone();
        let mut reports = vec![Event::Lost { points, failure: failure.clone() }];
        reported(flight.into_cargo().into_jobs(), &failure, Fate::Lost, &mut reports);
        let mut events = self.stay_away(error, begun);
        events.extend(reports);
        events
    }

    /// What is under way is lost.
    pub(super) fn lose_flights(&mut self, failure: &Failure) -> Vec<Event> {
        let batches =
            self.flights.take_all().map(|flight| flight.into_cargo().into_jobs()).collect();
        self.lose(batches, failure)
    }

    /// The end has come: what waits is lost, too, a request's worth at a time.
    pub(super) fn lose_all(&mut self, failure: &Failure) -> Vec<Event> {
        let mut events = self.lose_flights(failure);
        let mut batches = Vec::new();
        while !self.live.is_empty() {
            let batch = self.policy.batch;
            batches.push(self.live.take(Load { points: batch.points, bytes: batch.most_bytes }));
        }
        events.extend(self.lose(batches, failure));
        events
    }

    pub(super) fn lose(&mut self, batches: Vec<Vec<Job>>, failure: &Failure) -> Vec<Event> {
        let mut events = Vec::new();
        for jobs in batches {
            let points = Load::of(&jobs).points;
            self.stats.count_drop(DropReason::Away, points);
            events.push(Event::Lost { points, failure: failure.clone() });
            reported(jobs, failure, Fate::Lost, &mut events);
        }
        events
    }

    /// Whether a failure says nothing about the destination: a suspect that fails again, or a
    /// batch as bad as those that are known. The second new one in a row is an outage.
    fn is_about_these_alone(&mut self, flight: &Flight, suspicion: Option<Suspicion>) -> bool {
        let Some(suspicion) = suspicion.filter(|_| self.away.is_none()) else {
            return false;
        };
        let is_known = || self.suspects.iter().any(|suspect| suspect.suspicion() == suspicion);
        flight.is_suspect() || (is_known() && !std::mem::replace(&mut self.doubtful, true))
    }

    /// Nothing can be sent: what is kept joins the backlog, that which waits and that which comes.
    /// `begun` is when the attempt began that has shown it.
    pub(super) fn stay_away(&mut self, error: SendError, begun: Instant) -> Vec<Event> {
        let mut events = Vec::new();
        if self.is_kept() {
            let live = self.live.take_all().collect();
            for job in reported(live, &error.failure, Fate::Kept, &mut events) {
                self.join_backlog(job);
            }
            self.first_live = None;
        }
        if self.policy.while_away == WhileAway::Fail {
            let live = self.live.take_all().map(|job| vec![job]).collect();
            events.extend(self.lose(live, &error.failure));
        }
        self.gave_up |= self.draining && self.is_kept();
        if let AtOnce::WhenLate(_) = self.policy.at_once {
            self.width = 1;
        }
        let before = self.away.take();
        if before.as_ref().is_some_and(|away| begun < away.failed) {
            // Of several that were under way together the first has said it.
            self.away = before;
            return events;
        }
        if before.is_none_or(|away| is_another_cause(&away.error, &error)) {
            let (failure, message) = (error.failure.clone(), error.message.clone());
            events.insert(0, Event::Away { failure, message });
        }
        let failed = Instant::now();
        let wish = error.retry_after.unwrap_or_default().min(LONGEST_WISH);
        let until = failed + spread(self.policy.pause).max(wish);
        self.away = Some(Away { error, until, failed });
        events
    }
}

/// The jobs, with an event for each that was not reported before.
fn reported(
    mut jobs: Vec<Job>,
    failure: &Failure,
    fate: Fate,
    events: &mut Vec<Event>,
) -> Vec<Job> {
    events.extend(jobs.iter_mut().filter_map(|job| job.origin.take()).map(|origin| {
        let failure = failure.clone();
        Event::NotStored { origin, failure, fate }
    }));
    jobs
}

/// One event for each reason, the most frequent reasons only.
fn dropped(rejections: &[Rejection]) -> Vec<Event> {
    let mut reasons: Vec<(&str, usize)> = Vec::new();
    for rejection in rejections {
        match reasons.iter_mut().find(|(message, _)| *message == rejection.message) {
            Some((_, points)) => *points += rejection.points,
            None => reasons.push((&rejection.message, rejection.points)),
        }
    }
    // Stable: of two with the same number the earlier stays first.
    reasons.sort_by_key(|(_, points)| std::cmp::Reverse(*points));
    let event = |points, message: String| Event::Dropped {
        points,
        reason: DropReason::Refused,
        message,
        begins: true,
    };
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
fn is_another_cause(before: &SendError, now: &SendError) -> bool {
    let cause = |error: &SendError| (error.failure.code(), error.failure.status());
    cause(before) != cause(now) && before.message != now.message
}
