//! The database file: one table of what waits, one of sums, so that opening takes the same time
//! whatever waits.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, ErrorCode, OptionalExtension, ffi, params};

use super::refused;
use super::reserve::Reserve;
use super::schema::{self, error_of};
use super::settings::OutboxSettings;
use super::sums::{Sums, integer, number, oldest};
use super::work::{Drops, Level, OutboxError, Reply, Row, Stream, Work};
use crate::io::sqlite::beside;

/// An open file.
pub(super) struct OutboxFile {
    pub(super) connection: Connection,
    settings: OutboxSettings,
    /// When it was opened, and which second that was.
    opened: (Instant, i64),
    pub(super) reserve: Reserve,
}

impl OutboxFile {
    /// Opens or creates it.
    pub(super) fn open(settings: &OutboxSettings) -> Result<Self, OutboxError> {
        let cannot = |error: &rusqlite::Error| error_of(&settings.file, "opened", error);
        let mut reserve = Reserve::new(beside(&settings.file, ".reserve"));
        // Whatever it is that cannot be had on a full volume: with more room it may.
        let connection = match schema::open(&settings.file) {
            Err(error) if !error.damaged && reserve.free() => schema::open(&settings.file)?,
            other => other?,
        };
        let newest: Option<i64> = connection
            .query_row("SELECT added FROM waiting ORDER BY rowid DESC LIMIT 1", [], |row| {
                row.get(0)
            })
            .optional()
            .map_err(|error| cannot(&error))?;
        // A clock that was set while the program was off makes nothing older than it is: time
        // stands for half the age of a row at most.
        let now = seconds(SystemTime::now());
        let half = integer(settings.max_age.as_secs() / 2);
        let now = newest.map_or(now, |newest| now.clamp(newest, newest.saturating_add(half)));
        _ = reserve.keep();
        let opened = (Instant::now(), now);
        let mut file = Self { connection, settings: settings.clone(), opened, reserve };
        if settings.errors_elsewhere {
            file.adopt_errors().map_err(|error| cannot(&error))?;
        }
        Ok(file)
    }

    /// The time that rows are given, in seconds since 1970: a clock that is set meanwhile has no
    /// part in it.
    fn now(&self) -> i64 {
        self.opened.1 + integer(self.opened.0.elapsed().as_secs())
    }

    /// Does the work as one transaction; nothing of it is done when that fails.
    pub(super) fn work(&mut self, stream: Stream, work: &Work) -> Result<Reply, OutboxError> {
        let mut dropped = Drops::default();
        let mut written = self.write(stream, work);
        if written.as_ref().is_err_and(is_full) {
            // Even deleting needs room: that of the reserve. The file grows no more, so that it
            // stays for the log of changes. What is oldest goes, then once more.
            self.reserve.free();
            self.merge_log();
            self.may_grow(false).map_err(|error| self.cannot("written", &error))?;
            let bytes: usize = work.append.iter().map(|row| row.lines.len()).sum();
            dropped = self
                .make_room(stream, integer(bytes).saturating_mul(2))
                .map_err(|error| self.cannot("written", &error))?;
            self.merge_log();
            written = self.write(stream, work);
        }
        let more = written.map_err(|error| self.cannot("written", &error))?;
        dropped.add(&more);
        if !self.reserve.is_there() {
            // While there is no room to spare nothing takes it twice.
            self.merge_log();
            if self.reserve.keep() {
                self.may_grow(true).map_err(|error| self.cannot("written", &error))?;
            }
        }
        let loaded = match work.load {
            Some((after, points)) => {
                self.load(stream, after, points).map_err(|error| self.cannot("read", &error))?
            }
            None => Vec::new(),
        };
        Ok(Reply { loaded, dropped, level: self.level(stream)?, set_aside: None })
    }

