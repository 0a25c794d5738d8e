//! The configuration file: one field for each section, typed by the part that it configures.
//!
//! ```text
//! text ──yaml.rs──> Config (as written) ──check──> Settings (what the program runs on)
//! ```

mod across;
mod categorise;
mod destinations;
mod events;
mod find;
mod general;
mod lines;
mod page;
mod performance;
mod shared;
mod tracking;
mod udp_server;
mod unknown;
mod yaml;

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use actors::config_page::{ConfigPageConfig, ConfigPageSettings};
use actors::domain::yaml::{
    Field, Names, Problem, Problems, Reader, Section, Severity, Switch, known_keys, traced,
};
use actors::health_endpoint::{HealthCheckConfig, HealthCheckSettings};
use actors::io::influx::{InfluxConfig, InfluxSettings};
use actors::io::sense::{
    AppNamesConfig, CertConfig, SenseConfig, SenseSettings, ServersConfig, UserSessionsConfig,
};
use actors::runtime::level::Level;
use actors::udp_receiver::{LogEventSettings, UserEventSettings};
use actors::uptime_monitor::{UptimeConfig, UptimeSettings};
use serde::Deserialize;

use self::across::{Across, Masters};
use self::destinations::{CredentialsConfig, MqttConfig, NewRelicConfig, PrometheusConfig};
use self::events::{EventCountsConfig, LogEventsConfig, UserEventsConfig};
use self::general::{CrashFileConfig, HeartbeatConfig};
use self::lines::Lines;
use self::tracking::ErrorTrackingConfig;
use self::yaml::Document;

use crate::crash_dump::CrashSettings;
use crate::paths;

pub use self::events::EventCountSettings;
pub use self::find::{find, not_read};
pub use self::page::PageSettings;
pub use self::tracking::TrackingSettings;

/// The key that everything is below.
const ROOT: &str = "Butler-SOS";

/// `Butler-SOS` as written. Sections whose actor does not exist yet are read and checked all the
/// same.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Config {
    log_level: Field<String>,
    file_logging: Field<bool>,
    log_directory: Field<String>,
    anon_telemetry: Field<bool>,
    crash_file: Section<CrashFileConfig>,
    system_info: Section<Switch>,
    config_visualisation: Section<ConfigPageConfig>,
    heartbeat: Section<HeartbeatConfig>,
    docker_health_check: Section<HealthCheckConfig>,
    uptime_monitor: Section<UptimeConfig>,
    error_tracking: Section<ErrorTrackingConfig>,
    third_party_tools_credentials: Section<CredentialsConfig>,
    qlik_sense_events: Section<EventCountsConfig>,
    user_events: Section<UserEventsConfig>,
    log_events: Section<LogEventsConfig>,
    cert: Section<CertConfig>,
    mqtt_config: Section<MqttConfig>,
    new_relic: Section<NewRelicConfig>,
    prometheus: Section<PrometheusConfig>,
    influxdb_config: Section<InfluxConfig>,
    app_names: Section<AppNamesConfig>,
    user_sessions: Section<UserSessionsConfig>,
    servers_to_monitor: Section<ServersConfig>,
    audit_events: Names,
    logdb: Names,
}

/// What the program runs on.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The configuration file, absolute.
    pub file: PathBuf,
    /// How much is logged.
    pub log_level: Level,
    /// Where log files are written; `None` when only to standard output.
    pub log_directory: Option<PathBuf>,
    /// `None` when the configuration is not shown.
    pub page: Option<PageSettings>,
    /// `None` when health checks are not answered.
    pub health_check: Option<HealthCheckSettings>,
    /// `None` when no file is written about a crash.
    pub crash: Option<CrashSettings>,
    /// Switches without effect here, for those who read a crash dump.
    pub idle: IdleSwitches,
    /// Sections that are switched on and that this version has no actor for.
    pub unused: Vec<&'static str>,
    /// `None` when the master switch is off.
    pub tracking: Option<TrackingSettings>,
    /// `None` when switched off.
    pub uptime: Option<UptimeSettings>,
    /// `None` when switched off.
    pub influx: Option<InfluxSettings>,
    /// The Qlik Sense site.
    pub sense: SenseSettings,
    /// What is counted of events.
    pub event_counts: EventCountSettings,
    /// `None` when switched off.
    pub user_events: Option<UserEventSettings>,
    /// `None` when no source is on.
    pub log_events: Option<LogEventSettings>,
}

