//! When and how often: milliseconds, and schedules in words.

use std::time::Duration;

use serde_json::{Value, json};

use super::key_path::KeyPath;
use super::kind::{Kind, expected, scalar};
use super::tree::Tree;
use crate::domain::schedule::{FORMS, Reading, Schedule};

/// A number of milliseconds. A fraction is rounded with a warning, for the original runs it; what
/// is below `LEAST` is raised to it with one.
#[derive(Debug, Clone, Copy)]
pub struct Milliseconds<const LEAST: u64>;

impl<const LEAST: u64> Kind for Milliseconds<LEAST> {
    type Value = Duration;
    type Literal = u64;

    fn known(literal: u64) -> Duration {
        Duration::from_millis(literal)
    }

    fn read(at: &KeyPath, tree: &Tree, _: Option<u64>) -> Option<Duration> {
        let ms: f64 = expected(at, tree, "a number of milliseconds")?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "beyond its ends a cast gives the end, and the limits are far within"
        )]
        let whole = ms.round() as u64;
        if whole < LEAST {
            at.warning(format!("{ms} ms is too short; {LEAST} ms is used"));
        } else if ms.fract() != 0.0 {
            at.warning(format!("{ms} ms is rounded to {whole} ms"));
        }
        Some(Duration::from_millis(whole.clamp(LEAST, MAX_MILLISECONDS)))
    }

    fn schema() -> Value {
        json!({ "type": "number", "minimum": LEAST })
    }
}

/// Ten years; longer intervals overflow timers and mean "never" anyway.
const MAX_MILLISECONDS: u64 = 10 * 365 * 24 * 3_600_000;

/// A schedule in words (section 10 of the page on operations). What is not understood is named,
/// and what is run instead: what was understood before it, as the original does, or the default.
#[derive(Debug, Clone, Copy)]
pub struct Times;

impl Kind for Times {
    type Value = Schedule;
    type Literal = &'static str;

    fn known(literal: &'static str) -> Schedule {
        // A definition that nobody understands is found by the test that reads every default.
        let hourly = Schedule::Aligned(Duration::from_secs(3_600));
        Reading::of(literal).schedule.unwrap_or(hourly)
    }

    fn read(at: &KeyPath, tree: &Tree, default: Option<&'static str>) -> Option<Schedule> {
        let text: String = scalar(at, tree)?;
        let Reading { schedule, understood, rest, remarks } = Reading::of(&text);
        for remark in remarks {
            at.warning(format!("{text:?} {remark}"));
        }
        let used = match &schedule {
            Some(_) => &*understood,
            None => default.unwrap_or_default(),
        };
        if schedule.is_none() {
            at.warning(format!("expected {FORMS}, found string {text:?}; {used:?} is used"));
        } else if !rest.is_empty() {
            at.warning(format!("{rest:?} in {text:?} is not understood; {used:?} is used"));
        }
        schedule
    }

    fn schema() -> Value {
        json!({ "type": "string" })
    }
}
