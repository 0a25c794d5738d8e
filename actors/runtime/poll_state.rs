//! What became of the polls of each target: for the one line that is due when it works again, and
//! for Prometheus.

use std::time::Duration;

use super::clock::Clock;
use super::outage::{Outage, OutageEnd};
use crate::domain::metrics::{Family, Labels};

/// Polls of one target since the program started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Polls {
    outage: Outage,
    made: u64,
    failed: u64,
    took: Duration,
}

impl Polls {
    /// A poll had a usable answer; what is over, if it failed before.
    pub fn worked(&mut self, took: Duration, clock: &Clock) -> Option<OutageEnd> {
        self.made(took);
        self.outage.worked(clock)
    }

    /// A poll failed.
    pub fn failed(&mut self, took: Duration, clock: &Clock) {
        self.made(took);
        self.failed += 1;
        self.outage.failed(clock);
    }

    fn made(&mut self, took: Duration) {
        self.made += 1;
        self.took = took;
    }

    /// Whether the last poll had a usable answer; no poll has none.
    fn is_up(&self) -> bool {
        self.made > 0 && !self.outage.is_failing()
    }
}

/// The numbers of all targets of one poller, each with its labels.
pub fn families<'a>(targets: impl IntoIterator<Item = (Labels, &'a Polls)>) -> Vec<Family> {
    let mut up = Family::gauge(
        "butlersos_poll_up",
        "1 when the last poll of this target had a usable answer, else 0.",
    );
    let mut took = Family::gauge(
        "butlersos_poll_duration_seconds",
        "How long the last poll of this target took.",
    );
    let mut made = Family::counter("butlersos_polls_total", "Polls of this target.");
    let mut failed = Family::counter(
        "butlersos_poll_failures_total",
        "Polls of this target without a usable answer.",
    );
    for (labels, polls) in targets {
        up = up.count(labels.clone(), u64::from(polls.is_up()));
        took = took.value(labels.clone(), polls.took.as_secs_f64());
        made = made.count(labels.clone(), polls.made);
        failed = failed.count(labels, polls.failed);
    }
    vec![up, took, made, failed]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::metrics::encode;

    #[test]
    fn a_target_is_told_from_the_start_and_follows_its_polls() {
        let since = "2026-05-03T16:10:09Z".parse().unwrap();
        let clock = &Clock::manual(since);
        let mut polls = Polls::default();
        let values = |polls: &Polls| -> Vec<String> {
            let page = encode(&families([(Labels::of(&[("server_name", "a")]), polls)]));
            let numbers = page.lines().filter(|line| !line.starts_with('#'));
            numbers.map(|line| line.replace("{server_name=\"a\"}", "")).collect()
        };
        let all = |seconds, failed, up, made| {
            [
                format!("butlersos_poll_duration_seconds {seconds}"),
                format!("butlersos_poll_failures_total {failed}"),
                format!("butlersos_poll_up {up}"),
                format!("butlersos_polls_total {made}"),
            ]
        };
        assert_eq!(values(&polls), all(0.0, 0, 0, 0));
        assert_eq!(polls.worked(Duration::from_millis(250), clock), None);
        assert_eq!(values(&polls), all(0.25, 0, 1, 1));
        polls.failed(Duration::from_secs(5), clock);
        polls.failed(Duration::from_secs(2), clock);
        assert_eq!(values(&polls), all(2.0, 2, 0, 3));
        assert_eq!(polls.worked(Duration::ZERO, clock), Some(OutageEnd { since, errors: 2 }));
        assert_eq!(polls.worked(Duration::ZERO, clock), None);
        assert_eq!(values(&polls), all(0.0, 2, 1, 5));
    }
}
