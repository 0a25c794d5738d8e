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
    /// Names of the New Relic accounts that memory and uptime are meant for; `None` when switched
    /// off.
    pub new_relic_accounts: Option<Vec<String>>,
}

impl UptimeConfig {
    /// Checks the section `at`; `None` when it is switched off.
    pub fn check(&self, at: &Reader) -> Option<UptimeSettings> {
        if !at.key("enable").or(&self.enable, true) {
            return None;
        }
        let relic_at = at.key("storeNewRelic");
        let new_relic_accounts = relic_at.section(&self.store_new_relic).check(&relic_at);
        let store_at = at.key("storeInInfluxdb");
        let store = store_at.section(&self.store_in_influxdb);
        Some(UptimeSettings {
            schedule: at.key("frequency").schedule(&self.frequency, DEFAULT),
            level: at.key("logLevel").choice(&self.log_level, &Level::CHOICES, Level::Verbose),
            store: store_at.key("butlerSOSMemoryUsage").or(&store.memory_usage, true),
            instance: store_at.key("instanceTag").or(&store.instance_tag, String::new()),
            new_relic_accounts,
        })
    }
}

impl NewRelicConfig {
    fn check(&self, at: &Reader) -> Option<Vec<String>> {
        if !at.key("enable").or(&self.enable, false) {
            return None;
        }
        let accounts = at.key("destinationAccount").texts(&self.destination_account);
        let metric_at = at.key("metric");
        let dynamic_at = metric_at.key("dynamic");
        let metrics = dynamic_at.section(&metric_at.section(&self.metric).dynamic);
        let attribute_at = at.key("attribute");
        let attribute = attribute_at.section(&self.attribute);
        NamedValue::list(&attribute_at.key("static"), &attribute.fixed);
        let version_at = attribute_at.key("dynamic");
        let version = version_at.section(&attribute.dynamic);
        for (at, switch) in [
            (dynamic_at.key("butlerMemoryUsage"), &metrics.butler_memory_usage),
            (dynamic_at.key("butlerUptime"), &metrics.butler_uptime),
            (version_at.key("butlerVersion"), &version.butler_version),
        ] {
            at.section(switch).is_on(&at, true);
        }
        Some(accounts)
    }
}

const DEFAULT: (&str, Schedule) = ("every 15 minutes", Schedule::Aligned(Duration::from_secs(900)));
