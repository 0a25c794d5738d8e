//! The way from one actor to another: it has a bound, nobody waits for room, and what finds none
//! is counted with its reason.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix::dev::SendError;
use actix::{Message, Recipient};
use tokio::time::Instant;

use crate::domain::grouped::grouped;

/// The way to one actor for one kind of message. Kept for long: each clone has room for one
/// message of its own beyond the bound of the mailbox.
pub struct Outlet<M>
where
    M: Message + Send + 'static,
    M::Result: Send,
{
    to: Recipient<M>,
    meter: Arc<Meter>,
}

impl<M> Clone for Outlet<M>
where
    M: Message + Send + 'static,
    M::Result: Send,
{
    fn clone(&self) -> Self {
        Self { to: self.to.clone(), meter: Arc::clone(&self.meter) }
    }
}

impl<M> Outlet<M>
where
    M: Message + Send + 'static,
    M::Result: Send,
{
    /// To this actor, of which `meter` counts what finds no room.
    pub fn new(to: Recipient<M>, meter: Arc<Meter>) -> Self {
        Self { to, meter }
    }

    /// Sends, if there is room; else the message is lost and counted.
    pub fn send(&self, message: M) {
        if let Err(reason) = self.offer(message) {
            self.lose(reason, 1);
        }
    }

    /// Sends, if there is room.
    ///
    /// # Errors
    /// Why the message is not sent. It is not counted yet.
    pub fn offer(&self, message: M) -> Result<(), Reason> {
        self.to.try_send(message).map_err(|error| match error {
            SendError::Full(_) => Reason::Full,
            SendError::Closed(_) => Reason::Closed,
        })
    }

    /// As [`Outlet::lose`], for those who must not be loud.
    pub fn lose_quietly(&self, reason: Reason, messages: usize) {
        _ = self.meter.count(reason, messages as u64);
    }

    /// So many messages are not sent, for a reason that the sender knows.
    pub fn lose(&self, reason: Reason, messages: usize) {
        self.meter.lose(reason, messages as u64);
    }
}

/// For whoever does not tell actors apart.
impl<M> From<Recipient<M>> for Outlet<M>
where
    M: Message + Send + 'static,
    M::Result: Send,
{
    fn from(to: Recipient<M>) -> Self {
        Self::new(to, Arc::new(Meter::of("an actor")))
    }
}

/// Why a message did not reach an actor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Its mailbox was full.
    Full,
    /// It has as many events before it as may be under way to one destination.
    Behind,
    /// It has ended.
    Closed,
}

impl Reason {
    /// All reasons.
    pub const ALL: [Self; 3] = [Self::Full, Self::Behind, Self::Closed];

    /// The label in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Behind => "behind",
            Self::Closed => "closed",
        }
    }

    const fn cause(self) -> &'static str {
        match self {
            Self::Full => "its mailbox is full",
            Self::Behind => "as many events wait for it as may wait for one destination",
            Self::Closed => "it has ended",
        }
    }
}

/// Counts what finds no room with one actor, from all others.
#[derive(Debug)]
pub struct Meter {
    actor: &'static str,
    lost: [AtomicU64; Reason::ALL.len()],
    warned: Mutex<Option<Instant>>,
}

/// Pause between two lines about one actor.
const AGAIN: Duration = Duration::from_secs(60);

impl Meter {
    fn of(actor: &'static str) -> Self {
        Self { actor, lost: Default::default(), warned: Mutex::default() }
    }

    fn count(&self, reason: Reason, messages: u64) -> u64 {
        self.lost[reason as usize].fetch_add(messages, Ordering::Relaxed) + messages
    }

    fn lose(&self, reason: Reason, messages: u64) {
        let lost = self.count(reason, messages);
        let mut warned = self.warned.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = warned.is_none_or(|warned| warned.elapsed() >= AGAIN);
        if is_due {
            *warned = Some(Instant::now());
            log::warn!(
                "MAIN: {} cannot take everything, {} lost so far: {}",
                self.actor,
                grouped(lost),
                reason.cause()
            );
        }
    }

    /// What was lost for a reason since the program started, in messages; in events where events
    /// are what is sent.
    pub fn lost(&self, reason: Reason) -> u64 {
        self.lost[reason as usize].load(Ordering::Relaxed)
    }
}

/// The meters of all actors, by name; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Meters(Arc<Mutex<BTreeMap<&'static str, Arc<Meter>>>>);

impl Meters {
    /// The meter of an actor.
    pub fn of(&self, actor: &'static str) -> Arc<Meter> {
        let mut meters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(meters.entry(actor).or_insert_with(|| Arc::new(Meter::of(actor))))
    }

    /// All of them, by the names of the actors.
    pub fn all(&self) -> Vec<(&'static str, Arc<Meter>)> {
        let meters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        meters.iter().map(|(actor, meter)| (*actor, Arc::clone(meter))).collect()
    }
}

#[cfg(test)]
mod tests {
    use actix::{Actor, Context, Handler};
    use test_support::until_async;

    use super::*;
    use crate::runtime::log_probe::{record, recorded};

    struct Slow(Arc<AtomicU64>);

    impl Actor for Slow {
        type Context = Context<Self>;
    }

    #[derive(Message)]
    #[rtype(result = "()")]
    struct Work;

    impl Handler<Work> for Slow {
        type Result = ();

        fn handle(&mut self, _: Work, _: &mut Context<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[actix::test]
    async fn what_finds_no_room_is_counted_and_nobody_waits() {
        record();
        let handled = Arc::<AtomicU64>::default();
        let meters = Meters::default();
        let slow = Slow(Arc::clone(&handled)).start();
        let outlet = Outlet::new(slow.recipient(), meters.of("Slow"));
        // It is not asked before this ends, and takes sixteen.
        (0..100).for_each(|_| outlet.send(Work));
        let lost = meters.of("Slow").lost(Reason::Full);
        assert!((80..=84).contains(&lost), "{lost}");
        until_async("the others", || (handled.load(Ordering::Relaxed) == 100 - lost).then_some(()))
            .await;
        let lines: Vec<String> = recorded();
        let about = "warn: MAIN: Slow cannot take everything, 1 lost so far: its mailbox is full";
        assert_eq!(lines.iter().filter(|line| line.contains("MAIN: Slow")).count(), 1);
        assert!(lines.iter().any(|line| line == about), "{lines:?}");
    }
}
