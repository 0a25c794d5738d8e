//! Lines, schedule and measurements of the uptime monitor.

use std::time::Duration;

use super::*;
use crate::config::testing::{messages, section};
use crate::runtime::level::Level;
use crate::runtime::log_probe::{record, recorded};
use crate::runtime::probe::{Received, probe};

fn settings(yaml: &str) -> (Option<UptimeSettings>, Vec<String>) {
    let (keys, problems) = section::<UptimeKeys>("uptimeMonitor", yaml);
    (keys.check(), messages(&problems))
}

fn memory(seconds: u64) -> OwnMemory {
    OwnMemory {
        uptime: Duration::from_secs(seconds),
        heap_used: 75_078_042,
        heap_total: 94_371_840,
        external: 0,
        process_memory: 146_832_097,
    }
}

#[test]
fn the_line_is_that_of_the_original() {
    assert_eq!(
        line(1_234_567, &memory(34 * 86_400 + 3_600 + 61)),
        "Iteration # 1,234,567, Uptime: 1 months, 4 days, 1 hours, 1 minutes, 1 seconds, Heap \
         used 71.6 MB of total heap 90 MB. External (off-heap): 0 MB. Memory allocated to process: \
         140.03 MB."
    );
    assert!(line(1, &memory(400 * 86_400)).contains("Uptime: 13 months, 5 days, 0 hours"));
    assert!(line(999, &memory(0)).starts_with("Iteration # 999, Uptime: 0 months, 0 days"));
}

#[test]
fn defaults_and_mistakes_of_the_section() {
    let (defaults, problems) = settings("{}");
    let defaults = defaults.unwrap();
    assert!(problems.is_empty());
    assert_eq!(defaults.schedule, "every 15 minutes".parse().unwrap());
    assert_eq!((defaults.level, defaults.store), (Level::Verbose, true));

    assert_eq!(settings("enable: false").0, None);
    let (odd, problems) = settings("{frequency: every other day, logLevel: Debug}");
    assert_eq!(odd.unwrap().level, Level::Debug);
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].starts_with("uptimeMonitor.frequency: expected \"every N seconds\""));
}

/// A monitor in a time that stands still, its clock, and what it sends.
async fn started() -> (Clock, Received<OwnMemory>) {
    tokio::time::pause();
    record();
    let clock = Clock::manual("2026-05-03T16:14:58Z".parse().unwrap());
    let (recipient, received) = probe::<OwnMemory>();
    let (settings, _) = settings("{logLevel: info}");
    let fanout = Fanout::from(vec![recipient]);
    UptimeMonitor::new(settings.unwrap(), clock.clone(), || (10, 20), fanout).start();
    tokio::task::yield_now().await;
    (clock, received)
}

#[actix::test]
async fn each_tick_logs_two_lines_and_sends_one_reading() {
    let (clock, received) = started().await;
    clock.advance(Duration::from_secs(2));
    let reading = received.at_least(1).await[0];
    assert_eq!((reading.heap_used, reading.heap_total), (10, 20));
    assert_eq!(reading.uptime, Duration::from_secs(2));
    assert!(reading.process_memory > 1_000_000, "resident memory of this very process");
    let lines = recorded();
    assert_eq!(lines[0], "info: --------------------------------");
    assert!(lines[1].starts_with("info: Iteration # 1, Uptime: 0 months, 0 days, 0 hours"));
}

#[actix::test]
async fn a_clock_that_is_set_does_not_change_the_uptime() {
    let (clock, received) = started().await;
    clock.set("2026-05-04T18:15:00Z".parse().unwrap());
    clock.advance(Duration::from_secs(2));
    let reading = received.at_least(1).await[0];
    assert_eq!(reading.uptime, Duration::from_secs(2));
}
