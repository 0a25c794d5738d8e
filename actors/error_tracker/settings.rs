//! `errorTracking.logSummary` and `collector`: as written and as checked.

use serde::Deserialize;

use super::CollectorNumber;
use crate::domain::yaml::{Field, Reader};

/// `Butler-SOS.errorTracking.logSummary` as written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct LogSummaryConfig {
    enable: Field<bool>,
}

impl LogSummaryConfig {
    /// Checks the section `at`: whether the running total and the daily summary are logged.
    pub fn check(&self, at: &Reader) -> bool {
        at.key("enable").or(&self.enable, true)
    }
}

/// `Butler-SOS.collector` as written: optional keys that the original does not have.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct CollectorConfig {
    number: Field<i64>,
    name: Field<String>,
}

/// Which of several programs that write to one database this is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Collector {
    /// The last three digits of the stamps of its errors.
    pub number: CollectorNumber,
    /// The tag `collector` of its error points; `None` is no tag.
    pub name: Option<String>,
}

impl CollectorConfig {
    /// Checks the section `at`.
    pub fn check(&self, at: &Reader) -> Collector {
        let number_at = at.key("number");
        let written = number_at.or(&self.number, 0);
        let number = u16::try_from(written).ok().and_then(CollectorNumber::new);
        if number.is_none() {
            // Not the nearest: that may be another's.
            number_at.error(format!("expected 0 to 999, found number {written}"));
        }
        let name = at.key("name").or(&self.name, String::new());
        let name = Some(name.trim().to_owned()).filter(|name| !name.is_empty());
        Collector { number: number.unwrap_or_default(), name }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::yaml::Problems;

    fn check(yaml: &str) -> (Collector, Vec<String>) {
        let problems = Problems::default();
        let config: CollectorConfig = serde_yaml::from_str(yaml).unwrap();
        let collector = config.check(&problems.reader("collector"));
        (collector, problems.take().iter().map(ToString::to_string).collect())
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
