//! `errorTracking.influxdb`.

use serde_json::Value;

use crate::config::{Flag, Key, KeyPath, Kind, Measurement, Tree};
use crate::domain::measurement_name::MeasurementName;
use crate::keys;

keys! {
    /// `Butler-SOS.errorTracking.influxdb`.
    pub struct ErrorSinkKeys {
        /// Store each error as one point in InfluxDB
        enable: "enable" Key<Flag> = true;
        /// Measurement of those points
        measurement: "measurementName" Key<ErrorMeasurement> = "butler_sos_errors";
    }
}

/// A measurement; here the original takes an empty name for its default without a word.
#[derive(Debug, Clone, Copy)]
struct ErrorMeasurement;

impl Kind for ErrorMeasurement {
    type Value = MeasurementName;
    type Literal = &'static str;

    fn known(literal: &'static str) -> MeasurementName {
        Measurement::known(literal)
    }

    fn read(at: &KeyPath, tree: &Tree, default: Option<&'static str>) -> Option<MeasurementName> {
        let is_empty = tree.text().is_some_and(|name| name.trim().is_empty());
        if is_empty { None } else { Measurement::read(at, tree, default) }
    }

    fn schema() -> Value {
        Measurement::schema()
    }
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

impl ErrorSinkKeys {
    /// How; `None` when it is switched off. `collector` is the name of this collector.
    pub fn check(&self, collector: Option<String>) -> Option<ErrorSinkSettings> {
        self.enable.get().then(|| ErrorSinkSettings {
            measurement: self.measurement.get(),
            collector,
            max_points: 100_000,
        })
    }
}
