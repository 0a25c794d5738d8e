//! Lines that would repeat: one a minute for each sender and source, with a count. Bounded,
//! because addresses can be forged. Pure: told the time.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use tokio::time::Instant;

const PAUSE: Duration = Duration::from_secs(60);

/// Senders and sources that are told apart.
const MOST: usize = 1_000;

/// Whose lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Whose {
    pub(super) sender: IpAddr,
    /// Which kind of event.
    pub(super) source: &'static str,
}

/// What was not logged, by whose it was. `T` is what is remembered of the last of them.
pub(super) struct Repeats<T> {
    silences: HashMap<Whose, Silence<T>>,
    /// Of those that have no place of their own.
    others: u64,
}

struct Silence<T> {
    began: Instant,
    count: u64,
    last: Option<T>,
}

/// What was not logged for a minute.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Repetition<T> {
    /// So many of one sender and source, and the last of them.
    Of(Whose, u64, T),
    /// So many of senders that had no place.
    OfOthers(u64),
}

impl<T> Default for Repeats<T> {
    fn default() -> Self {
        Self { silences: HashMap::new(), others: 0 }
    }
}

impl<T> Repeats<T> {
    /// Whether this one is to be logged; else it is counted.
    pub(super) fn is_first(&mut self, whose: Whose, last: T, now: Instant) -> bool {
        if let Some(silence) = self.silences.get_mut(&whose) {
            silence.count += 1;
            silence.last = Some(last);
            return false;
        }
        let room = self.silences.len() < MOST;
        if room {
            self.silences.insert(whose, Silence { began: now, count: 0, last: None });
        } else {
            self.others += 1;
        }
        room
    }

    /// What is due after a minute of silence. Who sent nothing more is forgotten.
    pub(super) fn due(&mut self, now: Instant) -> Vec<Repetition<T>> {
        let mut due = Vec::new();
        self.silences.retain(|whose, silence| {
            if now - silence.began < PAUSE {
                return true;
            }
            match silence.last.take() {
                Some(last) => {
                    due.push(Repetition::Of(*whose, std::mem::take(&mut silence.count), last));
                    silence.began = now;
                    true
                }
                None => false,
            }
        });
        // Told when a place is free again, so once a minute at most.
        if self.others > 0 && self.silences.len() < MOST {
            due.push(Repetition::OfOthers(std::mem::take(&mut self.others)));
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whose(sender: u32, source: &'static str) -> Whose {
        Whose { sender: IpAddr::from(sender.to_be_bytes()), source }
    }

    #[test]
    fn one_line_a_minute_for_each_sender_and_source() {
        let begin = Instant::now();
        let at = |seconds| begin + Duration::from_secs(seconds);
        let mut repeats = Repeats::default();
        let (a, b) = (whose(1, "qseow-engine"), whose(1, "qseow-proxy"));
        assert!(repeats.is_first(a, "1", at(0)));
        assert!(repeats.is_first(b, "1", at(0)), "another source");
        assert!(repeats.is_first(whose(2, "qseow-engine"), "1", at(0)), "another sender");
        assert!(!repeats.is_first(a, "2", at(1)));
        assert!(!repeats.is_first(a, "3", at(59)));
        assert_eq!(repeats.due(at(59)), []);
        assert_eq!(repeats.due(at(60)), [Repetition::Of(a, 2, "3")]);
        assert!(!repeats.is_first(a, "4", at(61)), "its minute began anew");
        assert!(repeats.is_first(b, "5", at(61)), "it was silent for a minute");
        assert_eq!(repeats.due(at(120)), [Repetition::Of(a, 1, "4")]);
        assert_eq!(repeats.due(at(121)), []);
    }

    #[test]
    fn senders_without_a_place_are_counted_together() {
        let begin = Instant::now();
        let mut repeats = Repeats::default();
        let first = (0..3_000).filter(|n| repeats.is_first(whose(*n, "x"), (), begin)).count();
        assert_eq!(first, MOST);
        assert_eq!(repeats.due(begin), []);
        let later = begin + PAUSE;
        assert_eq!(repeats.due(later), [Repetition::OfOthers(2_000)]);
        assert!(repeats.is_first(whose(2_500, "x"), (), later));
    }
}
