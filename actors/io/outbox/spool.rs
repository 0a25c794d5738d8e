//! Where a stream keeps what waits.

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;

use super::keeper::Outbox;
use super::work::{OutboxError, Reply, Stream, Work};

/// Where a stream keeps what waits.
pub trait Spool {
    /// Does the work, durably when this returns.
    ///
    /// # Errors
    /// When nothing of it was done.
    fn work(&self, work: Work) -> LocalBoxFuture<'_, Result<Reply, OutboxError>>;

    /// Why nothing can be kept right now, for those who ask whether all is well.
    fn obstacle(&self) -> Option<String>;

    /// Nothing can be kept from now on; what waits is in memory.
    fn failed(&self, error: &OutboxError);

    /// It can be kept again.
    fn works_again(&self);
}

/// A stream of the outbox.
#[derive(Debug, Clone)]
pub struct OutboxSpool {
    outbox: Outbox,
    stream: Stream,
}

impl OutboxSpool {
    /// This stream of this outbox.
    pub fn new(outbox: Outbox, stream: Stream) -> Self {
        Self { outbox, stream }
    }
}

impl Spool for OutboxSpool {
    fn work(&self, work: Work) -> LocalBoxFuture<'_, Result<Reply, OutboxError>> {
        self.outbox.work(self.stream, work).boxed_local()
    }

    fn obstacle(&self) -> Option<String> {
        self.outbox.obstacle()
    }

    fn failed(&self, error: &OutboxError) {
        log::error!("OUTBOX: {error}. What waits is kept in memory until that is mended");
    }

    fn works_again(&self) {
        log::info!("OUTBOX: What waits is kept on disk again");
    }
}
