//! `qlikSenseEvents`: what is counted of events.

use std::time::Duration;

use crate::config::{Flag, Key, KeyPath, Measurement, Milliseconds, NamedValue, Section, Sections};
use crate::domain::events::pairs;
use crate::domain::measurement_name::{MeasurementName, TaggedMeasurement};
use crate::keys;

keys! {
    /// `Butler-SOS.qlikSenseEvents`.
    pub struct EventCountKeys {
        influx: "influxdb" Section<InfluxKeys>;
        count: "eventCount" Section<CountKeys>;
        rejected: "rejectedEventCount" Section<RejectedKeys>;
    }
}

keys! {
    struct InfluxKeys {
        /// Store event counts in InfluxDB
        enable: "enable" Key<Flag> = false;
        /// Milliseconds between two writes
        every: "writeFrequency" Key<Milliseconds<100>> = 20_000;
        /// Write what differs from event to event, row numbers, sessions and users, as fields and
        /// not as tags: a fraction of the work for InfluxDB, see INFLUXDB.md
        few_series: "fewSeries" Key<Flag> = false;
    }
}

keys! {
    struct CountKeys {
        /// Count events by source, host and subsystem
        enable: "enable" Key<Flag> = false;
        influx: "influxdb" Section<MeasurementKeys>;
    }
}

keys! {
    struct MeasurementKeys {
        /// Measurement of the counts
        measurement: "measurementName" Key<Measurement> = "event_count";
        /// Tags of the counts
        tags: "tags" Sections<NamedValue>;
    }
}

keys! {
    struct RejectedKeys {
        /// Count events that the performance filter rejects
        enable: "enable" Key<Flag> = false;
        influx: "influxdb" Section<RejectedMeasurementKeys>;
    }
}

keys! {
    struct RejectedMeasurementKeys {
        /// Measurement of those counts
        measurement: "measurementName" Key<Measurement> = "rejected_event_count";
    }
}

/// What is counted of events, and where counts go.
#[derive(Debug, Clone, PartialEq)]
pub struct EventCountSettings {
    /// How often counts are written to InfluxDB; `None` when they are not.
    pub every: Option<Duration>,
    /// Whether what differs from event to event is no tag.
    pub few_series: bool,
    /// Where counts go; `None` when events are not counted.
    pub counts: Option<TaggedMeasurement>,
    /// Measurement of rejected performance events; `None` when they are not counted.
    pub rejected: Option<MeasurementName>,
}

impl EventCountKeys {
    /// What and where.
    pub fn check(&self) -> EventCountSettings {
        let influx = self.influx.get();
        let every = influx.enable.get().then(|| influx.every.get());
        let few_series = influx.few_series.get();
        let count = self.count.get();
        let counts = count.enable.get().then(|| {
            let influx = count.influx.get();
            let name = influx.measurement.get();
            TaggedMeasurement { name, tags: pairs(NamedValue::pairs(&influx.tags)) }
        });
        let rejected = self.rejected.get();
        let rejected = rejected.enable.get().then(|| rejected.influx.get().measurement.get());
        EventCountSettings { every, few_series, counts, rejected }
    }

    /// Where counts are sent to InfluxDB or not.
    pub fn influx_at(&self) -> KeyPath {
        self.influx.get().enable.at
    }
}
