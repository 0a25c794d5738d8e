//! What was stored, for the log: how many points of which measurements.

use std::collections::BTreeMap;
use std::fmt;

use crate::io::delivery::{Batch, Rejection};
use crate::io::influx::lines::{Parts, split_lines};

/// Points of a batch by measurement.
pub(super) struct StoredPoints(BTreeMap<String, usize>);

impl StoredPoints {
    /// All of a batch.
    pub(super) fn of(batch: &Batch) -> Self {
        let mut counts = BTreeMap::new();
        for line in batch.jobs.iter().flat_map(|job| split_lines(job)) {
            if let Some(parts) = Parts::of(line) {
                let name = String::from_utf8_lossy(&parts.measurement()).into_owned();
                *counts.entry(name).or_default() += 1;
            }
        }
        Self(counts)
    }

    /// `3 points (sense_server 1, users 2)`; what was refused is told, too.
    pub(super) fn summary(&self, rejections: &[Rejection]) -> String {
        let refused: usize = rejections.iter().map(|rejection| rejection.points).sum();
        match refused {
            0 => self.to_string(),
            refused => format!("{self}, without {refused} that were refused"),
        }
    }
}

impl fmt::Display for StoredPoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let points: usize = self.0.values().sum();
        let each: Vec<String> =
            self.0.iter().map(|(name, count)| format!("{name} {count}")).collect();
        let plural = if points == 1 { "" } else { "s" };
        write!(f, "{points} point{plural} ({})", each.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_counted_by_measurement() {
        let lines =
            b"users,host=a v=\"x\nusers,b=1 \" 1\nusers v=1 2\nmy\\ name,t=1 v=1 3\n".to_vec();
        let batch = Batch { jobs: vec![lines.into()], points: 3 };
        assert_eq!(StoredPoints::of(&batch).summary(&[]), "3 points (my name 1, users 2)");
        let one = Batch { jobs: vec!["apps v=1 2\n".into()], points: 1 };
        assert_eq!(StoredPoints::of(&one).to_string(), "1 point (apps 1)");
    }
}
