//! UdpReceiver: receives the events that Qlik Sense sends, one actor for each socket.
//!
//! - receives: UDP datagrams, [`AppNames`], [`TakeCounts`], [`AskAddress`], [`AskReadiness`],
//!   [`AskMetrics`], [`AskLost`], [`Drain`]
//! - sends: [`EventBatch`], [`QueueMetrics`]
//! - reports: `UDP_USER_EVENT` or `UDP_LOG_EVENT` for a malformed datagram, for one whose handling
//!   failed, and for a socket that cannot be bound or read
//! - on restart: keeps socket, queue and counts; the datagram in hand at a panic is counted failed
//!
//! ```text
//! socket ──> intake: who, how large, how many ──> handling: decode, route ──> batch ──> fan-out
//!                                   └─ queue, while the destinations have enough to do
//! ```
//!
//! A datagram is handled as soon as it is read, so a burst waits in the receive buffer of the
//! operating system, as do, for a moment, events that come one after the other (`pace`). The queue holds what was read while too many events were under way.

mod admission;
mod datagram_handler;
mod destinations;
mod drops;
mod intake;
mod listen;
mod metrics;
mod pace;
mod receive;
mod refusals;
mod repeats;
mod senders;
mod settings;
mod socket;
mod verdicts;
mod watch;

use std::net::{SocketAddr, UdpSocket};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix::fut::wrap_future;
use actix::{Actor, AsyncContext, Context, Handler, MessageResult, SpawnHandle, Supervised};

use self::receive::Receiver;
use crate::domain::errors::ErrorOccurred;
use crate::domain::telemetry::{AppNames, EventBatch, QueueMetrics, TakeCounts};
use crate::runtime::clock::Clock;
use crate::runtime::drain::Drain;
use crate::runtime::fanout::Fanout;
use crate::runtime::lost::{AskLost, Lost};
use crate::runtime::metrics::AskMetrics;
use crate::runtime::outlet::Outlet;
use crate::runtime::readiness::{AskReadiness, Readiness};

pub use self::datagram_handler::{
    Common, DatagramHandler, LogDatagramHandler, Malformed, UserDatagramHandler, Verdict,
};
pub use self::senders::unresolved;
pub use self::settings::{
    CategoriseKeys, EventTag, Limits, LogEventSettings, LogServerKeys, PerformanceKeys,
    PerformanceSettings, QueueMetricsSettings, UdpSettings, UserEventSettings, UserServerKeys,
    event_tags,
};

/// See the module.
pub struct UdpReceiver<H: DatagramHandler> {
    receiver: Rc<Receiver<H>>,
    work: Vec<SpawnHandle>,
    metrics: Fanout<QueueMetrics>,
}

/// Asks where a receiver listens; `None` while it does not.
#[derive(Debug, Clone, Copy, actix::Message)]
#[rtype(result = "Option<SocketAddr>")]
pub struct AskAddress;

/// Drops and a full queue are looked at this often.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Where a receiver sends.
pub struct Outlets<E: Send + Sync + 'static> {
    /// Events.
    pub events: Vec<Outlet<EventBatch<E>>>,
    /// The state of the queue.
    pub metrics: Fanout<QueueMetrics>,
    /// Failures.
    pub errors: Outlet<ErrorOccurred>,
}

impl<H: DatagramHandler> UdpReceiver<H> {
    /// A receiver for one socket. Must be made on the thread it runs on.
    pub fn new(
        settings: UdpSettings,
        handling: H,
        clock: Clock,
        outlets: Outlets<H::Event>,
    ) -> Self {
        let Outlets { events, metrics, errors } = outlets;
        let receiver = Rc::new(Receiver::new(settings, handling, clock, events, errors));
        Self { receiver, work: Vec::new(), metrics }
    }

    /// Receives from a socket that was handed over, in place of binding one.
    #[must_use]
    pub fn from_socket(self, socket: Option<UdpSocket>) -> Self {
        self.receiver.handed.replace(socket);
        self
    }

    fn send_metrics(&self, settings: &QueueMetricsSettings, host: &Arc<str>) {
        self.metrics.send(&QueueMetrics {
            stream: H::STREAM,
            measurement: settings.measurement.clone(),
            tags: Arc::clone(&settings.tags),
            host: Arc::clone(host),
            reading: self.receiver.reading(),
        });
    }
}

impl<H: DatagramHandler> Actor for UdpReceiver<H> {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let receiver = Rc::clone(&self.receiver);
        let receiving = ctx.spawn(wrap_future(async move { receiver.run().await }));
        let receiver = Rc::clone(&self.receiver);
        let resolving = ctx.spawn(wrap_future(async move { receiver.watch_senders().await }));
        self.work = vec![receiving, resolving];
        ctx.run_interval(LOOK_EVERY, |actor, _| actor.receiver.look());
        if let Some(settings) = self.receiver.settings.metrics.clone() {
            let host: Arc<str> = gethostname::gethostname().to_string_lossy().into();
            ctx.run_interval(settings.every, move |actor, _| actor.send_metrics(&settings, &host));
        }
    }
}

impl<H: DatagramHandler> Supervised for UdpReceiver<H> {}

impl<H: DatagramHandler> Handler<AppNames> for UdpReceiver<H> {
    type Result = ();

    fn handle(&mut self, names: AppNames, _: &mut Self::Context) {
        self.receiver.learn(names);
    }
}

impl<H: DatagramHandler> Handler<TakeCounts> for UdpReceiver<H> {
    type Result = MessageResult<TakeCounts>;

    fn handle(&mut self, _: TakeCounts, _: &mut Self::Context) -> Self::Result {
        MessageResult(self.receiver.take_counts())
    }
}

impl<H: DatagramHandler> Handler<AskAddress> for UdpReceiver<H> {
    type Result = MessageResult<AskAddress>;

    fn handle(&mut self, _: AskAddress, _: &mut Self::Context) -> Self::Result {
        MessageResult(self.receiver.address())
    }
}

impl<H: DatagramHandler> Handler<AskReadiness> for UdpReceiver<H> {
    type Result = MessageResult<AskReadiness>;

    fn handle(&mut self, _: AskReadiness, _: &mut Self::Context) -> Self::Result {
        MessageResult(Readiness {
            of: H::STREAM.queue_type(),
            obstacle: self.receiver.obstacle.borrow().clone(),
        })
    }
}

impl<H: DatagramHandler> Handler<AskMetrics> for UdpReceiver<H> {
    type Result = MessageResult<AskMetrics>;

    fn handle(&mut self, _: AskMetrics, _: &mut Self::Context) -> Self::Result {
        let reading = self.receiver.since_start();
        MessageResult(metrics::families(H::STREAM, &reading, self.receiver.refusals()))
    }
}

impl<H: DatagramHandler> Handler<AskLost> for UdpReceiver<H> {
    type Result = MessageResult<AskLost>;

    fn handle(&mut self, _: AskLost, _: &mut Self::Context) -> Self::Result {
        let count = self.receiver.waiting();
        MessageResult(Lost { count, what: "datagrams", to: "any destination" })
    }
}

impl<H: DatagramHandler> Handler<Drain> for UdpReceiver<H> {
    type Result = ();

    /// Handles what has arrived; what arrives later is for nobody.
    fn handle(&mut self, _: Drain, ctx: &mut Self::Context) {
        for work in self.work.drain(..) {
            ctx.cancel_future(work);
        }
        self.receiver.finish();
    }
}

#[cfg(test)]
mod malformed_tests;
#[cfg(test)]
mod tests;
