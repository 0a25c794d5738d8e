//! Connections that a broker closes moments after it made them: pure. Two programs with one client
//! id end each other's connections for ever, and MQTT 3.1.1 has no word for the reason.

use std::time::Duration;

use tokio::time::Instant;

/// Pause before the next attempt, and the longest one.
const PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// What a connection that is closed at once has not outlived.
const MOMENTS: Duration = Duration::from_secs(10);

/// So many closures in a row are no accident.
const SUSPICIOUS: u32 = 3;

/// A connection that lasts so long ends the suspicion: longer than the other program pauses.
const LASTING: Duration = Duration::from_secs(300);

/// How connections ended lately.
#[derive(Debug, Default)]
pub(super) struct Closures {
    in_a_row: u32,
    since: Option<Instant>,
}

/// What to do after a connection has ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Next {
    /// How long to wait before the next attempt.
    pub(super) pause: Duration,
    /// Whether somebody seems to be in the way, which is found out now.
    pub(super) is_found_out: bool,
}

impl Closures {
    /// There is a connection.
    pub(super) fn connected(&mut self) {
        self.since = Some(Instant::now());
    }

    /// A connection ended or was not made; the broker closed it, or not.
    pub(super) fn ended(&mut self, by_broker: bool) -> Next {
        let lasted = self.since.take().map(|since| since.elapsed());
        let was_contested = self.is_contested();
        match lasted {
            Some(lasted) if lasted >= LASTING => self.in_a_row = 0,
            Some(lasted) if by_broker && (lasted < MOMENTS || was_contested) => self.in_a_row += 1,
            // While somebody is in the way, other failures say nothing about that.
            _ if was_contested => {}
            _ => self.in_a_row = 0,
        }
        let doublings = self.in_a_row.saturating_sub(SUSPICIOUS - 1).min(6);
        let pause = (PAUSE * (1 << doublings)).min(LONGEST_PAUSE);
        Next { pause, is_found_out: self.is_contested() && !was_contested }
    }

    /// Whether somebody seems to be in the way.
    pub(super) fn is_contested(&self) -> bool {
        self.in_a_row >= SUSPICIOUS
    }

    /// Whether the suspicion is over, told once.
    pub(super) fn is_over(&mut self) -> bool {
        let lasts = self.since.is_some_and(|since| since.elapsed() >= LASTING);
        let over = lasts && self.is_contested();
        if over {
            self.in_a_row = 0;
        }
        over
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn three_closures_within_moments_are_found_out_once_and_slow_the_attempts_down() {
        let mut closures = Closures::default();
        let mut pauses = Vec::new();
        let mut found_out = 0;
        for _ in 0..10 {
            closures.connected();
            tokio::time::advance(Duration::from_secs(1)).await;
            let next = closures.ended(true);
            pauses.push(next.pause.as_secs());
            found_out += u32::from(next.is_found_out);
        }
        assert_eq!(pauses, [1, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(found_out, 1);
        // The other program pauses for a minute: that is not the end of it.
        closures.connected();
        tokio::time::advance(Duration::from_secs(61)).await;
        assert!(!closures.is_over());
        assert_eq!(closures.ended(true), Next { pause: LONGEST_PAUSE, is_found_out: false });
        // A broker that is away meanwhile changes nothing.
        assert!(closures.ended(false).pause == LONGEST_PAUSE && closures.is_contested());
        closures.connected();
        tokio::time::advance(LASTING).await;
        assert!(closures.is_over() && !closures.is_over());
        assert_eq!(closures.ended(true), Next { pause: PAUSE, is_found_out: false });
    }

    #[tokio::test(start_paused = true)]
    async fn restarts_and_outages_of_a_broker_are_nobody_in_the_way() {
        let mut closures = Closures::default();
        for (lasts, by_broker) in
            [(1, true), (1, true), (11, true), (1, true), (1, false), (1, true)]
        {
            closures.connected();
            tokio::time::advance(Duration::from_secs(lasts)).await;
            assert_eq!(closures.ended(by_broker), Next { pause: PAUSE, is_found_out: false });
        }
        for _ in 0..5 {
            // Refused: there was no connection that could be closed.
            assert_eq!(closures.ended(true), Next { pause: PAUSE, is_found_out: false });
        }
    }
}
