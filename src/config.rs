//! The configuration file: one field for each section, typed by the part that it configures.
//!
//! ```text
//! text ──yaml.rs──> Config (as written) ──check──> Settings (what the program runs on)
//! ```

mod across;
mod categorise;
mod encoding;
mod event_counts;
mod find;
mod general;
mod lines;
mod loading;
mod log_events;
mod new_relic;
mod page;
mod performance;
mod shared;
mod source;
mod tracking;
mod udp_server;
mod unknown;
mod user_events;
mod yaml;

use std::path::{Path, PathBuf};

use actors::config_page::{ConfigPageConfig, ConfigPageSettings};
use actors::domain::places::Places;
use actors::domain::yaml::{Field, Names, Reader, Section, Switch};
use actors::error_tracker::CollectorConfig;
use actors::health_endpoint::{HealthCheckConfig, HealthCheckSettings};
use actors::heartbeat::{HeartbeatConfig, HeartbeatSettings};
use actors::io::influx::{InfluxConfig, InfluxSettings};
use actors::io::mqtt::{MqttConfig, MqttSettings};
use actors::io::outbox::OutboxSettings;
use actors::io::sense::{
    AppNamesConfig, CertConfig, SenseConfig, SenseSettings, ServersConfig, UserSessionsConfig,
};
use actors::new_relic_poster::{Account, CredentialsConfig, NewRelicConfig, NewRelicSettings};
use actors::prometheus_endpoint::{PrometheusConfig, PrometheusSettings, check_labels};
use actors::runtime::level::Level;
use actors::uptime_monitor::{UptimeConfig, UptimeSettings};
use serde::Deserialize;
use serde_json::Value;

use self::across::{Across, Masters};
use self::event_counts::EventCountsConfig;
use self::general::CrashFileConfig;
use self::log_events::LogEventsConfig;
use self::tracking::ErrorTrackingConfig;
use self::user_events::UserEventsConfig;

use crate::crash_dump::CrashSettings;
use crate::logging::LOG_FOLDER;
use crate::paths::Bases;

pub use self::event_counts::EventCountSettings;
pub use self::find::{find, not_read};
pub use self::loading::{Loaded, Unreadable, check, keys, load, load_with};
pub use self::log_events::LogEvents;
pub use self::page::PageSettings;
pub use self::source::Source;
pub use self::tracking::TrackingSettings;
pub use self::unknown::OLD_KEYS;
pub use self::user_events::UserEvents;

/// The key that everything is below.
const ROOT: &str = "Butler-SOS";

/// `Butler-SOS` as written.
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
    collector: Section<CollectorConfig>,
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
    /// Where files lie that are not named.
    pub places: Places,
    /// `None` when the configuration is not shown.
    pub page: Option<PageSettings>,
    /// `None` when health checks are not answered.
    pub health_check: Option<HealthCheckSettings>,
    /// `None` when no file is written about a crash.
    pub crash: Option<CrashSettings>,
    /// Switches without effect here, for those who read a crash dump.
    pub idle: IdleSwitches,
    /// `None` when the master switch is off.
    pub tracking: Option<TrackingSettings>,
    /// `None` when switched off.
    pub uptime: Option<UptimeSettings>,
    /// `None` when switched off.
    pub heartbeat: Option<HeartbeatSettings>,
    /// `None` when switched off.
    pub influx: Option<InfluxSettings>,
    /// Where what waits for it is kept; `None` when only in memory.
    pub outbox: Option<OutboxSettings>,
    /// `None` when switched off.
    pub mqtt: Option<MqttSettings>,
    /// `None` when nothing is posted to New Relic.
    pub new_relic: Option<NewRelicSettings>,
    /// `None` when Prometheus cannot scrape.
    pub prometheus: Option<PrometheusSettings>,
    /// The Qlik Sense site.
    pub sense: SenseSettings,
    /// What is counted of events.
    pub event_counts: EventCountSettings,
    /// `None` when switched off.
    pub user_events: Option<UserEvents>,
    /// `None` when no source is on.
    pub log_events: Option<LogEvents>,
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

