//! Pauses between two attempts to reach a database that is away.

use std::time::Duration;

/// A first pause that doubles up to sixty times as long, a fifth more or less, so that many writers
/// do not return in step.
pub(super) struct Backoff {
    first: Duration,
    failures: u32,
}

/// The first pause of every stream.
pub(super) const FIRST: Duration = Duration::from_secs(1);

/// Sixty times the first pause.
const LONGEST: u32 = 60;

impl Backoff {
    pub(super) fn from(first: Duration) -> Self {
        Self { first, failures: 0 }
    }

    /// The next pause; at least as long as the server asks for, but never longer than the longest.
    pub(super) fn next(&mut self, retry_after: Option<Duration>) -> Duration {
        let times = (1 << self.failures.min(6)).min(LONGEST);
        self.failures += 1;
        let pause = self.first * times * fastrand::u32(80..=120) / 100;
        pause.max(retry_after.unwrap_or_default()).min(self.first * LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_with_a_fifth_of_play_up_to_a_minute() {
        let mut backoff = Backoff::from(FIRST);
        for base in [1, 2, 4, 8, 16, 32, 60, 60] {
            let pause = backoff.next(None).as_secs_f64();
            let base = f64::from(base);
            assert!((base * 0.8..=(base * 1.2).min(60.0)).contains(&pause), "{pause} of {base}");
        }
    }

    #[test]
    fn the_server_may_ask_for_more_but_not_for_ever() {
        let seconds = Duration::from_secs;
        assert_eq!(Backoff::from(FIRST).next(Some(seconds(30))), seconds(30));
        assert_eq!(Backoff::from(FIRST).next(Some(seconds(86_400))), seconds(60));
    }
}