/// Switches that change nothing in this program.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct IdleSwitches {
    /// `anonTelemetry`: nothing is ever sent.
    pub anon_telemetry: bool,
    /// `systemInfo.enable`: nothing is asked of the machine.
    pub system_info: bool,
    /// `auditEvents.enable`.
    pub audit_events: bool,
}

/// A configuration file that was read: settings, and what was noticed.
#[derive(Debug)]
pub struct Loaded {
    /// `None` when there is at least one error, unless mistakes are tolerated.
    pub settings: Option<Settings>,
    /// What is wrong or worth a note, in the order of the file.
    pub problems: Vec<Problem>,
    /// How much to log while telling the problems.
    pub log_level: Level,
    /// Lists that have a key but nothing below it.
    pub empty_lists: Vec<String>,
    /// What the settings are when mistakes are tolerated.
    tolerant: Settings,
}

impl Loaded {
    /// The same with every error turned into a warning: what is wrong has its default, and what
    /// is needed and missing is left out.
    #[must_use]
    pub fn tolerant(mut self) -> Self {
        for problem in &mut self.problems {
            problem.severity = Severity::Warning;
        }
        self.settings = Some(self.tolerant.clone());
        self
    }
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
    let text = read(&file).map_err(|error| match error.kind() {
        std::io::ErrorKind::FileTooLarge => Unreadable(format!(
            "Config file {} is larger than {} MiB; that cannot be a configuration",
            file.display(),
            MAX_BYTES >> 20
        )),
        std::io::ErrorKind::NotFound => {
            Unreadable(format!("Specified config file does not exist: {}", file.display()))
        }
        _ => Unreadable(format!("Config file {} cannot be read: {error}", file.display())),
    })?;
    let text = String::from_utf8(text)
        .map_err(|_| Unreadable(format!("Config file {} is not UTF-8 text", file.display())))?;
    check(&text, file, base)
}

/// Ten thousand servers fit in; what is larger is some other file.
const MAX_BYTES: u64 = 4 << 20;

fn read(file: &Path) -> std::io::Result<Vec<u8>> {
    let mut text = Vec::new();
    fs::File::open(file)?.take(MAX_BYTES + 1).read_to_end(&mut text)?;
    if text.len() as u64 > MAX_BYTES {
        return Err(std::io::ErrorKind::FileTooLarge.into());
    }
    Ok(text)
}

/// Checks the text of a configuration file that lies at `file`.
///
/// # Errors
/// When the text is not YAML.
pub fn check(text: &str, file: PathBuf, base: &Path) -> Result<Loaded, Unreadable> {
    let text = text.trim_start_matches('\u{feff}');
    let (read, noticed) = traced(ROOT, || yaml::read(text));
    let read = read.map_err(|error| Unreadable(error.describe(&file, text)))?;
    let problems = Problems::default();
    let at = problems.reader(ROOT);
    for key in read.others() {
        problems.reader(key).warning(format!("is ignored; every setting is below {ROOT}"));
    }
    let config: Config = match &read.root {
        Some(root) => at.section(root),
        None => {
            at.error("is missing; every setting is below this key");
            Config::default()
        }
    };
    let settings = config.check(&at, &read, file, base);
    unknown::tell(&noticed.sections, keys, &problems);
    let log_level = settings.log_level;
    let failed = problems.count(Severity::Error) > 0;
    let problems = in_order(problems.take(), text);
    Ok(Loaded {
        settings: (!failed).then(|| settings.clone()),
        problems,
        log_level,
        empty_lists: noticed.empty_lists,
        tolerant: settings,
    })
}

/// Every key that a configuration file can have, as a dotted path, with `[]` for the items of
/// lists.
pub fn keys() -> Vec<String> {
    known_keys::<Config>(ROOT)
}

/// Problems with their lines, in the order of the file.
fn in_order(mut problems: Vec<Problem>, text: &str) -> Vec<Problem> {
    if !problems.is_empty() {
        let lines = Lines::of(text);
        for problem in &mut problems {
            problem.line = lines.line(&problem.path);
        }
        problems.sort_by_key(|problem| lines.nearest(&problem.path));
    }
    problems
}

