//! One message to many actors.

use actix::{Message, Recipient};

use super::outlet::Outlet;

/// The destinations of one kind of message. One that has no room loses its copy; the source and
/// the other destinations do not wait for it.
pub struct Fanout<M>
where
    M: Message + Send + 'static,
    M::Result: Send,
{
    outlets: Vec<Outlet<M>>,
}

impl<M> Fanout<M>
where
    M: Message + Clone + Send + 'static,
    M::Result: Send,
{
    /// Sends to each of `outlets` from now on.
    pub fn new(outlets: Vec<Outlet<M>>) -> Self {
        Self { outlets }
    }

    /// Whether there is nobody to send to.
    pub fn is_empty(&self) -> bool {
        self.outlets.is_empty()
    }

    /// Sends a copy to each.
    pub fn send(&self, message: &M) {
        self.outlets.iter().for_each(|outlet| outlet.send(message.clone()));
    }
}

impl<M> From<Vec<Recipient<M>>> for Fanout<M>
where
    M: Message + Clone + Send + 'static,
    M::Result: Send,
{
    fn from(recipients: Vec<Recipient<M>>) -> Self {
        Self::new(recipients.into_iter().map(Outlet::from).collect())
    }
}
