//! The configuration file: one field for each section, typed by the part that it configures.
//!
//! ```text
//! text ──yaml.rs──> Config (as written) ──check──> Settings (what the program runs on)
//! ```

mod yaml;

use std::fs;
use std::path::{Path, PathBuf};

use actors::domain::yaml::{Field, Problem, Problems, Reader, Section, Severity};
use actors::error_history::{HistoryConfig, HistorySettings};
use actors::error_tracker::LogSummaryConfig;
use actors::influx_error_sink::{ErrorSinkConfig, ErrorSinkSettings};
use actors::io::influx::{InfluxConfig, InfluxSettings};
use actors::io::sense::{
    AppNamesConfig, CertConfig, SenseConfig, SenseSettings, ServersConfig, UserSessionsConfig,
};
use actors::runtime::level::Level;
use actors::uptime_monitor::{UptimeConfig, UptimeSettings};
use serde::Deserialize;

use crate::paths;

/// The key that everything is below.
const ROOT: &str = "Butler-SOS";

/// `Butler-SOS` as written. Sections of parts that do not exist yet are passed over.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Config {
    log_level: Field<String>,
    error_tracking: Section<ErrorTrackingConfig>,
    uptime_monitor: Section<UptimeConfig>,
    influxdb_config: Section<InfluxConfig>,
    servers_to_monitor: Section<ServersConfig>,
    user_sessions: Section<UserSessionsConfig>,
    app_names: Section<AppNamesConfig>,
    cert: Section<CertConfig>,
}

/// `Butler-SOS.errorTracking` as written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ErrorTrackingConfig {
    enable: Field<bool>,
    log_summary: Section<LogSummaryConfig>,
    influxdb: Section<ErrorSinkConfig>,
    history: Section<HistoryConfig>,
}

/// What the program runs on.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The configuration file, absolute.
    pub file: PathBuf,
    /// How much is logged.
    pub log_level: Level,
    /// `None` when the master switch is off.
    pub tracking: Option<TrackingSettings>,
    /// `None` when switched off.
    pub uptime: Option<UptimeSettings>,
    /// `None` when switched off.
    pub influx: Option<InfluxSettings>,
    /// The Qlik Sense site.
    pub sense: SenseSettings,
}

/// `errorTracking` with its master switch on.
#[derive(Debug, Clone)]
pub struct TrackingSettings {
    /// Whether the running total and the daily summary are logged.
    pub log_summary: bool,
    /// `None` when error events are not written to InfluxDB.
    pub influx: Option<ErrorSinkSettings>,
    /// `None` when no history is kept.
    pub history: Option<HistorySettings>,
}

/// A configuration file that was read: settings, when nothing is wrong, and what was noticed.
#[derive(Debug)]
pub struct Loaded {
    /// `None` when there is at least one error.
    pub settings: Option<Settings>,
    /// Errors and warnings in the order of the sections.
    pub problems: Vec<Problem>,
    /// How much to log while telling the problems.
    pub log_level: Level,
}

/// Why there is no configuration to check at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable(String);

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Reads and checks a configuration file. `base` is where relative paths of files begin that the
/// program writes.
///
/// # Errors
/// When the file cannot be read or is not YAML.
pub fn load(file: &Path, base: &Path) -> Result<Loaded, Unreadable> {
    let file = paths::absolute(file);
    let yaml = file.extension().is_some_and(|extension| {
        extension.eq_ignore_ascii_case("yaml") || extension.eq_ignore_ascii_case("yml")
    });
    if !yaml {
        return Err(Unreadable(format!(
            "Config file extension must be yaml or yml: {}",
            file.display()
        )));
    }
    let text = fs::read(&file).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            Unreadable(format!("Specified config file does not exist: {}", file.display()))
        }
        _ => Unreadable(format!("Config file {} cannot be read: {error}", file.display())),
    })?;
    let text = String::from_utf8(text)
        .map_err(|_| Unreadable(format!("Config file {} is not UTF-8 text", file.display())))?;
    check(&text, file, base)
}

/// Checks the text of a configuration file that lies at `file`.
///
/// # Errors
/// When the text is not YAML.
pub fn check(text: &str, file: PathBuf, base: &Path) -> Result<Loaded, Unreadable> {
    let root = yaml::read(text).map_err(|error| match error.at {
        Some((line, column)) => Unreadable(format!(
            "VERIFY CONFIG FILE ERROR: {}:{line}:{column}: {}",
            file.display(),
            error.reason
        )),
        None => {
            Unreadable(format!("VERIFY CONFIG FILE ERROR: {}: {}", file.display(), error.reason))
        }
    })?;
    let problems = Problems::default();
    let at = problems.reader(ROOT);
    let config: Config = match root {
        Some(root) => at.section(&root),
        None => {
            at.error("is missing; every setting is below this key");
            Config::default()
        }
    };
    let settings = config.check(&at, file, base);
    let log_level = settings.log_level;
    let failed = problems.count(Severity::Error) > 0;
    Ok(Loaded { settings: (!failed).then_some(settings), problems: problems.take(), log_level })
}

impl Config {
    fn check(&self, at: &Reader, file: PathBuf, base: &Path) -> Settings {
        let folder = file.parent().unwrap_or(Path::new(".")).to_owned();
        let log_level = at.key("logLevel").choice(&self.log_level, &Level::CHOICES, Level::Info);
        let tracking_at = at.key("errorTracking");
        let tracking = tracking_at.section(&self.error_tracking).check(&tracking_at, base);
        let uptime_at = at.key("uptimeMonitor");
        let influx_at = at.key("influxdbConfig");
        let sense = SenseConfig {
            servers: &self.servers_to_monitor,
            sessions: &self.user_sessions,
            app_names: &self.app_names,
            cert: &self.cert,
        };
        Settings {
            file,
            log_level,
            tracking,
            uptime: uptime_at.section(&self.uptime_monitor).check(&uptime_at),
            influx: influx_at.section(&self.influxdb_config).check(&influx_at),
            sense: sense.check(at, &folder),
        }
    }
}

impl ErrorTrackingConfig {
    fn check(&self, at: &Reader, base: &Path) -> Option<TrackingSettings> {
        if !at.key("enable").or(&self.enable, true) {
            return None;
        }
        let (summary, influx, history) =
            (at.key("logSummary"), at.key("influxdb"), at.key("history"));
        Some(TrackingSettings {
            log_summary: summary.section(&self.log_summary).check(&summary),
            influx: influx.section(&self.influxdb).check(&influx),
            history: history.section(&self.history).check(&history, base),
        })
    }
}
