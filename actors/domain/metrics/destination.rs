//! What every destination tells about its work, whatever it is.

use super::{Family, Labels};

/// Numbers of one destination. Counts are since the program started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Destination<'a> {
    /// The label `destination`.
    pub name: &'static str,
    /// Requests or messages sent, each attempt counted.
    pub writes: u64,
    /// Those of `writes` that repeated earlier ones.
    pub retries: u64,
    /// Points or messages that the destination has taken.
    pub points: u64,
    /// Points or messages that are lost, by reason.
    pub dropped: &'a [(&'static str, u64)],
    /// Points or messages that wait or are under way.
    pub waiting: usize,
    /// Most that may wait.
    pub capacity: usize,
    /// Whether it can be reached, as far as is known.
    pub up: bool,
}

impl Destination<'_> {
    /// The numbers by name; every series is there from the start.
    pub fn families(&self) -> Vec<Family> {
        let labels = || Labels::of(&[("destination", self.name)]);
        let dropped = Family::counter(
            "butlersos_destination_points_dropped_total",
            "Points or messages that are lost, by reason.",
        );
        let dropped = self.dropped.iter().fold(dropped, |family, (reason, count)| {
            family.count(labels().with("reason", *reason), *count)
        });
        vec![
            Family::counter(
                "butlersos_destination_writes_total",
                "Requests or messages sent, each attempt counted.",
            )
            .count(labels(), self.writes),
            Family::counter(
                "butlersos_destination_retries_total",
                "Requests that sent again what an earlier one could not store.",
            )
            .count(labels(), self.retries),
            Family::counter(
                "butlersos_destination_points_total",
                "Points or messages that the destination has taken.",
            )
            .count(labels(), self.points),
            dropped,
            Family::gauge(
                "butlersos_destination_queue_depth",
                "Points or messages that wait or are under way.",
            )
            .count(labels(), self.waiting as u64),
            Family::gauge("butlersos_destination_queue_capacity", "Most that may wait.")
                .count(labels(), self.capacity as u64),
            Family::gauge(
                "butlersos_destination_up",
                "1 when the destination can be reached, as far as is known, else 0.",
            )
            .count(labels(), u64::from(self.up)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::metrics::encode;

    #[test]
    fn each_number_has_its_own_name() {
        let destination = Destination {
            name: "there",
            writes: 1,
            retries: 2,
            points: 3,
            dropped: &[("overflow", 4), ("refused", 5)],
            waiting: 6,
            capacity: 7,
            up: true,
        };
        let page = encode(&destination.families());
        let numbers = page.lines().filter(|line| !line.starts_with('#'));
        let numbers: Vec<String> = numbers
            .map(|line| line.replace("destination=\"there\"", ""))
            .map(|line| line.replace("butlersos_destination_", ""))
            .collect();
        assert_eq!(
            numbers,
            [
                "points_dropped_total{,reason=\"overflow\"} 4",
                "points_dropped_total{,reason=\"refused\"} 5",
                "points_total{} 3",
                "queue_capacity{} 7",
                "queue_depth{} 6",
                "retries_total{} 2",
                "up{} 1",
                "writes_total{} 1",
            ]
        );
    }
}
