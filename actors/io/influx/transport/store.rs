//! One batch until the server has answered for every line of it.

use std::collections::{HashSet, VecDeque};
use std::ops::ControlFlow::{self, Break, Continue};

use super::piece::{History, Line, Piece};
use super::{InfluxTransport, MOST_POINTS};
use crate::domain::errors::Failure;
use crate::io::delivery::{Attempt, Batch, Doubt, Rejection, SendError};
use crate::io::influx::lines::stamp;
use crate::io::influx::refusal::{BadLine, Refusal, TooOld};
use crate::io::influx::retype::Conflict;
use crate::io::influx::verdict::Verdict;

/// More columns than this do not change their type at once.
const MOST_RETYPED: u32 = 32;

/// So many equal refusals of different parts, and nothing of the batch stored: it is not the
/// points.
const MOST_EQUAL: u32 = 4;

/// A list of bad lines as long as this may have been cut.
const LONGEST_LIST: usize = 100;

/// The work on one batch.
struct Work {
    /// What is still to be sent, large parts first: both halves are tried before either is cut
    /// further.
    pieces: VecDeque<Piece>,
    rejections: Vec<Rejection>,
    /// A request was stored, so it is not the server that fails.
    proof: bool,
    /// How often the same was answered, and what.
    equal: (u32, String),
}

/// Sends a batch; the answer is what was refused for good. An error means that the whole batch
/// should be sent again later, which does no harm to what was stored. A batch in doubt is cut
/// until the lines are found that cause it.
pub(super) async fn store(
    inner: &InfluxTransport,
    batch: Batch,
    attempt: &Attempt<'_>,
) -> Result<Vec<Rejection>, SendError> {
    let doubt = attempt.doubt;
    let is_large = batch.points > MOST_POINTS;
    let whole = Piece::whole(batch);
    let mut pieces: VecDeque<Piece> =
        if is_large { whole.chunks(MOST_POINTS).into() } else { [whole].into() };
    if doubt != Doubt::None {
        // The whole has given its answer often enough.
        pieces = pieces.into_iter().flat_map(Piece::halves).collect();
    }
    let proof = doubt == Doubt::Proven;
    let mut work = Work { pieces, rejections: vec![], proof, equal: (0, String::new()) };
    while let Some(mut piece) = work.pieces.pop_front() {
        let flow = match write(inner, &mut piece, attempt).await {
            Verdict::Stored => {
                work.proof = true;
                Continue(())
            }
            Verdict::Refused { refusal, failure } => {
                if refusal.too_large {
                    inner.too_large(piece.body().len());
                }
                let outage = || inner.client.repeated(&refusal, &failure);
                work.refused(piece, &refusal, &failure, outage)
            }
            Verdict::Away(outage) if doubt != Doubt::None && outage.is_decisive() => {
                work.suspected(piece, outage)
            }
            Verdict::Missing(outage) => match inner.set_up_again().await {
                Some(Ok(())) if !piece.history.set_up => {
                    piece.history.set_up = true;
                    work.pieces.push_front(piece);
                    Continue(())
                }
                // The set-up knows why it is missing still.
                Some(Err(why)) => Break(SendError { message: why.message, ..outage }),
                _ => Break(outage),
            },
            Verdict::Away(outage) => Break(outage),
        };
        if let Break(outage) = flow {
            return Err(outage);
        }
    }
    Ok(work.rejections)
}

/// One request; where it is refused without a reason that helps, one more to the path that gives
/// reasons.
async fn write(inner: &InfluxTransport, piece: &mut Piece, attempt: &Attempt<'_>) -> Verdict {
    attempt.request();
    let verdict = inner.client.write(piece.body()).await;
    match &verdict {
        Verdict::Refused { refusal, .. }
            if refusal.names_nothing()
                && !refusal.too_large
                && !piece.history.asked
                && inner.client.may_name_lines() =>
        {
            piece.history.asked = true;
            attempt.request();
            inner.client.write_the_good(piece.body()).await.unwrap_or(verdict)
        }
        _ => verdict,
    }
}

impl Work {
    /// Decides what becomes of a refused piece: other types, smaller pieces, or the end of the
    /// points that are named or alone. `outage` is what it is when no point is the cause.
    fn refused(
        &mut self,
        piece: Piece,
        refusal: &Refusal,
        failure: &Failure,
        outage: impl FnOnce() -> SendError,
    ) -> ControlFlow<SendError> {
        let Some(piece) = self.led(piece, refusal, failure) else {
            return Continue(());
        };
        let count = piece.lines().len();
        if count == 1 || (refusal.partial && refusal.dropped == Some(count)) {
            self.give_up(&piece, &refusal.message, failure);
            return Continue(());
        }
        if let (true, Some(job), Some(points @ 1..)) =
            (refusal.partial, piece.only_job(), refusal.dropped)
        {
            // The rest was stored, and all of it is one operation: which ones does not matter.
            let (message, failure) = (refusal.message.clone(), failure.clone());
            self.rejections.push(Rejection {
                job,
                points: points.min(count),
                bytes: piece.body(),
                message,
                failure,
            });
            return Continue(());
        }
        if !refusal.partial && !refusal.too_large {
            self.count(&refusal.message, outage)?;
        }
        self.pieces.extend(piece.halves());
        Continue(())
    }

    /// An answer that is no refusal, for a piece of a batch that has had it again and again.
    fn suspected(&mut self, piece: Piece, outage: SendError) -> ControlFlow<SendError> {
        if piece.lines().len() > 1 {
            self.count(&outage.message.clone(), || outage)?;
            self.pieces.extend(piece.halves());
            return Continue(());
        }
        if !self.proof {
            return Break(outage);
        }
        let measurement = piece.measurement().unwrap_or_default();
        let message = format!(
            "a line of {measurement} has this answer whenever it is sent: {}",
            outage.message
        );
        self.give_up(&piece, &message, &outage.failure);
        Continue(())
    }

