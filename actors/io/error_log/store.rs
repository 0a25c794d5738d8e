//! The history file: one table of error events in an embedded SQLite database, and how far each
//! sink is in it.

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use rusqlite::{Connection, ErrorCode as SqlCode, OptionalExtension, params};

use super::cursor::{Cursor, CursorReply, CursorWork};
use super::query::{HistoryRow, read};
use super::schema::{COLUMNS, connect};
use super::{insert, salvage};
use crate::domain::errors::{ErrorCounts, ErrorPoint, ErrorType};
use crate::domain::names::ServerName;
use crate::domain::point::Stamp;
use crate::io::sqlite::{self, FileIdentity, OwnError, is_damage, set_aside};

/// The file grows to this size; then the oldest events make room.
const MAX_BYTES: u64 = 256 << 20;

/// How many of the oldest events leave at a time.
pub(super) const ROOM: usize = 10_000;

/// The cursor of the sink that writes to InfluxDB.
const SINK: &str = "influxdb";

/// A position that nothing needs is written this often at most.
const SAVE_EVERY: Duration = Duration::from_secs(1);

/// The database, open for writing by this process alone.
pub struct ErrorStore {
    connection: Connection,
    file: PathBuf,
    identity: Option<FileIdentity>,
    /// Held, not read: its lock tells other processes that the file is in use.
    lock: Option<File>,
    cursor: Cursor,
    /// The position that is in the file, and since when.
    saved: (i64, Instant),
    dropped: u64,
    /// The stamp of the newest event when it was opened.
    newest: Option<Stamp>,
    /// Where a damaged file was put, if there was one, and how many events of it were saved.
    pub set_aside: Option<(PathBuf, usize)>,
}

/// A history file that cannot be used.
#[derive(Debug)]
pub struct StoreError {
    message: String,
    /// Its file is gone, or is no database any more.
    pub(crate) is_gone: bool,
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for StoreError {}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self { message: error.to_string(), is_gone: is_damage(&error) }
    }
}

impl StoreError {
    pub(super) fn new(message: String) -> Self {
        Self { message, is_gone: false }
    }
}

impl ErrorStore {
    /// Opens or creates the file. A damaged or foreign file is renamed, a new one begun, and what
    /// can be read of the other saved.
    ///
    /// # Errors
    /// When the folder cannot be written, or another process uses the file.
    pub fn open(file: &Path) -> Result<Self, StoreError> {
        Self::open_limited(file, MAX_BYTES)
    }

    pub(super) fn open_limited(file: &Path, max_bytes: u64) -> Result<Self, StoreError> {
        let cannot = |what: &str, error: &dyn fmt::Display| {
            StoreError::new(format!("{} cannot be {what}: {error}", file.display()))
        };
        let lock = sqlite::own(file).map_err(|error| match error {
            OwnError::InUse => StoreError::new(format!(
                "{} {error}; give this one another errorTracking.history.file",
                file.display()
            )),
            OwnError::Failed { .. } => StoreError::new(error.to_string()),
        })?;
        let (mut connection, aside) = match connect(file, max_bytes) {
            Ok(connection) => (connection, None),
            Err(error) if is_damage(&error) => {
                let aside = set_aside(file).map_err(|error| cannot("renamed", &error))?;
                // Said before the work begins: it may take a while.
                log::warn!(
                    "ERROR HISTORY: The file was damaged, or is not this version's. It is kept as \
                     {}, a new one is begun with what can be read of it",
                    aside.display()
                );
                let fresh = connect(file, max_bytes).map_err(|error| cannot("opened", &error))?;
                (fresh, Some(aside))
            }
            Err(error) => return Err(cannot("opened", &error)),
        };
        let set_aside = match aside {
            None => None,
            Some(aside) => {
                let saved = salvage::save_all(&aside, &mut connection)
                    .map_err(|error| cannot("filled with what could be saved", &error))?;
                Some((aside, saved))
            }
        };
        let cursor = place(&connection).map_err(|error| cannot("read", &error))?;
        let newest = "SELECT stamp FROM errors ORDER BY id DESC LIMIT 1";
        let newest = connection.query_row(newest, [], |row| row.get(0)).optional();
        let newest = newest.map_err(|error| cannot("read", &error))?.map(Stamp);
        Ok(Self {
            connection,
            file: file.to_owned(),
            identity: FileIdentity::of(file),
            lock: Some(lock),
            saved: (cursor.position(), Instant::now()),
            cursor,
            dropped: 0,
            newest,
            set_aside,
        })
    }

    /// The stamp of the newest event when the file was opened.
    pub fn newest(&self) -> Option<Stamp> {
        self.newest
    }

