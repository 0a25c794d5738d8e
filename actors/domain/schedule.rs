//! Schedules in words, as `uptimeMonitor.frequency` has them: `every 15 minutes`, `at 06:30`.

mod calendar;
mod tokens;
mod words;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

pub use self::calendar::Calendar;
use self::calendar::Unit;

/// When something happens, again and again, in UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Schedule {
    /// At multiples of the interval since midnight, or since 1970 for whole days.
    Aligned(Duration),
    /// At multiples of the interval since the program started, where the clock has no such
    /// multiples: every 7 hours, every 90 minutes.
    SinceStart(Duration),
    /// On days and at times of the calendar.
    Calendar(Arc<Calendar>),
}

/// The texts that are understood, for messages: the most usual ones.
pub const FORMS: &str = "\"every N seconds\", \"every N minutes\", \"every N hours\", \
                         \"every N days\", \"at HH:MM\" or \"on mon-fri at HH:MM\"";

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
        let reading = Reading::of(text);
        reading.schedule.filter(|_| reading.rest.is_empty()).ok_or(NotASchedule)
    }
}

/// What a text means, as far as it is understood. The original ran what it had understood, so that
/// must not be refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// `None` when nothing was understood.
    pub schedule: Option<Schedule>,
    /// The words that were.
    pub understood: String,
    /// Those from the first one on that was not; empty when all were.
    pub rest: String,
    /// What may not be what was meant, as ends of sentences that begin with the text.
    pub remarks: Vec<String>,
}

impl Reading {
    /// Reads a text.
    pub fn of(text: &str) -> Self {
        let sentence = words::read(text);
        let has_ways = !sentence.calendar.ways.is_empty();
        let schedule = match sentence.only_every {
            Some((number, unit)) if unit.is_time() || unit == Unit::DayOfMonth => {
                Schedule::every(number, unit)
            }
            _ => has_ways.then(|| Schedule::Calendar(Arc::new(sentence.calendar))),
        };
        let there = read_differently(&sentence.understood);
        let there = there.map(|there| format!("is taken at its word; the original ran {there}"));
        let remarks = sentence.remarks.into_iter().map(str::to_owned).chain(there).collect();
        Self { schedule, understood: sentence.understood, rest: sentence.rest, remarks }
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
        "week" | "weeks" => Some((53, "every year")),
        "month" | "months" => Some((12, "every year")),
        "year" | "years" => Some((480, "never")),
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
    /// So many of a unit that is not longer than a day; `None` for more than ten years.
    fn every(number: u32, unit: Unit) -> Option<Self> {
        let (seconds, per_enclosing) = match unit {
            Unit::Second => (1, 60),
            Unit::Minute => (60, 60),
            Unit::Hour => (3_600, 24),
            _ => (86_400, number),
        };
        let interval = Duration::from_secs(u64::from(number) * seconds);
        if interval > Duration::from_secs(10 * 365 * 86_400) {
            return None;
        }
        let aligned = per_enclosing % number == 0;
        Some(if aligned { Self::Aligned(interval) } else { Self::SinceStart(interval) })
    }

    /// Time from one to the next, for a program that starts at `now`: where it differs, that
    /// between the third and the fourth, as the original has it. Zero when it never comes.
    pub fn interval(&self, now: DateTime<Utc>) -> Duration {
        match self {
            Self::Aligned(interval) | Self::SinceStart(interval) => *interval,
            Self::Calendar(_) => {
                let third = (0..3).fold(now, |at, _| self.next(at, now));
                (self.next(third, now) - third).to_std().unwrap_or_default()
            }
        }
    }

    /// The first time after `now`, at least one second ahead, for a program started at `started`;
    /// the end of time when there is none.
    pub fn next(&self, now: DateTime<Utc>, started: DateTime<Utc>) -> DateTime<Utc> {
        let earliest = now.checked_add_signed(chrono::Duration::seconds(1)).unwrap_or(now);
        match self {
            Self::Aligned(interval) => multiple(DateTime::UNIX_EPOCH, *interval, earliest),
            Self::SinceStart(interval) => multiple(started, *interval, earliest),
            Self::Calendar(calendar) => calendar.next(earliest).unwrap_or(DateTime::<Utc>::MAX_UTC),
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
#[path = "schedule_tests.rs"]
mod tests;
