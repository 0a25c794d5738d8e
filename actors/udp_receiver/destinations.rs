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
