//! The history file: one table of error events in an embedded SQLite database.

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};

use chrono::{NaiveDate, NaiveTime};
use rusqlite::{Connection, ErrorCode as SqlCode, OptionalExtension, params};

use crate::domain::errors::{
    DestinationHost, ErrorCode, ErrorCounts, ErrorPoint, ErrorType, Module,
};
use crate::domain::names::{Host, ServerName, VirtualProxy};
use crate::domain::point::Stamp;
use crate::io::sqlite::{self, OwnError, is_damage, set_aside};

/// The file grows to this size; then the oldest events make room.
const MAX_BYTES: u64 = 256 << 20;

/// How many of the oldest events make room at a time.
const ROOM: usize = 10_000;

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS errors (
        stamp INTEGER NOT NULL,
        error_type TEXT NOT NULL,
        server_name TEXT NOT NULL,
        host TEXT, virtual_proxy TEXT, destination_host TEXT, module TEXT,
        error_category TEXT NOT NULL,
        error_code TEXT NOT NULL,
        http_status INTEGER, request_url TEXT, request_timeout_ms INTEGER,
        remote_address TEXT, remote_port INTEGER, syscall TEXT,
        message TEXT NOT NULL
    );
    CREATE INDEX IF NOT EXISTS errors_by_stamp ON errors (stamp);
";

const INSERT: &str = "INSERT INTO errors VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)";

/// The database, open for writing by this process alone.
pub struct ErrorStore {
    connection: Connection,
    /// Held, not read: its lock tells other processes that the file is in use.
    _lock: File,
    dropped: u64,
    /// Where a damaged file was put, if there was one.
    pub set_aside: Option<PathBuf>,
}

/// A history file that cannot be used.
#[derive(Debug)]
pub struct StoreError(String);

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for StoreError {}

impl ErrorStore {
    /// Opens or creates the file. A damaged or foreign file is renamed and a new one begun.
    ///
    /// # Errors
    /// When the folder cannot be written, or another process uses the file.
    pub fn open(file: &Path) -> Result<Self, StoreError> {
        Self::open_limited(file, MAX_BYTES)
    }

    pub(super) fn open_limited(file: &Path, max_bytes: u64) -> Result<Self, StoreError> {
        let cannot = |what: &str, error: &dyn fmt::Display| {
            StoreError(format!("{} cannot be {what}: {error}", file.display()))
        };
        let lock = sqlite::own(file).map_err(|error| match error {
            OwnError::InUse => StoreError(format!(
                "{} {error}; give this one another errorTracking.history.file",
                file.display()
            )),
            OwnError::Failed { .. } => StoreError(error.to_string()),
        })?;
        let (connection, set_aside) = match connect(file, max_bytes) {
            Ok(connection) => (connection, None),
            Err(error) if is_damage(&error) => {
                let aside = set_aside(file).map_err(|error| cannot("renamed", &error))?;
                let fresh = connect(file, max_bytes).map_err(|error| cannot("opened", &error))?;
                (fresh, Some(aside))
            }
            Err(error) => return Err(cannot("opened", &error)),
        };
        Ok(Self { connection, _lock: lock, dropped: 0, set_aside })
    }

    /// Stores events in one transaction. A full file makes room by dropping the oldest events.
    ///
    /// # Errors
    /// When nothing could be stored.
    pub fn insert(&mut self, points: &[ErrorPoint]) -> Result<(), StoreError> {
        // Each round frees space; a few suffice even when the new events are large.
        for _ in 0..8 {
            match self.try_insert(points) {
                Ok(()) => return Ok(()),
                Err(error) if error.sqlite_error_code() == Some(SqlCode::DiskFull) => {
                    if self.make_room().map_err(|error| StoreError(error.to_string()))? == 0 {
                        return Err(StoreError(error.to_string()));
                    }
                }
                Err(error) => return Err(StoreError(error.to_string())),
            }
        }
        Err(StoreError("the history file is full and no room could be made".to_owned()))
    }

