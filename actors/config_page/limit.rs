//! How often one address may ask.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// Requests of one address in one window.
const MOST: u32 = 300;

const WINDOW: Duration = Duration::from_secs(60);

/// Addresses that are told apart; with more, nobody else is served in this window.
const ADDRESSES: usize = 10_000;

/// Counts requests by address.
pub(super) struct Limit {
    begin: Instant,
    counts: HashMap<IpAddr, u32>,
}

/// Whether a request is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Served,
    /// The first refusal of an address in this window: worth a line in the log.
    FirstRefused,
    Refused,
}

impl Limit {
    pub(super) fn new(now: Instant) -> Self {
        Self { begin: now, counts: HashMap::new() }
    }

    /// Counts a request.
    pub(super) fn ask(&mut self, from: IpAddr, now: Instant) -> Verdict {
        if now.duration_since(self.begin) >= WINDOW {
            *self = Self::new(now);
        }
        if self.counts.len() >= ADDRESSES && !self.counts.contains_key(&from) {
            return Verdict::Refused;
        }
        let count = self.counts.entry(from).or_default();
        *count = count.saturating_add(1);
        match *count {
            ..=MOST => Verdict::Served,
            count if count == MOST + 1 => Verdict::FirstRefused,
            _ => Verdict::Refused,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_hundred_a_minute_for_each_address() {
        let begin = Instant::now();
        let mut limit = Limit::new(begin);
        let (one, other) = ([127, 0, 0, 1].into(), [127, 0, 0, 2].into());
        assert!((0..300).all(|_| limit.ask(one, begin) == Verdict::Served));
        assert_eq!(limit.ask(one, begin), Verdict::FirstRefused);
        assert_eq!(limit.ask(one, begin), Verdict::Refused);
        assert_eq!(limit.ask(other, begin), Verdict::Served);
        assert_eq!(limit.ask(one, begin + WINDOW), Verdict::Served);
    }
}
