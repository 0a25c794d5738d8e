//! Orderly stop: every actor is told until when it may finish its work, sources first.

use tokio::time::Instant;

/// Finish what was accepted, accept nothing new, and answer when done, at the latest at `until`.
#[derive(Debug, Clone, Copy, actix::Message)]
#[rtype(result = "()")]
pub struct Drain {
    /// When the grace time ends.
    pub until: Instant,
}
