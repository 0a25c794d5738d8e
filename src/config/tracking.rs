//! `errorTracking`: each part is typed by the actor that it configures.

use actors::domain::places::Places;
use actors::domain::yaml::{Field, Reader, Section};
use actors::error_history::{HistoryConfig, HistorySettings};
use actors::error_tracker::{Collector, CollectorNumber, LogSummaryConfig};
use actors::influx_error_sink::{ErrorSinkConfig, ErrorSinkSettings};
use actors::mqtt_error_sink::ErrorTopicConfig;
use serde::Deserialize;

use super::across::{Across, Master};

/// `Butler-SOS.errorTracking` as written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ErrorTrackingConfig {
    enable: Field<bool>,
    log_summary: Section<LogSummaryConfig>,
    influxdb: Section<ErrorSinkConfig>,
    history: Section<HistoryConfig>,
    mqtt: Section<ErrorTopicConfig>,
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

impl ErrorTrackingConfig {
    /// Checks the section `at`; `None` when the master switch is off.
    pub(super) fn check(
        &self,
        at: &Reader,
        across: &Across,
        places: &Places,
        collector: Collector,
    ) -> Option<TrackingSettings> {
        if !at.key("enable").or(&self.enable, true) {
            return None;
        }
        let (summary, influx, history) =
            (at.key("logSummary"), at.key("influxdb"), at.key("history"));
        let mqtt_at = at.key("mqtt");
        let topic = mqtt_at.section(&self.mqtt).check(&mqtt_at);
        if topic.is_some() {
            across.forwards(mqtt_at.key("enable"), Master::Mqtt);
        }
        Some(TrackingSettings {
            topic,
            log_summary: summary.section(&self.log_summary).check(&summary),
            influx: influx.section(&self.influxdb).check(&influx, collector.name),
            collector: collector.number,
            history: history.section(&self.history).check(&history, places),
        })
    }
}
