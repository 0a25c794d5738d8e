//! One message to many recipients.

use actix::{Message, Recipient};

/// The destinations of one kind of message. A destination that cannot take one more says so in
/// its own counters and log; the source and the other destinations do not wait for it.
pub struct Fanout<M>
where
    M: Message + Send + 'static,
    M::Result: Send,
{
    recipients: Vec<Recipient<M>>,
}

impl<M> Fanout<M>
where
    M: Message + Clone + Send + 'static,
    M::Result: Send,
{
    /// Sends to each of `recipients` from now on.
    pub fn new(recipients: Vec<Recipient<M>>) -> Self {
        Self { recipients }
    }

    /// Whether there is nobody to send to.
    pub fn is_empty(&self) -> bool {
        self.recipients.is_empty()
    }

    /// Sends a copy to each.
    pub fn send(&self, message: &M) {
        for recipient in &self.recipients {
            recipient.do_send(message.clone());
        }
    }
}
