//! Work at a fixed rate with at most one run at a time.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

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

/// When the first run of the target with this index is due: targets start one after the other,
/// 10 ms apart or closer, so that a large site is not polled in one burst.
pub fn offset(index: usize, targets: usize, interval: Duration) -> Duration {
    let targets = u32::try_from(targets.max(1)).unwrap_or(u32::MAX);
    let step = Duration::from_millis(10).min(interval / targets);
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
                tokio::time::sleep(Duration::from_millis(ms)).await;
            },
            |n| skips.borrow_mut().push(n),
        );
        _ = tokio::time::timeout(Duration::from_millis(755), loop_for_ever).await;
        assert_eq!(*starts.borrow(), [10, 110, 410, 510, 610, 710]);
        assert_eq!(*skips.borrow(), [2]);
    }

    #[test]
    fn targets_start_within_one_interval() {
        let interval = Duration::from_secs(30);
        assert_eq!(offset(0, 2, interval), Duration::ZERO);
        assert_eq!(offset(1, 2, interval), Duration::from_millis(10));
        assert!(offset(9_999, 10_000, interval) < interval);
    }
}
