//! What the destination will never take: the latest of it is kept, so that somebody can look at it.

use rusqlite::{Connection, params};

use super::work::{RefusedPoints, Stream};

/// Entries that are kept.
const MOST: i64 = 1_000;

/// Bytes of all entries together.
const MOST_BYTES: i64 = 1 << 20;

/// Bytes of the lines of one entry; what is longer is cut.
const LONGEST_LINES: usize = 64 << 10;

/// Bytes of a reason: the words of a server may be a page.
const LONGEST_REASON: usize = 1_000;

/// The latest stay, the oldest make room.
pub(super) fn note(
    connection: &Connection,
    stream: Stream,
    now: i64,
    refused: &[RefusedPoints],
) -> rusqlite::Result<()> {
    if refused.is_empty() {
        return Ok(());
    }
    let sql = "INSERT INTO refused (stream, added, reason, lines) VALUES (?,?,?,?)";
    let mut insert = connection.prepare_cached(sql)?;
    for RefusedPoints { reason, lines } in refused {
        let lines = &lines[..lines.len().min(LONGEST_LINES)];
        insert.execute(params![stream.as_str(), now, begin(reason), lines])?;
    }
    let last = connection.last_insert_rowid();
    let first = first_with_room(connection, last - MOST + 1)?;
    connection.prepare_cached("DELETE FROM refused WHERE id < ?")?.execute([first])?;
    Ok(())
}

/// As much of a reason as is kept.
fn begin(reason: &str) -> &str {
    let mut end = reason.len().min(LONGEST_REASON);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    &reason[..end]
}

/// The oldest entry, not before this one, with which all newer ones have room together.
fn first_with_room(connection: &Connection, not_before: i64) -> rusqlite::Result<i64> {
    let sql = "SELECT id, LENGTH(lines) + OCTET_LENGTH(reason) FROM refused WHERE id >= ?
        ORDER BY id DESC";
    let mut query = connection.prepare_cached(sql)?;
    let mut rows = query.query([not_before])?;
    let (mut first, mut bytes) = (i64::MAX, 0);
    while let Some(row) = rows.next()? {
        bytes += row.get::<_, i64>(1)?;
        if bytes > MOST_BYTES {
            break;
        }
        first = row.get(0)?;
    }
    Ok(first)
}

/// Points that are refused for good, as they are kept.
pub(super) fn count(connection: &Connection) -> rusqlite::Result<u64> {
    let count: i64 = connection.query_row("SELECT COUNT(*) FROM refused", [], |row| row.get(0))?;
    Ok(u64::try_from(count).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::io::outbox::schema;

    fn entry(reason: String, bytes: usize) -> RefusedPoints {
        RefusedPoints { reason, lines: Bytes::from(vec![b'x'; bytes]) }
    }

    fn kept(connection: &Connection) -> (i64, i64, i64, i64) {
        let sql = "SELECT COUNT(*), MIN(id), SUM(LENGTH(lines)), MAX(LENGTH(reason)) FROM refused";
        let row = connection
            .query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)));
        row.unwrap()
    }

    #[test]
    fn the_latest_are_kept_within_their_number_and_their_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let file = schema::open(&folder.path().join("outbox.sqlite3")).unwrap();
        let some: Vec<_> = (0..1_200).map(|_| entry("no".to_owned(), 10)).collect();
        note(&file, Stream::Measurements, 1, &some).unwrap();
        assert_eq!(kept(&file), (1_000, 201, 10_000, 2));
        // Of what is 100 KiB long 64 KiB are kept, and of those 15 have room, with their reasons.
        let large: Vec<_> =
            (0..20).map(|_| entry(format!("x{}", "é".repeat(3_000)), 100 << 10)).collect();
        note(&file, Stream::Measurements, 2, &large).unwrap();
        assert_eq!(kept(&file), (15, 1_206, 15 * (64 << 10), 500));
    }
}
