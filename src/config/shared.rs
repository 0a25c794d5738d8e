//! Small forms that several sections have.

use std::sync::Arc;

use actors::domain::events::Pairs;
use actors::domain::yaml::{Field, List, NamedValue, Reader, Section};
use actors::udp_receiver::QueueMetricsSettings;
use serde::Deserialize;

/// A tag of events; its name was called `tag` in files before version 11.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct EventTag {
    name: Field<String>,
    value: Field<String>,
    tag: Field<String>,
}

/// Names and values, to be shared.
pub(super) fn pairs(list: Vec<(String, String)>) -> Pairs {
    list.into_iter().map(|(name, value)| (Arc::from(name), Arc::from(value))).collect()
}

/// Names and values of a list of tags.
pub(super) fn event_tags(at: &Reader, list: &List<Section<EventTag>>) -> Vec<(String, String)> {
    at.items(list)
        .into_iter()
        .filter_map(|(at, item)| {
            let item = at.section(item);
            let name = at.moved_field("tag", &item.tag, "name", &item.name);
            NamedValue::pair(&at, name, &item.value)
        })
        .collect()
}

/// `influxdb` of counters and queues: whether, how often and as what they are written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct QueueMetricsConfig {
    enable: Field<bool>,
    write_frequency: Field<f64>,
    measurement_name: Field<String>,
    tags: List<Section<NamedValue>>,
}

impl QueueMetricsConfig {
    /// Checks the section `at`; `None` when it is switched off.
    pub(super) fn check(
        &self,
        at: &Reader,
        measurement: &'static str,
    ) -> Option<QueueMetricsSettings> {
        at.key("enable").or(&self.enable, false).then(|| QueueMetricsSettings {
            every: at.key("writeFrequency").milliseconds(&self.write_frequency, 20_000, 100),
            measurement: at.key("measurementName").measurement(&self.measurement_name, measurement),
            tags: pairs(NamedValue::list(&at.key("tags"), &self.tags)),
        })
    }
}
