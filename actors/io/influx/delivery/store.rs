//! One batch until the server has answered for every line of it.

use std::collections::HashSet;
use std::ops::Range;

use super::Inner;
use crate::domain::errors::Failure;
use crate::io::influx::client::{Outage, WriteError};
use crate::io::influx::queue::Batch;
use crate::io::influx::refusal::Refusal;
use crate::io::influx::retype::split_lines;

/// Points of a batch that the server will never take.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Outcome {
    /// Which job of the batch they belong to, where that is known.
    pub(super) job: Option<usize>,
    pub(super) points: usize,
    pub(super) message: String,
    pub(super) failure: Failure,
}

/// A part of the batch that is sent in one request.
struct Piece {
    lines: Vec<u8>,
    /// Where the lines of each job are.
    jobs: Vec<(usize, Range<usize>)>,
    /// How often a field was given another type.
    retyped: u32,
    set_up: bool,
}

/// More columns than this do not change their type at once.
const MOST_RETYPED: u32 = 32;

/// Sends a batch; the outcomes are what was refused for good. An error means that the whole batch
/// should be sent again later, which does no harm to what was stored.
pub(super) async fn store(inner: &Inner, batch: Batch) -> Result<Vec<Outcome>, Outage> {
    let most = inner.client.settings.max_batch_size;
    let jobs = batch.jobs.into_iter().enumerate().collect();
    let whole = Piece { lines: batch.lines, jobs, retyped: 0, set_up: false };
    let mut pieces = whole.chunks(most);
    let mut outcomes = Vec::new();
    while let Some(mut piece) = pieces.pop() {
        inner.state.borrow_mut().stats.requests += 1;
        match inner.client.write(&piece.lines).await {
            Ok(()) => {}
            Err(WriteError::Away(outage)) => return Err(outage),
            Err(WriteError::Missing(outage)) => {
                if piece.set_up || !inner.set_up_again().await {
                    return Err(outage);
                }
                piece.set_up = true;
                pieces.push(piece);
            }
            Err(WriteError::Refused { refusal, failure }) => {
                piece.refused(&refusal, &failure, &mut pieces, &mut outcomes);
            }
        }
    }
    Ok(outcomes)
}

impl Piece {
    /// Decides what becomes of a refused piece: other types, smaller pieces, or the end of the
    /// points that are named or alone.
    fn refused(
        self,
        refusal: &Refusal,
        failure: &Failure,
        pieces: &mut Vec<Self>,
        outcomes: &mut Vec<Outcome>,
    ) {
        if self.retyped < MOST_RETYPED
            && let Some(conflict) = &refusal.conflict
            && let Some(retyped) = self.with_lines(|lines| conflict.apply(lines))
        {
            pieces.push(retyped);
            return;
        }
        let outcome = |job, points| Outcome {
            job,
            points,
            message: refusal.message.clone(),
            failure: failure.clone(),
        };
        let count = split_lines(&self.lines).count();
        if count <= 1 {
            outcomes.push(outcome(self.jobs.first().map(|(job, _)| *job), 1));
        } else if !refusal.lines.is_empty() {
            let named: HashSet<usize> =
                refusal.lines.iter().copied().filter(|line| *line < count).collect();
            outcomes.extend(named.into_iter().map(|line| outcome(self.job_of(line), 1)));
        } else if refusal.partial && self.jobs.len() == 1 {
            // The rest was stored; only the number of the others is known.
            let dropped = refusal.dropped.unwrap_or(1).clamp(1, count);
            outcomes.push(outcome(self.jobs.first().map(|(job, _)| *job), dropped));
        } else {
            pieces.extend(self.halves());
        }
    }

    /// The same piece with each job's lines rewritten; `None` when nothing changes.
    fn with_lines(&self, rewrite: impl Fn(&[u8]) -> Option<Vec<u8>>) -> Option<Self> {
        let mut lines = Vec::with_capacity(self.lines.len());
        let mut jobs = Vec::with_capacity(self.jobs.len());
        let mut changed = false;
        for (job, range) in &self.jobs {
            let begin = lines.len();
            match rewrite(&self.lines[range.clone()]) {
                Some(rewritten) => {
                    changed = true;
                    lines.extend_from_slice(&rewritten);
                }
                None => lines.extend_from_slice(&self.lines[range.clone()]),
            }
            jobs.push((*job, begin..lines.len()));
        }
        changed.then_some(Self { lines, jobs, retyped: self.retyped + 1, set_up: self.set_up })
    }

    fn job_of(&self, line: usize) -> Option<usize> {
        let at: usize = split_lines(&self.lines).take(line).map(<[u8]>::len).sum();
        self.jobs.iter().find(|(_, range)| range.contains(&at)).map(|(job, _)| *job)
    }

    /// Cut in two between jobs, or, where there is one job, between its lines.
    fn halves(self) -> Vec<Self> {
        if self.jobs.len() > 1 {
            let middle = self.jobs[self.jobs.len() / 2].1.start;
            vec![self.part(middle..self.lines.len()), self.part(0..middle)]
        } else {
            let lines = split_lines(&self.lines).count();
            self.chunks(lines.div_ceil(2))
        }
    }

    /// Pieces of at most `most` lines, the last one first.
    fn chunks(self, most: usize) -> Vec<Self> {
        let mut ends = vec![0];
        let (mut at, mut lines) = (0, 0);
        for line in split_lines(&self.lines) {
            if lines == most.max(1) {
                ends.push(at);
                lines = 0;
            }
            at += line.len();
            lines += 1;
        }
        ends.push(at);
        let mut chunks: Vec<Self> =
            ends.windows(2).map(|ends| self.part(ends[0]..ends[1])).collect();
        chunks.reverse();
        chunks
    }

    /// The lines of a range, with the jobs that they belong to.
    fn part(&self, range: Range<usize>) -> Self {
        let jobs = self.jobs.iter().filter_map(|(job, lines)| {
            let (begin, end) = (lines.start.max(range.start), lines.end.min(range.end));
            (begin < end).then(|| (*job, begin - range.start..end - range.start))
        });
        Self {
            jobs: jobs.collect(),
            lines: self.lines[range].to_vec(),
            retyped: self.retyped,
            set_up: self.set_up,
        }
    }
}
