//! ErrorTrackerActor: owns the day's error counts, logs them, and hands each error to the sinks.
//!
//! - receives: [`ErrorOccurred`] from every other actor, [`EarlierErrors`], [`Drain`], [`AskCounts`],
//!   [`AskMetrics`]
//! - sends: [`ErrorPoint`] to every error sink; no sink knows the tracker, so telling an error
//!   never makes another error
//! - reports: nothing; a sink that cannot take a point costs that point, counted and at debug
//! - on restart: keeps its counts; the midnight timer is set up again

mod lines;
mod settings;
mod stamps;

use std::time::Duration;

use actix::fut::{ActorFutureExt, wrap_future};
use actix::{Actor, AsyncContext, Context, Handler, Message, MessageResult, Supervised};

use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::domain::errors::{EarlierErrors, ErrorCounts, ErrorOccurred, ErrorPoint};
use crate::domain::metrics::{Family, Labels};
use crate::runtime::clock::{Clock, next_midnight};
use crate::runtime::drain::Drain;
use crate::runtime::metrics::AskMetrics;
use crate::runtime::outlet::Outlet;

pub use settings::{Collector, CollectorKeys};
pub use stamps::CollectorNumber;

use self::stamps::Stamps;

/// `errorTracking` as checked: off means that errors are neither counted, logged nor stored.
pub enum Tracking {
    /// The master switch is off.
    Off,
    /// Errors are counted.
    On {
        /// Whether the running total and the daily summary are logged.
        log_summary: bool,
        /// Where each error goes.
        sinks: Vec<Outlet<ErrorPoint>>,
        /// What is counted.
        today: ErrorCounts,
        /// What was recorded before this start: waited for, so that the first total is the day's.
        earlier: Option<oneshot::Receiver<EarlierErrors>>,
    },
}

/// See the module.
pub struct ErrorTrackerActor {
    tracking: Tracking,
    clock: Clock,
    stamps: Stamps,
    /// Points that a sink had no room for.
    points_dropped: u64,
}

/// Asks what was counted today.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "TrackerCounts")]
pub struct AskCounts;

/// What was counted today.
#[derive(Debug, Clone)]
pub struct TrackerCounts {
    /// `None` when tracking is off.
    pub counts: Option<ErrorCounts>,
    /// Points that a sink had no room for, since the program started.
    pub points_dropped: u64,
}

/// The longest sleep of the midnight timer. Timers stand still while a machine sleeps and know
/// nothing of a clock that was set, so the date is compared at least this often.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// How long the first error waits for what was recorded before this start.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

impl ErrorTrackerActor {
    /// A tracker that tells days by `clock`, and errors from those of other collectors.
    pub fn new(tracking: Tracking, collector: CollectorNumber, clock: Clock) -> Self {
        Self { tracking, clock, stamps: Stamps::new(collector), points_dropped: 0 }
    }

    fn record(&mut self, error: ErrorOccurred) {
        let Tracking::On { log_summary, sinks, today, .. } = &mut self.tracking else {
            return;
        };
        let day = self.clock.now().date_naive();
        if day != today.day() {
            lines::date_changed(today.day(), day);
            reset(today, day, *log_summary);
        }
        let kind = error.origin.error_type();
        let server = error.origin.server();
        let count = today.add(kind, server);
        lines::counted(kind, server, count);
        if *log_summary {
            lines::counts_today(today);
        }
        if sinks.is_empty() {
            return;
        }
        let point = ErrorPoint::new(self.stamps.next(&self.clock), error);
        for sink in sinks {
            if let Err(reason) = sink.offer(point.clone()) {
                sink.lose_quietly(reason, 1);
                self.points_dropped += 1;
                lines::point_dropped(reason, self.points_dropped);
            }
        }
    }

