//! The example of docs/ADDING-AN-ACTOR.md at work: the alarm as a sink of the tracker, under
//! supervision, and a server that does not answer.

#![expect(unreachable_pub, reason = "the module is written as it stands in the library")]

mod timeout_alarm;

use actix::System;
use actors::config::{Problems, SectionKeys as _, compose};
use actors::domain::errors::{Category, ErrorCounts, ErrorOccurred, Failure, Origin};
use actors::error_tracker::{AskCounts, CollectorNumber, ErrorTrackerActor, Tracking};
use actors::runtime::clock::Clock;
use actors::runtime::outlet::Outlet;
use actors::runtime::supervise::{Place, Policy, Supervisor};

use self::timeout_alarm::{AlarmKeys, TimeoutAlarm};

fn main() {
    env_logger::builder().filter_level(log::LevelFilter::Info).init();
    System::new().block_on(run());
}

async fn run() {
    let at = Problems::default().at("errorTracking.timeoutAlarm");
    let Ok(written) = compose("{enable: true}") else { return };
    let Some(settings) = AlarmKeys::take(at, &written).check() else { return };

    let clock = Clock::system();
    let supervisor = Supervisor::new(Policy::default(), |_name| {});
    let alarm =
        supervisor.start("TimeoutAlarm", &Place::Here, 1_000, move || TimeoutAlarm::new(settings));
    let tracking = Tracking::On {
        log_summary: true,
        sinks: vec![Outlet::new(alarm.recipient(), supervisor.meters().of("TimeoutAlarm"))],
        today: ErrorCounts::new(clock.now().date_naive()),
        earlier: None,
    };
    let tracker = supervisor.start("ErrorTrackerActor", &Place::Here, 1_000, move || {
        ErrorTrackerActor::new(tracking, CollectorNumber::default(), clock)
    });
    for _ in 0..3 {
        let origin = Origin::HealthApi { server: "sense1".into(), host: "sense1.lab".into() };
        let message = "timeout of 5000ms exceeded";
        let failure = Failure::local(Category::Timeout, message);
        _ = tracker.send(ErrorOccurred { origin, failure }).await;
    }
    if let Ok(counts) = tracker.send(AskCounts).await {
        log::info!("{} errors counted", counts.counts.map_or(0, |counts| counts.total()));
    }
    // Until the alarm has heard of the last one.
    tokio::task::yield_now().await;
}
