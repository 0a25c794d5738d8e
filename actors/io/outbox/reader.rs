//! Looking into the file, also while the program that writes it runs, and emptying it while none
//! does.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, params};

use super::file::{OutboxFile, oldest_of};
use super::refused;
use super::schema::{self, error_of};
use super::settings::OutboxSettings;
use super::sums::{Sums, number};
use super::work::{Level, OutboxError, Stream};
use crate::io::sqlite::{self, OwnError};

/// An outbox file, open for reading only.
pub struct OutboxReader {
    connection: Connection,
    file: PathBuf,
    /// An earlier version has fewer tables.
    version: i64,
}

/// How a stream waits.
#[derive(Debug, Clone, PartialEq)]
pub struct Backlog {
    /// Which.
    pub stream: Stream,
    /// How much.
    pub level: Level,
    /// Bytes that came in a second lately: in the ten minutes before the question, or since the
    /// oldest came.
    pub growth: f64,
}

/// Some of what waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The lines, those of the oldest write operations first.
    pub lines: Vec<u8>,
    /// Write operations that cannot be read.
    pub left_out: usize,
    /// Where the next page begins.
    pub end: i64,
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

/// Rows of a page, and bytes; one row at least.
const PAGE: (usize, usize) = (500, 1 << 20);

/// Growth is measured over so many seconds.
const LATELY: i64 = 600;

impl OutboxReader {
    /// Opens an existing file.
    ///
    /// # Errors
    /// When it does not exist or is no outbox.
    pub fn open(file: &Path) -> Result<Self, OutboxError> {
        let open = || -> rusqlite::Result<(Connection, i64)> {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let connection = Connection::open_with_flags(file, flags)?;
            connection.busy_timeout(Duration::from_secs(5))?;
            let version = schema::version(&connection)?;
            Ok((connection, version))
        };
        let (connection, version) = open().map_err(|error| error_of(file, "read", &error))?;
        Ok(Self { connection, file: file.to_owned(), version })
    }

    /// How each stream waits at `now`, seconds since 1970.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn waiting(&self, now: i64) -> Result<Vec<Backlog>, OutboxError> {
        let waiting = Stream::ALL.iter().map(|stream| self.waiting_of(*stream, now));
        waiting.collect::<rusqlite::Result<_>>().map_err(|error| self.unreadable(&error))
    }

    fn waiting_of(&self, stream: Stream, now: i64) -> rusqlite::Result<Backlog> {
        if self.version == 0 {
            // The program has made it this moment.
            return Ok(Backlog { stream, level: Level::default(), growth: 0.0 });
        }
        let sums = Sums::read(&self.connection, stream)?;
        let level = Level {
            rows: u64::try_from(sums.rows).unwrap_or(0),
            points: number(sums.points),
            bytes: u64::try_from(sums.bytes).unwrap_or(0),
            last: sums.last,
            oldest: oldest_of(&self.connection, stream)?,
        };
        Ok(Backlog { stream, level, growth: self.growth(stream, level.oldest, now)? })
    }

    fn growth(&self, stream: Stream, oldest: Option<i64>, now: i64) -> rusqlite::Result<f64> {
        let Some(oldest) = oldest else { return Ok(0.0) };
        let since = oldest.max(now - LATELY);
        // From the newest on, so that what has waited for long is not looked at.
        let sql = "SELECT added, LENGTH(lines) FROM waiting WHERE stream = ? ORDER BY id DESC";
        let mut query = self.connection.prepare(sql)?;
        let mut rows = query.query([stream.as_str()])?;
        let (mut newest, mut bytes) = (None, 0);
        while let Some(row) = rows.next()? {
            let added: i64 = row.get(0)?;
            if added <= since {
                break;
            }
            newest = newest.max(Some(added));
            bytes += row.get::<_, i64>(1)?;
        }
        // A clock that was set back.
        let until = newest.map_or(now, |newest| newest.max(now));
        Ok(if bytes > 0 { bytes as f64 / (until - since) as f64 } else { 0.0 })
    }

    /// What waits after the end of the page before; nothing of the file is held when this returns.
    /// `None` when there is no more.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn page(&self, after: Option<i64>) -> Result<Option<Page>, OutboxError> {
        let page = || -> rusqlite::Result<Option<Page>> {
            if self.version == 0 {
                return Ok(None);
            }
            let sql = "SELECT rowid, lines FROM waiting WHERE rowid > ? ORDER BY rowid LIMIT ?";
            let mut query = self.connection.prepare_cached(sql)?;
            let mut rows = query.query(params![after.unwrap_or(i64::MIN), PAGE.0])?;
            let mut page = Page { lines: Vec::new(), left_out: 0, end: 0 };
            let mut is_empty = true;
            while page.lines.len() < PAGE.1
                && let Some(row) = rows.next()?
            {
                is_empty = false;
                page.end = row.get(0)?;
                match row.get_ref(1)?.as_blob() {
                    Ok(lines) => page.lines.extend_from_slice(lines),
                    Err(_) => page.left_out += 1,
                }
            }
            Ok((!is_empty).then_some(page))
        };
        page().map_err(|error| self.unreadable(&error))
    }

    /// What was refused, the latest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn refused(&self) -> Result<Vec<RefusedEntry>, OutboxError> {
        if self.version < schema::WITH_REFUSED {
            return Ok(Vec::new());
        }
        let entries = || -> rusqlite::Result<Vec<RefusedEntry>> {
            let sql = "SELECT stream, added, reason, lines FROM refused ORDER BY id DESC";
            let mut query = self.connection.prepare(sql)?;
            let entries = query.query_map([], |row| {
                let (stream, at) = (row.get(0)?, row.get(1)?);
                Ok(RefusedEntry { stream, at, reason: row.get(2)?, lines: row.get(3)? })
            })?;
            entries.collect()
        };
        entries().map_err(|error| self.unreadable(&error))
    }

    /// How many entries there are of what was refused: the latest of it.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn refused_count(&self) -> Result<u64, OutboxError> {
        if self.version < schema::WITH_REFUSED {
            return Ok(0);
        }
        refused::count(&self.connection).map_err(|error| self.unreadable(&error))
    }

    fn unreadable(&self, error: &rusqlite::Error) -> OutboxError {
        error_of(&self.file, "read", error)
    }
}

/// Drops all that waits in a stream; how many points that were.
///
/// # Errors
/// When another process has the file, or it cannot be written.
pub fn drop_stream(settings: &OutboxSettings, stream: Stream) -> Result<usize, OutboxError> {
    let _lock = sqlite::own(&settings.file).map_err(|error| {
        let message = match error {
            OwnError::InUse => format!(
                "{} {error}. Stop the program first: what it sends must not vanish under it",
                settings.file.display()
            ),
            OwnError::Failed { .. } => error.to_string(),
        };
        OutboxError::new(message)
    })?;
    OutboxFile::open(settings)?.empty(stream)
}
