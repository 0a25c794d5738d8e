//! The stamps of errors: no two of one collector are equal, and none of two collectors.

use std::collections::HashSet;

use crate::domain::point::Stamp;
use crate::runtime::clock::Clock;

/// Which of several programs that write to one database this is, 0 to 999.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CollectorNumber(u16);

impl CollectorNumber {
    /// `None` above 999: more does not fit into the last three digits of a stamp.
    pub fn new(number: u16) -> Option<Self> {
        (number < 1_000).then_some(Self(number))
    }
}

/// Gives out stamps: microseconds, and the number of the collector as the last three digits
/// (decision E20).
#[derive(Debug)]
pub(super) struct Stamps {
    collector: i64,
    /// Microseconds of the stamp given out last.
    last: i64,
    /// Microseconds that were given out before this start and lie ahead.
    taken: HashSet<i64>,
}

/// A step back by more microseconds means that the clock was set: the new time is believed.
const MOST_STEP_BACK: i64 = 10_000_000;

impl Stamps {
    pub(super) fn new(collector: CollectorNumber) -> Self {
        Self { collector: collector.0.into(), last: i64::MIN, taken: HashSet::new() }
    }

    /// These were given out before, by the same collector or by an earlier version.
    pub(super) fn avoid(&mut self, ahead: &[Stamp]) {
        self.taken.extend(ahead.iter().map(|stamp| stamp.0.div_euclid(1_000)));
    }

    pub(super) fn next(&mut self, clock: &Clock) -> Stamp {
        // The clock warns when it was set.
        let now = clock.stamp().0.div_euclid(1_000);
        let was_set = self.last.saturating_sub(now) > MOST_STEP_BACK;
        let mut micros = if was_set { now } else { now.max(self.last.saturating_add(1)) };
        while self.taken.contains(&micros) {
            micros += 1;
        }
        self.last = micros;
        Stamp(micros.saturating_mul(1_000).saturating_add(self.collector))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn clock() -> Clock {
        Clock::manual("2026-05-03T12:00:00Z".parse().unwrap())
    }

    const NOON: i64 = 1_777_809_600_000_000_000;

    #[test]
    fn stamps_rise_and_end_with_the_number() {
        let (clock, mut stamps) = (clock(), Stamps::new(CollectorNumber(42)));
        let next: Vec<i64> = (0..3).map(|_| stamps.next(&clock).0 - NOON).collect();
        assert_eq!(next, [42, 1_042, 2_042]);
        clock.advance(Duration::from_secs(1));
        assert_eq!(stamps.next(&clock).0 - NOON, 1_000_000_042);
        assert!(CollectorNumber::new(999).is_some() && CollectorNumber::new(1_000).is_none());
    }

    #[test]
    fn a_clock_that_was_set_back_is_believed_and_no_stamp_comes_twice() {
        let (clock, mut stamps) = (clock(), Stamps::new(CollectorNumber(0)));
        let before: Vec<Stamp> = (0..3).map(|_| stamps.next(&clock)).collect();
        // Corrected by a second: they go on rising.
        clock.set("2026-05-03T11:59:59Z".parse().unwrap());
        assert_eq!(stamps.next(&clock).0 - NOON, 3_000);
        // Another start, with the same clock as then.
        clock.set("2026-05-03T11:00:00Z".parse().unwrap());
        let mut stamps = Stamps::new(CollectorNumber(0));
        stamps.avoid(&before);
        assert_eq!(stamps.next(&clock).0 - NOON, -3_600_000_000_000);
        clock.set("2026-05-03T12:00:00Z".parse().unwrap());
        let next: Vec<i64> = (0..2).map(|_| stamps.next(&clock).0 - NOON).collect();
        assert_eq!(next, [3_000, 4_000]);
    }
}
