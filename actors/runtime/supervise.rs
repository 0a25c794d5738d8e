//! Supervision: an actor that panics is restarted in place. Its address stays valid, the messages
//! queued behind the panic are handled, its fields survive; timers and spawned futures do not and
//! are set up again by `started`.
//!
//! Stock `actix::Supervisor` does not do this: a panic closes the mailbox for good and in silence.
//! Here a `Guard` polls the actor's own future and catches what unwinds out of it.

use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use actix::dev::{ContextFut, channel};
use actix::{Actor, Addr, Context, Supervised};
use actix_rt::ArbiterHandle;
use tokio::time::{Instant, Sleep};

use super::outlet::Meters;
use super::panics::catch;

/// How often, and how soon after each other, an actor may be restarted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Pause before the second restart in a row; doubles from there. The first has none.
    pub base: Duration,
    /// Longest pause.
    pub ceiling: Duration,
    /// After this long without a restart the pauses start from the beginning.
    pub healthy_after: Duration,
    /// More restarts than this within `window` and the actor is given up.
    pub max_restarts: usize,
    /// See `max_restarts`.
    pub window: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            base: Duration::from_secs(1),
            ceiling: Duration::from_secs(60),
            healthy_after: Duration::from_secs(60),
            max_restarts: 10,
            window: Duration::from_secs(300),
        }
    }
}

impl Policy {
    /// Pause before the restart after `earlier` others in a row:
    ///
    /// | earlier | 0 | 1 | 2 | 3 | … |
    /// |---|---|---|---|---|---|
    /// | pause | 0 | base | 2 base | 4 base | at most `ceiling` |
    pub fn pause(&self, earlier: u32) -> Duration {
        match earlier.checked_sub(1) {
            None => Duration::ZERO,
            Some(doublings) => self.base.saturating_mul(1 << doublings.min(16)).min(self.ceiling),
        }
    }
}

/// The thread an actor runs on.
#[derive(Debug, Clone)]
pub enum Place {
    /// The thread that starts it.
    Here,
    /// An arbiter of its own, for an actor that can be flooded or that blocks.
    Arbiter(ArbiterHandle),
}

/// Starts actors under one policy; clones share the restart counters.
#[derive(Clone)]
pub struct Supervisor {
    policy: Policy,
    give_up: Arc<dyn Fn(&'static str) + Send + Sync>,
    restarts: Arc<Mutex<BTreeMap<&'static str, u64>>>,
    /// Optional actors that could not be kept alive.
    given_up: Arc<Mutex<Vec<&'static str>>>,
    meters: Meters,
}

/// What it means when an actor cannot be kept alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// The program is nothing without it, and ends.
    Vital,
    /// The program goes on without it, and says so.
    Optional,
}

