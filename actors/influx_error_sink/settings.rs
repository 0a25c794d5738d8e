//! `errorTracking.influxdb`: as written and as checked.

use serde::Deserialize;

use crate::domain::measurement_name::MeasurementName;
use crate::domain::yaml::{Field, Reader};

/// `Butler-SOS.errorTracking.influxdb` as written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ErrorSinkConfig {
    enable: Field<bool>,
    measurement_name: Field<String>,
}

/// How error events are stored in InfluxDB.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorSinkSettings {
    /// Name of the measurement.
    pub measurement: MeasurementName,
    /// The tag `collector` of each point; `None` is no tag.
    pub collector: Option<String>,
    /// Most points kept in memory while InfluxDB is away.
    pub max_points: usize,
}

impl ErrorSinkConfig {
    /// Checks the section `at`; `None` when it is switched off. `collector` is the name of this
    /// collector.
    pub fn check(&self, at: &Reader, collector: Option<String>) -> Option<ErrorSinkSettings> {
        if !at.key("enable").or(&self.enable, true) {
            return None;
        }
        // Here the original takes an empty name for its default without a word.
        let name = match &self.measurement_name {
            Field::Value(name) if name.trim().is_empty() => &Field::Absent,
            name => name,
        };
        let measurement = at.key("measurementName").measurement(name, "butler_sos_errors");
        Some(ErrorSinkSettings { measurement, collector, max_points: 100_000 })
    }
}
