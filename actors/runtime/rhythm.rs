//! Work at a fixed rate or on a schedule, with at most one run at a time.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::{Instant, sleep, sleep_until};

use super::clock::Clock;
use crate::domain::schedule::Schedule;

/// Runs `work` after `first`, then every `interval`, for ever. The rate is fixed: a slow run does
/// not shift the later ones. Runs that came due while one was still under way are skipped, and
/// `skipped` is told how many. `interval` must not be zero.
pub async fn every(
    first: Duration,
    interval: Duration,
    mut work: impl AsyncFnMut(),
    mut skipped: impl FnMut(u32),
) {
    let mut due = Instant::now() + first;
    loop {
        sleep_until(due).await;
        work().await;
        due += interval;
        let late = Instant::now().saturating_duration_since(due);
        if !late.is_zero() {
            let missed = late.as_nanos() / interval.as_nanos() + 1;
            let missed = u32::try_from(missed).unwrap_or(u32::MAX);
            due += interval.saturating_mul(missed);
            skipped(missed);
        }
    }
}

/// Runs `work` whenever `schedule` says so, for ever, in a program that was started at `started`.
pub async fn on_schedule(
    schedule: &Schedule,
    clock: &Clock,
    started: DateTime<Utc>,
    mut work: impl AsyncFnMut(),
) {
    loop {
        let mut due = schedule.next(clock.now(), started);
        while let Ok(left) = (due - clock.now()).to_std()
            && !left.is_zero()
        {
            sleep(left.min(LONGEST_SLEEP)).await;
            // A clock that was set back must not make this wait for ever.
            due = due.min(schedule.next(clock.now(), started));
        }
        work().await;
    }
}

/// A clock that was set forward does not delay for longer.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// When the first run of the target with this index is due: at once. Those of a large site start
/// one after the other, 10 ms apart or closer, within a tenth of the interval: it is not polled in
/// one burst, and its values belong together.
pub fn offset(index: usize, targets: usize, interval: Duration) -> Duration {
    /// From here on a site is large.
    const MANY: usize = 50;
    if targets <= MANY {
        return Duration::ZERO;
    }
    let targets = u32::try_from(targets).unwrap_or(u32::MAX);
    let step = Duration::from_millis(10).min(interval / 10 / targets);
    step.saturating_mul(u32::try_from(index).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[actix::test]
    async fn slow_runs_skip_but_never_shift_or_overlap() {
        tokio::time::pause();
        let begin = Instant::now();
        let starts = RefCell::new(Vec::new());
        let skips = RefCell::new(Vec::new());
        let durations = RefCell::new(vec![0, 250, 0, 80].into_iter());
        let loop_for_ever = every(
            Duration::from_millis(10),
            Duration::from_millis(100),
            async || {
                starts.borrow_mut().push(begin.elapsed().as_millis() / 10 * 10);
                let ms = durations.borrow_mut().next().unwrap_or(0);
                sleep(Duration::from_millis(ms)).await;
            },
            |n| skips.borrow_mut().push(n),
        );
        _ = tokio::time::timeout(Duration::from_millis(755), loop_for_ever).await;
        assert_eq!(*starts.borrow(), [10, 110, 410, 510, 610, 710]);
        assert_eq!(*skips.borrow(), [2]);
    }

    #[actix::test]
    async fn a_schedule_follows_a_clock_that_is_set() {
        tokio::time::pause();
        let at = |text: &str| -> DateTime<Utc> { text.parse().unwrap() };
        let started = at("2026-05-03T16:10:09Z");
        let clock = Clock::manual(started);
        let runs = RefCell::new(Vec::new());
        let hourly: Schedule = "every 1 hour".parse().unwrap();
        let work = on_schedule(&hourly, &clock, started, async || {
            runs.borrow_mut().push(clock.now());
        });
        let days = async {
            for now in ["2026-05-03T16:59:59Z", "2026-05-03T17:00:00Z", "2026-05-03T20:30:00Z"] {
                clock.set(at(now));
                sleep(LONGEST_SLEEP * 2).await;
            }
            clock.set(at("2026-05-01T08:00:00Z"));
            sleep(LONGEST_SLEEP * 2).await;
            clock.set(at("2026-05-01T09:00:00Z"));
            sleep(LONGEST_SLEEP * 2).await;
        };
        tokio::select! {
            () = work => {}
            () = days => {}
        }
        let expected =
            ["2026-05-03T17:00:00Z", "2026-05-03T20:30:00Z", "2026-05-01T09:00:00Z"].map(at);
        assert_eq!(*runs.borrow(), expected);
    }

    #[test]
    fn a_small_site_starts_at_once_and_a_large_one_within_a_tenth_of_the_interval() {
        let interval = Duration::from_secs(30);
        assert_eq!((offset(0, 1, interval), offset(49, 50, interval)), Default::default());
        assert_eq!(offset(1, 51, interval), Duration::from_millis(10));
        for targets in [51, 400, 10_000] {
            assert!(offset(targets - 1, targets, interval) < interval / 10, "{targets}");
        }
        assert!(offset(99, 100, Duration::from_millis(100)) < Duration::from_millis(10));
    }
}
