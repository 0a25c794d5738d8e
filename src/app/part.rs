//! An actor as a part of the graph: one value says on which thread it runs, how much may wait for
//! it, when it stops, whether the program needs it, and what it is for the others. Each role is a
//! bound, so the compiler names what an actor still has to handle.

use actix::{Actor, Addr, Context, Handler, Recipient, Supervised};
use actix_rt::Arbiter;
use actors::domain::errors::ErrorPoint;
use actors::runtime::certificates::ReadAgain;
use actors::runtime::drain::Drain;
use actors::runtime::lost::AskLost;
use actors::runtime::metrics::AskMetrics;
use actors::runtime::outlet::Outlet;
use actors::runtime::readiness::AskReadiness;
use actors::runtime::supervise::{Need, Place};

use super::Graph;

/// When an actor stops: one stage after the other, all of a stage at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// Nobody new is let in.
    Endpoints,
    /// Nothing new is polled or received.
    Sources,
    /// What the sources have counted is asked for.
    Counters,
    /// What was polled and received is sent.
    Destinations,
    /// The errors of all of them are counted.
    Tracker,
    /// And are in the history.
    History,
    /// And with whoever shows or stores errors.
    ErrorSinks,
    /// The last numbers are scraped.
    Observers,
}

impl Stage {
    /// All stages in their order.
    pub(super) const ALL: [Self; 8] = [
        Self::Endpoints,
        Self::Sources,
        Self::Counters,
        Self::Destinations,
        Self::Tracker,
        Self::History,
        Self::ErrorSinks,
        Self::Observers,
    ];
}

/// What an actor is for one role: its address joins others.
type Join<A> = fn(&Addr<A>, &mut Graph, &'static str, Stage);

/// An actor that is to be started.
pub(super) struct Part<A: Actor> {
    name: &'static str,
    stage: Stage,
    need: Need,
    thread: Thread,
    mailbox: usize,
    joins: Vec<Join<A>>,
}

/// Where an actor runs.
enum Thread {
    /// On the thread of the others.
    System,
    /// On one of its own.
    Own,
    /// On one that it shares with some.
    Shared(Place),
}

/// Messages that may wait for an actor which is only told what it can handle at once.
const MAILBOX: usize = 1_000;

/// Errors that may wait: a burst of this many loses nothing.
const ERRORS: usize = 100_000;

impl<A> Part<A>
where
    A: Actor<Context = Context<A>> + Supervised + Handler<Drain>,
{
    /// A part that the program needs, on the thread of the others.
    pub(super) fn new(name: &'static str, stage: Stage) -> Self {
        let (need, thread, mailbox) = (Need::Vital, Thread::System, MAILBOX);
        Self { name, stage, need, thread, mailbox, joins: Vec::new() }
    }

    /// The program goes on without it.
    pub(super) fn optional(self) -> Self {
        Self { need: Need::Optional, ..self }
    }

    /// It can be flooded, or blocks.
    pub(super) fn own_thread(self) -> Self {
        Self { thread: Thread::Own, ..self }
    }

    /// It runs together with others, at a place of [`Graph::new_thread`].
    pub(super) fn shares_thread(self, place: Place) -> Self {
        Self { thread: Thread::Shared(place), ..self }
    }

    /// It is sent every error.
    pub(super) fn takes_errors(self) -> Self {
        Self { mailbox: ERRORS, ..self }
    }

    fn joins(mut self, join: Join<A>) -> Self {
        self.joins.push(join);
        self
    }

    /// It has numbers for Prometheus.
    pub(super) fn with_metrics(self) -> Self
    where
        A: Handler<AskMetrics>,
    {
        self.joins(|addr, graph, _, _| graph.scraped.add(addr))
    }

    /// Something can be lost with it at the end.
    pub(super) fn can_lose(self) -> Self
    where
        A: Handler<AskLost>,
    {
        self.joins(|addr, graph, _, _| graph.losers.push(addr.clone().recipient()))
    }

    /// It knows whether it can do its work.
    pub(super) fn with_readiness(self) -> Self
    where
        A: Handler<AskReadiness>,
    {
        self.joins(|addr, graph, _, _| graph.asked.push(addr.clone().recipient()))
    }

    /// It looks at certificate files when it is asked to.
    pub(super) fn reads_certificates(self) -> Self
    where
        A: Handler<ReadAgain>,
    {
        self.joins(|addr, graph, _, _| graph.certificates.push(addr.clone().recipient()))
    }

    /// Something is sent there: numbers, and what is lost at the end, are a matter of course.
    pub(super) fn destination(self) -> Self
    where
        A: Handler<AskMetrics> + Handler<AskLost>,
    {
        self.with_metrics().can_lose()
    }

    /// Every error goes there.
    pub(super) fn error_sink(self) -> Self
    where
        A: Handler<ErrorPoint>,
    {
        self.takes_errors().joins(|addr, graph, name, stage| {
            let sink: Recipient<ErrorPoint> = addr.clone().recipient();
            let outlet = Outlet::new(sink, graph.supervisor.meters().of(name));
            graph.error_sinks.push((stage, outlet));
        })
    }
}

impl Graph {
    /// Starts a part under supervision and tells everybody of it who has to know.
    pub(super) fn plug<A>(
        &mut self,
        part: Part<A>,
        make: impl FnOnce() -> A + Send + 'static,
    ) -> Addr<A>
    where
        A: Actor<Context = Context<A>> + Supervised + Handler<Drain>,
    {
        let Part { name, stage, need, thread, mailbox, joins } = part;
        let place = match thread {
            Thread::System => Place::Here,
            Thread::Own => self.new_thread(),
            Thread::Shared(place) => place,
        };
        let addr = self.supervisor.start_needed(name, need, &place, mailbox, make);
        self.stops.push((stage, name, addr.clone().recipient()));
        joins.into_iter().for_each(|join| join(&addr, self, name, stage));
        addr
    }

    /// A thread for one or several actors.
    pub(super) fn new_thread(&mut self) -> Place {
        let arbiter = Arbiter::new();
        let place = Place::Arbiter(arbiter.handle());
        self.arbiters.push(arbiter);
        place
    }
}
