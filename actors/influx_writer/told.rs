//! What becomes of write operations, as errors and log lines.

use std::cell::RefCell;

use actix::Recipient;

use crate::domain::errors::ErrorOccurred;
use crate::io::influx::Event;
use crate::runtime::clock::Clock;
use crate::runtime::outage::Outage;

/// Who is told what becomes of write operations.
pub(super) struct Told {
    errors: Recipient<ErrorOccurred>,
    clock: Clock,
    outage: RefCell<Outage>,
}

impl Told {
    pub(super) fn new(errors: Recipient<ErrorOccurred>, clock: Clock) -> Self {
        Self { errors, clock, outage: RefCell::default() }
    }

    pub(super) fn on_event(&self, event: Event) {
        match event {
            Event::NotStored { origin, failure } => {
                self.outage.borrow_mut().failed(self.clock.now());
                self.errors.do_send(ErrorOccurred { origin, failure });
            }
            Event::Away { message, .. } => {
                self.outage.borrow_mut().began(self.clock.now());
                log::warn!("INFLUXDB: Cannot write, points are kept and sent later: {message}");
            }
            Event::Back { backlog_points } => {
                if let Some(outage) = self.outage.borrow_mut().worked() {
                    log::info!(
                        "INFLUXDB: Writing {outage}; {backlog_points} points to catch up with"
                    );
                }
            }
            Event::Dropped { points, message, .. } => {
                log::warn!("INFLUXDB: {points} points dropped: {message}");
            }
            Event::SetUp { message } => log::info!("INFLUXDB: {message}"),
            Event::SetUpFailed { message } => log::error!("INFLUXDB: {message}"),
        }
    }
}
