//! `butler-sos demo`: the real actors watch a simulated Qlik Sense site that fails on a schedule.

pub mod configuration;
pub mod events;
mod schedule;
pub mod site;

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use actors::io::error_log::{ErrorReader, Filter};
use actors::runtime::clock::Clock;
use actors::uptime_monitor::ReadHeap;

use self::configuration::{Choices, of_site};
use self::site::{Endpoint, Site};
use crate::app::{App, Surroundings};
use crate::cli::DemoArgs;
use crate::config::{self, Settings};
use crate::errors_command::{Table, width};
use crate::signal::Signals;
use crate::sockets::Sockets;
use crate::{logging, service};

/// Servers of the simulated site.
const SERVERS: usize = 2;

/// Events that the summary at the end shows.
const SHOWN: usize = 15;

/// Runs the demo until it is asked to stop, then prints what failed.
///
/// # Errors
/// A message for standard error: no port or no temporary folder could be had.
pub fn run(args: &DemoArgs, read_heap: ReadHeap) -> Result<(), String> {
    let log = logging::start(args.loglevel)?;
    let cannot = |what: &str, error: &dyn std::fmt::Display| {
        format!("error: the demo cannot {what}: {error}")
    };
    let folder = tempfile::Builder::new()
        .prefix("butler-sos-demo-")
        .tempdir()
        .map_err(|error| cannot("make a temporary folder", &error))?;
    let site = Site::start(SERVERS, folder.path())
        .map_err(|error| cannot("start its simulated site", &error))?;
    // Outlives the site, so that it can be asked afterwards.
    let kept = tempfile::Builder::new()
        .prefix("butler-sos-demo-history-")
        .tempdir()
        .map_err(|error| cannot("make a temporary folder", &error))?;
    let history = kept.path().join("errors.sqlite3");
    let settings = settings(&site, folder.path(), &history)?;
    introduce(&site, &history);

    let begin = std::time::Instant::now();
    actix::System::new()
        .block_on(async {
            let signals = Signals::listen();
            let app = App::start(
                settings,
                Surroundings { clock: Clock::system(), read_heap, sockets: Sockets::default() },
            );
            let addresses = events::addresses(&app).await;
            let time = async {
                match args.seconds {
                    None => std::future::pending().await,
                    Some(seconds) => tokio::time::sleep(Duration::from_secs(seconds)).await,
                }
            };
            let done = async {
                tokio::select! {
                    () = time => "--seconds",
                    () = schedule::play(&site) => "the schedule",
                    () = events::play(addresses) => "the events",
                }
            };
            service::serve(app, signals, &log, done).await
        })
        .map_err(|gave_up| format!("error: {} failed too often to go on", gave_up.actor))?;
    log.flush();
    let summary = summary(&history).map_err(|error| cannot("read its history", &error))?;
    let mut out = std::io::stdout().lock();
    _ = write!(
        out,
        "\nWhat failed in {} s:\n\n{summary}\nThe history stays until its folder is removed; ask \
         it:\n  {}\n",
        begin.elapsed().as_secs(),
        command(&history)
    );
    _ = kept.keep();
    Ok(())
}

/// The settings of the demo, by the same path as those of any site.
fn settings(site: &Site, folder: &Path, history: &Path) -> Result<Settings, String> {
    let sections = format!(
        "{}  errorTracking:
    influxdb:
      enable: false
    history:
      file: {:?}
  uptimeMonitor:
    enable: true
    frequency: every 10 seconds
    logLevel: info
",
        events::SECTIONS,
        history.display().to_string()
    );
    let choices = Choices { sections, ..Choices::default() };
    let text = of_site(site, SERVERS, &choices);
    let loaded = config::check(&text, folder.join("demo.yaml"), folder)
        .map_err(|error| error.to_string())?;
    loaded.settings.ok_or_else(|| {
        loaded.problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    })
}

fn introduce(site: &Site, history: &Path) {
    log::info!("DEMO: A simulated Qlik Sense site runs in this process and fails on a schedule");
    for server in 0..SERVERS {
        let at = |endpoint| site.address(endpoint).map_or(String::new(), |addr| addr.to_string());
        log::info!(
            "DEMO: sense{}: engine at {}, proxy at {} with the virtual proxies / and /hdr",
            server + 1,
            at(Endpoint::Engine(server)),
            at(Endpoint::Proxy(server)),
        );
    }
    match site.address(Endpoint::Repository) {
        Some(address) => log::info!("DEMO: The repository is at {address}"),
        None => log::warn!("DEMO: Port 4242 is in use everywhere: no repository, no app names"),
    }
    log::info!("DEMO: Ask for the errors at any time, from another terminal:");
    log::info!("DEMO:   {}", command(history));
    log::info!("DEMO: Ctrl-C ends the demo with a summary");
}

/// The command that asks this history, as it can be typed where the demo was started.
fn command(history: &Path) -> String {
    let program = std::env::args().next().unwrap_or_else(|| "butler-sos".to_owned());
    format!("{} errors --file {}", quoted(&program), quoted(&history.display().to_string()))
}

/// A word of a command line; in quotes where a shell would take it apart.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/\\.:-_+@".contains(c);
    match word.chars().all(plain) {
        true => word.to_owned(),
        false if cfg!(windows) => format!("\"{word}\""),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

fn summary(history: &Path) -> Result<String, Box<dyn std::error::Error>> {
    let reader = ErrorReader::open(history)?;
    let mut rows = Vec::new();
    reader.for_each(&Filter::default(), Some(SHOWN), |row| rows.push(row))?;
    let totals = reader.totals(&Filter::default())?;
    Ok(Table { rows: &rows, totals: &totals, width: width::of_stdout() }.to_string())
}
