//! Schedules in words, as `uptimeMonitor.frequency` has them: `every 15 minutes`, `at 06:30`.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Days, NaiveTime, Utc};

/// When something happens, again and again, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schedule {
    /// At multiples of the interval since midnight, or since 1970 for whole days.
    Aligned(Duration),
    /// At multiples of the interval since the program started, where the clock has no such
    /// multiples: every 7 hours, every 90 minutes.
    SinceStart(Duration),
    /// Once a day.
    Daily(NaiveTime),
}

/// The texts that are understood, for messages.
pub const FORMS: &str = "\"every N seconds\", \"every N minutes\", \"every N hours\", \
                         \"every N days\" or \"at HH:MM\"";

/// A text that is no schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotASchedule;

impl fmt::Display for NotASchedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {FORMS}")
    }
}

impl std::str::FromStr for Schedule {
    type Err = NotASchedule;

    fn from_str(text: &str) -> Result<Self, NotASchedule> {
        let text = text.to_lowercase();
        let words: Vec<&str> = text.split_whitespace().collect();
        match *words.as_slice() {
            ["every", unit] => Self::every(1, unit),
            ["every", number, unit] => {
                Self::every(number.parse::<u32>().map_err(|_| NotASchedule)?.max(1), unit)
            }
            ["at", time] => Self::at(time, None),
            ["at", time, half] => Self::at(time, Some(half)),
            _ => Err(NotASchedule),
        }
    }
}

/// What the original made of a text that means something else there, for a warning: it needed a
/// number, and took a number beyond its unit for one (section 10 of the page on operations).
pub fn read_differently(text: &str) -> Option<&'static str> {
    let text = text.to_lowercase();
    let words: Vec<&str> = text.split_whitespace().collect();
    let unit = |unit: &str| match unit {
        "s" | "sec" | "secs" | "second" | "seconds" => Some((60, "every minute")),
        "m" | "min" | "mins" | "minute" | "minutes" => Some((60, "every hour")),
        "h" | "hour" | "hours" => Some((24, "every day")),
        "day" | "days" => Some((31, "every month")),
        _ => None,
    };
    match *words.as_slice() {
        ["every", word] => unit(word).map(|(_, there)| there),
        ["every", number, word] => {
            let (most, there) = unit(word)?;
            number.parse::<u32>().is_ok_and(|number| number > most).then_some(there)
        }
        _ => None,
    }
}

impl Schedule {
    fn every(number: u32, unit: &str) -> Result<Self, NotASchedule> {
        let (seconds, per_enclosing) = match unit {
            "s" | "sec" | "secs" | "second" | "seconds" => (1, 60),
            "m" | "min" | "mins" | "minute" | "minutes" => (60, 60),
            "h" | "hour" | "hours" => (3_600, 24),
            "day" | "days" => (86_400, number),
            _ => return Err(NotASchedule),
        };
        let interval = Duration::from_secs(u64::from(number) * seconds);
        if interval > Duration::from_secs(10 * 365 * 86_400) {
            return Err(NotASchedule);
        }
        let aligned = per_enclosing % number == 0;
        Ok(if aligned { Self::Aligned(interval) } else { Self::SinceStart(interval) })
    }

    fn at(time: &str, half: Option<&str>) -> Result<Self, NotASchedule> {
        let (hour, minute) = time.split_once(':').ok_or(NotASchedule)?;
        let mut hour: u32 = hour.parse().map_err(|_| NotASchedule)?;
        let minute: u32 = minute.parse().map_err(|_| NotASchedule)?;
        if let Some(half) = half {
            if !(1..=12).contains(&hour) {
                return Err(NotASchedule);
            }
            hour = match half {
                "am" => hour % 12,
                "pm" => hour % 12 + 12,
                _ => return Err(NotASchedule),
            };
        }
        NaiveTime::from_hms_opt(hour, minute, 0).map(Self::Daily).ok_or(NotASchedule)
    }

    /// Time from one to the next.
    pub fn interval(&self) -> Duration {
        match self {
            Self::Aligned(interval) | Self::SinceStart(interval) => *interval,
            Self::Daily(_) => Duration::from_secs(86_400),
        }
    }

