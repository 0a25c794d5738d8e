//! `errorTracking.influxdb`: as written and as checked.

use serde::Deserialize;

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
    /// Name of the measurement, never empty.
    pub measurement: String,
    /// Most points kept in memory while InfluxDB is away.
    pub max_points: usize,
}

impl ErrorSinkConfig {
    /// Checks the section `at`; `None` when it is switched off.
    pub fn check(&self, at: &Reader) -> Option<ErrorSinkSettings> {
        if !at.key("enable").or(&self.enable, true) {
            return None;
        }
        let name = at.key("measurementName").optional(&self.measurement_name);
        let measurement = name
            .filter(|name| !name.trim().is_empty())
            .unwrap_or_else(|| "butler_sos_errors".to_owned());
        Some(ErrorSinkSettings { measurement, max_points: 100_000 })
    }
}
