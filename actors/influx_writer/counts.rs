//! Counts of events and the state of the queues (sections 2.3 and 7.3 of the page on events).

use std::sync::Arc;

use super::events::EventSettings;
use crate::domain::errors::InfluxVersion;
use crate::domain::events::{EventCounts, Source};
use crate::domain::point::{FieldValue, Point};
use crate::domain::telemetry::{CountedEvents, QueueMetrics};
use crate::runtime::clock::Clock;

/// An integer; version 1 has columns of floats, because the original declared no types there.
fn whole(number: u64, version: InfluxVersion) -> FieldValue<'static> {
    match version {
        #[expect(clippy::cast_precision_loss, reason = "counts of one interval")]
        InfluxVersion::V1 => FieldValue::Float(number as f64),
        InfluxVersion::V2 | InfluxVersion::V3 => {
            FieldValue::Integer(i64::try_from(number).unwrap_or(i64::MAX))
        }
    }
}

/// One point for each source, host and subsystem.
pub fn events(
    counted: &CountedEvents,
    settings: &EventSettings,
    version: InfluxVersion,
    clock: &Clock,
) -> Vec<Point<'static>> {
    let both = [("log", &counted.log), ("user", &counted.user)];
    let all = both.into_iter().flat_map(|(kind, counts): (&'static str, &EventCounts)| {
        counts.events.iter().map(move |(key, count)| (kind, key, *count))
    });
    all.map(|(kind, key, count)| {
        let mut point = Point::new(settings.counts.name.shared(), clock.stamp())
            .tag("event_type", kind)
            .tag("source", key.source)
            .tag("host", key.host.to_string())
            .tag("subsystem", key.subsystem.to_string());
        for (name, value) in settings.counts.tags.iter() {
            point = point.tag(Arc::clone(name), Arc::clone(value));
        }
        point.field("counter", whole(count, version))
    })
    .collect()
}

/// One point for each app, method and object type whose performance events were rejected.
pub fn rejected(
    counted: &CountedEvents,
    settings: &EventSettings,
    version: InfluxVersion,
    clock: &Clock,
) -> Vec<Point<'static>> {
    counted
        .log
        .rejected
        .iter()
        .map(|(key, count)| {
            let named = if key.app_name.is_empty() { "false" } else { "true" };
            let mut point = Point::new(settings.rejected.name.shared(), clock.stamp())
                .tag("source", Source::QixPerf.as_str())
                .tag("app_id", key.app_id.to_string())
                .tag("method", key.method.to_string())
                .tag("object_type", key.object_type.to_string())
                .tag("app_name", key.app_name.to_string())
                .tag("app_name_set", named);
            for (name, value) in settings.rejected.tags.iter() {
                point = point.tag(Arc::clone(name), Arc::clone(value));
            }
            point
                .field("counter", whole(count.events, version))
                .field("process_time", FieldValue::Float(count.process_time))
        })
        .collect()
}

/// The state of one queue.
pub(super) fn queue(
    metrics: &QueueMetrics,
    version: InfluxVersion,
    clock: &Clock,
) -> Point<'static> {
    let reading = &metrics.reading;
    let mut point = Point::new(metrics.measurement.shared(), clock.stamp())
        .tag("queue_type", metrics.stream.queue_type())
        .tag("host", Arc::clone(&metrics.host));
    for (name, value) in metrics.tags.iter() {
        point = point.tag(Arc::clone(name), Arc::clone(value));
    }
    for (name, number) in [
        ("queue_size", reading.queue_size),
        ("queue_max_size", reading.queue_max_size),
        ("queue_running", reading.queue_running),
        ("messages_received", reading.received),
        ("messages_queued", reading.queued),
        ("messages_processed", reading.processed),
        ("messages_failed", reading.failed),
        ("messages_dropped_total", reading.dropped_total()),
        ("messages_dropped_rate_limit", reading.dropped_rate_limit),
        ("messages_dropped_queue_full", reading.dropped_queue_full),
        ("messages_dropped_size", reading.dropped_size),
        ("rate_limit_current", reading.rate_limit_current),
        ("backpressure_active", u64::from(reading.backpressure_active)),
    ] {
        point = point.field(name, whole(number, version));
    }
    point
        .field_if("messages_dropped_kernel", reading.dropped_kernel.map(|n| whole(n, version)))
        .field("queue_utilization_pct", FieldValue::Float(reading.utilization_pct()))
        .field("processing_time_avg_ms", FieldValue::Float(reading.processing_time_avg_ms))
        .field("processing_time_p95_ms", FieldValue::Float(reading.processing_time_p95_ms))
        .field("processing_time_max_ms", FieldValue::Float(reading.processing_time_max_ms))
}
