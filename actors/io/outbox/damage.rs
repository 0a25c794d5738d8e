//! What can still be read of a damaged file.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, params};

use super::work::{Row, Stream};

/// Rows that are handed over together: so many are in memory.
const TOGETHER: usize = 500;

/// Calls `save` with the rows of a stream that can be read in a damaged file, oldest first: from
/// the oldest on, and from the newest back, each up to the first that cannot.
///
/// # Errors
/// What `save` says.
pub(super) fn each_readable<E>(
    file: &Path,
    stream: Stream,
    mut save: impl FnMut(Vec<Row>) -> Result<(), E>,
) -> Result<(), E> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let Ok(connection) = Connection::open_with_flags(file, flags) else { return Ok(()) };
    let oldest = places(&connection, stream, "ASC", i64::MIN);
    let above = oldest.last().copied().unwrap_or(i64::MIN);
    let newest = places(&connection, stream, "DESC", above);
    let mut rows = Vec::new();
    for place in oldest.into_iter().chain(newest.into_iter().rev()) {
        // A row of strange types costs itself.
        rows.extend(row(&connection, place).ok());
        if rows.len() == TOGETHER {
            save(std::mem::take(&mut rows))?;
        }
    }
    if rows.is_empty() { Ok(()) } else { save(rows) }
}

/// The places of the rows behind `above`, up to the first that cannot be read. Each is read as a
/// whole, for what is damaged may be the page with its lines.
fn places(connection: &Connection, stream: Stream, order: &str, above: i64) -> Vec<i64> {
    // The index may be what is damaged.
    let sql = format!(
        "SELECT rowid, lines FROM waiting NOT INDEXED
         WHERE stream = ? AND rowid > ? ORDER BY rowid {order}"
    );
    let mut places = Vec::new();
    let Ok(mut query) = connection.prepare(&sql) else { return places };
    let Ok(mut found) = query.query(params![stream.as_str(), above]) else { return places };
    while let Ok(Some(row)) = found.next() {
        places.extend(row.get_ref(1).ok().and_then(|_| row.get::<_, i64>(0).ok()));
    }
    places
}

fn row(connection: &Connection, place: i64) -> rusqlite::Result<Row> {
    let sql = "SELECT id, points, lines FROM waiting NOT INDEXED WHERE rowid = ?";
    connection.prepare_cached(sql)?.query_row([place], |row| {
        let points: i64 = row.get(1)?;
        let lines: Vec<u8> = row.get(2)?;
        let points = usize::try_from(points).unwrap_or(0);
        Ok(Row { id: row.get(0)?, points, lines: lines.into() })
    })
}
