//! The configuration file: one entry for each section, defined by the part that it configures.
//!
//! ```text
//! text ──compose──> Tree ──> ConfigKeys (nothing judged yet) ──check──> Settings
//! ```

mod cross_rules;
mod encoding;
mod find;
mod lines;
mod loading;
mod log_events;
mod new_relic;
mod page_content;
mod quoting;
mod source;
mod tracking;
mod unknown;
mod user_events;
mod walk;

use std::path::{Path, PathBuf};

use actors::config::{Choice, Flag, Key, Map, Section, Switch, Text};
use actors::config_page::{ConfigPageKeys, ConfigPageSettings};
use actors::domain::places::Places;
use actors::error_tracker::CollectorKeys;
use actors::event_counter::{EventCountKeys, EventCountSettings};
use actors::health_endpoint::{HealthCheckKeys, HealthCheckSettings};
use actors::heartbeat::{HeartbeatKeys, HeartbeatSettings};
use actors::io::influx::{InfluxKeys, InfluxSettings};
use actors::io::mqtt::{MqttKeys, MqttSettings};
use actors::io::outbox::OutboxSettings;
use actors::io::sense::{
    AppNamesKeys, CertKeys, SenseKeys, SenseSettings, ServersKeys, UserSessionsKeys,
};
use actors::keys;
use actors::new_relic_poster::{Account, CredentialsKeys, NewRelicKeys, NewRelicSettings};
use actors::prometheus_endpoint::{PrometheusKeys, PrometheusSettings, check_labels};
use actors::runtime::level::Level;
use actors::uptime_monitor::{UptimeKeys, UptimeSettings};
use serde_json::Value;

use self::cross_rules::{CrossRules, Masters};
use self::log_events::LogEventsKeys;
use self::tracking::ErrorTrackingKeys;
use self::user_events::UserEventsKeys;

use crate::crash_dump::{CrashFileKeys, CrashSettings};
use crate::logging::LOG_FOLDER;
use crate::paths::Bases;

pub use self::find::{find, not_read};
pub use self::loading::{LoadedConfig, Unreadable, catalog, check, keys, load, load_with};
pub use self::log_events::LogEvents;
pub use self::page_content::PageSettings;
pub use self::source::Source;
pub use self::tracking::TrackingSettings;
pub use self::user_events::UserEvents;

/// The key that everything is below.
pub(crate) const ROOT: &str = "Butler-SOS";

