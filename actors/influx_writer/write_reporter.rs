//! What becomes of write operations, as errors and log lines.

use std::cell::RefCell;

use crate::domain::errors::ErrorOccurred;
use crate::io::delivery::{Event, Fate};
use crate::runtime::clock::Clock;
use crate::runtime::outage::Outage;
use crate::runtime::outlet::Outlet;

/// Who is told what becomes of write operations.
pub(super) struct WriteReporter {
    errors: Outlet<ErrorOccurred>,
    clock: Clock,
    outage: RefCell<Outage>,
}

impl WriteReporter {
    pub(super) fn new(errors: Outlet<ErrorOccurred>, clock: Clock) -> Self {
        Self { errors, clock, outage: RefCell::default() }
    }

    pub(super) fn on_event(&self, event: Event) {
        match event {
            Event::NotStored { origin, failure, fate } => {
                // A point that InfluxDB refuses is an error and no outage.
                if fate == Fate::Kept {
                    self.outage.borrow_mut().failed(&self.clock);
                }
                self.errors.send(ErrorOccurred { origin, failure });
            }
            Event::Away { message, .. } => {
                self.outage.borrow_mut().began(&self.clock);
                log::warn!("INFLUXDB: Cannot write, points are kept and sent later: {message}");
            }
            Event::Back { backlog_points } => {
                if let Some(outage) = self.outage.borrow_mut().worked(&self.clock) {
                    let waited = match backlog_points {
                        0 => String::new(),
                        points => format!("; {} to catch up with", counted(points)),
                    };
                    log::info!("INFLUXDB: Writing {outage}{waited}");
                }
            }
            Event::Dropped { points, message, .. } => {
                log::warn!("INFLUXDB: {} dropped: {message}", counted(points));
            }
            // Nothing is tried once only.
            Event::Stored { .. } | Event::Lost { .. } => {}
        }
    }
}

fn counted(points: usize) -> String {
    if points == 1 { "1 point".to_owned() } else { format!("{points} points") }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::errors::{
        Category, DestinationHost, Failure, InfluxModule, InfluxVersion, Origin,
    };
    use crate::io::delivery::DropReason;
    use crate::runtime::log_probe::{record, recorded};
    use crate::runtime::probe::probe;

    fn not_stored(fate: Fate) -> Event {
        let origin = Origin::InfluxWrite {
            version: InfluxVersion::V1,
            module: InfluxModule::HealthMetrics,
            server: None,
            to: DestinationHost::of_url("http://influx:8086"),
        };
        let failure = Failure::local(Category::Unknown, "x");
        Event::NotStored { origin, failure, fate }
    }

    fn away() -> Event {
        let Event::NotStored { failure, .. } = not_stored(Fate::Kept) else { unreachable!() };
        Event::Away { failure, message: "it is away".to_owned() }
    }

    #[actix::test]
    async fn a_refused_point_begins_no_outage_and_a_backlog_is_counted() {
        record();
        let clock = Clock::manual("2026-05-03T16:10:09Z".parse().unwrap());
        let (errors, received) = probe();
        let reporter = WriteReporter::new(errors.into(), clock.clone());
        reporter.on_event(not_stored(Fate::Refused));
        clock.advance(Duration::from_secs(60));
        reporter.on_event(away());
        reporter.on_event(not_stored(Fate::Kept));
        reporter.on_event(Event::Back { backlog_points: 8 });
        reporter.on_event(away());
        reporter.on_event(Event::Back { backlog_points: 0 });
        let reason = DropReason::Refused;
        reporter.on_event(Event::Dropped {
            points: 1,
            reason,
            message: "too old".to_owned(),
            begins: true,
        });
        let away = "warn: INFLUXDB: Cannot write, points are kept and sent later: it is away";
        let again = "info: INFLUXDB: Writing works again, had failed since 2026-05-03T16:11:09Z";
        assert_eq!(
            recorded(),
            [
                away.to_owned(),
                format!("{again} with 1 error; 8 points to catch up with"),
                away.to_owned(),
                format!("{again} with 0 errors"),
                "warn: INFLUXDB: 1 point dropped: too old".to_owned(),
            ]
        );
        assert_eq!(received.at_least(2).await.len(), 2, "both are errors");
    }
}