    fn try_insert(&mut self, points: &[ErrorPoint]) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction()?;
        {
            let mut insert = transaction.prepare_cached(INSERT)?;
            for point in points {
                let (origin, failure) = (point.origin(), point.failure());
                let request = failure.request();
                let timeout = request.and_then(|request| request.timeout);
                insert.execute(params![
                    point.stamp().0,
                    origin.error_type().as_str(),
                    origin.server().map_or("", ServerName::as_str),
                    origin.host().map(Host::as_str),
                    origin.virtual_proxy().map(VirtualProxy::as_str),
                    origin.destination_host().map(DestinationHost::as_str),
                    origin.module().map(Module::as_str),
                    point.category().as_str(),
                    failure.code().map_or("", ErrorCode::as_str),
                    failure.status(),
                    request.map(|request| request.url.as_str()),
                    timeout.and_then(|timeout| i64::try_from(timeout.as_millis()).ok()),
                    failure.remote().map(|remote| remote.ip().to_string()),
                    failure.remote().map(|remote| remote.port()),
                    failure.syscall(),
                    failure.message(),
                ])?;
            }
        }
        transaction.commit()
    }

    fn make_room(&mut self) -> rusqlite::Result<usize> {
        let removed = self.connection.execute(
            "DELETE FROM errors WHERE rowid IN (SELECT rowid FROM errors ORDER BY stamp LIMIT ?)",
            [ROOM],
        )?;
        self.dropped += removed as u64;
        Ok(removed)
    }

    /// Events that made room for newer ones, since the file was opened.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// The counts of a UTC day, as they were counted: types and servers first seen come first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn counts_of_day(&self, day: NaiveDate) -> Result<ErrorCounts, StoreError> {
        self.count_day(day).map_err(|error| StoreError(error.to_string()))
    }

    fn count_day(&self, day: NaiveDate) -> rusqlite::Result<ErrorCounts> {
        let begin = day.and_time(NaiveTime::MIN).and_utc().timestamp_nanos_opt().unwrap_or(0);
        let mut query = self.connection.prepare(
            "SELECT error_type, server_name, COUNT(*) FROM errors WHERE stamp >= ?1 AND stamp < ?2
             GROUP BY error_type, server_name ORDER BY MIN(stamp)",
        )?;
        let mut rows = query.query([begin, begin.saturating_add(DAY)])?;
        let mut counts = ErrorCounts::new(day);
        while let Some(row) = rows.next()? {
            let kind: String = row.get(0)?;
            let server: String = row.get(1)?;
            let server = (!server.is_empty()).then(|| ServerName::from(server.as_str()));
            // A type that a later version of the program wrote is not counted by this one.
            if let Some(kind) = ErrorType::from_text(&kind) {
                counts.add_many(kind, server.as_ref(), row.get(2)?);
            }
        }
        Ok(counts)
    }

    /// Removes events from before a time, in small steps, and gives the space back.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn trim(&mut self, before: Stamp) -> Result<usize, StoreError> {
        self.try_trim(before).map_err(|error| StoreError(error.to_string()))
    }

    fn try_trim(&mut self, before: Stamp) -> rusqlite::Result<usize> {
        let mut removed = 0;
        loop {
            let step = self.connection.execute(
                "DELETE FROM errors WHERE rowid IN
                 (SELECT rowid FROM errors WHERE stamp < ?1 ORDER BY stamp LIMIT ?2)",
                params![before.0, ROOM],
            )?;
            removed += step;
            if step < ROOM {
                break;
            }
        }
        if removed > 0 {
            // The pragma works as its rows are stepped through.
            let mut vacuum = self.connection.prepare("PRAGMA incremental_vacuum")?;
            let mut rows = vacuum.query([])?;
            while rows.next()?.is_some() {}
        }
        Ok(removed)
    }
}

/// Nanoseconds of a day.
const DAY: i64 = 86_400 * 1_000_000_000;

fn connect(file: &Path, max_bytes: u64) -> rusqlite::Result<Connection> {
    let connection = Connection::open(file)?;
    // Before the first table, else it has no effect.
    connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "journal_size_limit", 4 << 20)?;
    connection.execute_batch(SCHEMA)?;
    let page: u64 = connection.query_row("PRAGMA page_size", [], |row| row.get(0))?;
    connection.pragma_update(None, "max_page_count", (max_bytes / page.max(1)).max(16))?;
    let check: Option<String> =
        connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).optional()?;
    match check.as_deref() {
        Some("ok") | None => Ok(connection),
        Some(_) => Err(rusqlite::Error::SqliteFailure(
            rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT),
            None,
        )),
    }
}
