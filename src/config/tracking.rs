//! `errorTracking`: each part is typed by the actor that it configures.

use actors::config::{Flag, Key, Section, Switch};
use actors::domain::places::Places;
use actors::error_history::{HistoryKeys, HistorySettings};
use actors::error_tracker::{Collector, CollectorNumber};
use actors::influx_error_sink::{ErrorSinkKeys, ErrorSinkSettings};
use actors::keys;
use actors::mqtt_error_sink::ErrorTopicKeys;

use super::cross_rules::{CrossRules, Master};

keys! {
    /// `Butler-SOS.errorTracking`.
    pub(super) struct ErrorTrackingKeys {
        /// Master switch: false counts, logs and stores no errors
        enable: "enable" Key<Flag> = true;
        /// Log the running total and the summary at midnight UTC
        summary: "logSummary" Switch = true;
        influx: "influxdb" Section<ErrorSinkKeys>;
        mqtt: "mqtt" Section<ErrorTopicKeys>;
        history: "history" Section<HistoryKeys>;
    }
}

/// `errorTracking` with its master switch on.
#[derive(Debug, Clone)]
pub struct TrackingSettings {
    /// Whether the running total and the daily summary are logged.
    pub log_summary: bool,
    /// Which of several programs that write to one database this is.
    pub collector: CollectorNumber,
    /// `None` when error events are not written to InfluxDB.
    pub influx: Option<ErrorSinkSettings>,
    /// `None` when no history is kept.
    pub history: Option<HistorySettings>,
    /// Topic of error events; `None` when they are not published on MQTT.
    pub topic: Option<String>,
}

impl ErrorTrackingKeys {
    /// What is done about errors; `None` when the master switch is off.
    pub(super) fn check(
        &self,
        across: &CrossRules,
        places: &Places,
        collector: Collector,
    ) -> Option<TrackingSettings> {
        if !self.enable.get() {
            return None;
        }
        let mqtt = self.mqtt.get();
        let topic = mqtt.check();
        if topic.is_some() {
            across.forwards(mqtt.enable().at.clone(), Master::Mqtt);
        }
        Some(TrackingSettings {
            topic,
            log_summary: self.summary.is_on(),
            influx: self.influx.get().check(collector.name),
            collector: collector.number,
            history: self.history.get().check(places),
        })
    }
}
