//! Where events go on to: each destination has room for so many that it has not taken yet, and
//! loses what finds none. None holds the room of another.

use std::sync::Arc;

use crate::domain::events::Received;
use crate::domain::telemetry::{EventBatch, UnderWay};
use crate::runtime::outlet::{Outlet, Reason};

/// The destinations of one kind of events.
pub(super) struct Destinations<E: Send + Sync + 'static>(Vec<Destination<E>>);

struct Destination<E: Send + Sync + 'static> {
    outlet: Outlet<EventBatch<E>>,
    under_way: UnderWay,
}

/// Events that may be under way to one destination.
const MOST_UNDER_WAY: usize = 10_000;

impl<E: Send + Sync + 'static> Destinations<E> {
    pub(super) fn new(outlets: Vec<Outlet<EventBatch<E>>>) -> Self {
        let destination = |outlet| Destination { outlet, under_way: UnderWay::default() };
        Self(outlets.into_iter().map(destination).collect())
    }

    /// Whether somebody has room for more events than `waiting`. While nobody has, they wait in
    /// the queue of the receiver, which has a bound that is configured.
    pub(super) fn have_room(&self, waiting: usize) -> bool {
        let has_room = |it: &Destination<E>| it.under_way.events() + waiting < MOST_UNDER_WAY;
        self.0.is_empty() || self.0.iter().any(has_room)
    }

    /// Sends events to each that has room for them.
    pub(super) fn send(&self, events: Vec<Received<E>>) {
        let events: Arc<[Received<E>]> = events.into();
        for Destination { outlet, under_way } in &self.0 {
            // One batch more than the room is no matter.
            if under_way.events() >= MOST_UNDER_WAY {
                outlet.lose(Reason::Behind, events.len());
            } else if let Err(reason) = outlet.offer(under_way.batch_of(&events)) {
                outlet.lose(reason, events.len());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;
    use std::time::Duration;

    use actix::{Actor, Context, Handler, Supervised};
    use actix_rt::Arbiter;
    use test_support::PATIENCE;

    use super::*;
    use crate::domain::point::Stamp;
    use crate::runtime::outlet::Meters;
    use crate::runtime::supervise::{Place, Policy, Supervisor};

    /// What is sent does not matter here.
    type Batch = EventBatch<()>;

    fn events() -> Vec<Received<()>> {
        let event = || Received { event: (), stamp: Stamp(1), server: None };
        std::iter::repeat_with(event).take(TOGETHER).collect()
    }

    const TOGETHER: usize = 100;

    /// Takes events as a destination does, or not.
    enum Taker {
        Counts(Arc<AtomicUsize>),
        /// Until the other end is dropped.
        Hangs(mpsc::Receiver<()>),
        Panics,
    }

    impl Actor for Taker {
        type Context = Context<Self>;
    }

    impl Supervised for Taker {}

    impl Handler<Batch> for Taker {
        type Result = ();

        fn handle(&mut self, batch: Batch, _: &mut Context<Self>) {
            match self {
                Self::Counts(count) => _ = count.fetch_add(batch.events.len(), Ordering::SeqCst),
                Self::Hangs(gate) => _ = gate.recv(),
                Self::Panics => panic!("it is restarted, after a pause"),
            }
        }
    }

    #[actix::test]
    async fn a_destination_that_hangs_and_one_that_restarts_cost_the_third_nothing() {
        const EVENTS: usize = 60_000;
        let pause = Duration::from_secs(3_600);
        let policy = Policy { base: pause, ceiling: pause, ..Policy::default() };
        let supervisor = Supervisor::new(policy, |_| {});
        let count = Arc::<AtomicUsize>::default();
        let (gate, closed) = mpsc::channel::<()>();
        let arbiters = [(); 3].map(|()| Arbiter::new());
        let meters = Meters::default();
        let takers = [
            ("hangs", Taker::Hangs(closed)),
            ("restarts", Taker::Panics),
            ("counts", Taker::Counts(Arc::clone(&count))),
        ];
        let outlets = takers.into_iter().zip(&arbiters).map(|((name, taker), arbiter)| {
            let place = Place::Arbiter(arbiter.handle());
            let addr = supervisor.start(name, &place, 1_000, move || taker);
            Outlet::new(addr.recipient(), meters.of(name))
        });
        let destinations = Destinations::new(outlets.collect());
        let begun = std::time::Instant::now();
        for sent in (0..EVENTS).step_by(TOGETHER) {
            // As the receiver does: while nobody has room, events wait in its queue.
            while !destinations.have_room(TOGETHER) {
                assert!(begun.elapsed() < PATIENCE, "{sent} sent");
                tokio::task::yield_now().await;
            }
            destinations.send(events());
        }
        while count.load(Ordering::SeqCst) < EVENTS {
            assert!(begun.elapsed() < PATIENCE, "{count:?} of {EVENTS}");
            tokio::task::yield_now().await;
        }
        let lost = |name| Reason::ALL.iter().map(|it| meters.of(name).lost(*it)).sum::<u64>();
        assert_eq!(lost("counts"), 0);
        assert!(lost("hangs") > 40_000, "{}", lost("hangs"));
        drop(gate);
        for arbiter in arbiters {
            arbiter.stop();
            arbiter.join().unwrap();
        }
    }
}
