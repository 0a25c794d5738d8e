//! `influxdbConfig.outbox`: optional keys that the original does not have.

use std::path::PathBuf;
use std::time::Duration;

use super::work::Stream;
use crate::config::{Flag, Key, Number, Optional, Text};
use crate::domain::places::Places;
use crate::keys;

keys! {
    /// `Butler-SOS.influxdbConfig.outbox`.
    pub struct OutboxKeys {
        /// Keep on disk what waits for InfluxDB, else in memory only
        enable: "enable" Key<Flag> = true;
        /// Where; empty: outbox.sqlite3 in the data folder of this file
        file: "file" Key<Text> = "";
        /// Most that waits, 4 to 65536; errors have a quarter of it
        size: "maxSizeMiB" Key<Number<4, 65_536>> = 256;
        /// What has waited for longer is dropped, 1 to 3650
        age: "maxAgeDays" Key<Number<1, 3_650>> = 7;
        /// Points out of it that are sent in a second at most, 1 to 1000000; none: as fast as
        /// InfluxDB takes them
        replay: "replayPointsPerSecond" Optional<Number<1, 1_000_000>>;
    }
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

impl OutboxSettings {
    /// Most bytes of points of one stream: errors have a quarter for themselves.
    pub fn limit(&self, stream: Stream) -> u64 {
        let quarter = self.max_bytes / 4;
        match stream {
            Stream::Errors => quarter,
            Stream::Measurements => quarter.saturating_mul(3),
        }
    }
}

/// Name of the file in the folder of what belongs to one configuration file.
const FILE_NAME: &str = "outbox.sqlite3";

impl OutboxKeys {
    /// Where and how much; `None` when it is switched off.
    pub fn check(&self, places: &Places) -> Option<OutboxSettings> {
        if !self.enable.get() {
            return None;
        }
        let written = self.file.get();
        let file = match written.trim() {
            "" => places.own.join(FILE_NAME),
            written => places.written(written),
        };
        Some(OutboxSettings {
            file,
            max_bytes: u64::from(self.size.get()) << 20,
            max_age: Duration::from_secs(u64::from(self.age.get()) * 86_400),
            replay: self.replay.get(),
            errors_elsewhere: false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::testing::{messages, section};

    #[test]
    fn it_is_on_beside_the_history_unless_told_otherwise() {
        let places =
            Places { relative: "/opt".into(), own: "/etc/a.yaml.data".into(), earlier: Vec::new() };
        let check = |yaml: &str| {
            let (keys, problems) = section::<OutboxKeys>("outbox", yaml);
            (keys.check(&places), messages(&problems))
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
