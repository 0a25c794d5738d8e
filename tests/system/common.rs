//! What several of these tests need.

use std::path::Path;

use actors::domain::errors::{Category, ErrorCounts, ErrorOccurred, ErrorPoint, Failure, Origin};
use actors::domain::names::Host;
use actors::error_tracker::AskCounts;
use actors::io::error_log::{ErrorReader, ErrorStore, Filter, HistoryRow};
use actors::runtime::clock::Clock;
use butler_sos::app::{App, Surroundings};
use butler_sos::config::{self, Settings};
use butler_sos::sockets::Sockets;
use test_support::until_async;

/// The program.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_butler-sos");

/// Where the history of [`settings`] lies in their folder, unless they say where.
pub(crate) const HISTORY: &str = "test.yaml.data/errors.sqlite3";

/// Polls so seldom that a test sees the first round only.
pub(crate) const ONCE: u64 = 3_600_000;

/// The settings of a configuration text without errors.
pub(crate) fn settings(text: &str, folder: &Path) -> Settings {
    let loaded = config::check(text, folder.join("test.yaml"), folder).unwrap();
    loaded.settings.unwrap_or_else(|| panic!("{:?}\n{text}", loaded.problems))
}

/// The `influxdbConfig` section for a database of version 1.
pub(crate) fn influx_v1(port: u16) -> String {
    format!(
        "  influxdbConfig:
    enable: true
    host: 127.0.0.1
    port: {port}
    version: 1
    v1Config:
      dbName: SenseOps
"
    )
}

/// Starts the actors on this thread's arbiter.
pub(crate) fn start(settings: Settings) -> App {
    let read_heap = || (1 << 20, 2 << 20);
    App::start(
        settings,
        Surroundings { clock: Clock::system(), read_heap, sockets: Sockets::default() },
    )
}

/// What stands in the way of one of the things that the program depends on.
pub(crate) async fn obstacle(app: &App, of: &str) -> Option<String> {
    let parts = app.readiness().await;
    parts.into_iter().find(|part| part.of == of).unwrap().obstacle
}

/// Waits until there is a connection to the broker.
pub(crate) async fn connected(app: &App) {
    let deadline = std::time::Instant::now() + test_support::PATIENCE;
    while let Some(obstacle) = obstacle(app, "mqtt").await {
        assert!(std::time::Instant::now() < deadline, "{obstacle}");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

/// All error events that a history file has, oldest first, once there are so many.
pub(crate) async fn history(file: &Path, count: usize) -> Vec<HistoryRow> {
    until_async("the error history", || {
        let mut rows = Vec::new();
        let reader = ErrorReader::open(file).ok()?;
        reader.for_each(&Filter::default(), None, |row| rows.push(row)).ok()?;
        (rows.len() >= count).then_some(rows)
    })
    .await
}

/// Writes a history file with one error of now for each of these servers.
pub(crate) fn write_history(file: &Path, servers: &[&str]) {
    let clock = Clock::system();
    let points = servers.iter().map(|server| {
        let origin = Origin::HealthApi { server: (*server).into(), host: Host::from("h") };
        let message = "the server did not answer as it should, and says so in many words";
        let failure = Failure::local(Category::Unknown, message);
        ErrorPoint::new(clock.stamp(), ErrorOccurred { origin, failure })
    });
    let points: Vec<ErrorPoint> = points.collect();
    ErrorStore::open(file).unwrap().insert(&points).unwrap();
}

/// The section that keeps the error history in `file`, with further keys four spaces deep.
pub(crate) fn tracking(file: &Path, more: &str) -> String {
    let file = file.display().to_string();
    format!("  errorTracking:\n    history:\n      file: {file:?}\n{more}")
}

/// Today's counts.
pub(crate) async fn counts(app: &App) -> ErrorCounts {
    app.tracker.send(AskCounts).await.unwrap().counts.unwrap()
}

/// Waits until so many errors are counted.
pub(crate) async fn counted(app: &App, total: u64) -> ErrorCounts {
    let deadline = std::time::Instant::now() + test_support::PATIENCE;
    loop {
        let counts = counts(app).await;
        if counts.total() >= total {
            return counts;
        }
        assert!(std::time::Instant::now() < deadline, "{total} errors expected: {counts:?}");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}
