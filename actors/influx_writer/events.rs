//! What all measurements about events share, and events on their way to a write job.

use std::borrow::Cow;
use std::sync::Arc;

use hashbrown::HashMap;

use super::schema::Schema;
use crate::domain::errors::{InfluxModule, InfluxVersion};
use crate::domain::events::Pairs;
use crate::domain::measurement_name::{MeasurementName, TaggedMeasurement};
use crate::domain::names::ServerName;
use crate::domain::point::{FieldValue, Text};
use crate::runtime::poison::guard;

/// Names and tags from the sections of the configuration about events.
#[derive(Debug, Clone, PartialEq)]
pub struct EventSettings {
    /// `userEvents.tags`.
    pub user_tags: Pairs,
    /// `logEvents.tags`.
    pub log_tags: Pairs,
    /// Which values of events are tags.
    pub schema: Schema,
    /// `qlikSenseEvents.eventCount.influxdb`.
    pub counts: TaggedMeasurement,
    /// `qlikSenseEvents.rejectedEventCount.influxdb`, with the tags of rejected events.
    pub rejected: TaggedMeasurement,
}

impl Default for EventSettings {
    fn default() -> Self {
        let none = || -> Pairs { Arc::new([]) };
        Self {
            user_tags: none(),
            log_tags: none(),
            schema: Schema::default(),
            counts: TaggedMeasurement { name: MeasurementName::known("event_count"), tags: none() },
            rejected: TaggedMeasurement {
                name: MeasurementName::known("rejected_event_count"),
                tags: none(),
            },
        }
    }
}

/// A value as a version was always given it: version 3 without the characters that its first client
/// library could not write.
pub(super) fn cleaned(value: &str, version: InfluxVersion) -> Text<'_> {
    const UNWANTED: [char; 5] = ['<', '>', '\\', '\r', '\n'];
    match version {
        InfluxVersion::V3 if value.contains(UNWANTED) => value.replace(UNWANTED, "").into(),
        _ => value.into(),
    }
}

pub(super) fn text<'a>(value: impl Into<Cow<'a, str>>) -> FieldValue<'a> {
    FieldValue::Text(value.into())
}

/// Lines of events until enough are together. Those of one kind and one server are one write
/// operation, so that a failed batch is one error for each of them (decision E19).
#[derive(Default)]
pub(super) struct PendingLines {
    operations: HashMap<(InfluxModule, Option<ServerName>), Lines>,
    points: usize,
}

/// Lines of one write operation.
#[derive(Default)]
pub(super) struct Lines {
    pub(super) bytes: Vec<u8>,
    pub(super) points: usize,
}

impl PendingLines {
    /// Adds what `encode` appends, which says whether it appended a line. One that panics leaves
    /// nothing behind.
    pub(super) fn add(
        &mut self,
        module: InfluxModule,
        server: Option<&ServerName>,
        encode: impl FnOnce(&mut Vec<u8>) -> bool,
    ) {
        let lines = self.operations.entry((module, server.cloned())).or_default();
        let before = lines.bytes.len();
        match guard("INFLUXDB: An event", || encode(&mut lines.bytes)) {
            Some(true) => {
                lines.points += 1;
                self.points += 1;
            }
            Some(false) => {}
            None => lines.bytes.truncate(before),
        }
    }

    /// Points that wait.
    pub(super) fn points(&self) -> usize {
        self.points
    }

    /// Everything that waits, as operations.
    pub(super) fn take(&mut self) -> HashMap<(InfluxModule, Option<ServerName>), Lines> {
        self.points = 0;
        std::mem::take(&mut self.operations)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_that_panics_leaves_no_half_line_and_the_others_go_on() {
        let mut gathered = PendingLines::default();
        let mut add = |text: &'static str, panics: bool| {
            gathered.add(InfluxModule::LogEvents, None, |to| {
                to.extend_from_slice(text.as_bytes());
                assert!(!panics, "half of it is written");
                true
            });
        };
        add("a f=1 1\n", false);
        add("half a li", true);
        add("b f=1 2\n", false);
        let lines = gathered.take().into_values().next().unwrap();
        assert_eq!((lines.bytes.as_slice(), lines.points), (&b"a f=1 1\nb f=1 2\n"[..], 2));
    }
}
