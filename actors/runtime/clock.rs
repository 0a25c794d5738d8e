//! Time as an argument, so that tests can run days in milliseconds: the wall clock, which can be
//! set, the time since the start, which cannot, and stamps that never repeat.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, Days, NaiveTime, SecondsFormat, Utc};

use crate::domain::point::Stamp;

/// Source of the current time; clones share it.
#[derive(Debug, Clone)]
pub struct Clock(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// `None` is the system's clock.
    manual: Option<Manual>,
    started: Instant,
    /// The stamp given out last.
    last_stamp: AtomicI64,
}

/// The time of a test.
#[derive(Debug)]
struct Manual {
    /// Nanoseconds since 1970.
    wall: AtomicI64,
    /// Nanoseconds that have passed, whatever the wall clock was set to.
    passed: AtomicU64,
}

/// A step back of the wall clock by more than this means that it was set. Smaller ones are the
/// corrections of time synchronisation (decision E20).
const MOST_STEP_BACK: i64 = 10_000_000_000;

impl Clock {
    /// The clock of the machine.
    pub fn system() -> Self {
        Self::new(None)
    }

    /// A clock that stands still until [`Clock::set`] or [`Clock::advance`] is called.
    pub fn manual(at: DateTime<Utc>) -> Self {
        Self::new(Some(Manual { wall: AtomicI64::new(nanos(at)), passed: AtomicU64::new(0) }))
    }

    fn new(manual: Option<Manual>) -> Self {
        let last_stamp = AtomicI64::new(i64::MIN);
        Self(Arc::new(Inner { manual, started: Instant::now(), last_stamp }))
    }

    /// Sets a manual clock, forwards or backwards, as an administrator sets one: no time passes.
    /// Does nothing to the system's clock.
    pub fn set(&self, at: DateTime<Utc>) {
        if let Some(manual) = &self.0.manual {
            manual.wall.store(nanos(at), Ordering::SeqCst);
        }
    }

    /// Lets time pass on a manual clock. Does nothing to the system's clock.
    pub fn advance(&self, by: Duration) {
        if let Some(manual) = &self.0.manual {
            let nanos = u64::try_from(by.as_nanos()).unwrap_or(u64::MAX);
            manual.passed.fetch_add(nanos, Ordering::SeqCst);
            manual.wall.fetch_add(i64::try_from(nanos).unwrap_or(i64::MAX), Ordering::SeqCst);
        }
    }

    /// The time since this clock was made. Monotonic: setting the wall clock does not change it.
    pub fn passed(&self) -> Duration {
        match &self.0.manual {
            Some(manual) => Duration::from_nanos(manual.passed.load(Ordering::SeqCst)),
            None => self.0.started.elapsed(),
        }
    }

    /// The current time in UTC.
    pub fn now(&self) -> DateTime<Utc> {
        match &self.0.manual {
            Some(manual) => DateTime::from_timestamp_nanos(manual.wall.load(Ordering::SeqCst)),
            None => Utc::now(),
        }
    }

    /// The current time as a stamp greater than every stamp of this clock before it: one more
    /// than the last where the clock has not advanced, or stepped back a little. A clock that was
    /// set back is believed, with a warning: else all that comes would have a time of the future
    /// until that future has come (decision E20).
    pub fn stamp(&self) -> Stamp {
        let now = nanos(self.now());
        let after = |last: i64| {
            if was_set(last, now) { now } else { now.max(last.saturating_add(1)) }
        };
        let last = &self.0.last_stamp;
        let last = match last.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |it| Some(after(it)))
        {
            Ok(last) | Err(last) => last,
        };
        if was_set(last, now) {
            let utc = |nanos| Stamp(nanos).to_utc().to_rfc3339_opts(SecondsFormat::Millis, true);
            log::warn!(
                "CLOCK: The clock of this machine was set back from {} to {}; what comes now has \
                 the new time, what came since it was wrong keeps the old one",
                utc(last),
                utc(now)
            );
        }
        Stamp(after(last))
    }
}

