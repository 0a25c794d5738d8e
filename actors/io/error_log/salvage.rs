//! What can be read of a file that is damaged or was deleted.

use std::path::Path;

use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, OptionalExtension, params_from_iter};

use super::schema::COLUMNS;
use super::store::save;

/// Events that are copied in one transaction: so many are in memory.
const TOGETHER: usize = 1_000;

/// Number, and the columns of an event.
type Event = (i64, Vec<Value>);

/// Copies the events of a damaged file into a fresh one, with their numbers, and how far the sink
/// was: from the oldest on, and from the newest back, each up to the first that cannot be read.
///
/// # Errors
/// When the fresh file cannot be written.
pub(super) fn save_all(damaged: &Path, fresh: &mut Connection) -> rusqlite::Result<usize> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let Ok(connection) = Connection::open_with_flags(damaged, flags) else { return Ok(0) };
    let mut saved = 0;
    let last = transfer(&connection, "ASC", i64::MIN, fresh, &mut saved)?;
    transfer(&connection, "DESC", last, fresh, &mut saved)?;
    let sql = "SELECT MAX(position) FROM cursors";
    // Where that cannot be read all of it is sent again, which does no harm.
    let position = connection.query_row(sql, [], |row| row.get::<_, Option<i64>>(0)).optional();
    let position = position.ok().flatten().flatten().unwrap_or(0);
    save(fresh, position)?;
    Ok(saved)
}

/// Copies the events above a number from a file that still is open. The other goes on with its
/// numbers: the sink takes a number that it has met before for an event that it has.
///
/// # Errors
/// When either cannot be used.
pub(super) fn copy(
    from: &Connection,
    above: i64,
    into: &mut Connection,
) -> rusqlite::Result<usize> {
    let mut saved = 0;
    transfer(from, "ASC", above, into, &mut saved)?;
    save(into, above)?;
    let sql = "SELECT seq FROM sqlite_sequence WHERE name = 'errors'";
    let last = from.query_row(sql, [], |row| row.get(0)).optional()?.unwrap_or(0).max(above);
    let at_least = "UPDATE sqlite_sequence SET seq = MAX(seq, ?) WHERE name = 'errors'";
    if into.execute(at_least, [last])? == 0 {
        into.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('errors', ?)", [last])?;
    }
    Ok(saved)
}

/// Copies the events above a number in one order, up to the first that cannot be read; the highest
/// number among them.
fn transfer(
    from: &Connection,
    order: &str,
    above: i64,
    into: &mut Connection,
    saved: &mut usize,
) -> rusqlite::Result<i64> {
    // The index may be what is damaged.
    let sql = format!(
        "SELECT rowid, {COLUMNS} FROM errors NOT INDEXED WHERE rowid > ? ORDER BY rowid {order}"
    );
    let mut last = i64::MIN;
    let Ok(mut query) = from.prepare(&sql) else { return Ok(last) };
    let columns = query.column_count();
    let Ok(mut rows) = query.query([above]) else { return Ok(last) };
    let mut events: Vec<Event> = Vec::new();
    while let Ok(Some(row)) = rows.next() {
        let values: rusqlite::Result<Vec<Value>> = (1..columns).map(|at| row.get(at)).collect();
        if let (Ok(id), Ok(values)) = (row.get(0), values) {
            events.push((id, values));
        }
        if events.len() == TOGETHER {
            last = last.max(insert(into, &mut events, saved)?);
        }
    }
    Ok(last.max(insert(into, &mut events, saved)?))
}

/// Inserts and empties; the highest number among them.
fn insert(
    into: &mut Connection,
    events: &mut Vec<Event>,
    saved: &mut usize,
) -> rusqlite::Result<i64> {
    let transaction = into.transaction()?;
    let mut last = i64::MIN;
    {
        let marks = vec!["?"; COLUMNS.split(',').count()].join(",");
        let sql = format!("INSERT OR IGNORE INTO errors (id, {COLUMNS}) VALUES (?,{marks})");
        let mut insert = transaction.prepare_cached(&sql)?;
        for (id, values) in events.drain(..) {
            last = last.max(id);
            let values = std::iter::once(Value::Integer(id)).chain(values);
            *saved += insert.execute(params_from_iter(values))?;
        }
    }
    transaction.commit()?;
    Ok(last)
}