    /// Others may use a file of this name from now on.
    pub(crate) fn unlock(&mut self) {
        self.lock = None;
    }

    /// These are done with.
    pub(crate) fn finish(&mut self, numbers: &[i64]) {
        self.cursor.finish(numbers.iter().copied());
    }

    /// Whether the file is where it was; one that was deleted lives on without a name.
    pub(crate) fn is_there(&self) -> bool {
        FileIdentity::of(&self.file) == self.identity
    }

    /// Stores events in one transaction. A full file makes room by dropping the oldest events. The
    /// answer is their numbers, in their order.
    ///
    /// # Errors
    /// When nothing could be stored.
    pub fn insert(&mut self, points: &[ErrorPoint]) -> Result<Vec<i64>, StoreError> {
        // Each round frees space; a few suffice even when the new events are large.
        for _ in 0..8 {
            match insert::points(&mut self.connection, points) {
                Ok(numbers) => {
                    self.cursor.added(numbers.len());
                    return Ok(numbers);
                }
                Err(error) if error.sqlite_error_code() == Some(SqlCode::DiskFull) => {
                    if self.make_room()? == 0 {
                        return Err(error.into());
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(StoreError::new("the history file is full and no room could be made".to_owned()))
    }

    fn make_room(&mut self) -> rusqlite::Result<usize> {
        let removed = self.remove_oldest("1", &[], false)?;
        self.dropped += removed as u64;
        Ok(removed)
    }

    /// Removes the oldest events that fulfil a condition, some at a time.
    fn remove_oldest(
        &mut self,
        condition: &str,
        values: &[i64],
        for_age: bool,
    ) -> rusqlite::Result<usize> {
        let oldest = format!("SELECT id FROM errors WHERE {condition} ORDER BY id LIMIT {ROOM}");
        let last = format!("SELECT MAX(id) FROM ({oldest})");
        let values = rusqlite::params_from_iter(values.iter().copied());
        let up_to: Option<i64> =
            self.connection.query_row(&last, values.clone(), |row| row.get(0))?;
        let Some(up_to) = up_to else { return Ok(0) };
        let position = self.cursor.position();
        let above = self.connection.query_row(
            &format!("SELECT COUNT(*) FROM ({oldest}) WHERE id > {position}"),
            values.clone(),
            |row| row.get::<_, i64>(0),
        )?;
        let removed = self
            .connection
            .execute(&format!("DELETE FROM errors WHERE id IN ({oldest})"), values)?;
        self.cursor.leave(up_to, usize::try_from(above).unwrap_or(0), for_age);
        Ok(removed)
    }

    /// Events that made room for newer ones, since the file was opened.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Does the work of a sink.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub(crate) fn work(&mut self, work: CursorWork) -> Result<CursorReply, StoreError> {
        self.cursor.finish(work.done);
        self.advance()?;
        let events = match work.read {
            Some((after, most)) => self.waiting(after, most)?,
            None => Vec::new(),
        };
        let newest: Option<i64> =
            self.connection.query_row("SELECT MAX(id) FROM errors", [], |row| row.get(0))?;
        Ok(CursorReply {
            events,
            dropped: self.cursor.take_dropped(),
            waiting: self.cursor.waiting(),
            newest: newest.unwrap_or(0),
        })
    }

    fn advance(&mut self) -> Result<(), StoreError> {
        if self.cursor.waiting() == 0 {
            let newest: Option<i64> =
                self.connection.query_row("SELECT MAX(id) FROM errors", [], |row| row.get(0))?;
            self.cursor.advance_to_end(newest.unwrap_or(0));
        } else {
            let sql = "SELECT id FROM errors WHERE id > ? ORDER BY id";
            let mut query = self.connection.prepare_cached(sql)?;
            let mut rows = query.query([self.cursor.position()])?;
            while let Some(row) = rows.next()? {
                if !self.cursor.advance(row.get(0)?) {
                    break;
                }
            }
        }
        let is_due = self.cursor.waiting() == 0 || self.saved.1.elapsed() >= SAVE_EVERY;
        if is_due { self.save_position() } else { Ok(()) }
    }

    /// Writes how far the sink is. What is sent twice because that was lost is stored once.
    pub(crate) fn save_position(&mut self) -> Result<(), StoreError> {
        let position = self.cursor.position();
        if position != self.saved.0 {
            save(&self.connection, position)?;
            self.saved = (position, Instant::now());
        }
        Ok(())
    }

    /// The oldest events above a number that are not done with.
    fn waiting(&self, after: i64, most: usize) -> Result<Vec<(i64, HistoryRow)>, StoreError> {
        let sql = format!("SELECT id, {COLUMNS} FROM errors WHERE id > ? ORDER BY id");
        let mut query = self.connection.prepare_cached(&sql)?;
        let mut rows = query.query([after.max(self.cursor.position())])?;
        let mut events = Vec::new();
        while let Some(row) = rows.next()? {
            let id = row.get("id")?;
            // A row of strange types is nothing that could be sent.
            let event = read(row).ok().filter(|_| !self.cursor.is_done(id));
            events.extend(event.map(|event| (id, event)));
            if events.len() >= most.max(1) {
                break;
            }
        }
        Ok(events)
    }

    /// The counts of a UTC day, as they were counted: types and servers first seen come first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn counts_of_day(&self, day: NaiveDate) -> Result<ErrorCounts, StoreError> {
        let begin = day.and_time(NaiveTime::MIN).and_utc().timestamp_nanos_opt().unwrap_or(0);
        let mut query = self.connection.prepare(
            "SELECT error_type, server_name, COUNT(*) FROM errors WHERE stamp >= ?1 AND stamp < ?2
             AND typeof(error_type) = 'text' AND typeof(server_name) = 'text'
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

    /// The stamps that are not before a time: they were given out when the clock was ahead.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn ahead_of(&self, time: DateTime<Utc>) -> Result<Vec<Stamp>, StoreError> {
        let from = time.timestamp_nanos_opt().unwrap_or(i64::MAX);
        let sql = "SELECT stamp FROM errors WHERE stamp >= ? AND typeof(stamp) = 'integer'
             ORDER BY stamp LIMIT 100000";
        let mut query = self.connection.prepare(sql)?;
        let stamps = query.query_map([from], |row| row.get(0).map(Stamp))?;
        Ok(stamps.collect::<rusqlite::Result<_>>()?)
    }

    /// Removes some of the oldest events that are from before a time, and gives their space back.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn trim(&mut self, before: Stamp) -> Result<usize, StoreError> {
        let removed = self.remove_oldest("stamp < ?", &[before.0], true)?;
        if removed > 0 {
            // The pragma works as its rows are stepped through.
            let mut vacuum = self.connection.prepare("PRAGMA incremental_vacuum")?;
            let mut rows = vacuum.query([])?;
            while rows.next()?.is_some() {}
        }
        Ok(removed)
    }

    /// Moves what waits for the sink from a file that was deleted into this one.
    pub(crate) fn take_over(&mut self, deleted: &Self) -> Result<usize, StoreError> {
        let position = deleted.cursor.position();
        let moved = salvage::copy(&deleted.connection, position, &mut self.connection)?;
        self.cursor = place(&self.connection)?;
        Ok(moved)
    }
}

/// How far the sink is. One that nobody knows begins at the end: what is there was sent by a
/// version that kept no position.
fn place(connection: &Connection) -> rusqlite::Result<Cursor> {
    let sql = "SELECT position FROM cursors WHERE sink = ?";
    let known: Option<i64> = connection.query_row(sql, [SINK], |row| row.get(0)).optional()?;
    let position = match known {
        Some(position) => position,
        None => {
            let newest: Option<i64> =
                connection.query_row("SELECT MAX(id) FROM errors", [], |row| row.get(0))?;
            let newest = newest.unwrap_or(0);
            save(connection, newest)?;
            newest
        }
    };
    let above = "SELECT COUNT(*) FROM errors WHERE id > ?";
    let above: i64 = connection.query_row(above, [position], |row| row.get(0))?;
    Ok(Cursor::new(position, usize::try_from(above).unwrap_or(0)))
}

pub(super) fn save(connection: &Connection, position: i64) -> rusqlite::Result<()> {
    let sql = "INSERT INTO cursors (sink, position) VALUES (?, ?)
        ON CONFLICT (sink) DO UPDATE SET position = excluded.position";
    connection.execute(sql, params![SINK, position]).map(|_| ())
}

/// The time that counts for the age of events. A clock that was set while the program was off, or
/// that runs ahead, makes nothing older than it is: beyond the newest event of the time before this
/// start, time stands for half of what is kept at most, and goes on as time passes.
pub(crate) fn age_reference(
    now: DateTime<Utc>,
    newest: Option<Stamp>,
    passed: Duration,
    kept: chrono::Duration,
) -> DateTime<Utc> {
    let passed = chrono::Duration::from_std(passed).unwrap_or_default();
    newest.map_or(now, |newest| now.min(newest.to_utc() + kept / 2 + passed))
}

/// Nanoseconds of a day.
const DAY: i64 = 86_400 * 1_000_000_000;

impl Drop for ErrorStore {
    fn drop(&mut self) {
        // What is lost here is sent once more.
        _ = self.save_position();
    }
}
