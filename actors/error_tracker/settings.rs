//! `errorTracking.logSummary` and `collector`.

use super::CollectorNumber;
use crate::config::{Key, Text, Whole};
use crate::keys;

keys! {
    /// `Butler-SOS.collector`: optional keys that the original does not have.
    pub struct CollectorKeys {
        /// Last three digits of the stamps of errors, 0 to 999: another for each program that
        /// writes to one database
        number: "number" Key<Whole> = 0;
        /// Tag collector of error points; empty: no tag
        name: "name" Key<Text> = "";
    }
}

/// Which of several programs that write to one database this is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Collector {
    /// The last three digits of the stamps of its errors.
    pub number: CollectorNumber,
    /// The tag `collector` of its error points; `None` is no tag.
    pub name: Option<String>,
}

impl CollectorKeys {
    /// Which one.
    pub fn check(&self) -> Collector {
        let written = self.number.get();
        let number = u16::try_from(written).ok().and_then(CollectorNumber::new);
        if number.is_none() {
            // Not the nearest: that may be another's.
            self.number.at.error(format!("expected 0 to 999, found number {written}"));
        }
        let name = self.name.filled().map(|name| name.trim().to_owned());
        Collector { number: number.unwrap_or_default(), name }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::testing::{messages, section};

    fn check(yaml: &str) -> (Collector, Vec<String>) {
        let (keys, problems) = section::<CollectorKeys>("collector", yaml);
        (keys.check(), messages(&problems))
    }

    #[test]
    fn a_number_that_is_none_is_an_error_and_not_the_number_of_another() {
        let (collector, problems) = check("{number: 7, name: ' west '}");
        assert_eq!(collector.number, CollectorNumber::new(7).unwrap());
        assert_eq!((collector.name.as_deref(), problems.len()), (Some("west"), 0));
        assert_eq!(check("{}").0, Collector::default());
        for yaml in ["{number: 1000}", "{number: -1}"] {
            let (_, problems) = check(yaml);
            assert!(problems[0].contains("collector.number: expected 0 to 999"), "{problems:?}");
        }
    }
}
