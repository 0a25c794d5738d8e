//! The program's main work: read the configuration, start the actors, run until asked to stop.

use std::path::Path;

use actors::domain::yaml::{Problem, Severity};
use actors::runtime::clock::Clock;
use actors::runtime::level::Level;
use actors::uptime_monitor::ReadHeap;

use crate::app::{App, Surroundings};
use crate::config::{self, Settings};
use crate::{logging, paths, service, signal};

/// Monitors the site that a configuration file describes. `level` replaces the configured one.
///
/// # Errors
/// A message for standard error, empty where the log has said everything: the configuration is
/// wrong, or an actor could not be kept alive.
pub fn run(file: &Path, level: Option<Level>, read_heap: ReadHeap) -> Result<(), String> {
    let base = paths::base_folder();
    let loaded = config::load(file, &base);
    let configured = loaded.as_ref().map_or(Level::Info, |loaded| loaded.log_level);
    let _log = logging::start(level.unwrap_or(configured))?;

    let file = paths::absolute(file);
    let loaded = loaded.map_err(|unreadable| {
        log::error!("{unreadable}");
        String::new()
    })?;
    log::info!("MAIN: Using config file: {}", file.display());
    loaded.problems.iter().for_each(tell);
    let count = |severity| loaded.problems.iter().filter(|p| p.severity == severity).count();
    let Some(settings) = loaded.settings else {
        let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
        log::error!(
            "CONFIG: {errors} error(s), {warnings} warning(s) in {}. Not starting.",
            file.display()
        );
        return Err(String::new());
    };
    log::info!("VERIFY CONFIG FILE: Your config file at {} is correctly formatted", file.display());
    actix::System::new().block_on(async {
        introduce(&settings);
        let app = App::start(settings, &Surroundings { clock: Clock::system(), read_heap });
        service::serve(app, signal::asked_to_stop()).await
    })
}

fn tell(problem: &Problem) {
    match problem.severity {
        Severity::Error => log::error!("VERIFY CONFIG FILE ERROR: {problem}"),
        Severity::Warning => log::warn!("VERIFY CONFIG FILE WARNING: {problem}"),
    }
}

/// Says what the program is about to do.
fn introduce(settings: &Settings) {
    log::info!("MAIN: Starting Butler SOS {}", env!("CARGO_PKG_VERSION"));
    let sense = &settings.sense;
    let virtual_proxies: usize = sense
        .targets
        .iter()
        .filter_map(|target| target.sessions.as_ref())
        .map(|sessions| sessions.virtual_proxies.len())
        .sum();
    log::info!(
        "MAIN: Qlik Sense servers: {}, health every {} s; virtual proxies: {virtual_proxies}",
        sense.targets.len(),
        sense.health_interval.as_secs_f64(),
    );
    match &settings.influx {
        Some(influx) => {
            log::info!("MAIN: Writing to InfluxDB {} at {}", influx.version(), influx.base_url);
        }
        None => log::info!("MAIN: InfluxDB is switched off"),
    }
    if let Some(history) = settings.tracking.as_ref().and_then(|on| on.history.as_ref()) {
        log::info!("MAIN: Keeping the error history in {}", history.file.display());
    }
}
