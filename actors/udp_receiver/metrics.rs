//! What a receiver tells Prometheus.

use super::refusals::Refusals;
use crate::domain::metrics::{Family, Labels};
use crate::domain::telemetry::{EventStream, QueueReading};

/// The numbers of a receiver since the program started.
pub(super) fn families(
    stream: EventStream,
    reading: &QueueReading,
    refusals: Refusals,
) -> Vec<Family> {
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
        refusals.family(stream),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::metrics::encode;

    #[test]
    fn each_number_has_its_own_name() {
        let reading = QueueReading {
            queue_size: 1,
            queue_max_size: 2,
            received: 3,
            queued: 4,
            processed: 5,
            failed: 6,
            dropped_rate_limit: 7,
            dropped_queue_full: 8,
            dropped_size: 9,
            dropped_kernel: Some(10),
            ..QueueReading::default()
        };
        let mut refusals = Refusals::default();
        for all_resolved in [true, true, false] {
            refusals.add(all_resolved);
        }
        let page = encode(&families(EventStream::Log, &reading, refusals));
        let numbers = page.lines().filter(|line| !line.starts_with('#'));
        let numbers: Vec<String> = numbers
            .map(|line| line.replace("queue=\"log_events\"", "").replace("butlersos_udp_", ""))
            .collect();
        assert_eq!(
            numbers,
            [
                "datagrams_dropped_total{,reason=\"kernel\"} 10",
                "datagrams_dropped_total{,reason=\"queue_full\"} 8",
                "datagrams_dropped_total{,reason=\"rate_limit\"} 7",
                "datagrams_dropped_total{,reason=\"size\"} 9",
                "datagrams_failed_total{} 6",
                "datagrams_processed_total{} 5",
                "datagrams_queued_total{} 4",
                "datagrams_received_total{} 3",
                "datagrams_refused_total{,reason=\"not_allowed\"} 2",
                "datagrams_refused_total{,reason=\"not_resolved\"} 1",
                "queue_capacity{} 2",
                "queue_depth{} 1",
            ]
        );
        let silent = QueueReading { dropped_kernel: None, ..reading };
        let page = encode(&families(EventStream::User, &silent, refusals));
        assert!(!page.contains("kernel"), "the operating system does not tell: {page}");
    }
}
