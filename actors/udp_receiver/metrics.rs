//! What a receiver tells Prometheus.

use crate::domain::metrics::{Family, Labels};
use crate::domain::telemetry::{EventStream, QueueReading};

/// The numbers of a receiver since the program started.
pub(super) fn families(stream: EventStream, reading: &QueueReading) -> Vec<Family> {
    let labels = || Labels::of(&[("queue", stream.queue_type())]);
    let one = |family: Family, count| family.count(labels(), count);
    let mut dropped = Family::counter(
        "butlersos_udp_datagrams_dropped_total",
        "Datagrams that were dropped, by reason.",
    );
    for (reason, count) in [
        ("rate_limit", Some(reading.dropped_rate_limit)),
        ("queue_full", Some(reading.dropped_queue_full)),
        ("size", Some(reading.dropped_size)),
        // Not every operating system tells.
        ("kernel", reading.dropped_kernel),
    ] {
        if let Some(count) = count {
            dropped = dropped.count(labels().with("reason", reason), count);
        }
    }
    vec![
        one(
            Family::gauge("butlersos_udp_queue_depth", "Datagrams that wait in the queue."),
            reading.queue_size,
        ),
        one(
            Family::gauge("butlersos_udp_queue_capacity", "Most datagrams that may wait."),
            reading.queue_max_size,
        ),
        one(
            Family::counter(
                "butlersos_udp_datagrams_received_total",
                "Datagrams of allowed senders that were read.",
            ),
            reading.received,
        ),
        one(
            Family::counter(
                "butlersos_udp_datagrams_queued_total",
                "Datagrams that were accepted.",
            ),
            reading.queued,
        ),
        one(
            Family::counter(
                "butlersos_udp_datagrams_processed_total",
                "Datagrams that were handled.",
            ),
            reading.processed,
        ),
        one(
            Family::counter(
                "butlersos_udp_datagrams_failed_total",
                "Datagrams that could not be handled.",
            ),
            reading.failed,
        ),
        dropped,
    ]
}
