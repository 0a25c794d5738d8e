//! The tables of a history file, their versions, and the steps from one to the next.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Transaction, ffi};

use crate::io::sqlite::check_header;

/// The columns of an event, without its number.
pub(super) const COLUMNS: &str = "stamp, error_type, server_name, host, virtual_proxy, \
    destination_host, module, error_category, error_code, http_status, request_url, \
    request_timeout_ms, remote_address, remote_port, syscall, message";

/// The form of the tables; a file with a higher number is a later version's.
const VERSION: i64 = 1;

/// From each version to the next: files of version 0 are new, or were written before there were
/// versions.
const STEPS: [fn(&Transaction<'_>) -> rusqlite::Result<()>; VERSION as usize] = [number_events];

/// Numbers are never used again, so that a place in the history is a number.
fn number_events(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    let there = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'errors'";
    let old = transaction.query_row(there, [], |_| Ok(())).optional()?.is_some();
    if old {
        transaction.execute_batch(
            "DROP INDEX IF EXISTS errors_by_stamp; ALTER TABLE errors RENAME TO errors_before;",
        )?;
    }
    transaction.execute_batch(
        "CREATE TABLE errors (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
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
        CREATE INDEX errors_by_stamp ON errors (stamp);
        CREATE TABLE cursors (sink TEXT PRIMARY KEY, position INTEGER NOT NULL);",
    )?;
    if old {
        transaction.execute_batch(&format!(
            "INSERT INTO errors ({COLUMNS}) SELECT {COLUMNS} FROM errors_before ORDER BY stamp;
             DROP TABLE errors_before;"
        ))?;
    }
    Ok(())
}

/// Opens or creates a file of at most so many bytes, and brings it to this version.
///
/// # Errors
/// [`is_damage`](crate::io::sqlite::is_damage) tells a file that is damaged or no history of this
/// version from one that cannot be used right now.
pub(super) fn connect(file: &Path, max_bytes: u64) -> rusqlite::Result<Connection> {
    check_header(file)?;
    let mut connection = Connection::open(file)?;
    // Before the first table, else it has no effect.
    connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // A power cut loses nothing that was told to be kept.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "journal_size_limit", 4 << 20)?;
    let check: Option<String> =
        connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).optional()?;
    if check.is_some_and(|check| check != "ok") {
        return Err(corrupt());
    }
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let Ok(done @ 0..=VERSION) = usize::try_from(version).map(|version| version as i64) else {
        return Err(corrupt());
    };
    let transaction = connection.transaction()?;
    for step in STEPS.iter().skip(done as usize) {
        step(&transaction)?;
    }
    transaction.pragma_update(None, "user_version", VERSION)?;
    takes_events(&transaction)?;
    transaction.commit()?;
    let page: u64 = connection.query_row("PRAGMA page_size", [], |row| row.get(0))?;
    connection.pragma_update(None, "max_page_count", (max_bytes / page.max(1)).max(16))?;
    Ok(connection)
}

/// Whether an event fits into the table: what has more columns is welcome as long as it does.
fn takes_events(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    transaction
        .execute_batch(&format!(
            "SAVEPOINT trial;
         INSERT INTO errors ({COLUMNS})
         VALUES (0,'','','','','','','','',0,'',0,'',0,'','');
         ROLLBACK TO trial; RELEASE trial;
         SELECT position FROM cursors WHERE sink = '';"
        ))
        .map_err(|error| match error {
            // A constraint of a stranger.
            rusqlite::Error::SqliteFailure(cause, _)
                if cause.code == rusqlite::ErrorCode::ConstraintViolation =>
            {
                corrupt()
            }
            error => error,
        })
}

fn corrupt() -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_CORRUPT), None)
}
