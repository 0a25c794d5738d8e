//! How long something has been failing and why, for the one line that is due when it works again,
//! and for the lines that are due when it fails for another reason.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};

use super::clock::Clock;
use crate::domain::errors::{ErrorCode, Failure};

/// Something that can fail: a target that is polled, a destination.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outage(Option<Open>);

/// An outage that goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Open {
    /// When it began, as [`Clock::passed`] counts: the wall clock may be set meanwhile.
    began: Duration,
    errors: u64,
    /// Why the last attempt failed; `None` before the first cause.
    cause: Option<Cause>,
}

/// What tells one cause from another: texts have numbers in them that change.
type Cause = (Option<ErrorCode>, Option<u16>);

/// An outage that is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutageEnd {
    /// When it began, by the clock as it is now.
    pub since: DateTime<Utc>,
    /// How many errors there were.
    pub errors: u64,
}

impl Outage {
    /// It is failing, though nothing was tried that would count as an error.
    pub fn began(&mut self, clock: &Clock) {
        self.open(clock);
    }

    /// It failed once more.
    pub fn failed(&mut self, clock: &Clock) {
        self.open(clock).errors += 1;
    }

    /// It failed once more; whether that is news: the first failure of an outage, or one with
    /// another cause (error code, HTTP status) than the one before.
    pub fn failed_because(&mut self, clock: &Clock, failure: &Failure) -> bool {
        let open = self.open(clock);
        open.errors += 1;
        let cause = Some((failure.code(), failure.status()));
        std::mem::replace(&mut open.cause, cause) != cause
    }

    /// It worked; what is over, if it failed before.
    pub fn worked(&mut self, clock: &Clock) -> Option<OutageEnd> {
        let Open { began, errors, .. } = self.0.take()?;
        let lasted = clock.passed().saturating_sub(began);
        let lasted = chrono::Duration::from_std(lasted).unwrap_or_default();
        Some(OutageEnd { since: clock.now() - lasted, errors })
    }

    /// Whether it fails right now, as far as is known.
    pub fn is_failing(&self) -> bool {
        self.0.is_some()
    }

    fn open(&mut self, clock: &Clock) -> &mut Open {
        self.0.get_or_insert_with(|| Open { began: clock.passed(), errors: 0, cause: None })
    }
}

impl fmt::Display for OutageEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since = self.since.to_rfc3339_opts(SecondsFormat::Secs, true);
        let plural = if self.errors == 1 { "" } else { "s" };
        write!(f, "works again, had failed since {since} with {} error{plural}", self.errors)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::errors::Category;

    fn clock() -> Clock {
        Clock::manual("2026-05-03T16:10:09.5Z".parse().unwrap())
    }

    #[test]
    fn an_outage_is_told_once_when_it_is_over() {
        let clock = clock();
        let mut outage = Outage::default();
        assert_eq!(outage.worked(&clock), None);
        outage.failed(&clock);
        let one = Outage(outage.0).worked(&clock).unwrap().to_string();
        assert_eq!(one, "works again, had failed since 2026-05-03T16:10:09Z with 1 error");
        clock.advance(Duration::from_secs(30));
        outage.failed(&clock);
        assert!(outage.is_failing());
        let two = outage.worked(&clock).unwrap().to_string();
        assert_eq!(two, "works again, had failed since 2026-05-03T16:10:09Z with 2 errors");
        assert_eq!((outage.worked(&clock), outage.is_failing()), (None, false));
    }

    #[test]
    fn an_outage_is_as_long_as_it_was_whatever_the_clock_was_set_to() {
        let clock = clock();
        let mut outage = Outage::default();
        outage.began(&clock);
        clock.advance(Duration::from_secs(60));
        clock.set("2026-06-01T12:00:00Z".parse().unwrap());
        let since = outage.worked(&clock).unwrap().since;
        assert_eq!(since, "2026-06-01T11:59:00Z".parse::<DateTime<Utc>>().unwrap());
    }

    #[test]
    fn another_cause_is_news_and_the_same_is_none() {
        let clock = clock();
        let local = |code, message: &str| Failure::Local {
            category: Category::Unknown,
            code,
            message: message.into(),
        };
        let refused = Some(ErrorCode::ConnectionRefused);
        let mut outage = Outage::default();
        for (failure, news) in [
            (local(refused, "refused after 1 ms"), true),
            (local(refused, "refused after 2 ms"), false),
            (local(Some(ErrorCode::TimedOut), "silent"), true),
            (local(None, "x"), true),
            (local(None, "y"), false),
        ] {
            assert_eq!(outage.failed_because(&clock, &failure), news, "{failure:?}");
        }
        assert_eq!(outage.worked(&clock).unwrap().errors, 5);
        assert!(outage.failed_because(&clock, &local(None, "y")), "another outage");
    }
}
