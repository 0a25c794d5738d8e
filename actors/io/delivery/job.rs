//! What waits to be sent, in memory.

use std::collections::VecDeque;

use bytes::Bytes;

use super::transport::Batch;
use crate::domain::errors::Origin;

/// One operation: what is reported as one error when it fails.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// Its bytes, as the transport sends them. They never change.
    pub(super) bytes: Bytes,
    /// How many points they hold.
    pub(super) points: usize,
    /// What goes ahead of it.
    pub(super) urgency: Urgency,
    /// What to report when it is not stored; `None` is never reported.
    pub(super) origin: Option<Origin>,
    /// Its number on disk, if it lies there as well.
    pub(super) row: Option<i64>,
}

/// Who goes ahead while more waits than can be sent in time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Urgency {
    /// What is measured now and then, and looked at now: measurements, errors.
    #[default]
    Measurement,
    /// What may come by the thousand: events.
    Event,
}

impl Job {
    /// So many `points` in `bytes`. `origin` is what to report when they are not stored; `None` is
    /// never reported.
    pub fn new(bytes: impl Into<Bytes>, points: usize, origin: Option<Origin>) -> Self {
        let urgency = Urgency::default();
        Self { bytes: bytes.into(), points, urgency, origin, row: None }
    }

    /// The same as an operation that lets others go ahead.
    pub fn of_events(self) -> Self {
        Self { urgency: Urgency::Event, ..self }
    }

    /// The same, when it lies in the spool already, with this number.
    pub fn in_row(self, row: i64) -> Self {
        Self { row: Some(row), ..self }
    }
}

/// How much fits into a batch, or waits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Load {
    pub(super) points: usize,
    pub(super) bytes: usize,
}

impl Load {
    pub(super) fn of<'j>(jobs: impl IntoIterator<Item = &'j Job>) -> Self {
        jobs.into_iter().fold(Self::default(), Self::with)
    }

    fn with(self, job: &Job) -> Self {
        Self { points: self.points + job.points, bytes: self.bytes + job.bytes.len() }
    }

    pub(super) fn plus(self, other: Self) -> Self {
        Self { points: self.points + other.points, bytes: self.bytes + other.bytes }
    }

    pub(super) fn minus(self, other: Self) -> Self {
        Self { points: self.points - other.points, bytes: self.bytes - other.bytes }
    }

    pub(super) fn exceeds(self, bound: Self) -> bool {
        self.points > bound.points || self.bytes > bound.bytes
    }
}

/// Jobs in the order in which they came.
#[derive(Default)]
pub(super) struct Queue {
    jobs: VecDeque<Job>,
    load: Load,
}

impl Queue {
    pub(super) fn push(&mut self, job: Job) {
        self.load = self.load.with(&job);
        self.jobs.push_back(job);
    }

    /// How much waits.
    pub(super) fn load(&self) -> Load {
        self.load
    }

    /// Points waiting.
    pub(super) fn points(&self) -> usize {
        self.load.points
    }

    pub(super) fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }

    /// Takes out the oldest jobs that fit into `most`, behind what is taken already; at least one
    /// when nothing is.
    pub(super) fn take(&mut self, most: Load, taken: &mut Vec<Job>) {
        let mut load = Load::of(&*taken);
        while let Some(job) = self.jobs.front() {
            load = load.with(job);
            if !taken.is_empty() && load.exceeds(most) {
                break;
            }
            taken.extend(self.drop_oldest());
        }
    }

    /// Takes all of them out.
    pub(super) fn take_all(&mut self) -> VecDeque<Job> {
        self.load = Load::default();
        std::mem::take(&mut self.jobs)
    }

    /// Puts jobs back that were the oldest.
    pub(super) fn put_back(&mut self, jobs: Vec<Job>) {
        self.load = self.load.plus(Load::of(&jobs));
        for job in jobs.into_iter().rev() {
            self.jobs.push_front(job);
        }
    }

    pub(super) fn jobs(&self) -> impl Iterator<Item = &Job> {
        self.jobs.iter()
    }

    pub(super) fn jobs_mut(&mut self) -> impl Iterator<Item = &mut Job> {
        self.jobs.iter_mut()
    }

    /// Rows up to this one have gone from the disk, and go from here.
    pub(super) fn drop_rows(&mut self, up_to: i64) {
        self.jobs.retain(|job| job.row.is_none_or(|row| row > up_to));
        self.load = Load::of(&self.jobs);
    }

    /// Takes the oldest job out.
    pub(super) fn drop_oldest(&mut self) -> Option<Job> {
        let dropped = self.jobs.pop_front()?;
        self.load.points -= dropped.points;
        self.load.bytes -= dropped.bytes.len();
        Some(dropped)
    }
}

impl FromIterator<Job> for Queue {
    fn from_iter<I: IntoIterator<Item = Job>>(jobs: I) -> Self {
        let mut queue = Self::default();
        jobs.into_iter().for_each(|job| queue.push(job));
        queue
    }
}

impl Batch {
    /// All of these jobs.
    pub(super) fn of<'j>(jobs: impl IntoIterator<Item = &'j Job>) -> Self {
        let mut batch = Self::default();
        for job in jobs {
            batch.jobs.push(job.bytes.clone());
            batch.points += job.points;
        }
        batch
    }
}