    fn write(&mut self, stream: Stream, work: &Work) -> rusqlite::Result<Drops> {
        let (limit, now) = (integer(self.settings.limit(stream)), self.now());
        let too_old = now - integer(self.settings.max_age.as_secs());
        let transaction = self.connection.transaction()?;
        let mut sums = Sums::read(&transaction, stream)?;
        {
            let mut insert = transaction.prepare_cached(
                "INSERT INTO waiting (id, stream, added, points, lines) VALUES (?,?,?,?,?)",
            )?;
            for row in &work.append {
                let points = integer(row.points);
                insert.execute(params![row.id, stream.as_str(), now, points, &row.lines[..]])?;
                sums.rows += 1;
                sums.points += points;
                sums.bytes += integer(row.lines.len());
                sums.last = sums.last.max(row.id);
            }
            let mut delete = transaction.prepare_cached(
                "DELETE FROM waiting WHERE id = ? AND stream = ? RETURNING points, LENGTH(lines)",
            )?;
            for id in &work.remove {
                let gone = delete
                    .query_row(params![id, stream.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
                    .optional()?;
                if let Some(gone) = gone {
                    sums.less(1, gone);
                }
            }
        }
        refused::note(&transaction, stream, now, &work.refused)?;
        let mut dropped = Drops::default();
        // A few at a time: the next transaction goes on.
        let aged = oldest(&transaction, stream, |added, _| added < too_old)?;
        if aged.rows > 0 {
            dropped.up_to = aged.up_to;
            dropped.for_age = number(aged.points);
            sums.drop(&transaction, stream, aged)?;
        }
        while sums.bytes > limit {
            let surplus = sums.bytes - limit;
            let oldest = oldest(&transaction, stream, |_, before| before < surplus)?;
            if oldest.rows == 0 {
                break;
            }
            dropped.up_to = dropped.up_to.max(oldest.up_to);
            dropped.for_size += number(oldest.points);
            sums.drop(&transaction, stream, oldest)?;
        }
        sums.write(&transaction, stream)?;
        transaction.commit()?;
        if !work.remove.is_empty() || dropped.up_to > 0 {
            self.give_back()?;
        }
        Ok(dropped)
    }

    /// Errors that wait from before they had another place join the other stream: what they are
    /// does not matter any more.
    fn adopt_errors(&mut self) -> rusqlite::Result<()> {
        let (from, to) = (Stream::Errors, Stream::Measurements);
        let transaction = self.connection.transaction()?;
        let (left, mut sums) = (Sums::read(&transaction, from)?, Sums::read(&transaction, to)?);
        if left.rows > 0 {
            // Above all numbers of both, in the order in which they came.
            let above = sums.last.max(left.last);
            transaction.execute(
                "UPDATE waiting SET stream = ?, id = ? + rowid WHERE stream = ?",
                params![to.as_str(), above, from.as_str()],
            )?;
            sums.last = transaction.query_row(
                "SELECT MAX(id) FROM waiting WHERE stream = ?",
                [to.as_str()],
                |row| row.get(0),
            )?;
            sums.rows += left.rows;
            sums.points += left.points;
            sums.bytes += left.bytes;
            sums.write(&transaction, to)?;
            Sums { rows: 0, points: 0, bytes: 0, last: left.last }.write(&transaction, from)?;
        }
        transaction.commit()
    }

    fn load(&self, stream: Stream, after: i64, most: usize) -> rusqlite::Result<Vec<Row>> {
        let mut query = self.connection.prepare_cached(
            "SELECT id, points, lines FROM waiting WHERE stream = ? AND id > ? ORDER BY id",
        )?;
        let mut rows = query.query(params![stream.as_str(), after])?;
        let mut loaded: Vec<Row> = Vec::new();
        let mut points = 0;
        while let Some(row) = rows.next()? {
            let of_row = number(row.get(1)?);
            if points > 0 && points + of_row > most {
                break;
            }
            points += of_row;
            let lines: Vec<u8> = row.get(2)?;
            loaded.push(Row { id: row.get(0)?, points: of_row, lines: lines.into() });
        }
        Ok(loaded)
    }

    /// How much of a stream waits.
    fn level(&self, stream: Stream) -> Result<Level, OutboxError> {
        let sums =
            Sums::read(&self.connection, stream).map_err(|error| self.cannot("read", &error))?;
        Ok(Level {
            rows: u64::try_from(sums.rows).unwrap_or(0),
            points: number(sums.points),
            bytes: u64::try_from(sums.bytes).unwrap_or(0),
            last: sums.last,
            oldest: oldest_of(&self.connection, stream)
                .map_err(|error| self.cannot("read", &error))?,
        })
    }

    pub(super) fn cannot(&self, what: &str, error: &rusqlite::Error) -> OutboxError {
        error_of(&self.settings.file, what, error)
    }
}

/// Whether the volume, or what may be used of it, is full.
pub(super) fn is_full(error: &rusqlite::Error) -> bool {
    // A log of changes that cannot grow is an error of the file system.
    let extended = match error {
        rusqlite::Error::SqliteFailure(cause, _) => cause.extended_code,
        _ => 0,
    };
    error.sqlite_error_code() == Some(ErrorCode::DiskFull) || extended == ffi::SQLITE_IOERR_WRITE
}

/// When the oldest row of a stream came.
pub(super) fn oldest_of(connection: &Connection, stream: Stream) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached("SELECT added FROM waiting WHERE stream = ? ORDER BY id LIMIT 1")?
        .query_row([stream.as_str()], |row| row.get(0))
        .optional()
}

fn seconds(time: SystemTime) -> i64 {
    integer(time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs())
}
