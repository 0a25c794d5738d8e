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
    let known = read(&connection, stream, "ASC", i64::MIN, &mut rows);
    let mut newest = Vec::new();
    read(&connection, stream, "DESC", known, &mut newest);
    rows.extend(newest.into_iter().rev());
    rows
}

/// The place in the file of the last row that could be read; all are behind `above`.
fn read(
    connection: &Connection,
    stream: Stream,
    order: &str,
    above: i64,
    rows: &mut Vec<Row>,
) -> i64 {
    // The index may be what is damaged.
    let sql = format!(
        "SELECT rowid, id, points, lines FROM waiting NOT INDEXED
         WHERE stream = ? AND rowid > ? ORDER BY rowid {order}"
    );
    let mut last = above;
    let Ok(mut query) = connection.prepare(&sql) else { return last };
    let Ok(mut found) = query.query(params![stream.as_str(), above]) else { return last };
    while let Ok(Some(row)) = found.next() {
        let read = || -> rusqlite::Result<Row> {
            let points: i64 = row.get(2)?;
            let lines: Vec<u8> = row.get(3)?;
            let points = usize::try_from(points).unwrap_or(0);
            Ok(Row { id: row.get(1)?, points, lines: lines.into() })
        };
        last = row.get(0).unwrap_or(last);
        // A row of strange types costs itself.
        rows.extend(read().ok());
    }
    last
}