impl Config {
    fn check(
        &self,
        at: &Reader,
        document: &Document<Self>,
        file: PathBuf,
        base: &Path,
    ) -> Settings {
        let folder = file.parent().unwrap_or(Path::new(".")).to_owned();
        let log_level = at.key("logLevel").choice(&self.log_level, &Level::CHOICES, Level::Info);
        let across = Across::default();
        let crash_at = at.key("crashFile");
        let page_at = at.key("configVisualisation");
        let page = page_at.section(&self.config_visualisation).check(&page_at);
        if let Some(ConfigPageSettings { host, port, .. }) = &page {
            across.listens(page_at.key("port"), "TCP", host.clone(), *port);
        }
        let health_at = at.key("dockerHealthCheck");
        let health_check = health_at.section(&self.docker_health_check).check(&health_at);
        if let Some(HealthCheckSettings { port }) = health_check {
            across.listens(health_at.key("port"), "TCP", "localhost".to_owned(), port);
        }
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
        let uptime = uptime_at.section(&self.uptime_monitor).check(&uptime_at);
        if let Some(accounts) = uptime.as_ref().and_then(|up| up.new_relic_accounts.clone()) {
            across.sends_to(uptime_at.key("storeNewRelic.destinationAccount"), accounts);
        }
        let counts_at = at.key("qlikSenseEvents");
        let event_counts = counts_at.section(&self.qlik_sense_events).check(&counts_at, &across);
        let (user_at, log_at) = (at.key("userEvents"), at.key("logEvents"));
        let count = event_counts.counts.is_some();
        let user_events = user_at.section(&self.user_events).check(&user_at, &across, count);
        let log_events = log_at.section(&self.log_events).check(&log_at, &across, &event_counts);
        Settings {
            event_counts,
            user_events,
            log_events,
            file,
            log_level,
            log_directory: self.check_log_directory(at, base),
            health_check,
            page: page.map(|page| PageSettings::new(page, &document.below_root())),
            crash: crash_at.section(&self.crash_file).check(&crash_at),
            idle: self.check_idle(at),
            unused: self.check_unused(at, &across, uptime.as_ref()),
            tracking,
            uptime,
            influx: influx_at.section(&self.influxdb_config).check(&influx_at),
            sense: sense.check(at, &folder),
        }
    }

    fn check_log_directory(&self, at: &Reader, base: &Path) -> Option<PathBuf> {
        if !at.key("fileLogging").or(&self.file_logging, true) {
            return None;
        }
        let folder = at.key("logDirectory").or(&self.log_directory, "log".to_owned());
        let folder = folder.trim();
        Some(base.join(if folder.is_empty() { "log" } else { folder }))
    }

    fn check_idle(&self, at: &Reader) -> IdleSwitches {
        let telemetry_at = at.key("anonTelemetry");
        let anon_telemetry = telemetry_at.or(&self.anon_telemetry, false);
        if anon_telemetry {
            telemetry_at.note("is true, but this program never sends telemetry");
        }
        let audit_events = self.audit_events.value("enable").is_some_and(|value| value == "true");
        if audit_events {
            at.key("auditEvents").warning("is not supported by this program and is ignored");
        }
        let info_at = at.key("systemInfo");
        let system_info = info_at.section(&self.system_info).is_on(&info_at, true);
        IdleSwitches { anon_telemetry, system_info, audit_events }
    }

    /// Checks the sections that nothing uses yet; the names of those that are switched on.
    fn check_unused(
        &self,
        at: &Reader,
        across: &Across,
        uptime: Option<&UptimeSettings>,
    ) -> Vec<&'static str> {
        let credentials_at = at.key("thirdPartyToolsCredentials");
        let accounts =
            credentials_at.section(&self.third_party_tools_credentials).check(&credentials_at);
        if self.logdb != Names::default() {
            at.key("logdb").warning("is not used any more, ignored");
        }
        let heartbeat_at = at.key("heartbeat");
        let (mqtt_at, relic_at) = (at.key("mqttConfig"), at.key("newRelic"));
        let prometheus_at = at.key("prometheus");
        let on = [
            (
                "uptimeMonitor.storeNewRelic",
                uptime.is_some_and(|up| up.new_relic_accounts.is_some()),
            ),
            ("heartbeat", heartbeat_at.section(&self.heartbeat).check(&heartbeat_at)),
            ("mqttConfig", mqtt_at.section(&self.mqtt_config).check(&mqtt_at)),
            ("newRelic", relic_at.section(&self.new_relic).check(&relic_at)),
            ("prometheus", prometheus_at.section(&self.prometheus).check(&prometheus_at, across)),
        ];
        let on: Vec<&str> = on.into_iter().filter(|(_, on)| *on).map(|(name, _)| name).collect();
        let influx_at = at.key("influxdbConfig");
        let masters = Masters {
            influx: influx_at.section(&self.influxdb_config).is_enabled(),
            mqtt: on.contains(&"mqttConfig"),
            new_relic: on.contains(&"newRelic"),
        };
        across.check(masters, &accounts);
        on
    }
}
