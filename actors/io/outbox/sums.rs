//! How much of each stream is in the file, kept beside the rows.

use rusqlite::{Connection, OptionalExtension, params};

use super::work::Stream;

/// As many of the oldest rows make room at a time.
const STEP: i64 = 256;

/// What a stream has, as the file tells it.
pub(super) struct Sums {
    pub(super) rows: i64,
    pub(super) points: i64,
    pub(super) bytes: i64,
    pub(super) last: i64,
}

/// The oldest rows of a stream.
#[derive(Clone, Copy)]
pub(super) struct Oldest {
    pub(super) rows: i64,
    pub(super) points: i64,
    pub(super) bytes: i64,
    pub(super) up_to: i64,
}

impl Sums {
    pub(super) fn read(connection: &Connection, stream: Stream) -> rusqlite::Result<Self> {
        let sums = connection
            .query_row(
                "SELECT rows, points, bytes, last FROM sums WHERE stream = ?",
                [stream.as_str()],
                |row| {
                    let (rows, points) = (row.get(0)?, row.get(1)?);
                    Ok(Self { rows, points, bytes: row.get(2)?, last: row.get(3)? })
                },
            )
            .optional()?;
        Ok(sums.unwrap_or(Self { rows: 0, points: 0, bytes: 0, last: 0 }))
    }

    pub(super) fn write(&self, connection: &Connection, stream: Stream) -> rusqlite::Result<()> {
        connection
            .prepare_cached(
                "INSERT OR REPLACE INTO sums (stream, rows, points, bytes, last)
                 VALUES (?,?,?,?,?)",
            )?
            .execute(params![stream.as_str(), self.rows, self.points, self.bytes, self.last])?;
        Ok(())
    }

    pub(super) fn less(&mut self, rows: i64, (points, bytes): (i64, i64)) {
        self.rows -= rows;
        self.points -= points;
        self.bytes -= bytes;
    }

    pub(super) fn drop(
        &mut self,
        connection: &Connection,
        stream: Stream,
        gone: Oldest,
    ) -> rusqlite::Result<()> {
        connection
            .prepare_cached("DELETE FROM waiting WHERE stream = ? AND id <= ?")?
            .execute(params![stream.as_str(), gone.up_to])?;
        self.less(gone.rows, (gone.points, gone.bytes));
        Ok(())
    }
}

/// The oldest rows, a few of them, as long as `goes` for the second in which a row came and the
/// bytes of those before it.
pub(super) fn oldest(
    connection: &Connection,
    stream: Stream,
    goes: impl Fn(i64, i64) -> bool,
) -> rusqlite::Result<Oldest> {
    let mut query = connection.prepare_cached(
        "SELECT id, added, points, LENGTH(lines) FROM waiting WHERE stream = ? ORDER BY id LIMIT ?",
    )?;
    let mut rows = query.query(params![stream.as_str(), STEP])?;
    let mut found = Oldest { rows: 0, points: 0, bytes: 0, up_to: 0 };
    while let Some(row) = rows.next()? {
        if !goes(row.get(1)?, found.bytes) {
            break;
        }
        let (points, bytes): (i64, i64) = (row.get(2)?, row.get(3)?);
        found.up_to = row.get(0)?;
        found.rows += 1;
        found.points += points;
        found.bytes += bytes;
    }
    Ok(found)
}

pub(super) fn integer(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

pub(super) fn number(integer: i64) -> usize {
    usize::try_from(integer).unwrap_or(0)
}
