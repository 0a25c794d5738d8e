//! Posts of one kind for one account. Every lane has a delivery of its own, so nobody waits for an
//! account that is slow. What New Relic does not take is lost: it does not fold what comes twice.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::settings::{Account, Endpoint};
use super::transport::{Form, NewRelicTransport};
use crate::domain::errors::{
    Category, DestinationHost, ErrorOccurred, Failure, NewRelicModule, Origin,
};
use crate::io::delivery::{
    AtOnce, BatchSize, Delivery, DropReason, Event, Job, Policy, Stats, WhileAway,
};
use crate::io::http::HttpClient;
use crate::runtime::clock::Clock;
use crate::runtime::level::verbose;
use crate::runtime::outage::Outage;
use crate::runtime::outlet::Outlet;

/// See the module. Lives on one thread.
pub(super) struct Lane {
    /// `None` when there are no credentials of this name.
    delivery: Option<Delivery<NewRelicTransport>>,
    reports: Rc<Reports>,
    room: usize,
    /// Bodies that came too late, or for nobody.
    failed: Cell<u64>,
    /// Bodies that were left at the end; `None` before it.
    left: Cell<Option<u64>>,
}

/// What all lanes of one kind have in common.
#[derive(Clone)]
pub(super) struct Kind {
    pub(super) module: NewRelicModule,
    pub(super) http: Rc<HttpClient>,
    /// Most that waits or is under way.
    pub(super) room: usize,
    /// Most that leaves in one request.
    pub(super) together: usize,
    pub(super) form: Form,
    /// Pause between two requests while the account takes nothing.
    pub(super) pause: Duration,
    /// A request that made no progress for so long has failed.
    pub(super) patience: Duration,
}

/// Who learns what becomes of a post: the tracker and the log.
struct Reports {
    /// Of which account, for the log.
    lane: String,
    origin: Origin,
    errors: Outlet<ErrorOccurred>,
    clock: Clock,
    outage: RefCell<Outage>,
}

/// Most bytes in one request before compression, with commas and brackets; the service takes as
/// many after it.
const MOST_BYTES: usize = 1_000_000;

/// Most bytes that wait.
const MAX_BYTES: usize = 32 << 20;

const STOPPED: &str = "the program stopped before new relic had answered";

impl Lane {
    /// A lane for the account `name`, which may not be known.
    pub(super) fn new(
        kind: Kind,
        name: &str,
        known: &[Account],
        endpoint: &Endpoint,
        (errors, clock): (Outlet<ErrorOccurred>, Clock),
    ) -> Self {
        let Kind { module, room, together, .. } = kind;
        let to = DestinationHost::of_url(&endpoint.url);
        let reports = Rc::new(Reports {
            lane: format!("account {name:?}, {}", what(module)),
            origin: Origin::NewRelicPost { module, server: None, to },
            errors,
            clock,
            outage: RefCell::default(),
        });
        let policy = Policy {
            while_away: WhileAway::TryOnce,
            linger: Duration::ZERO,
            max_points: room,
            max_bytes: MAX_BYTES,
            batch: BatchSize {
                points: together,
                most_points: together,
                most_bytes: MOST_BYTES - together - 2,
            },
            at_once: AtOnce::WhenLate(1),
            pause: kind.pause,
            patience: kind.patience,
            replay: None,
        };
        let account = known.iter().find(|account| account.name == name);
        let delivery = account.map(|account| {
            let transport = NewRelicTransport::new(module, kind.http, kind.form, endpoint, account);
            let reports = Rc::clone(&reports);
            Delivery::new(transport, policy, None, move |event| reports.on_event(event))
        });
        let (failed, left) = (Cell::default(), Cell::default());
        Self { delivery, reports, room, failed, left }
    }

    /// Queues bodies that belong together.
    pub(super) fn push(&self, bodies: &[Bytes]) {
        if bodies.is_empty() {
            return;
        }
        let refusal = match &self.delivery {
            // Without the name: words in it would decide the category.
            None => "there are no credentials for this account of new relic",
            Some(_) if self.left.get().is_some() => STOPPED,
            Some(delivery) => {
                bodies.iter().for_each(|body| delivery.push(Job::new(body.clone(), 1, None)));
                return;
            }
        };
        self.failed.set(self.failed.get() + bodies.len() as u64);
        self.reports.failed(local(refusal));
    }

    /// Posts what waits, for ever.
    pub(super) async fn run(&self) {
        if let Some(delivery) = &self.delivery {
            delivery.clone().run().await;
        }
    }

    /// Waits until nothing is left. What is left at `until` has failed, each request once.
    pub(super) async fn finish(&self, until: Instant) {
        let Some(delivery) = &self.delivery else { return };
        let left = delivery.flush(until).await.lost as u64;
        self.left.set(Some(self.left.get().unwrap_or_default() + left));
        delivery.give_up(&local(STOPPED));
    }

    /// What became of bodies.
    pub(super) fn stats(&self) -> Stats {
        let stats = self.delivery.as_ref().map(Delivery::stats).unwrap_or_default();
        Stats { dropped_away: stats.dropped_away + self.failed.get(), ..stats }
    }

    /// How many bodies may wait.
    pub(super) fn room(&self) -> usize {
        self.room
    }

    /// Bodies that are lost if the program ends now.
    pub(super) fn left(&self) -> u64 {
        self.left.get().unwrap_or_else(|| self.stats().waiting as u64)
    }

    /// Whether the last request failed.
    pub(super) fn is_failing(&self) -> bool {
        self.reports.outage.borrow().is_failing()
    }
}

impl Reports {
    fn on_event(&self, event: Event) {
        match event {
            Event::Stored { points } => self.worked(points),
            Event::Lost { failure, .. } => self.failed(failure),
            Event::Dropped { points, reason, message, begins } => {
                log::warn!("NEW RELIC: {}: {points} dropped: {message}", self.lane);
                // The account works, only too slowly: that is no outage to be told the end of.
                if begins && reason == DropReason::Overflow {
                    self.report(local("too much waits for new relic"));
                }
            }
            // What is lost says so itself, and a body has no origin of its own.
            Event::Away { .. } | Event::Back { .. } | Event::NotStored { .. } => {}
        }
    }

    fn worked(&self, bodies: usize) {
        verbose!("NEW RELIC: {}: posted {bodies}", self.lane);
        if let Some(ended) = self.outage.borrow_mut().worked(&self.clock) {
            log::info!("NEW RELIC: {}: {ended}", self.lane);
        }
    }

    fn failed(&self, failure: Failure) {
        let news = self.outage.borrow_mut().failed_because(&self.clock, &failure);
        let level = if news { log::Level::Warn } else { log::Level::Debug };
        log::log!(level, "NEW RELIC: {}: not posted: {}", self.lane, failure.message());
        self.report(failure);
    }

    fn report(&self, failure: Failure) {
        self.errors.send(ErrorOccurred { origin: self.origin.clone(), failure });
    }
}

fn what(module: NewRelicModule) -> impl fmt::Display {
    match module {
        NewRelicModule::HealthMetrics => "health metrics",
        NewRelicModule::ProxySessions => "sessions",
        NewRelicModule::Uptime => "uptime",
        NewRelicModule::UserEvents => "user events",
        NewRelicModule::LogEvents => "log events",
    }
}

fn local(message: &str) -> Failure {
    Failure::local(Category::NewRelicError, message)
}
