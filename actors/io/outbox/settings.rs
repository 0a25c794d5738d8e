//! `influxdbConfig.outbox`: as written and as checked. Optional keys that the original does not
//! have.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use crate::domain::places::Places;
use crate::domain::yaml::{Field, Reader};

/// `Butler-SOS.influxdbConfig.outbox` as written.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OutboxConfig {
    enable: Field<bool>,
    file: Field<String>,
    #[serde(rename = "maxSizeMiB")]
    max_size_mib: Field<i64>,
    max_age_days: Field<i64>,
    replay_points_per_second: Field<i64>,
}

/// Where what waits is kept, and how much of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxSettings {
    /// The database file.
    pub file: PathBuf,
    /// Most bytes of points in it, all streams together; errors have a quarter for themselves.
    pub max_bytes: u64,
    /// Points that have waited for longer are dropped.
    pub max_age: Duration,
    /// Points that are sent out of it in a second at most, 1 to 1,000,000; `None` as fast as the
    /// destination takes them.
    pub replay: Option<u32>,
    /// Whether errors are kept in another place, the history.
    pub errors_elsewhere: bool,
}

/// Name of the file in the folder of what belongs to one configuration file.
const FILE_NAME: &str = "outbox.sqlite3";

impl OutboxConfig {
    /// Checks the section `at`; `None` when it is switched off.
    pub fn check(&self, at: &Reader, places: &Places) -> Option<OutboxSettings> {
        if !at.key("enable").or(&self.enable, true) {
            return None;
        }
        let written = at.key("file").or(&self.file, String::new());
        let file = match written.trim() {
            "" => places.own.join(FILE_NAME),
            written => places.written(written),
        };
        let size = number(&at.key("maxSizeMiB"), &self.max_size_mib, 256, 4..=65_536);
        let days = number(&at.key("maxAgeDays"), &self.max_age_days, 7, 1..=3_650);
        let replay_at = at.key("replayPointsPerSecond");
        let replay = replay_at.optional(&self.replay_points_per_second).and_then(|_| {
            let pace = number(&replay_at, &self.replay_points_per_second, 1, 1..=1_000_000);
            u32::try_from(pace).ok()
        });
        Some(OutboxSettings {
            replay,
            errors_elsewhere: false,
            file,
            max_bytes: size << 20,
            max_age: Duration::from_secs(days * 86_400),
        })
    }
}

fn number(
    at: &Reader,
    field: &Field<i64>,
    default: u32,
    range: std::ops::RangeInclusive<i64>,
) -> u64 {
    let (low, high) = (*range.start(), *range.end());
    let found = at.or(field, i64::from(default));
    let used = found.clamp(low, high);
    if used != found {
        at.warning(format!("expected {low} to {high}, found number {found}; {used} is used"));
    }
    u64::try_from(used).unwrap_or(u64::from(default))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::yaml::Problems;

    #[test]
    fn it_is_on_beside_the_history_unless_told_otherwise() {
        let places =
            Places { relative: "/opt".into(), own: "/etc/a.yaml.data".into(), earlier: Vec::new() };
        let check = |yaml: &str| {
            let config: OutboxConfig = serde_yaml::from_str(yaml).unwrap();
            let problems = Problems::default();
            let settings = config.check(&problems.reader("outbox"), &places);
            (settings, problems.take().iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        let (settings, problems) = check("{}");
        let expected = OutboxSettings {
            replay: None,
            errors_elsewhere: false,
            file: "/etc/a.yaml.data/outbox.sqlite3".into(),
            max_bytes: 256 << 20,
            max_age: Duration::from_secs(604_800),
        };
        assert_eq!((settings, problems), (Some(expected), vec![]));
        assert_eq!(check("enable: false").0, None);
        let (settings, problems) = check("{file: box, maxSizeMiB: 1, maxAgeDays: 9999}");
        let settings = settings.unwrap();
        assert_eq!(settings.file, PathBuf::from("/opt/box"));
        assert_eq!(settings.max_bytes, 4 << 20);
        assert_eq!(
            problems,
            [
                "outbox.maxSizeMiB: expected 4 to 65536, found number 1; 4 is used",
                "outbox.maxAgeDays: expected 1 to 3650, found number 9999; 3650 is used",
            ]
        );
    }
}