/// What came and was not tried yet: measurements leave first, and go last.
#[derive(Default)]
pub(super) struct Live {
    measurements: Queue,
    events: Queue,
    /// Events waited, and none of them had room in the last batch.
    passed_over: bool,
}

impl Live {
    pub(super) fn push(&mut self, job: Job) {
        match job.urgency {
            Urgency::Measurement => self.measurements.push(job),
            Urgency::Event => self.events.push(job),
        }
    }

    pub(super) fn load(&self) -> Load {
        self.measurements.load().plus(self.events.load())
    }

    pub(super) fn points(&self) -> usize {
        self.load().points
    }

    pub(super) fn is_empty(&self) -> bool {
        self.measurements.is_empty() && self.events.is_empty()
    }

    /// Takes out what fits into a batch, at least one job where there is one. Events that had no
    /// room in one batch are the first of the next.
    pub(super) fn take(&mut self, most: Load) -> Vec<Job> {
        let mut taken = Vec::new();
        let waiting = self.events.points();
        if self.passed_over {
            self.events.take(most, &mut taken);
        }
        self.measurements.take(most, &mut taken);
        if self.measurements.is_empty() {
            self.events.take(most, &mut taken);
        }
        self.passed_over = waiting > 0 && self.events.points() == waiting;
        taken
    }

    /// Takes all of them out.
    pub(super) fn take_all(&mut self) -> impl Iterator<Item = Job> + use<> {
        self.measurements.take_all().into_iter().chain(self.events.take_all())
    }

    /// Takes out the one that others go ahead of, the oldest of these.
    pub(super) fn drop_least(&mut self) -> Option<Job> {
        self.events.drop_oldest().or_else(|| self.measurements.drop_oldest())
    }

    pub(super) fn jobs(&self) -> impl Iterator<Item = &Job> {
        self.measurements.jobs().chain(self.events.jobs())
    }

    pub(super) fn jobs_mut(&mut self) -> impl Iterator<Item = &mut Job> {
        self.measurements.jobs_mut().chain(self.events.jobs_mut())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn points(points: usize) -> Load {
        Load { points, bytes: usize::MAX }
    }

    fn job(name: &str, points: usize) -> Job {
        Job::new(format!("{name}\n").into_bytes(), points, None)
    }

    fn queue(jobs: &[(&str, usize)]) -> Queue {
        jobs.iter().map(|(name, points)| job(name, *points)).collect()
    }

    fn text(jobs: &[Job]) -> String {
        jobs.iter().map(|job| String::from_utf8_lossy(&job.bytes).into_owned()).collect()
    }

    fn taken(queue: &mut Queue, most: Load) -> String {
        let mut jobs = Vec::new();
        queue.take(most, &mut jobs);
        text(&jobs)
    }

    #[test]
    fn a_batch_is_full_but_never_empty() {
        let jobs = [("a", 2), ("b", 3), ("c", 10)];
        assert_eq!(taken(&mut queue(&jobs), points(5)), "a\nb\n");
        assert_eq!(taken(&mut queue(&jobs), points(4)), "a\n");
        assert_eq!(taken(&mut queue(&jobs), points(1)), "a\n");
        let five_bytes = Load { points: 100, bytes: 5 };
        assert_eq!(taken(&mut queue(&jobs), five_bytes), "a\nb\n");
        let mut all = queue(&jobs);
        assert_eq!(taken(&mut all, points(100)), "a\nb\nc\n");
        assert_eq!((all.load(), all.is_empty()), (Load::default(), true));
    }

    #[test]
    fn what_is_put_back_is_the_oldest_again() {
        let mut queue = queue(&[("a", 2), ("b", 3), ("c", 4)]);
        let mut jobs = Vec::new();
        queue.take(points(5), &mut jobs);
        queue.put_back(jobs);
        assert_eq!(queue.load(), Load { points: 9, bytes: 6 });
        assert_eq!(taken(&mut queue, points(100)), "a\nb\nc\n");
    }

    #[test]
    fn the_oldest_is_dropped() {
        let mut queue = queue(&[("a", 1), ("b", 2), ("c", 4)]);
        assert_eq!(queue.drop_oldest().map(|job| job.points), Some(1));
        assert_eq!(queue.points(), 6);
        assert_eq!(queue.take_all().len(), 2);
        assert_eq!((queue.drop_oldest(), queue.points()), (None, 0));
    }

    #[test]
    fn measurements_leave_first_and_go_last() {
        let mut live = Live::default();
        live.push(job("e1", 1).of_events());
        live.push(job("e2", 1).of_events());
        live.push(job("m1", 1));
        live.push(job("m2", 1));
        assert_eq!(text(&live.take(points(3))), "m1\nm2\ne1\n");
        live.push(job("m3", 1));
        assert_eq!(live.drop_least().map(|job| job.bytes), Some("e2\n".into()));
        assert_eq!(live.take_all().count(), 1);
        assert_eq!(live.load(), Load::default());
    }

    #[test]
    fn events_that_fit_into_no_batch_have_their_turn() {
        let mut live = Live::default();
        live.push(job("large", 10).of_events());
        (0..3).for_each(|_| live.push(job("m", 1)));
        assert_eq!(text(&live.take(points(2))), "m\nm\n");
        assert_eq!(text(&live.take(points(2))), "large\n");
        assert_eq!(text(&live.take(points(2))), "m\n");
    }
}
