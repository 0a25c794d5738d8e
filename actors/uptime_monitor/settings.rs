//! `uptimeMonitor`: as written and as checked.

use serde::Deserialize;

use crate::domain::schedule::{FORMS, Schedule};
use crate::domain::yaml::{Field, Reader, Section};
use crate::runtime::level::Level;

/// `Butler-SOS.uptimeMonitor` as written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct UptimeConfig {
    enable: Field<bool>,
    frequency: Field<String>,
    log_level: Field<String>,
    store_in_influxdb: Section<StoreConfig>,
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
}

impl UptimeConfig {
    /// Checks the section `at`; `None` when it is switched off.
    pub fn check(&self, at: &Reader) -> Option<UptimeSettings> {
        if !at.key("enable").or(&self.enable, true) {
            return None;
        }
        let store_at = at.key("storeInInfluxdb");
        let store = store_at.section(&self.store_in_influxdb);
        Some(UptimeSettings {
            schedule: self.check_schedule(&at.key("frequency")),
            level: at.key("logLevel").choice(&self.log_level, &Level::CHOICES, Level::Verbose),
            store: store_at.key("butlerSOSMemoryUsage").or(&store.memory_usage, true),
            instance: store_at.key("instanceTag").or(&store.instance_tag, String::new()),
        })
    }

    /// Section 10 of the page on operations: what is no schedule is warned about, and the default
    /// is used.
    fn check_schedule(&self, at: &Reader) -> Schedule {
        let text = at.or(&self.frequency, DEFAULT.to_owned());
        match text.parse() {
            Ok(schedule) => schedule,
            Err(_) => {
                at.warning(format!(
                    "expected {FORMS}, found string {text:?}; \"{DEFAULT}\" is used"
                ));
                Schedule::Aligned(std::time::Duration::from_secs(900))
            }
        }
    }
}

const DEFAULT: &str = "every 15 minutes";
