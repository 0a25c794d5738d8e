//! Pauses between two attempts, a fifth more or less, so that many do not return in step.

use std::time::Duration;

/// About so long.
pub(super) fn spread(pause: Duration) -> Duration {
    pause * fastrand::u32(80..=120) / 100
}

/// A first pause that doubles up to sixty times as long.
pub(super) struct Backoff {
    first: Duration,
    failures: u32,
}

/// Sixty times the first pause.
const LONGEST: u32 = 60;

impl Backoff {
    pub(super) fn from(first: Duration) -> Self {
        Self { first, failures: 0 }
    }

    /// The next pause.
    pub(super) fn next(&mut self) -> Duration {
        let times = (1 << self.failures.min(6)).min(LONGEST);
        self.failures += 1;
        spread(self.first * times).min(self.first * LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_with_a_fifth_of_play_up_to_a_minute() {
        let mut backoff = Backoff::from(Duration::from_secs(1));
        for base in [1, 2, 4, 8, 16, 32, 60, 60] {
            let pause = backoff.next().as_secs_f64();
            let base = f64::from(base);
            assert!((base * 0.8..=(base * 1.2).min(60.0)).contains(&pause), "{pause} of {base}");
        }
    }
}