    /// What was counted earlier on the same day counts; whether it is anything. Of another day it is
    /// nothing any more.
    fn go_on_from(&mut self, found: EarlierErrors) -> bool {
        let EarlierErrors { counts: mut earlier, ahead } = found;
        self.stamps.avoid(&ahead);
        if let Tracking::On { today, .. } = &mut self.tracking
            && earlier.day() == today.day()
            && earlier.total() > 0
        {
            earlier.add_all(today);
            *today = earlier;
            return true;
        }
        false
    }

    /// Wakes at midnight, or a minute later at the latest, whichever comes first.
    fn schedule(&self, ctx: &mut Context<Self>) {
        let now = self.clock.now();
        let until_midnight = (next_midnight(now) - now).to_std().unwrap_or(LONGEST_SLEEP);
        ctx.run_later(until_midnight.min(LONGEST_SLEEP), |this, ctx| {
            this.look_at_the_date();
            this.schedule(ctx);
        });
    }

    fn look_at_the_date(&mut self) {
        let now = self.clock.now();
        let Tracking::On { log_summary, today, .. } = &mut self.tracking else {
            return;
        };
        if now.date_naive() != today.day() {
            if *log_summary {
                lines::midnight_reached();
            }
            reset(today, now.date_naive(), *log_summary);
            if *log_summary {
                lines::next_reset(now);
            }
        }
    }
}

/// Ends a day: its summary, then zero.
fn reset(today: &mut ErrorCounts, day: chrono::NaiveDate, log_summary: bool) {
    if log_summary {
        lines::counts_today(today);
    }
    today.reset(day);
    if log_summary {
        lines::reset_done();
    }
}

impl Actor for ErrorTrackerActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        if let Tracking::On { log_summary: true, .. } = self.tracking {
            lines::next_reset(self.clock.now());
            lines::initialized();
        }
        self.schedule(ctx);
        if let Tracking::On { earlier, .. } = &mut self.tracking
            && let Some(earlier) = earlier.take()
        {
            let found = timeout(LONGEST_WAIT, earlier);
            ctx.wait(wrap_future(found).map(|found, this: &mut Self, _| {
                // What comes later is a message.
                if let Ok(Ok(earlier)) = found {
                    _ = this.go_on_from(earlier);
                }
            }));
        }
    }
}

impl Supervised for ErrorTrackerActor {}

impl Handler<ErrorOccurred> for ErrorTrackerActor {
    type Result = ();

    fn handle(&mut self, error: ErrorOccurred, _: &mut Self::Context) {
        self.record(error);
    }
}

impl Handler<EarlierErrors> for ErrorTrackerActor {
    type Result = ();

    fn handle(&mut self, found: EarlierErrors, _: &mut Self::Context) {
        let has_changed = self.go_on_from(found);
        if let Tracking::On { log_summary: true, today, .. } = &self.tracking
            && has_changed
        {
            lines::counts_today(today);
        }
    }
}

impl Handler<AskCounts> for ErrorTrackerActor {
    type Result = MessageResult<AskCounts>;

    fn handle(&mut self, _: AskCounts, _: &mut Self::Context) -> Self::Result {
        let counts = match &self.tracking {
            Tracking::Off => None,
            Tracking::On { today, .. } => Some(today.clone()),
        };
        MessageResult(TrackerCounts { counts, points_dropped: self.points_dropped })
    }
}

impl Handler<AskMetrics> for ErrorTrackerActor {
    type Result = MessageResult<AskMetrics>;

    fn handle(&mut self, _: AskMetrics, _: &mut Self::Context) -> Self::Result {
        let dropped = Family::counter(
            "butlersos_error_points_dropped_total",
            "Error events that a sink had no room for.",
        );
        MessageResult(vec![dropped.count(Labels::default(), self.points_dropped)])
    }
}

impl Handler<Drain> for ErrorTrackerActor {
    type Result = ();

    /// Messages are handled in order, so all errors told before are already with the sinks.
    fn handle(&mut self, _: Drain, _: &mut Self::Context) {}
}

#[cfg(test)]
mod tests;
