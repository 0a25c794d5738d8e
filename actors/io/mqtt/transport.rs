//! Publications on the way to the broker: each is done when the broker has all its messages.

use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;

use super::connection::{CAPACITY, Connection};
use super::ledger::Publication;
use super::message::unpack;
use crate::domain::errors::{Category, Failure};
use crate::io::delivery::{
    AtOnce, Attempt, Batch, BatchSize, Policy, Rejection, SendError, Transport, WhileAway,
};

/// Publishes on a connection that somebody else keeps.
pub struct MqttTransport(Rc<Connection>);

/// The connection is given up much earlier when nothing is heard of a message.
const PATIENCE: Duration = Duration::from_secs(60);

/// Most bytes that are under way.
const MAX_BYTES: usize = 64 << 20;

impl MqttTransport {
    /// What cannot be published fails and is not kept for later: old news on MQTT are worse than
    /// none.
    pub const POLICY: Policy = Policy {
        while_away: WhileAway::Fail,
        linger: Duration::ZERO,
        max_points: 2 * CAPACITY,
        max_bytes: MAX_BYTES,
        // A publication is a batch of its own: each has an end of its own.
        batch: BatchSize { points: 1, most_points: 1, most_bytes: usize::MAX },
        at_once: AtOnce::Always(CAPACITY),
        // The connection has pauses of its own.
        pause: Duration::ZERO,
        patience: PATIENCE,
        replay: None,
    };

    /// Publishes on this connection.
    pub fn new(connection: Rc<Connection>) -> Self {
        Self(connection)
    }
}

impl Transport for MqttTransport {
    const NAME: &'static str = "the mqtt broker";
    const CATEGORY: Category = Category::MqttError;

    async fn send(&self, batch: Batch, attempt: &Attempt<'_>) -> Result<Vec<Rejection>, SendError> {
        if let Some(failure) = self.0.failure() {
            return Err(away(failure));
        }
        let mut rejections = Vec::new();
        let mut under_way = Vec::new();
        for (job, packed) in batch.jobs.into_iter().enumerate() {
            let messages = unpack(packed);
            let points = messages.len();
            let publication = Publication::new(points);
            under_way.push(Rc::clone(&publication));
            for message in messages {
                attempt.request();
                if let Some(reason) = self.0.hand_over(message, &publication) {
                    let failure = Failure::local(Category::MqttError, reason.as_str());
                    rejections.push(Rejection {
                        job,
                        points,
                        bytes: Bytes::new(),
                        message: reason,
                        failure,
                    });
                    // The others have an end, too, but no part in it.
                    under_way.pop();
                    break;
                }
            }
        }
        for publication in under_way {
            publication.end().await.map_err(away)?;
        }
        Ok(rejections)
    }

    async fn prepare(&self) -> Result<(), SendError> {
        while self.0.failure().is_some() {
            self.0.up.notified().await;
        }
        Ok(())
    }
}

fn away(failure: Failure) -> SendError {
    let message = failure.message().into_owned();
    SendError { failure, message, retry_after: None, suspicion: None }
}