impl Config {
    fn check(
        &self,
        at: &Reader,
        (tree, masked): (&Value, &Value),
        file: PathBuf,
        bases: &Bases,
        accounts: Vec<Account>,
    ) -> Settings {
        let places = bases.places(&file);
        let folder = file.parent().unwrap_or(Path::new(".")).to_owned();
        let log_level = at.key("logLevel").choice(&self.log_level, &Level::CHOICES, Level::Info);
        let (accounts, only_account) = self.check_accounts(at, accounts);
        let across = Across::new(only_account);
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
        let (tracking_at, collector_at) = (at.key("errorTracking"), at.key("collector"));
        let collector = collector_at.section(&self.collector).check(&collector_at);
        let tracking = tracking_at.section(&self.error_tracking);
        let tracking = tracking.check(&tracking_at, &across, &places, collector);
        let uptime_at = at.key("uptimeMonitor");
        let influx_at = at.key("influxdbConfig");
        let sense = SenseConfig {
            servers: &self.servers_to_monitor,
            sessions: &self.user_sessions,
            app_names: &self.app_names,
            cert: &self.cert,
        };
        let uptime = uptime_at.section(&self.uptime_monitor).check(&uptime_at);
        let counts_at = at.key("qlikSenseEvents");
        let event_counts = counts_at.section(&self.qlik_sense_events).check(&counts_at, &across);
        let (user_at, log_at) = (at.key("userEvents"), at.key("logEvents"));
        let count = event_counts.counts.is_some();
        let user_events = user_at.section(&self.user_events).check(&user_at, &across, count);
        let log_events = log_at.section(&self.log_events).check(&log_at, &across, &event_counts);
        let heartbeat_at = at.key("heartbeat");
        let mqtt_at = at.key("mqttConfig");
        let mqtt = mqtt_at.section(&self.mqtt_config).check(&mqtt_at, &folder);
        let sense = sense.check(at, &folder);
        let prometheus = self.check_prometheus(at, &across, &sense);
        let relic = new_relic::Parts {
            accounts,
            uptime: uptime.as_ref(),
            user_events: user_events.as_ref(),
            log_events: log_events.as_ref(),
            sense: &sense,
        };
        let relic = self.check_new_relic(at, &across, relic);
        let masters = Masters {
            influx: influx_at.section(&self.influxdb_config).is_enabled(),
            mqtt: mqtt.is_some(),
            new_relic: relic.on,
        };
        across.check(masters, &relic.names);
        if self.logdb != Names::default() {
            at.key("logdb").warning("is not used any more, ignored");
        }
        let influx_config = influx_at.section(&self.influxdb_config);
        let influx = influx_config.check(&influx_at, &folder);
        let outbox = influx.as_ref().and_then(|_| influx_config.check_outbox(&influx_at, &places));
        Settings {
            influx,
            outbox,
            mqtt,
            new_relic: relic.settings,
            event_counts,
            user_events,
            log_events,
            file,
            log_level,
            log_directory: self.check_log_directory(at, &places),
            places,
            health_check,
            page: page.map(|page| PageSettings::new(page, tree, masked)),
            crash: crash_at.section(&self.crash_file).check(&crash_at),
            idle: self.check_idle(at),
            tracking,
            uptime,
            heartbeat: heartbeat_at.section(&self.heartbeat).check(&heartbeat_at),
            prometheus,
            sense,
        }
    }

    fn check_prometheus(
        &self,
        at: &Reader,
        across: &Across,
        sense: &SenseSettings,
    ) -> Option<PrometheusSettings> {
        let prometheus_at = at.key("prometheus");
        let settings = prometheus_at.section(&self.prometheus).check(&prometheus_at)?;
        for (key, listen) in [("port", &settings.sense), ("nodeMetricsPort", &settings.own)] {
            across.listens(prometheus_at.key(key), "TCP", listen.host.clone(), listen.port);
        }
        let servers = sense.targets.iter().map(|target| &*target.server);
        check_labels(&at.key("serversToMonitor.serverTagsDefinition"), servers);
        Some(settings)
    }

    fn check_log_directory(&self, at: &Reader, places: &Places) -> Option<PathBuf> {
        if !at.key("fileLogging").or(&self.file_logging, true) {
            return None;
        }
        let folder = at.key("logDirectory").or(&self.log_directory, String::new());
        Some(match folder.trim() {
            "" => places.own.join(LOG_FOLDER),
            written => places.written(written),
        })
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
}