    /// The first time after `now`, at least one second ahead, for a program started at `started`.
    pub fn next(&self, now: DateTime<Utc>, started: DateTime<Utc>) -> DateTime<Utc> {
        let earliest = now + Duration::from_secs(1);
        match self {
            Self::Aligned(interval) => multiple(DateTime::UNIX_EPOCH, *interval, earliest),
            Self::SinceStart(interval) => multiple(started, *interval, earliest),
            Self::Daily(time) => {
                let today = earliest.date_naive().and_time(*time).and_utc();
                if today >= earliest {
                    today
                } else {
                    today.checked_add_days(Days::new(1)).unwrap_or(DateTime::<Utc>::MAX_UTC)
                }
            }
        }
    }
}

/// The first multiple of `interval` after `origin` that is not before `earliest`.
fn multiple(origin: DateTime<Utc>, interval: Duration, earliest: DateTime<Utc>) -> DateTime<Utc> {
    let interval_ms = i64::try_from(interval.as_millis()).unwrap_or(i64::MAX).max(1);
    let elapsed_ms = (earliest - origin).num_milliseconds().max(0);
    // A stamp can be a fraction of a millisecond past a multiple; then the next one is meant.
    let exact = elapsed_ms % interval_ms == 0
        && origin + chrono::Duration::milliseconds(elapsed_ms) == earliest;
    let count = elapsed_ms / interval_ms + i64::from(!exact);
    origin + chrono::Duration::milliseconds(count.saturating_mul(interval_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(text: &str, now: &str) -> String {
        let started = "2026-05-03T10:20:30Z".parse().unwrap();
        let schedule: Schedule = text.parse().unwrap();
        schedule.next(now.parse().unwrap(), started).to_rfc3339()
    }

    #[test]
    fn intervals_that_fit_the_clock_are_aligned_to_it() {
        for (text, expected) in [
            ("every 15 minutes", "2026-05-03T16:15:00+00:00"),
            ("  Every 20 SECS ", "2026-05-03T16:10:20+00:00"),
            ("every 6 hours", "2026-05-03T18:00:00+00:00"),
            ("every 1 hours", "2026-05-03T17:00:00+00:00"),
            ("every minute", "2026-05-03T16:11:00+00:00"),
            ("every 0 minutes", "2026-05-03T16:11:00+00:00"),
            ("every 1 day", "2026-05-04T00:00:00+00:00"),
            ("at 06:30", "2026-05-04T06:30:00+00:00"),
            ("at 11:05 pm", "2026-05-03T23:05:00+00:00"),
            ("at 12:00 am", "2026-05-04T00:00:00+00:00"),
        ] {
            assert_eq!(next(text, "2026-05-03T16:10:09.420Z"), expected, "{text}");
        }
    }

    #[test]
    fn other_intervals_count_from_the_start() {
        assert_eq!(next("every 90 minutes", "2026-05-03T10:20:30Z"), "2026-05-03T11:50:30+00:00");
        assert_eq!(next("every 7 hours", "2026-05-03T17:20:29Z"), "2026-05-03T17:20:30+00:00");
        assert_eq!(next("every 7 hours", "2026-05-03T17:20:30Z"), "2026-05-04T00:20:30+00:00");
    }

    #[test]
    fn texts_that_meant_something_else_are_known() {
        for (text, there) in [
            ("every minute", Some("every hour")),
            ("Every Hour", Some("every day")),
            ("every 90 minutes", Some("every hour")),
            ("every 36 hours", Some("every day")),
            ("every 15 minutes", None),
            ("every 60 minutes", None),
            ("every 24 hours", None),
            ("at 06:30", None),
        ] {
            assert_eq!(read_differently(text), there, "{text}");
        }
    }

    #[test]
    fn a_time_within_the_next_second_is_passed_over() {
        assert_eq!(
            next("every 1 minutes", "2026-05-03T16:59:59.500Z"),
            "2026-05-03T17:01:00+00:00"
        );
        assert_eq!(next("every 1 minutes", "2026-05-03T16:59:59Z"), "2026-05-03T17:00:00+00:00");
    }

    #[test]
    fn anything_else_is_no_schedule() {
        for text in [
            "",
            "every",
            "every x minutes",
            "every 5 fortnights",
            "at 25:00",
            "at 13:00 pm",
            "every weekday",
            "every 10 min between 8 and 17",
            "every -1 minutes",
            "every 99999999 days",
        ] {
            assert_eq!(text.parse::<Schedule>(), Err(NotASchedule), "{text}");
        }
    }
}
