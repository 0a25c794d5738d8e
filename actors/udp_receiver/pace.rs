//! When a receiver looks at its socket again. Pure: told what was read, and the time.
//!
//! Waking up costs more than an event does. While events come one after the other, a receiver
//! rests for a moment between two reads, and finds several of them in the receive buffer of the
//! operating system. Where that could fill, there is no rest.

use std::time::Duration;

use tokio::time::Instant;

/// How long an event may wait for others. A timer is up to a millisecond late, and an event is to
/// be on its way after ten.
const LONGEST: Duration = Duration::from_millis(8);

/// Events that come further apart have no company to wait for: as far as the longest rest and a
/// timer that is late are from each other.
const APART: Duration = Duration::from_millis(10);

/// Shorter rests are not worth a timer, which counts in milliseconds.
const SHORTEST: Duration = Duration::from_millis(1);

/// Bytes of the receive buffer that a sudden burst fills each second: a hundred thousand datagrams
/// of 2 KiB.
const BURST: usize = 100_000 * DATAGRAM * 2;

/// What a datagram takes in the receive buffer beside its bytes, with room to spare.
const DATAGRAM: usize = 1_024;

/// Without rests for so long after too much came in one.
const CROWDED: Duration = Duration::from_secs(1);

/// What follows a read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// There is more: read on at once.
    Read,
    /// Wait for the next datagram.
    Wait,
    /// Let others come for so long, and read then.
    Rest(Duration),
}

/// What one read has found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) datagrams: usize,
    pub(super) bytes: usize,
    /// Whether nothing was left.
    pub(super) all: bool,
}

impl Found {
    pub(super) fn add(&mut self, datagram: &[u8]) {
        self.datagrams += 1;
        self.bytes += datagram.len();
    }
}

/// See the module.
pub(super) struct Pace {
    rest: Option<Duration>,
    /// Bytes of the receive buffer that may be filled by what comes in one rest.
    most: usize,
    /// Bytes of it that were filled since nothing was left.
    filled: usize,
    /// When something was found for the last time.
    found: Option<Instant>,
    crowded_until: Option<Instant>,
}

impl Pace {
    /// For a receive buffer of `buffer` bytes.
    pub(super) fn new(buffer: usize) -> Self {
        // Half of the buffer is for the time in which this thread is kept from reading.
        let micros = (buffer as u64 / 2).saturating_mul(1_000_000) / BURST as u64;
        let rest = Duration::from_micros(micros).min(LONGEST);
        Self {
            rest: (rest >= SHORTEST).then_some(rest),
            most: buffer / 8,
            filled: 0,
            found: None,
            crowded_until: None,
        }
    }

    pub(super) fn after(&mut self, found: Found, now: Instant) -> Next {
        self.filled += found.bytes + found.datagrams * DATAGRAM;
        if self.filled > self.most {
            self.crowded_until = Some(now + CROWDED);
        }
        if !found.all {
            return Next::Read;
        }
        self.filled = 0;
        if found.datagrams == 0 {
            return Next::Wait;
        }
        let before = self.found.replace(now);
        let crowded = self.crowded_until.is_some_and(|until| now < until);
        match self.rest {
            Some(rest) if !crowded && before.is_some_and(|before| now - before <= APART) => {
                Next::Rest(rest)
            }
            _ => Next::Wait,
        }
    }
}

/// How much of a rest is left after so much time has `passed` for all, when all rests of this length
/// end together: receivers of one thread are woken at once, and so is who gets their events.
pub(super) fn in_step(rest: Duration, passed: Duration) -> Duration {
    let past = passed.as_nanos() % rest.as_nanos().max(1);
    rest - Duration::from_nanos(u64::try_from(past).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUFFER: usize = 8 << 20;

    fn all(datagrams: usize) -> Found {
        Found { datagrams, bytes: datagrams * 600, all: true }
    }

    fn some(datagrams: usize) -> Found {
        Found { all: false, ..all(datagrams) }
    }

    #[test]
    fn an_event_that_comes_alone_is_waited_for_and_a_stream_of_them_is_rested_between() {
        let (mut pace, begin) = (Pace::new(BUFFER), Instant::now());
        let at = |ms| begin + Duration::from_millis(ms);
        assert_eq!(pace.after(all(1), at(0)), Next::Wait);
        assert_eq!(pace.after(all(1), at(50)), Next::Wait);
        assert_eq!(pace.after(all(1), at(51)), Next::Rest(LONGEST));
        assert_eq!(pace.after(all(8), at(60)), Next::Rest(LONGEST));
        assert_eq!(pace.after(all(0), at(69)), Next::Wait, "the stream has ended");
        assert_eq!(pace.after(all(1), at(200)), Next::Wait);
    }

    #[test]
    fn what_is_left_is_read_at_once_and_a_crowd_is_not_rested_in() {
        let (mut pace, begin) = (Pace::new(BUFFER), Instant::now());
        let at = |ms| begin + Duration::from_millis(ms);
        assert_eq!(pace.after(all(1), at(0)), Next::Wait);
        assert_eq!(pace.after(some(256), at(1)), Next::Read);
        assert_eq!(pace.after(all(100), at(1)), Next::Rest(LONGEST), "a twentieth of the buffer");
        // An eighth of it is 645 datagrams.
        assert_eq!(pace.after(some(256), at(9)), Next::Read);
        assert_eq!(pace.after(some(256), at(9)), Next::Read);
        assert_eq!(pace.after(all(200), at(10)), Next::Wait);
        assert_eq!(pace.after(all(10), at(11)), Next::Wait);
        assert_eq!(pace.after(all(10), at(1_009)), Next::Wait);
        assert_eq!(pace.after(all(10), at(1_011)), Next::Rest(LONGEST));
    }

    #[test]
    fn rests_end_together() {
        let at =
            |micros: u64| in_step(LONGEST, Duration::from_micros(80_000_000 + micros)).as_micros();
        assert_eq!(
            [at(0), at(1), at(7_000), at(7_999), at(8_000)],
            [8_000, 7_999, 1_000, 1, 8_000]
        );
    }

    #[test]
    fn a_rest_is_as_long_as_the_receive_buffer_lets_it_be() {
        let rest = |kib: usize| Pace::new(kib << 10).rest.map(|rest| rest.as_micros());
        assert_eq!(rest(16_384), Some(8_000));
        assert_eq!(rest(8_192), Some(8_000));
        assert_eq!(rest(2_048), Some(5_120));
        // What Linux grants where nobody raised its limit, and half of it.
        assert_eq!(rest(416), Some(1_040));
        assert_eq!(rest(208), None);
    }
}
