//! `uptimeMonitor`: as written and as checked.

use std::time::Duration;

use serde::Deserialize;

use crate::domain::schedule::Schedule;
use crate::domain::yaml::{Field, List, NamedValue, Reader, Section, Switch};
use crate::runtime::level::Level;

/// `Butler-SOS.uptimeMonitor` as written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct UptimeConfig {
    enable: Field<bool>,
    /// Spelling of the files before version 6.
    enabled: Field<bool>,
    frequency: Field<String>,
    log_level: Field<String>,
    store_in_influxdb: Section<StoreConfig>,
    store_new_relic: Section<NewRelicConfig>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct NewRelicConfig {
    enable: Field<bool>,
    destination_account: List<Field<String>>,
    metric: Section<MetricConfig>,
    attribute: Section<AttributeConfig>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct MetricConfig {
    dynamic: Section<MetricsConfig>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct MetricsConfig {
    butler_memory_usage: Section<Switch>,
    butler_uptime: Section<Switch>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct AttributeConfig {
    #[serde(rename = "static")]
    fixed: List<Section<NamedValue>>,
    dynamic: Section<DynamicConfig>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct DynamicConfig {
    butler_version: Section<Switch>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct StoreConfig {
    #[serde(rename = "butlerSOSMemoryUsage")]
    memory_usage: Field<bool>,
    instance_tag: Field<String>,
}

/// How the program watches itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UptimeSettings {
    /// When.
    pub schedule: Schedule,
    /// Level of the two lines.
    pub level: Level,
    /// Whether memory goes to InfluxDB.
    pub store: bool,
    /// Tag `butler_sos_instance`, may be empty.
    pub instance: String,
    /// What New Relic gets; `None` when switched off.
    pub new_relic: Option<ToNewRelic>,
}

/// `uptimeMonitor.storeNewRelic`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToNewRelic {
    /// Names of accounts.
    pub accounts: Vec<String>,
    /// Whether memory is meant for them.
    pub memory: bool,
    /// Whether the uptime is.
    pub uptime: bool,
    /// Attributes with fixed values.
    pub attributes: Vec<(String, String)>,
    /// Whether the version of the program is an attribute too.
    pub version: bool,
}

impl UptimeConfig {
    /// Checks the section `at`; `None` when it is switched off.
    pub fn check(&self, at: &Reader) -> Option<UptimeSettings> {
        let enable = at.moved_field("enabled", &self.enabled, "enable", &self.enable);
        if !at.key("enable").or(enable, true) {
            return None;
        }
        let relic_at = at.key("storeNewRelic");
        let new_relic = relic_at.section(&self.store_new_relic).check(&relic_at);
        let store_at = at.key("storeInInfluxdb");
        let store = store_at.section(&self.store_in_influxdb);
        Some(UptimeSettings {
            schedule: at.key("frequency").schedule(&self.frequency, DEFAULT),
            level: at.key("logLevel").choice(&self.log_level, &Level::CHOICES, Level::Verbose),
            store: store_at.key("butlerSOSMemoryUsage").or(&store.memory_usage, true),
            instance: store_at.key("instanceTag").or(&store.instance_tag, String::new()),
            new_relic,
        })
    }
}

impl NewRelicConfig {
    fn check(&self, at: &Reader) -> Option<ToNewRelic> {
        if !at.key("enable").or(&self.enable, false) {
            return None;
        }
        let metric_at = at.key("metric");
        let dynamic_at = metric_at.key("dynamic");
        let metrics = dynamic_at.section(&metric_at.section(&self.metric).dynamic);
        let attribute_at = at.key("attribute");
        let attribute = attribute_at.section(&self.attribute);
        let version_at = attribute_at.key("dynamic");
        let version = version_at.section(&attribute.dynamic);
        let is_on = |at: Reader, switch: &Section<Switch>| at.section(switch).is_on(&at, true);
        Some(ToNewRelic {
            accounts: at.key("destinationAccount").texts(&self.destination_account),
            memory: is_on(dynamic_at.key("butlerMemoryUsage"), &metrics.butler_memory_usage),
            uptime: is_on(dynamic_at.key("butlerUptime"), &metrics.butler_uptime),
            attributes: NamedValue::list(&attribute_at.key("static"), &attribute.fixed),
            version: is_on(version_at.key("butlerVersion"), &version.butler_version),
        })
    }
}

const DEFAULT: (&str, Schedule) = ("every 15 minutes", Schedule::Aligned(Duration::from_secs(900)));
