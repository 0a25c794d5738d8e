//! When and how often: milliseconds, and schedules in words.

use std::time::Duration;

use super::{Field, Reader};
use crate::domain::schedule::{FORMS, Reading, Schedule};

impl Reader {
    /// A number of milliseconds. A fraction is rounded with a warning, for the original runs it;
    /// what is below `least` is raised to it with one.
    pub fn milliseconds(&self, field: &Field<f64>, default: u64, least: u64) -> Duration {
        let ms = match field {
            Field::Wrong(found) => {
                self.wrong("a number of milliseconds", found);
                default
            }
            _ => self.optional(field).map_or(default, |ms| self.whole_milliseconds(ms, least)),
        };
        Duration::from_millis(ms)
    }

    fn whole_milliseconds(&self, ms: f64, least: u64) -> u64 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "beyond its ends a cast gives the end, and the limits are far within"
        )]
        let whole = ms.round() as u64;
        if whole < least {
            self.warning(format!("{ms} ms is too short; {least} ms is used"));
        } else if ms.fract() != 0.0 {
            self.warning(format!("{ms} ms is rounded to {whole} ms"));
        }
        whole.clamp(least, MAX_MILLISECONDS)
    }

    /// A schedule in words (section 10 of the page on operations). What is not understood is named,
    /// and what is run instead: what was understood before it, as the original does, or the
    /// default, which comes with its words.
    pub fn schedule(&self, field: &Field<String>, default: (&str, Schedule)) -> Schedule {
        let (words, schedule) = default;
        let text = self.or(field, words.to_owned());
        let Reading { schedule: read, understood, rest, remarks } = Reading::of(&text);
        for remark in remarks {
            self.warning(format!("{text:?} {remark}"));
        }
        let used = if read.is_some() { &*understood } else { words };
        if read.is_none() {
            self.warning(format!("expected {FORMS}, found string {text:?}; {used:?} is used"));
        } else if !rest.is_empty() {
            self.warning(format!("{rest:?} in {text:?} is not understood; {used:?} is used"));
        }
        read.unwrap_or(schedule)
    }
}

/// Ten years; longer intervals overflow timers and mean "never" anyway.
const MAX_MILLISECONDS: u64 = 10 * 365 * 24 * 3_600_000;
