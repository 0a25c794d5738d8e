//! `uptimeMonitor`.

use crate::config::{
    Choice, Flag, Key, NamedValue, Section, Sections, Switch, Text, Times, Values,
};
use crate::domain::schedule::Schedule;
use crate::keys;
use crate::runtime::level::Level;

keys! {
    /// `Butler-SOS.uptimeMonitor`.
    pub struct UptimeKeys {
        /// Log uptime and memory of this program
        enable: "enable" Key<Flag> = true, was "enabled";
        /// When: "every 15 minutes", "at 06:30", "on mon-fri at 08:00"
        frequency: "frequency" Key<Times> = "every 15 minutes";
        /// Level of those lines
        level: "logLevel" Key<Choice<Level>> = "verbose";
        store: "storeInInfluxdb" Section<StoreKeys>;
        new_relic: "storeNewRelic" Section<NewRelicKeys>;
    }
}

keys! {
    struct StoreKeys {
        /// Store memory in InfluxDB
        memory: "butlerSOSMemoryUsage" Key<Flag> = true;
        /// Tag butler_sos_instance of those points; empty: no tag
        instance: "instanceTag" Key<Text> = "";
    }
}

keys! {
    struct NewRelicKeys {
        /// Send memory and uptime to New Relic
        enable: "enable" Key<Flag> = false;
        /// Names of New Relic accounts
        accounts: "destinationAccount" Values<Text>;
        metric: "metric" Section<MetricKeys>;
        attribute: "attribute" Section<AttributeKeys>;
    }
}

keys! {
    struct MetricKeys {
        dynamic: "dynamic" Section<MetricsKeys>;
    }
}

keys! {
    struct MetricsKeys {
        /// Send memory
        memory: "butlerMemoryUsage" Switch = true;
        /// Send uptime
        uptime: "butlerUptime" Switch = true;
    }
}

keys! {
    struct AttributeKeys {
        /// Attributes with fixed values
        fixed: "static" Sections<NamedValue>;
        dynamic: "dynamic" Section<DynamicKeys>;
    }
}

keys! {
    struct DynamicKeys {
        /// Send the version of this program
        version: "butlerVersion" Switch = true;
    }
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

impl UptimeKeys {
    /// How; `None` when it is switched off.
    pub fn check(&self) -> Option<UptimeSettings> {
        if !self.enable.get() {
            return None;
        }
        let new_relic = self.new_relic.get().check();
        let store = self.store.get();
        Some(UptimeSettings {
            schedule: self.frequency.get(),
            level: self.level.get(),
            store: store.memory.get(),
            instance: store.instance.get(),
            new_relic,
        })
    }
}

impl NewRelicKeys {
    fn check(&self) -> Option<ToNewRelic> {
        if !self.enable.get() {
            return None;
        }
        let metrics = self.metric.get().dynamic.get();
        let attribute = self.attribute.get();
        Some(ToNewRelic {
            accounts: self.accounts.get(),
            memory: metrics.memory.is_on(),
            uptime: metrics.uptime.is_on(),
            attributes: NamedValue::pairs(&attribute.fixed),
            version: attribute.dynamic.get().version.is_on(),
        })
    }
}