keys! {
    /// `Butler-SOS`.
    struct ConfigKeys {
        /// How much is logged: error, warn, info, verbose, debug or silly
        log_level: "logLevel" Key<Choice<Level>> = "info";
        /// Write the log to a file for each day too
        file_logging: "fileLogging" Key<Flag> = true;
        /// Folder of the log files; relative: beside the program; empty: log in the data folder of
        /// this file
        log_directory: "logDirectory" Key<Text> = "";
        /// Read for compatibility; this program never sends telemetry
        anon_telemetry: "anonTelemetry" Key<Flag> = false;
        /// Read for compatibility; nothing is collected about the host
        system_info: "systemInfo" Switch = true, required;
        crash_file: "crashFile" Section<CrashFileKeys>, required;
        page: "configVisualisation" Section<ConfigPageKeys>, required;
        heartbeat: "heartbeat" Section<HeartbeatKeys>, required;
        health_check: "dockerHealthCheck" Section<HealthCheckKeys>, required;
        uptime: "uptimeMonitor" Section<UptimeKeys>, required;
        collector: "collector" Section<CollectorKeys>;
        tracking: "errorTracking" Section<ErrorTrackingKeys>, required;
        credentials: "thirdPartyToolsCredentials" Section<CredentialsKeys>, required;
        event_counts: "qlikSenseEvents" Section<EventCountKeys>, required;
        user_events: "userEvents" Section<UserEventsKeys>, required;
        log_events: "logEvents" Section<LogEventsKeys>, required;
        cert: "cert" Section<CertKeys>, required;
        mqtt: "mqttConfig" Section<MqttKeys>, required;
        new_relic: "newRelic" Section<NewRelicKeys>, required;
        prometheus: "prometheus" Section<PrometheusKeys>, required;
        influx: "influxdbConfig" Section<InfluxKeys>, required;
        app_names: "appNames" Section<AppNamesKeys>, required;
        sessions: "userSessions" Section<UserSessionsKeys>, required;
        servers: "serversToMonitor" Section<ServersKeys>, required;
        /// Not supported, and ignored
        audit_events: "auditEvents" Map<Text>, retired;
        /// Not used any more
        logdb: "logdb" Map<Text>, retired;
    }
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

impl ConfigKeys {
    fn check(
        &self,
        (tree, masked): (&Value, &Value),
        file: PathBuf,
        bases: &Bases,
        accounts: Vec<Account>,
    ) -> Settings {
        let places = bases.places(&file);
        let folder = file.parent().unwrap_or(Path::new(".")).to_owned();
        let log_level = self.log_level.get();
        let (accounts, only_account) = self.check_accounts(accounts);
        let across = CrossRules::new(only_account);
        let page = self.check_page(&across);
        let health_check = self.check_health_check(&across);
        let collector = self.collector.get().check();
        let tracking = self.tracking.get().check(&across, &places, collector);
        let uptime = self.uptime.get().check();
        let event_counts = self.check_event_counts(&across);
        let count = event_counts.counts.is_some();
        let user_events = self.user_events.get().check(&across, count);
        let log_events = self.log_events.get().check(&across, &event_counts);
        let mqtt = self.mqtt.get().check(&folder);
        let sense = self.check_sense(&folder);
        let prometheus = self.check_prometheus(&across, &sense);
        let relic = new_relic::Parts {
            accounts,
            uptime: uptime.as_ref(),
            user_events: user_events.as_ref(),
            log_events: log_events.as_ref(),
            sense: &sense,
        };
        let relic = self.check_new_relic(&across, relic);
        let influx = self.influx.get();
        let masters =
            Masters { influx: influx.is_enabled(), mqtt: mqtt.is_some(), new_relic: relic.on };
        across.check(masters, &relic.names);
        if !self.logdb.is_absent() {
            self.logdb.at.warning("is not used any more, ignored");
        }
        let database = influx.check(&folder);
        Settings {
            outbox: database.as_ref().and_then(|_| influx.check_outbox(&places)),
            influx: database,
            mqtt,
            new_relic: relic.settings,
            event_counts,
            user_events,
            log_events,
            file,
            log_level,
            log_directory: self.check_log_directory(&places),
            places,
            health_check,
            page: page.map(|page| PageSettings::new(page, tree, masked)),
            crash: self.crash_file.get().check(),
            idle: self.check_idle(),
            tracking,
            uptime,
            heartbeat: self.heartbeat.get().check(),
            prometheus,
            sense,
        }
    }

    fn check_page(&self, across: &CrossRules) -> Option<ConfigPageSettings> {
        let keys = self.page.get();
        let page = keys.check()?;
        across.listens(keys.port_at().clone(), "TCP", page.host.clone(), page.port);
        Some(page)
    }

    fn check_health_check(&self, across: &CrossRules) -> Option<HealthCheckSettings> {
        let keys = self.health_check.get();
        let check = keys.check()?;
        across.listens(keys.port_at().clone(), "TCP", "localhost".to_owned(), check.port);
        Some(check)
    }

    fn check_event_counts(&self, across: &CrossRules) -> EventCountSettings {
        let keys = self.event_counts.get();
        let counts = keys.check();
        if counts.every.is_some() {
            across.forwards(keys.influx_at(), cross_rules::Master::Influx);
        }
        counts
    }

    fn check_sense(&self, folder: &Path) -> SenseSettings {
        let (servers, sessions) = (&self.servers, &self.sessions);
        let (app_names, cert) = (&self.app_names, &self.cert);
        SenseKeys { servers, sessions, app_names, cert }.check(folder)
    }

    fn check_prometheus(
        &self,
        across: &CrossRules,
        sense: &SenseSettings,
    ) -> Option<PrometheusSettings> {
        let keys = self.prometheus.get();
        let settings = keys.check()?;
        for (at, listen) in keys.ports_at().into_iter().zip([&settings.sense, &settings.own]) {
            across.listens(at.clone(), "TCP", listen.host.clone(), listen.port);
        }
        let servers = sense.targets.iter().map(|target| &*target.server);
        check_labels(self.servers.get().tags_definition_at(), servers);
        Some(settings)
    }

    fn check_log_directory(&self, places: &Places) -> Option<PathBuf> {
        if !self.file_logging.get() {
            return None;
        }
        let folder = self.log_directory.get();
        Some(match folder.trim() {
            "" => places.own.join(LOG_FOLDER),
            written => places.written(written),
        })
    }

    fn check_idle(&self) -> IdleSwitches {
        let anon_telemetry = self.anon_telemetry.get();
        if anon_telemetry {
            self.anon_telemetry.at.note("is true, but this program never sends telemetry");
        }
        let audit = self.audit_events.entries();
        let on = |(name, value): &(String, actors::config::Optional<Text>)| {
            name == "enable" && value.get().as_deref() == Some("true")
        };
        let audit_events = audit.iter().any(on);
        if audit_events {
            self.audit_events.at.warning("is not supported by this program and is ignored");
        }
        let system_info = self.system_info.is_on();
        IdleSwitches { anon_telemetry, system_info, audit_events }
    }
}