impl Supervisor {
    /// `give_up` is called, on the actor's thread, with the name of an actor whose restart budget
    /// is spent; the program is expected to end.
    pub fn new(policy: Policy, give_up: impl Fn(&'static str) + Send + Sync + 'static) -> Self {
        Self {
            policy,
            give_up: Arc::new(give_up),
            restarts: Arc::default(),
            given_up: Arc::default(),
            meters: Meters::default(),
        }
    }

    /// Restarts so far of each actor that was started, by name.
    pub fn restarts(&self) -> Vec<(&'static str, u64)> {
        let restarts = self.restarts.lock().unwrap_or_else(PoisonError::into_inner);
        restarts.iter().map(|(name, count)| (*name, *count)).collect()
    }

    /// What found no room on the way to each actor.
    pub fn meters(&self) -> &Meters {
        &self.meters
    }

    /// Optional actors that could not be kept alive.
    pub fn given_up(&self) -> Vec<&'static str> {
        self.given_up.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn end_without(&self, name: &'static str, need: Need) {
        if need == Need::Vital {
            return (self.give_up)(name);
        }
        log::error!(
            "MAIN: {name} has failed too often and is not started again. Everything else goes on; \
             a restart of the program starts it anew"
        );
        self.given_up.lock().unwrap_or_else(PoisonError::into_inner).push(name);
    }

    fn add_restarts(&self, name: &'static str, count: u64) {
        let mut restarts = self.restarts.lock().unwrap_or_else(PoisonError::into_inner);
        *restarts.entry(name).or_default() += count;
    }

    /// Starts an actor that lives until its last address is dropped or its thread ends.
    ///
    /// `capacity` bounds its mailbox for `try_send`. `make` runs on the actor's thread and must
    /// not fail: what can fail belongs into `started`, where it is retried.
    pub fn start<A>(
        &self,
        name: &'static str,
        place: &Place,
        capacity: usize,
        make: impl FnOnce() -> A + Send + 'static,
    ) -> Addr<A>
    where
        A: Actor<Context = Context<A>> + Supervised,
    {
        self.start_needed(name, Need::Vital, place, capacity, make)
    }

    /// As [`Supervisor::start`], of an actor that may be optional.
    pub fn start_needed<A>(
        &self,
        name: &'static str,
        need: Need,
        place: &Place,
        capacity: usize,
        make: impl FnOnce() -> A + Send + 'static,
    ) -> Addr<A>
    where
        A: Actor<Context = Context<A>> + Supervised,
    {
        self.add_restarts(name, 0);
        _ = self.meters.of(name);
        let (sender, receiver) = channel::channel(capacity);
        let supervisor = self.clone();
        let spawn = move || {
            let future = Context::with_receiver(receiver).into_future(make());
            actix_rt::spawn(Guard {
                name,
                need,
                supervisor,
                future,
                pause: None,
                restarts: VecDeque::new(),
                in_a_row: 0,
            });
        };
        match place {
            Place::Here => spawn(),
            // A refusal means that the thread has ended: the program is stopping.
            Place::Arbiter(arbiter) => _ = arbiter.spawn_fn(spawn),
        }
        Addr::new(sender)
    }
}

/// The future that owns a running actor.
struct Guard<A>
where
    A: Actor<Context = Context<A>> + Supervised,
{
    name: &'static str,
    need: Need,
    supervisor: Supervisor,
    future: ContextFut<A, Context<A>>,
    pause: Option<Pin<Box<Sleep>>>,
    /// Times of the restarts within the policy's window.
    restarts: VecDeque<Instant>,
    in_a_row: u32,
}

impl<A> Guard<A>
where
    A: Actor<Context = Context<A>> + Supervised,
{
    /// Plans the next restart; `false` when the budget is spent.
    fn plan_restart(&mut self, cause: &str) -> bool {
        let policy = self.supervisor.policy;
        let now = Instant::now();
        let since_last = self.restarts.back().map(|last| now - *last);
        if since_last.is_none_or(|since| since >= policy.healthy_after) {
            self.in_a_row = 0;
        }
        self.restarts.retain(|at| now - *at < policy.window);
        if self.restarts.len() >= policy.max_restarts {
            log::error!(
                "SUPERVISOR: {} {cause}. It was restarted {} times within {} s; giving up",
                self.name,
                self.restarts.len(),
                policy.window.as_secs(),
            );
            return false;
        }
        let pause = policy.pause(self.in_a_row);
        self.in_a_row += 1;
        self.restarts.push_back(now + pause);
        self.supervisor.add_restarts(self.name, 1);
        log::error!(
            "SUPERVISOR: {} {cause}. Restart {} of at most {} within {} s, in {} s",
            self.name,
            self.restarts.len(),
            policy.max_restarts,
            policy.window.as_secs(),
            pause.as_secs_f64(),
        );
        self.pause = Some(Box::pin(tokio::time::sleep(pause)));
        true
    }
}

impl<A> Future for Guard<A>
where
    A: Actor<Context = Context<A>> + Supervised,
{
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<()> {
        let this = &mut *self;
        loop {
            if let Some(pause) = &mut this.pause {
                std::task::ready!(pause.as_mut().poll(cx));
                this.pause = None;
                // Harmless to repeat after a stop, which has asked already.
                match catch(|| this.future.restart()) {
                    Ok(true) => {}
                    Ok(false) => return Poll::Ready(()), // no address is left
                    Err(panic) if this.plan_restart(&panic.to_string()) => continue,
                    Err(_) => break,
                }
            }
            match catch(|| Pin::new(&mut this.future).poll(cx)) {
                Ok(Poll::Pending) => return Poll::Pending,
                // Nobody can reach it any more, else `ctx.stop()` was called: the end of a
                // subsystem is never its own decision, so that means restart.
                Ok(Poll::Ready(())) => match catch(|| this.future.restart()) {
                    Ok(false) => return Poll::Ready(()),
                    Ok(true) if this.plan_restart("stopped itself") => {}
                    Err(panic) if this.plan_restart(&panic.to_string()) => {}
                    _ => break,
                },
                Err(panic) if this.plan_restart(&panic.to_string()) => {}
                Err(_) => break,
            }
        }
        this.supervisor.end_without(this.name, this.need);
        Poll::Ready(())
    }
}

#[cfg(test)]
#[path = "supervise_tests.rs"]
mod tests;
