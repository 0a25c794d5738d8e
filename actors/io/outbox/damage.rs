//! What can still be read of a damaged file.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, params};

use super::work::{Row, Stream};

/// The rows of a stream that can be read in a damaged file: from the oldest on, and from the
/// newest back, each up to the first that cannot.
pub(super) fn readable(file: &Path, stream: Stream) -> Vec<Row> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let Ok(connection) = Connection::open_with_flags(file, flags) else { return Vec::new() };
    let mut rows = Vec::new();
    read(&connection, stream, "ASC", &mut rows);
    let known = rows.last().map_or(i64::MIN, |row| row.id);
    let mut newest = Vec::new();
    read(&connection, stream, "DESC", &mut newest);
    rows.extend(newest.into_iter().rev().filter(|row| row.id > known));
    rows
}

fn read(connection: &Connection, stream: Stream, order: &str, rows: &mut Vec<Row>) {
    // The index may be what is damaged.
    let sql = format!(
        "SELECT id, points, lines FROM waiting NOT INDEXED WHERE stream = ? ORDER BY rowid {order}"
    );
    let Ok(mut query) = connection.prepare(&sql) else { return };
    let Ok(mut found) = query.query(params![stream.as_str()]) else { return };
    while let Ok(Some(row)) = found.next() {
        let read = || -> rusqlite::Result<Row> {
            let points: i64 = row.get(1)?;
            let lines: Vec<u8> = row.get(2)?;
            let points = usize::try_from(points).unwrap_or(0);
            Ok(Row { id: row.get(0)?, points, lines: lines.into() })
        };
        // A row of strange types costs itself.
        rows.extend(read().ok());
    }
}
