//! How much waits, for people and for programs.

use std::fmt;
use std::fs;

use actors::domain::grouped::grouped;
use actors::io::outbox::{Backlog, OutboxSettings};
use actors::io::sqlite::beside;
use chrono::{DateTime, SecondsFormat};
use serde_json::{Value, json};

/// Version of the JSON object.
const VERSION: u8 = 1;

/// What waits, and what was refused.
pub(super) struct Status<'a> {
    pub(super) streams: Vec<Backlog>,
    /// Entries of what was refused for good.
    pub(super) refused: u64,
    pub(super) settings: &'a OutboxSettings,
    /// Seconds since 1970.
    pub(super) now: i64,
}

impl Status<'_> {
    pub(super) fn json(&self) -> Value {
        let streams = self.streams.iter().map(|it| {
            let limit = self.settings.limit(it.stream);
            json!({
                "stream": it.stream.as_str(),
                "operations": it.level.rows,
                "points": it.level.points,
                "bytes": it.level.bytes,
                "max_bytes": limit,
                "oldest": it.level.oldest.map(time),
                "bytes_per_second": it.growth,
                "full_in_seconds": lasts(it, limit),
            })
        });
        json!({
            "version": VERSION,
            "file": self.settings.file,
            "file_bytes": self.file_bytes(),
            "max_bytes": self.settings.max_bytes,
            "refused": self.refused,
            "streams": streams.collect::<Vec<_>>(),
        })
    }

    /// The database and its log of changes.
    fn file_bytes(&self) -> u64 {
        let file = &self.settings.file;
        let parts = [file.clone(), beside(file, "-wal")];
        parts.iter().filter_map(|part| fs::metadata(part).ok()).map(|found| found.len()).sum()
    }

    fn rows(&self) -> Vec<[String; 7]> {
        let head = ["stream", "operations", "points", "bytes", "of", "oldest", "full in"];
        let mut rows = vec![head.map(str::to_owned)];
        rows.extend(self.streams.iter().map(|it| {
            let limit = self.settings.limit(it.stream);
            let age = it.level.oldest.map(|oldest| self.now.saturating_sub(oldest));
            [
                it.stream.as_str().to_owned(),
                grouped(it.level.rows),
                grouped(it.level.points as u64),
                bytes(it.level.bytes),
                bytes(limit),
                age.map_or("-".to_owned(), |age| span(u64::try_from(age).unwrap_or(0))),
                lasts(it, limit).map_or("not growing".to_owned(), span),
            ]
        }));
        rows
    }
}

impl fmt::Display for Status<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}, {} on disk\n", self.settings.file.display(), bytes(self.file_bytes()))?;
        let rows = self.rows();
        let mut widths = [0; 7];
        for row in &rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = cell.len().max(*width);
            }
        }
        for row in &rows {
            let cells = row.iter().zip(widths).enumerate().map(|(column, (cell, width))| {
                if column == 0 { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
            });
            writeln!(f, "{}", cells.collect::<Vec<_>>().join("  "))?;
        }
        let points: u64 = self.streams.iter().map(|it| it.level.points as u64).sum();
        let waiting: u64 = self.streams.iter().map(|it| it.level.bytes).sum();
        let verb = if points == 1 { "point waits" } else { "points wait" };
        writeln!(
            f,
            "\n{} {verb}, {} of {}; refused for good and kept to be looked at: {}",
            grouped(points),
            bytes(waiting),
            bytes(self.settings.max_bytes),
            grouped(self.refused)
        )
    }
}

/// Seconds until the bound at the present growth; `None` without any.
fn lasts(waiting: &Backlog, limit: u64) -> Option<u64> {
    let left = limit.saturating_sub(waiting.level.bytes) as f64;
    (waiting.growth > 0.0).then(|| (left / waiting.growth) as u64)
}

/// A second since 1970 as people write it, in UTC.
pub(super) fn time(seconds: i64) -> String {
    let time = DateTime::from_timestamp(seconds, 0).unwrap_or_default();
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn bytes(count: u64) -> String {
    match count {
        0..1_024 => format!("{count} B"),
        1_024..1_048_576 => format!("{:.1} KiB", count as f64 / 1_024.0),
        _ => format!("{:.1} MiB", count as f64 / 1_048_576.0),
    }
}

fn span(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use actors::io::outbox::{Level, Stream};

    use super::*;

    #[test]
    fn numbers_are_for_people() {
        let shown = [0, 2_048, 5 << 20].map(bytes);
        assert_eq!(shown, ["0 B", "2.0 KiB", "5.0 MiB"]);
        assert_eq!([59, 600, 7_200, 400_000].map(span), ["59 s", "10 min", "2 h", "4 d"]);
    }

    #[test]
    fn each_stream_has_a_line_and_the_last_one_sums_up() {
        let settings = OutboxSettings {
            file: "/nowhere/outbox.sqlite3".into(),
            max_bytes: 8 << 20,
            max_age: Duration::from_secs(86_400),
            replay: None,
            errors_elsewhere: false,
        };
        let grown =
            Level { rows: 1_234, points: 12_345, bytes: 5 << 20, last: 9, oldest: Some(400) };
        let streams = vec![
            Backlog { stream: Stream::Measurements, level: grown, growth: 1_048.576 },
            Backlog { stream: Stream::Errors, level: Level::default(), growth: 0.0 },
        ];
        let status = Status { streams, refused: 3, settings: &settings, now: 1_000 };
        assert_eq!(
            status.to_string(),
            "/nowhere/outbox.sqlite3, 0 B on disk

stream        operations  points    bytes       of  oldest      full in
measurements       1,234  12,345  5.0 MiB  6.0 MiB  10 min       16 min
errors                 0       0      0 B  2.0 MiB       -  not growing

12,345 points wait, 5.0 MiB of 8.0 MiB; refused for good and kept to be looked at: 3
"
        );
        let json = status.json();
        assert_eq!(json["streams"][0]["full_in_seconds"], 1_000);
        assert_eq!(json["streams"][1]["full_in_seconds"], Value::Null);
        assert_eq!((&json["version"], &json["refused"]), (&json!(1), &json!(3)));
    }
}
