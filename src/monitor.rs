//! The program's main work: read the configuration, start the actors, run until asked to stop.

use std::path::{Path, PathBuf};

use actors::config::{Problem, Severity};
use actors::io::quoted::keep_secret;
use actors::new_relic_poster::Account;
use actors::runtime::clock::Clock;
use actors::runtime::level::Level;
use actors::runtime::panics;
use actors::uptime_monitor::ReadHeap;
use serde_json::{Value, json};

use crate::app::{App, Surroundings};
use crate::banner;
use crate::config::{self, LoadedConfig, Settings};
use crate::crash_dump::{self, Crash};
use crate::paths::Bases;
use crate::signal::Signals;
use crate::sockets::Sockets;
use crate::{handed, limits, logging, paths, service};

/// What the command line asks for.
#[derive(Debug, Clone)]
pub struct Request {
    /// The configuration file.
    pub file: PathBuf,
    /// Replaces the configured level.
    pub level: Option<Level>,
    /// Start in spite of mistakes.
    pub skip_verification: bool,
    /// New Relic accounts that replace those of the file, unless there are none.
    pub accounts: Vec<Account>,
    /// Where the files of the program lie.
    pub bases: Bases,
}

/// Monitors the site that a configuration file describes.
///
/// # Errors
/// A message for standard error, empty where the log has said everything: the configuration is
/// wrong, or an actor could not be kept alive.
pub fn run(request: &Request, read_heap: ReadHeap) -> Result<(), String> {
    // First, see there.
    let handed = handed::of_process();
    let file = paths::absolute(&request.file);
    let loaded = config::load_with(&file, request.bases.clone(), request.accounts.clone());
    let loaded =
        if request.skip_verification { loaded.map(LoadedConfig::tolerant) } else { loaded };
    let configured = loaded.as_ref().map_or(Level::Info, |loaded| loaded.log_level);
    let mut log = logging::start(request.level.unwrap_or(configured))?;

    let mut loaded = loaded.map_err(|unreadable| {
        log::error!("{unreadable}");
        String::new()
    })?;
    keep_secret(std::mem::take(&mut loaded.secrets));
    log::info!("Using config file: {}", file.display());
    for sentence in config::not_read(&file, |name| std::env::var(name).ok()) {
        log::warn!("CONFIG: {sentence}");
    }
    log::trace!("CONFIG: As it was read: {}", loaded.masked);
    let settings = verified(loaded, &file)?;
    limits::raise_open_files();
    if let Some(folder) = &settings.log_directory {
        logging::log_to_files(&mut log, folder, &settings.places);
    }
    let mut sockets = Sockets::bind(&settings).map_err(|message| {
        log::error!("MAIN: {message}");
        String::new()
    })?;
    sockets.events = handed::share_out(handed, &settings);
    let (crash_settings, facts) = (settings.crash.clone(), facts(&settings));
    let serve = || {
        actix::System::new().block_on(async {
            // Before there is anything that a signal could end halfway.
            let signals = Signals::listen();
            banner::introduce(&settings);
            let surroundings = Surroundings { clock: Clock::system(), read_heap, sockets };
            let app = App::start(settings, surroundings);
            service::serve(app, signals, &log, std::future::pending()).await
        })
    };
    let crash = match panics::catch(serve) {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(gave_up)) => Crash {
            source: "fatal",
            message: format!("{} failed too often to go on", gave_up.actor),
            stack: None,
            counts: gave_up.counts,
        },
        Err(panic) => {
            log::error!("MAIN: {panic}");
            let trace = panic.trace.map(|trace| format!("\n{trace}")).unwrap_or_default();
            let stack = panic.location.map(|location| location + &trace);
            Crash { source: "panic", message: panic.message, stack, counts: None }
        }
    };
    if let Some(crash_settings) = crash_settings {
        crash_dump::write(&crash, &crash_settings, &facts);
    }
    Err(String::new())
}

/// Settings that help whoever reads a crash dump; none is a secret.
fn facts(settings: &Settings) -> Value {
    json!({
        "logLevel": settings.log_level.as_str(),
        "fileLogging": settings.log_directory.is_some(),
        "logDirectory": settings.log_directory.is_some().then_some("[path]"),
        "influxdbEnable": settings.influx.is_some(),
        "influxdbVersion": settings.influx.as_ref().map(|influx| influx.version().to_string()),
        "errorTrackingEnable": settings.tracking.is_some(),
        "anonTelemetry": settings.idle.anon_telemetry,
        "systemInfoEnable": settings.idle.system_info,
        "auditEventsEnable": settings.idle.audit_events,
        "logEventsEnable": settings.log_events.is_some(),
        "servers": settings.sense.targets.len(),
        "userEventsEnable": settings.user_events.is_some(),
        "prometheusEnable": settings.prometheus.is_some(),
        "mqttEnable": settings.mqtt.is_some(),
    })
}

/// Tells every problem; the settings, if there is no error among them.
fn verified(loaded: LoadedConfig, file: &Path) -> Result<Settings, String> {
    loaded.problems.iter().for_each(log_problem);
    let count = |severity| loaded.problems.iter().filter(|p| p.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    let Some(settings) = loaded.settings.filter(|_| errors == 0) else {
        log::error!(
            "CONFIG: {errors} error(s), {warnings} warning(s) in {}. Not starting.",
            file.display()
        );
        return Err(String::new());
    };
    if !loaded.empty_lists.is_empty() {
        log::info!(
            "MAIN: Treating {} empty config setting(s) as empty lists: {}",
            loaded.empty_lists.len(),
            loaded.empty_lists.join(", ")
        );
    }
    // The verdict comes last: it is what people look for, and what they believe.
    let file = file.display();
    match warnings {
        0 => log::info!("VERIFY CONFIG FILE: Your config file at {file} is correctly formatted"),
        _ => log::warn!(
            "VERIFY CONFIG FILE: Your config file at {file} can be used, but not all of it means \
             what it says: {warnings} {} above",
            if warnings == 1 { "warning" } else { "warnings" }
        ),
    }
    Ok(settings)
}

fn log_problem(problem: &Problem) {
    match problem.severity {
        Severity::Error => log::error!("VERIFY CONFIG FILE ERROR: {problem}"),
        Severity::Warning => log::warn!("VERIFY CONFIG FILE WARNING: {problem}"),
        Severity::Note => log::info!("VERIFY CONFIG FILE: {problem}"),
    }
}