/// Whether the wall clock was set back between two readings, and not only corrected.
fn was_set(last: i64, now: i64) -> bool {
    last.saturating_sub(now) > MOST_STEP_BACK
}

/// The first midnight UTC after `now`.
pub fn next_midnight(now: DateTime<Utc>) -> DateTime<Utc> {
    let tomorrow = now.date_naive().checked_add_days(Days::new(1)).unwrap_or(now.date_naive());
    tomorrow.and_time(NaiveTime::MIN).and_utc()
}

/// Nanoseconds since 1970; years before 1678 or after 2261 cannot be told and are cut.
fn nanos(at: DateTime<Utc>) -> i64 {
    at.timestamp_nanos_opt().unwrap_or(if at.timestamp() < 0 { i64::MIN } else { i64::MAX })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::log_probe;

    #[test]
    fn stamps_rise_even_when_the_clock_does_not() {
        let start: DateTime<Utc> = "2026-05-03T16:10:09Z".parse().unwrap();
        let clock = Clock::manual(start);
        let first = clock.stamp();
        assert_eq!(first.to_utc(), start);
        assert_eq!(clock.stamp().0, first.0 + 1);
        clock.set("2026-05-03T16:10:08Z".parse().unwrap());
        assert_eq!(clock.stamp().0, first.0 + 2);
        clock.advance(Duration::from_secs(2));
        assert_eq!(clock.stamp().0, first.0 + 1_000_000_000);
    }

    #[test]
    fn a_step_back_of_ten_seconds_is_a_correction_and_a_longer_one_a_setting() {
        log_probe::record();
        let start: DateTime<Utc> = "2026-05-03T16:10:09Z".parse().unwrap();
        let clock = Clock::manual(start);
        let first = clock.stamp();
        clock.set(start - chrono::Duration::seconds(10));
        assert_eq!(clock.stamp().0, first.0 + 1);
        assert_eq!(log_probe::recorded(), Vec::<String>::new());
        // A day ahead for a moment, then right again.
        clock.set(start + chrono::Duration::hours(26));
        assert_eq!(clock.stamp().to_utc(), start + chrono::Duration::hours(26));
        clock.set(start + chrono::Duration::seconds(5));
        assert_eq!(clock.stamp().to_utc(), start + chrono::Duration::seconds(5));
        clock.stamp();
        let lines = log_probe::recorded();
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(
            lines[0].starts_with(
                "warn: CLOCK: The clock of this machine was set back from \
                 2026-05-04T18:10:09.000Z to 2026-05-03T16:10:14.000Z;"
            ),
            "{lines:?}"
        );
    }

    #[test]
    fn time_passes_whatever_the_clock_is_set_to() {
        let clock = Clock::manual("2026-05-03T16:10:09Z".parse().unwrap());
        clock.advance(Duration::from_secs(3));
        clock.set("2020-01-01T00:00:00Z".parse().unwrap());
        clock.advance(Duration::from_secs(4));
        assert_eq!(clock.passed(), Duration::from_secs(7));
        let system = Clock::system();
        let before = system.passed();
        assert!(system.passed() >= before);
    }

    #[test]
    fn stamps_of_many_threads_are_all_different() {
        let clock = Clock::system();
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let clock = clock.clone();
                std::thread::spawn(move || (0..10_000).map(|_| clock.stamp().0).collect::<Vec<_>>())
            })
            .collect();
        let mut all: Vec<i64> =
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 40_000);
    }

    #[test]
    fn the_next_midnight_is_always_ahead() {
        for (now, midnight) in [
            ("2026-05-03T16:10:09.420Z", "2026-05-04T00:00:00Z"),
            ("2026-05-03T00:00:00Z", "2026-05-04T00:00:00Z"),
            ("2026-12-31T23:59:59.999999999Z", "2027-01-01T00:00:00Z"),
        ] {
            let midnight: DateTime<Utc> = midnight.parse().unwrap();
            assert_eq!(next_midnight(now.parse().unwrap()), midnight);
        }
    }
}
