//! What makes an actor panic is left out, counted and named: it would do so at every attempt, and
//! restarts of the actor are for what passes.

use std::cell::Cell;

use super::panics::catch;
use crate::domain::grouped::grouped;
use crate::domain::metrics::{Family, Labels};

/// Counts what an actor has left out. Not a message at a time, but what of it is read by itself:
/// one event of a batch.
#[derive(Debug)]
pub(crate) struct Poison {
    /// As lines of the log begin: `INFLUXDB`.
    subject: &'static str,
    left_out: Cell<u64>,
}

impl Poison {
    /// Nothing so far.
    pub(crate) const fn new(subject: &'static str) -> Self {
        Self { subject, left_out: Cell::new(0) }
    }

    /// Does the work for one thing, of which `kind` says what it is. `None` when it panics: what
    /// the work has changed is then for the caller to put back.
    pub(crate) fn guard<T>(&self, kind: &str, work: impl FnOnce() -> T) -> Option<T> {
        let panic = match catch(work) {
            Ok(result) => return Some(result),
            Err(panic) => panic,
        };
        let count = self.left_out.get() + 1;
        self.left_out.set(count);
        // Whoever can send one can send many. What the panic says may quote what was sent.
        if count.is_power_of_two() {
            log::error!(
                "{}: Something of {kind} is left out, {} so far: the program panics over it at {}. \
                 This is a mistake in the program; please report it",
                self.subject,
                grouped(count),
                panic.location.as_deref().unwrap_or("an unknown place")
            );
        }
        None
    }

    /// The count as one of the reasons for which a destination loses points.
    pub(crate) fn family(&self, destination: &'static str) -> Family {
        let labels = Labels::of(&[("destination", destination), ("reason", "poison")]);
        Family::counter(
            "butlersos_destination_points_dropped_total",
            "Points or messages that are lost, by reason.",
        )
        .count(labels, self.left_out.get())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::metrics::encode;

    #[test]
    fn a_panic_is_counted_and_what_follows_goes_on() {
        let poison = Poison::new("TEST");
        let results: Vec<Option<i32>> = (0..40)
            .map(|number| poison.guard("numbers", || if number == 7 { panic!() } else { number }))
            .collect();
        assert_eq!(results.iter().flatten().count(), 39);
        assert_eq!(results[7], None);
        let page = encode(&[poison.family("there")]);
        let sample = "dropped_total{destination=\"there\",reason=\"poison\"} 1";
        assert!(page.contains(sample), "{page}");
    }
}
