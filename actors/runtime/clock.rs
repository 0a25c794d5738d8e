//! Wall-clock time as an argument, so that tests can run days in milliseconds, and stamps that
//! never repeat.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::{DateTime, Days, NaiveTime, Utc};

use crate::domain::point::Stamp;

/// Source of the current time; clones share it.
#[derive(Debug, Clone)]
pub struct Clock(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Nanoseconds since 1970 that a test set; `None` is the system's clock.
    manual: Option<AtomicI64>,
    /// The stamp given out last.
    last_stamp: AtomicI64,
}

impl Clock {
    /// The clock of the machine.
    pub fn system() -> Self {
        Self(Arc::new(Inner { manual: None, last_stamp: AtomicI64::new(i64::MIN) }))
    }

    /// A clock that stands still until [`Clock::set`] or [`Clock::advance`] is called.
    pub fn manual(at: DateTime<Utc>) -> Self {
        let manual = Some(AtomicI64::new(nanos(at)));
        Self(Arc::new(Inner { manual, last_stamp: AtomicI64::new(i64::MIN) }))
    }

    /// Sets a manual clock, forwards or backwards. Does nothing to the system's clock.
    pub fn set(&self, at: DateTime<Utc>) {
        if let Some(manual) = &self.0.manual {
            manual.store(nanos(at), Ordering::SeqCst);
        }
    }

    /// Moves a manual clock forwards. Does nothing to the system's clock.
    pub fn advance(&self, by: Duration) {
        if let Some(manual) = &self.0.manual {
            let by = i64::try_from(by.as_nanos()).unwrap_or(i64::MAX);
            manual.fetch_add(by, Ordering::SeqCst);
        }
    }

    /// The current time in UTC.
    pub fn now(&self) -> DateTime<Utc> {
        match &self.0.manual {
            Some(manual) => DateTime::from_timestamp_nanos(manual.load(Ordering::SeqCst)),
            None => Utc::now(),
        }
    }

    /// The current time as a stamp greater than every stamp of this clock before it: one more
    /// than the last where the clock has not advanced, or was set back.
    pub fn stamp(&self) -> Stamp {
        let now = nanos(self.now());
        let last = self.0.last_stamp.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |last| {
            Some(now.max(last.saturating_add(1)))
        });
        Stamp(now.max(last.unwrap_or(i64::MIN).saturating_add(1)))
    }
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
