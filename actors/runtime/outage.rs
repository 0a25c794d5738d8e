//! How long something has been failing, for the one line that is due when it works again.

use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};

/// Something that can fail: a target that is polled, a destination.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outage(Option<Ended>);

/// An outage that is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// When it began.
    pub since: DateTime<Utc>,
    /// How many errors there were.
    pub errors: u64,
}

impl Outage {
    /// It is failing, though nothing was tried that would count as an error.
    pub fn began(&mut self, now: DateTime<Utc>) {
        self.0.get_or_insert(Ended { since: now, errors: 0 });
    }

    /// It failed once more.
    pub fn failed(&mut self, now: DateTime<Utc>) {
        self.0.get_or_insert(Ended { since: now, errors: 0 }).errors += 1;
    }

    /// It worked; what is over, if it failed before.
    pub fn worked(&mut self) -> Option<Ended> {
        self.0.take()
    }

    /// Whether it fails right now, as far as is known.
    pub fn is_failing(&self) -> bool {
        self.0.is_some()
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since = self.since.to_rfc3339_opts(SecondsFormat::Secs, true);
        let plural = if self.errors == 1 { "" } else { "s" };
        write!(f, "works again, had failed since {since} with {} error{plural}", self.errors)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_told_once_when_it_is_over() {
        let mut outage = Outage::default();
        assert_eq!(outage.worked(), None);
        outage.failed("2026-05-03T16:10:09.5Z".parse().unwrap());
        let one = Outage(outage.0).worked().unwrap().to_string();
        assert_eq!(one, "works again, had failed since 2026-05-03T16:10:09Z with 1 error");
        outage.failed("2026-05-03T16:10:39Z".parse().unwrap());
        assert!(outage.is_failing());
        let two = outage.worked().unwrap().to_string();
        assert_eq!(two, "works again, had failed since 2026-05-03T16:10:09Z with 2 errors");
        assert_eq!((outage.worked(), outage.is_failing()), (None, false));
    }
}
