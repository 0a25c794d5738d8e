//! What a destination adds to the mechanism: how one batch is sent, and what its answer means.

use std::cell::Cell;
use std::future::{Future, ready};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use crate::domain::errors::{Category, Failure};

/// A destination that batches are sent to. One request, or as many as it takes until every job of a
/// batch has its answer. Lives on one thread.
pub trait Transport: 'static {
    /// Where to, for errors.
    const NAME: &'static str;

    /// What a failure is about that happened on this side: nothing was asked of the destination.
    const CATEGORY: Category;

    /// Sends a batch. The answer names what the destination refuses for good; everything else of
    /// the batch is stored then. It may be sent again, with the same bytes, after an error.
    ///
    /// # Errors
    /// The destination is away: the whole batch should be sent again later.
    fn send(
        &self,
        batch: Batch,
        attempt: &Attempt<'_>,
    ) -> impl Future<Output = Result<Vec<Rejection>, SendError>>;

    /// Makes sure that the destination can take anything, before the first batch or when nothing
    /// waits that would show it.
    ///
    /// # Errors
    /// It cannot.
    fn prepare(&self) -> impl Future<Output = Result<(), SendError>> {
        ready(Ok(()))
    }

    /// Whether [`Transport::prepare`] has nothing to do any more.
    fn is_prepared(&self) -> bool {
        true
    }

    /// Most bytes that the destination has taken at once, or would; no bound where none is known.
    fn most_bytes(&self) -> usize {
        usize::MAX
    }

    /// Whether the first batch must wait for [`Transport::prepare`].
    fn prepares_first(&self) -> bool {
        false
    }
}

/// Jobs that are sent together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    /// The bytes of each job, oldest first.
    pub jobs: Vec<Bytes>,
    /// Points in all of them.
    pub points: usize,
}

/// One attempt to send a batch, as the transport sees it.
pub struct Attempt<'d> {
    /// What is thought of the batch.
    pub doubt: Doubt,
    /// Requests of this attempt.
    requests: Cell<u64>,
    /// When the last of them left.
    progress: Cell<Instant>,
    /// Requests of the stream.
    total: &'d Cell<u64>,
}

impl<'d> Attempt<'d> {
    pub(super) fn new(doubt: Doubt, total: &'d Cell<u64>) -> Self {
        Self { doubt, requests: Cell::default(), progress: Cell::new(Instant::now()), total }
    }

    /// A request leaves now.
    pub fn request(&self) {
        self.requests.set(self.requests.get() + 1);
        self.total.set(self.total.get() + 1);
        self.progress.set(Instant::now());
    }

    pub(super) fn requests(&self) -> u64 {
        self.requests.get()
    }

    /// When the last request left.
    pub(super) fn progress(&self) -> Instant {
        self.progress.get()
    }
}

/// Why a batch was not sent.
#[derive(Debug, Clone, PartialEq)]
pub struct SendError {
    /// The cause.
    pub failure: Failure,
    /// For the log: what failed, what the server said, what to look at.
    pub message: String,
    /// How long the server asks to wait.
    pub retry_after: Option<Duration>,
    /// These very points may be the reason. They never are when a server cannot be reached, does
    /// not accept a login, or has a limit of requests.
    pub suspicion: Option<Suspicion>,
}

/// An answer for which the points may be the reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Suspicion {
    /// The status of the answer.
    pub status: u16,
    /// Whether the answer proves it when it is always the same, and other requests succeed: an
    /// error of the server does, and a refusal; the page of a stranger does not.
    pub is_decisive: bool,
}

impl SendError {
    /// Whether the same answer time after time condemns the points.
    pub fn is_decisive(&self) -> bool {
        self.suspicion.is_some_and(|suspicion| suspicion.is_decisive)
    }
}

/// Points of a batch that the destination will never take.
#[derive(Debug, Clone, PartialEq)]
pub struct Rejection {
    /// Which job of the batch they belong to.
    pub job: usize,
    /// How many.
    pub points: usize,
    /// Their bytes, where they are known.
    pub bytes: Bytes,
    /// Why, for the log.
    pub message: String,
    /// The same as an error.
    pub failure: Failure,
}

/// How sure it is that a line of a batch is bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// It may as well be the server.
    None,
    /// The same answer again and again, but nothing else was stored in between.
    Possible,
    /// The same answer again and again, while other requests succeeded.
    Proven,
}
