//! Looking into the file, also while the program that writes it runs, and emptying it while none
//! does.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, params};

use super::file::{OutboxFile, oldest_of};
use super::settings::OutboxSettings;
use super::sums::{Sums, number};
use super::work::{Level, OutboxError, Stream};
use crate::io::sqlite;

/// An outbox file, open for reading only.
pub struct OutboxReader(Connection);

/// How a stream waits.
#[derive(Debug, Clone, PartialEq)]
pub struct Waiting {
    /// Which.
    pub stream: Stream,
    /// How much.
    pub level: Level,
    /// Bytes that came in a second lately: over the last ten minutes of what is there.
    pub growth: f64,
}

/// Points that the destination will never take, as they were noted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedEntry {
    /// Which stream.
    pub stream: String,
    /// When, in seconds since 1970.
    pub at: i64,
    /// Why.
    pub reason: String,
    /// Their lines, cut where they are very long.
    pub lines: Vec<u8>,
}

/// Rows that are read at once.
const PAGE: i64 = 500;

/// Growth is measured over so many seconds.
const LATELY: i64 = 600;

impl OutboxReader {
    /// Opens an existing file.
    ///
    /// # Errors
    /// When it does not exist or is no outbox.
    pub fn open(file: &Path) -> rusqlite::Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(file, flags)?;
        connection.busy_timeout(Duration::from_secs(5))?;
        Ok(Self(connection))
    }

    /// How each stream waits.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn waiting(&self) -> rusqlite::Result<Vec<Waiting>> {
        Stream::ALL.iter().map(|stream| self.waiting_of(*stream)).collect()
    }

    fn waiting_of(&self, stream: Stream) -> rusqlite::Result<Waiting> {
        let sums = Sums::read(&self.0, stream)?;
        let level = Level {
            rows: u64::try_from(sums.rows).unwrap_or(0),
            points: number(sums.points),
            bytes: u64::try_from(sums.bytes).unwrap_or(0),
            last: sums.last,
            oldest: oldest_of(&self.0, stream)?,
        };
        let sql =
            "SELECT MAX(added), MIN(MAX(added) - ?2, MIN(added)) FROM waiting WHERE stream = ?1";
        let newest: Option<i64> =
            self.0.query_row(sql, params![stream.as_str(), LATELY], |row| row.get(0))?;
        let growth = match (newest, level.oldest) {
            (Some(newest), Some(oldest)) if newest > oldest => {
                let since = oldest.max(newest - LATELY);
                let sql = "SELECT COALESCE(SUM(LENGTH(lines)), 0) FROM waiting
                    WHERE stream = ? AND added > ?";
                let bytes: i64 =
                    self.0.query_row(sql, params![stream.as_str(), since], |row| row.get(0))?;
                bytes as f64 / (newest - since) as f64
            }
            _ => 0.0,
        };
        Ok(Waiting { stream, level, growth })
    }

    /// Calls `each` with the lines of each write operation that waits, oldest first; nothing of the
    /// file is held meanwhile.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn for_each(&self, mut each: impl FnMut(&[u8])) -> rusqlite::Result<()> {
        let mut after = i64::MIN;
        loop {
            let sql = "SELECT id, lines FROM waiting WHERE id > ? ORDER BY id LIMIT ?";
            let page: Vec<(i64, Vec<u8>)> = self
                .0
                .prepare_cached(sql)?
                .query_map(params![after, PAGE], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect::<rusqlite::Result<_>>()?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            after = *last;
            page.iter().for_each(|(_, lines)| each(lines));
        }
    }

    /// What was refused, the latest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn refused(&self) -> rusqlite::Result<Vec<RefusedEntry>> {
        let sql = "SELECT stream, added, reason, lines FROM refused ORDER BY id DESC";
        let mut query = self.0.prepare(sql)?;
        let entries = query.query_map([], |row| {
            let (stream, at) = (row.get(0)?, row.get(1)?);
            Ok(RefusedEntry { stream, at, reason: row.get(2)?, lines: row.get(3)? })
        })?;
        entries.collect()
    }
}

/// Drops all that waits in a stream; how many points that were.
///
/// # Errors
/// When another process has the file, or it cannot be written.
pub fn drop_stream(settings: &OutboxSettings, stream: Stream) -> Result<usize, OutboxError> {
    let _lock = sqlite::own(&settings.file)
        .map_err(|error| OutboxError::new(format!("{} {error}", settings.file.display())))?;
    OutboxFile::open(settings)?.empty(stream)
}
