//! What an end of the program loses: what was accepted and could not be handed on.

use std::cell::Cell;
use std::fmt;

use crate::domain::grouped::grouped;

/// Asks an actor what is lost if the program ends now. After its drain the answer is final.
#[derive(Debug, Clone, Copy, actix::Message)]
#[rtype(result = "Lost")]
pub struct AskLost;

/// The answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lost {
    /// How many.
    pub count: u64,
    /// Of what, in the plural: `points`.
    pub what: &'static str,
    /// Who does not get them: `InfluxDB`.
    pub to: &'static str,
}

/// `1,001 points for InfluxDB`.
impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.count {
            1 => self.what.strip_suffix('s').unwrap_or(self.what),
            _ => self.what,
        };
        write!(f, "{} {what} for {}", grouped(self.count), self.to)
    }
}

/// Counts what fails from the drain on: what is lost for good.
#[derive(Debug, Default)]
pub(crate) struct LostAtEnd {
    has_begun: Cell<bool>,
    count: Cell<u64>,
}

impl LostAtEnd {
    /// The drain has begun.
    pub(crate) fn begin(&self) {
        self.has_begun.set(true);
    }

    /// Something failed.
    pub(crate) fn failed(&self) {
        self.count.set(self.count.get() + u64::from(self.has_begun.get()));
    }

    /// How much is lost.
    pub(crate) fn count(&self) -> u64 {
        self.count.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_fails_at_the_end_is_lost() {
        let lost = LostAtEnd::default();
        lost.failed();
        lost.begin();
        assert_eq!(lost.count(), 0);
        lost.failed();
        assert_eq!(lost.count(), 1);
    }

    #[test]
    fn one_is_not_many() {
        let lost = |count| Lost { count, what: "points", to: "InfluxDB" }.to_string();
        assert_eq!([lost(1), lost(1_001)], ["1 point for InfluxDB", "1,001 points for InfluxDB"]);
    }
}
