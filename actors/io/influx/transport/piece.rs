//! A part of a batch that is sent in one request, and how it is cut into smaller ones.

use std::cell::OnceCell;
use std::collections::HashSet;
use std::ops::Range;

use bytes::{Bytes, BytesMut};

use crate::domain::errors::Failure;
use crate::io::delivery::{Batch, Rejection};
use crate::io::influx::lines::{Parts, split_lines};
use crate::io::influx::retype::Conflict;

/// Lines that are sent together.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    body: Bytes,
    /// Where the lines of each job are, in a piece that is a whole batch.
    jobs: Vec<Range<usize>>,
    /// Cut when somebody asks: most batches are stored, and nobody does.
    lines: OnceCell<Vec<Line>>,
    pub(super) history: History,
}

/// One line, its line break included.
#[derive(Debug, Clone)]
pub(super) struct Line {
    /// Which job of the batch it belongs to.
    pub(super) job: usize,
    pub(super) text: Bytes,
}

/// What was tried with lines; parts of a piece have the history of the whole.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct History {
    /// How often a field was given another type.
    pub(super) retyped: u32,
    /// The database was made sure of because a write missed it.
    pub(super) set_up: bool,
    /// The server was asked for the names of bad lines and gave none.
    pub(super) asked: bool,
    /// The oldest points were taken for those that are too old.
    pub(super) guessed: bool,
}

impl Piece {
    /// All lines of a batch. One job alone is sent as it is, without a copy.
    pub(super) fn whole(batch: Batch) -> Self {
        let mut jobs = Vec::with_capacity(batch.jobs.len());
        let mut end = 0;
        for job in &batch.jobs {
            jobs.push(end..end + job.len());
            end += job.len();
        }
        let body = match <[Bytes; 1]>::try_from(batch.jobs) {
            Ok([only]) => only,
            Err(several) => several.concat().into(),
        };
        Self { body, jobs, lines: OnceCell::new(), history: History::default() }
    }

    /// Lines from here and there.
    pub(super) fn of(lines: Vec<Line>, history: History) -> Self {
        let mut body = BytesMut::with_capacity(lines.iter().map(|line| line.text.len()).sum());
        lines.iter().for_each(|line| body.extend_from_slice(&line.text));
        Self { body: body.freeze(), jobs: Vec::new(), lines: OnceCell::from(lines), history }
    }

    /// Its lines, one by one.
    pub(super) fn lines(&self) -> &[Line] {
        self.lines.get_or_init(|| {
            let cut = |(job, range): (usize, &Range<usize>)| {
                let of_job = self.body.slice(range.clone());
                let lines: Vec<Line> = split_lines(&of_job)
                    .map(|line| Line { job, text: of_job.slice_ref(line) })
                    .collect();
                lines
            };
            self.jobs.iter().enumerate().flat_map(cut).collect()
        })
    }

    /// What is sent.
    pub(super) fn body(&self) -> Bytes {
        self.body.clone()
    }

    /// Pieces of at most `most` lines, in their order; `most` is at least 1.
    pub(super) fn chunks(self, most: usize) -> Vec<Self> {
        if self.lines().len() <= most {
            return vec![self];
        }
        self.lines().chunks(most).map(|lines| Self::of(lines.to_vec(), self.history)).collect()
    }

    /// Two parts, cut between two jobs or, where there is one job, between its lines; a single
    /// line stays what it is.
    pub(super) fn halves(self) -> Vec<Self> {
        let middle = self.lines().len() / 2;
        if middle == 0 {
            return vec![self];
        }
        let border = |at: &usize| self.lines()[at - 1].job != self.lines()[*at].job;
        let borders = (1..self.lines().len()).filter(border);
        let at = borders.min_by_key(|at| at.abs_diff(middle)).unwrap_or(middle);
        let (first, second) = self.lines().split_at(at);
        [first, second].map(|lines| Self::of(lines.to_vec(), self.history)).into()
    }

    /// The lines with these numbers, and the others; a part without lines is `None`.
    pub(super) fn parted(self, picked: &HashSet<usize>) -> (Option<Self>, Option<Self>) {
        let history = self.history;
        let (mut inside, mut outside) = (Vec::new(), Vec::new());
        for (index, line) in self.lines().iter().cloned().enumerate() {
            if picked.contains(&index) { inside.push(line) } else { outside.push(line) }
        }
        let part = |lines: Vec<Line>| (!lines.is_empty()).then(|| Self::of(lines, history));
        (part(inside), part(outside))
    }

    /// The same with a field rewritten wherever that is possible; `None` when no line changes.
    pub(super) fn rewritten(&self, conflict: &Conflict) -> Option<Self> {
        let mut changed = false;
        let rewrite = |line: &Line| match conflict.rewrite(&line.text) {
            Some(text) => {
                changed = true;
                Line { job: line.job, text: text.into() }
            }
            None => line.clone(),
        };
        let lines = self.lines().iter().map(rewrite).collect();
        let history = History { retyped: self.history.retyped + 1, ..self.history };
        changed.then(|| Self::of(lines, history))
    }

    /// The numbers of the lines for which `holds`.
    pub(super) fn numbers(&self, mut holds: impl FnMut(&[u8]) -> bool) -> HashSet<usize> {
        let lines = self.lines().iter().enumerate();
        lines.filter(|(_, line)| holds(&line.text)).map(|(index, _)| index).collect()
    }

    /// The end of all its lines: one rejection for each job.
    pub(super) fn given_up(&self, message: &str, failure: &Failure) -> Vec<Rejection> {
        let mut rejections: Vec<Rejection> = Vec::new();
        for line in self.lines() {
            match rejections.last_mut() {
                Some(rejection) if rejection.job == line.job => {
                    rejection.points += 1;
                    rejection.bytes = [&rejection.bytes[..], &line.text[..]].concat().into();
                }
                _ => rejections.push(Rejection {
                    job: line.job,
                    points: 1,
                    bytes: line.text.clone(),
                    message: message.to_owned(),
                    failure: failure.clone(),
                }),
            }
        }
        rejections
    }

    /// The job that all its lines belong to, when it is one.
    pub(super) fn only_job(&self) -> Option<usize> {
        let job = self.lines().first()?.job;
        self.lines().iter().all(|line| line.job == job).then_some(job)
    }

    /// What is measured by its first line, for the log.
    pub(super) fn measurement(&self) -> Option<String> {
        let parts = Parts::of(&self.lines().first()?.text)?;
        Some(String::from_utf8_lossy(&parts.measurement()).into_owned())
    }
}