    /// Follows what the refusal says about lines; the piece comes back when that leads nowhere.
    fn led(&mut self, piece: Piece, refusal: &Refusal, failure: &Failure) -> Option<Piece> {
        let may_retype = piece.history.retyped < MOST_RETYPED;
        if !refusal.lines.is_empty() {
            return self.numbered(piece, refusal, failure);
        }
        if let Some(conflict) = &refusal.conflict {
            if let Some(rewritten) = piece.rewritten(conflict).filter(|_| may_retype) {
                self.pieces.push_front(rewritten);
                return None;
            }
            let bad = piece.numbers(|line| conflict.concerns(line));
            return self.set_aside(piece, &bad, &refusal.message, failure);
        }
        if !refusal.quoted.is_empty() {
            let quoted: HashSet<&[u8]> =
                refusal.quoted.iter().map(|line| line.trim().as_bytes()).collect();
            let bad = piece.numbers(|line| quoted.contains(line.trim_ascii()));
            return self.set_aside(piece, &bad, &refusal.message, failure);
        }
        match refusal.too_old {
            Some(old) => self.too_old(piece, old, refusal, failure),
            None => Some(piece),
        }
    }

    /// The server numbers the bad lines, each with its reason.
    fn numbered(&mut self, piece: Piece, refusal: &Refusal, failure: &Failure) -> Option<Piece> {
        let is_ours = |bad: &&BadLine| {
            let line = piece.lines().get(bad.index).map(|line| line.text.trim_ascii());
            let begin = bad.text.as_deref().map(|text| text.trim().as_bytes());
            line.is_some_and(|line| begin.is_none_or(|begin| line.starts_with(begin)))
        };
        let named: Vec<&BadLine> = refusal.lines.iter().filter(is_ours).collect();
        if named.is_empty() {
            return Some(piece);
        }
        let may_retype = piece.history.retyped < MOST_RETYPED;
        let mut retyped = Vec::new();
        for bad in &named {
            let Some(line) = piece.lines().get(bad.index) else { continue };
            let conflict = Conflict::in_line(&bad.message, &line.text).filter(|_| may_retype);
            match conflict.and_then(|conflict| conflict.rewrite(&line.text)) {
                Some(text) => retyped.push(Line { job: line.job, text: text.into() }),
                None => {
                    let (message, failure) = (bad.message.clone(), failure.clone());
                    self.rejections.push(Rejection {
                        job: line.job,
                        points: 1,
                        bytes: line.text.clone(),
                        message,
                        failure,
                    });
                }
            }
        }
        let indices: HashSet<usize> = named.iter().map(|bad| bad.index).collect();
        let complete = refusal.dropped.map_or_else(
            || refusal.partial && refusal.lines.len() < LONGEST_LIST,
            |dropped| refusal.partial && dropped == indices.len(),
        );
        let history = History { retyped: piece.history.retyped + 1, ..piece.history };
        let (_, others) = piece.parted(&indices);
        // Sending again what was stored does no harm.
        self.pieces.extend(others.filter(|_| !complete));
        if !retyped.is_empty() {
            self.pieces.push_back(Piece::of(retyped, history));
        }
        None
    }

    /// Gives the bad lines up and sends the others; the piece comes back when there are no bad
    /// ones.
    fn set_aside(
        &mut self,
        piece: Piece,
        bad: &HashSet<usize>,
        message: &str,
        failure: &Failure,
    ) -> Option<Piece> {
        if bad.is_empty() {
            return Some(piece);
        }
        let (bad, others) = piece.parted(bad);
        if let Some(bad) = bad {
            self.give_up(&bad, message, failure);
        }
        // Even where the server says that the others were stored, it has named one cause only.
        self.pieces.extend(others);
        None
    }

    /// The oldest lines are those that are too old.
    fn too_old(
        &mut self,
        mut piece: Piece,
        old: TooOld,
        refusal: &Refusal,
        failure: &Failure,
    ) -> Option<Piece> {
        if let Some(bound) = old.bound {
            let bad = piece.numbers(|line| stamp(line).is_some_and(|stamp| stamp < bound));
            if bad.len() == old.points {
                return self.set_aside(piece, &bad, &refusal.message, failure);
            }
        }
        if old.points == 0 || old.points >= piece.lines().len() || piece.history.guessed {
            return Some(piece);
        }
        let mut by_age: Vec<usize> = (0..piece.lines().len()).collect();
        by_age.sort_by_key(|&index| stamp(&piece.lines()[index].text));
        let oldest: HashSet<usize> = by_age.into_iter().take(old.points).collect();
        piece.history.guessed = true;
        // Both are sent: only what is refused alone is given up.
        let (oldest, others) = piece.parted(&oldest);
        self.pieces.extend([oldest, others].into_iter().flatten());
        None
    }

    fn give_up(&mut self, piece: &Piece, message: &str, failure: &Failure) {
        self.rejections.extend(piece.given_up(message, failure));
    }

    /// Counts answers that lead nowhere.
    fn count(
        &mut self,
        answer: &str,
        outage: impl FnOnce() -> SendError,
    ) -> ControlFlow<SendError> {
        if self.proof {
            return Continue(());
        }
        if self.equal.1 == answer {
            self.equal.0 += 1;
        } else {
            self.equal = (1, answer.to_owned());
        }
        if self.equal.0 >= MOST_EQUAL { Break(outage()) } else { Continue(()) }
    }
}
