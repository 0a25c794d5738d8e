//! How many events came (section 2.4 of the page on events). Keys come from the network, so there
//! are never more than `MOST_KEYS`; what does not fit is counted under `Unknown`.

use hashbrown::{Equivalent, HashMap};

use super::{RawPerformance, UNKNOWN};

/// Distinct keys between two writes.
const MOST_KEYS: usize = 5_000;

/// Where an event came from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CountKey {
    /// Kind of event, `qseow-engine` for example.
    pub source: &'static str,
    /// Host, `Unknown` when it is empty.
    pub host: Box<str>,
    /// Subsystem, or origin of a user event; `Unknown` when it is empty.
    pub subsystem: Box<str>,
}

/// A [`CountKey`] whose texts are borrowed: nearly every event has a key that is there already.
/// Hashes as its fields do, in their order.
#[derive(Hash)]
struct Place<'a> {
    source: &'static str,
    host: &'a str,
    subsystem: &'a str,
}

impl Equivalent<CountKey> for Place<'_> {
    fn equivalent(&self, key: &CountKey) -> bool {
        (self.source, self.host, self.subsystem) == (key.source, &key.host, &key.subsystem)
    }
}

impl From<&Place<'_>> for CountKey {
    fn from(place: &Place<'_>) -> Self {
        Self { source: place.source, host: place.host.into(), subsystem: place.subsystem.into() }
    }
}

/// Which performance event was rejected.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the fields of the same names")]
pub struct RejectedKey {
    pub app_id: Box<str>,
    pub app_name: Box<str>,
    pub method: Box<str>,
    pub object_type: Box<str>,
}

/// How often, and how long it took.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct RejectedCount {
    /// Events.
    pub events: u64,
    /// Sum of the process times, milliseconds.
    pub process_time: f64,
}

/// Counts since they were taken last.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EventCounts {
    /// Events, by where they came from.
    pub events: HashMap<CountKey, u64>,
    /// Rejected performance events.
    pub rejected: HashMap<RejectedKey, RejectedCount>,
}

impl EventCounts {
    /// Counts one event. Empty parts count as `Unknown`.
    pub fn count(&mut self, source: &'static str, host: &str, subsystem: &str) {
        let or_unknown = |text| if str::is_empty(text) { UNKNOWN } else { text };
        let mut key = Place { source, host: or_unknown(host), subsystem: or_unknown(subsystem) };
        if let Some(count) = self.events.get_mut(&key) {
            *count += 1;
            return;
        }
        if self.events.len() >= MOST_KEYS {
            key = Place { source, host: UNKNOWN, subsystem: UNKNOWN };
        }
        *self.events.entry(CountKey::from(&key)).or_default() += 1;
    }

    /// Counts one rejected performance event.
    pub fn reject(&mut self, event: &RawPerformance<'_>, app_name: &str) {
        let clean = |text: &str, most| -> Box<str> { super::text::clean(text, most).into() };
        let mut key = RejectedKey {
            app_id: clean(event.app_id, 100),
            app_name: clean(app_name, 200),
            method: clean(event.method, 100),
            object_type: clean(event.object_type, 100),
        };
        if self.rejected.len() >= MOST_KEYS && !self.rejected.contains_key(&key) {
            let unknown = || UNKNOWN.into();
            key = RejectedKey {
                app_id: unknown(),
                app_name: "".into(),
                method: unknown(),
                object_type: unknown(),
            };
        }
        let count = self.rejected.entry(key).or_default();
        count.events += 1;
        count.process_time += event.process_time.unwrap_or(0.0);
    }

    /// Adds other counts.
    pub fn merge(&mut self, other: Self) {
        for (key, count) in other.events {
            *self.events.entry(key).or_default() += count;
        }
        for (key, count) in other.rejected {
            let mine = self.rejected.entry(key).or_default();
            mine.events += count.events;
            mine.process_time += count.process_time;
        }
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty() && self.rejected.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_bounded_and_no_event_is_lost() {
        let mut counts = EventCounts::default();
        for i in 0..MOST_KEYS + 700 {
            counts.count("qseow-engine", &format!("host{i}"), "");
        }
        assert_eq!(counts.events.len(), MOST_KEYS + 1);
        assert_eq!(counts.events.values().sum::<u64>(), MOST_KEYS as u64 + 700);
        let unknown =
            CountKey { source: "qseow-engine", host: UNKNOWN.into(), subsystem: UNKNOWN.into() };
        assert_eq!(counts.events[&unknown], 700);
    }
}
