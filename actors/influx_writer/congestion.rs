//! Whether a database takes events more slowly than they come. Pure: told the time and what waits.

use std::time::Duration;

use tokio::time::Instant;

/// How often what waits is looked at.
const WINDOW: Duration = Duration::from_secs(5);

/// So often in succession more has to wait before anything is said.
const WINDOWS: u32 = 3;

/// Less than so many points is company that they wait for.
const FEW: usize = 5_000;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Congestion {
    since: Option<Instant>,
    waiting: usize,
    grew: u32,
    is_known: bool,
}

impl Congestion {
    /// Looks at what waits; whether that is to be told, which it is once. `answers` says whether
    /// the database takes anything at all.
    pub(super) fn look(&mut self, waiting: usize, answers: bool, now: Instant) -> bool {
        let since = *self.since.get_or_insert(now);
        if self.is_known || now - since < WINDOW {
            return false;
        }
        let grew = answers && waiting > self.waiting.max(FEW);
        self.grew = if grew { self.grew + 1 } else { 0 };
        (self.since, self.waiting) = (Some(now), waiting);
        self.is_known = self.grew == WINDOWS;
        self.is_known
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(windows: &[(usize, bool)]) -> Vec<bool> {
        let (mut congestion, begin) = (Congestion::default(), Instant::now());
        congestion.look(0, true, begin);
        let times = (1..).map(|window| begin + WINDOW * window);
        let look = |(now, (waiting, answers)): (Instant, &(usize, bool))| {
            congestion.look(*waiting, *answers, now)
        };
        times.zip(windows).map(look).collect()
    }

    #[test]
    fn more_and_more_that_waits_is_told_once_while_the_database_answers() {
        let growing = [(6_000, true), (9_000, true), (20_000, true), (30_000, true)];
        assert_eq!(told(&growing), [false, false, true, false]);
        // An outage is told by whoever sees it.
        assert_eq!(told(&[(6_000, true), (9_000, false), (20_000, true)]), [false; 3]);
        assert_eq!(told(&[(1_000, true), (2_000, true), (4_000, true)]), [false; 3]);
        assert_eq!(told(&[(9_000, true), (9_000, true), (9_000, true)]), [false; 3]);
    }
}
