//! An actor for tests that records what it is sent.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix::{Actor, Context, Handler, Message, Recipient};

/// What a probe has received so far; clones see the same.
#[derive(Debug)]
pub struct Received<M>(Arc<Mutex<Vec<M>>>);

impl<M> Clone for Received<M> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<M: Clone> Received<M> {
    /// All messages, oldest first.
    pub fn all(&self) -> Vec<M> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until there are `count` messages and returns all. Gives up, with what there is,
    /// after a minute of the runtime's clock.
    pub async fn at_least(&self, count: usize) -> Vec<M> {
        for _ in 0..12_000 {
            let all = self.all();
            if all.len() >= count {
                return all;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.all()
    }
}

struct Probe<M>(Received<M>);

impl<M: Unpin + 'static> Actor for Probe<M> {
    type Context = Context<Self>;
}

impl<M> Handler<M> for Probe<M>
where
    M: Message<Result = ()> + Unpin + 'static,
{
    type Result = ();

    fn handle(&mut self, message: M, _: &mut Self::Context) {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).push(message);
    }
}

/// Starts a recording actor on the current arbiter.
pub fn probe<M>() -> (Recipient<M>, Received<M>)
where
    M: Message<Result = ()> + Send + Unpin + 'static,
{
    let received = Received(Arc::default());
    let probe = Probe(received.clone());
    let probe = Probe::create(|context| {
        // A test sends as much as it likes.
        context.set_mailbox_capacity(1_000_000);
        probe
    });
    (probe.recipient(), received)
}
