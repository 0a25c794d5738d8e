//! `qlikSenseEvents`: what is counted of events, and how they are stored in InfluxDB.

use std::time::Duration;

use actors::domain::measurement_name::MeasurementName;
use actors::domain::yaml::{Field, List, NamedValue, Reader, Section};
use actors::influx_writer::{Measurement, Schema};
use serde::Deserialize;

use super::across::{Across, Master};
use super::shared::pairs;

/// `qlikSenseEvents` as written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct EventCountsConfig {
    influxdb: Section<CountsInfluxConfig>,
    event_count: Section<CountConfig>,
    rejected_event_count: Section<RejectedConfig>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct CountsInfluxConfig {
    enable: Field<bool>,
    write_frequency: Field<f64>,
    few_series: Field<bool>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct CountConfig {
    enable: Field<bool>,
    influxdb: Section<MeasurementConfig>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct MeasurementConfig {
    measurement_name: Field<String>,
    tags: List<Section<NamedValue>>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct RejectedConfig {
    enable: Field<bool>,
    influxdb: Section<NameConfig>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct NameConfig {
    measurement_name: Field<String>,
}

/// `qlikSenseEvents`, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct EventCountSettings {
    /// Which values of events are tags in InfluxDB.
    pub schema: Schema,
    /// How often counts are written to InfluxDB; `None` when they are not.
    pub every: Option<Duration>,
    /// Where counts go; `None` when events are not counted.
    pub counts: Option<Measurement>,
    /// Measurement of rejected performance events; `None` when they are not counted.
    pub rejected: Option<MeasurementName>,
}

impl EventCountsConfig {
    /// Checks the section `at`.
    pub(super) fn check(&self, at: &Reader, across: &Across) -> EventCountSettings {
        let influx_at = at.key("influxdb");
        let influx = influx_at.section(&self.influxdb);
        let every = influx_at.key("enable").or(&influx.enable, false).then(|| {
            across.forwards(influx_at.key("enable"), Master::Influx);
            influx_at.key("writeFrequency").milliseconds(&influx.write_frequency, 20_000, 100)
        });
        let schema = match influx_at.key("fewSeries").or(&influx.few_series, false) {
            true => Schema::FewSeries,
            false => Schema::Original,
        };
        let count_at = at.key("eventCount");
        let count = count_at.section(&self.event_count);
        let counts = count_at.key("enable").or(&count.enable, false).then(|| {
            let at = count_at.key("influxdb");
            let influx = at.section(&count.influxdb);
            let name = at.key("measurementName");
            let name = name.measurement(&influx.measurement_name, "event_count");
            let tags = pairs(NamedValue::list(&at.key("tags"), &influx.tags));
            Measurement { name, tags }
        });
        let rejected_at = at.key("rejectedEventCount");
        let rejected = rejected_at.section(&self.rejected_event_count);
        let rejected = rejected_at.key("enable").or(&rejected.enable, false).then(|| {
            let at = rejected_at.key("influxdb");
            let name = at.section(&rejected.influxdb).measurement_name;
            at.key("measurementName").measurement(&name, "rejected_event_count")
        });
        EventCountSettings { schema, every, counts, rejected }
    }
}
