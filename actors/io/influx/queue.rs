//! What waits to be written, in memory.

use std::collections::VecDeque;
use std::ops::Range;

use bytes::Bytes;

use crate::domain::errors::Origin;

/// One write operation.
#[derive(Debug, Clone, PartialEq)]
pub struct WriteJob {
    /// Encoded lines, each with its line break.
    pub(super) lines: Bytes,
    /// How many lines.
    pub(super) points: usize,
    /// What to report when it is not stored; `None` is never reported.
    pub(super) origin: Option<Origin>,
    /// Its number on disk, if it lies there as well.
    pub(super) row: Option<i64>,
}

impl WriteJob {
    /// So many `lines`, each with its line break. `origin` is what to report when they are not
    /// stored; `None` is never reported.
    pub fn new(lines: impl Into<Bytes>, points: usize, origin: Option<Origin>) -> Self {
        Self { lines: lines.into(), points, origin, row: None }
    }
}

/// Jobs in the order in which they came.
#[derive(Default)]
pub(super) struct Queue {
    jobs: VecDeque<WriteJob>,
    points: usize,
}

/// The oldest jobs, to be sent together.
pub(super) struct Batch {
    /// All lines, one job after the other.
    pub(super) lines: Vec<u8>,
    /// Where the lines of each job are.
    pub(super) jobs: Vec<Range<usize>>,
    /// Points in all jobs.
    pub(super) points: usize,
}

impl Queue {
    pub(super) fn push(&mut self, job: WriteJob) {
        self.points += job.points;
        self.jobs.push_back(job);
    }

    /// Points waiting.
    pub(super) fn points(&self) -> usize {
        self.points
    }

    pub(super) fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }

    /// The oldest jobs, at least one, with at most `most` points where that can be.
    pub(super) fn oldest(&self, most: usize) -> Batch {
        let mut batch = Batch { lines: Vec::new(), jobs: Vec::new(), points: 0 };
        for job in &self.jobs {
            if batch.points > 0 && batch.points + job.points > most {
                break;
            }
            let begin = batch.lines.len();
            batch.lines.extend_from_slice(&job.lines);
            batch.jobs.push(begin..batch.lines.len());
            batch.points += job.points;
        }
        batch
    }

    /// Takes the `count` oldest jobs out.
    pub(super) fn remove(&mut self, count: usize) -> Vec<WriteJob> {
        let removed: Vec<WriteJob> = self.jobs.drain(..count.min(self.jobs.len())).collect();
        self.points -= removed.iter().map(|job| job.points).sum::<usize>();
        removed
    }

    /// Puts jobs back that were the oldest.
    pub(super) fn put_back(&mut self, jobs: Vec<WriteJob>) {
        self.points += jobs.iter().map(|job| job.points).sum::<usize>();
        for job in jobs.into_iter().rev() {
            self.jobs.push_front(job);
        }
    }

    pub(super) fn jobs(&self) -> impl Iterator<Item = &WriteJob> {
        self.jobs.iter()
    }

    pub(super) fn jobs_mut(&mut self) -> impl Iterator<Item = &mut WriteJob> {
        self.jobs.iter_mut()
    }

    /// Rows up to this one have gone from the disk, and go from here.
    pub(super) fn drop_rows(&mut self, up_to: i64) {
        self.jobs.retain(|job| job.row.is_none_or(|row| row > up_to));
        self.points = self.jobs.iter().map(|job| job.points).sum();
    }

    /// Takes the oldest job out, for good.
    pub(super) fn drop_oldest(&mut self) -> Option<WriteJob> {
        let dropped = self.jobs.pop_front()?;
        self.points -= dropped.points;
        Some(dropped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(name: &str, points: usize) -> WriteJob {
        WriteJob::new(format!("{name}\n").into_bytes(), points, None)
    }

    fn queue(jobs: &[(&str, usize)]) -> Queue {
        let mut queue = Queue::default();
        for (name, points) in jobs {
            queue.push(job(name, *points));
        }
        queue
    }

    #[test]
    fn a_batch_is_full_but_never_empty() {
        let queue = queue(&[("a", 2), ("b", 3), ("c", 10)]);
        assert_eq!(queue.oldest(5).lines, b"a\nb\n");
        assert_eq!(queue.oldest(4).lines, b"a\n");
        assert_eq!(queue.oldest(1).lines, b"a\n");
        let all = queue.oldest(100);
        assert_eq!((all.points, all.jobs), (15, vec![0..2, 2..4, 4..6]));
    }

    #[test]
    fn what_is_acknowledged_leaves() {
        let mut queue = queue(&[("a", 2), ("b", 3)]);
        assert_eq!(&queue.remove(1)[0].lines[..], b"a\n");
        assert_eq!((queue.points(), queue.is_empty()), (3, false));
        queue.remove(7);
        assert_eq!((queue.points(), queue.is_empty()), (0, true));
    }

    #[test]
    fn what_is_put_back_is_the_oldest_again() {
        let mut queue = queue(&[("a", 2), ("b", 3), ("c", 4)]);
        let removed = queue.remove(2);
        queue.put_back(removed);
        assert_eq!((queue.oldest(100).lines, queue.points()), (b"a\nb\nc\n".to_vec(), 9));
    }

    #[test]
    fn the_oldest_is_dropped() {
        let mut queue = queue(&[("a", 1), ("b", 2), ("c", 4)]);
        let dropped = |queue: &mut Queue| queue.drop_oldest().map(|job| job.points);
        assert_eq!(dropped(&mut queue), Some(1));
        assert_eq!((queue.oldest(100).lines, queue.points()), (b"b\nc\n".to_vec(), 6));
        queue.remove(2);
        assert_eq!((dropped(&mut queue), queue.points()), (None, 0));
    }
}
