//! The tables, and the steps from each version of them to the next.

use std::path::Path;

use rusqlite::{Connection, Transaction};

use super::work::OutboxError;
use crate::io::sqlite::{check_header, is_damage};

/// What a step does. One that fails leaves the file as it was.
type Step = fn(&Transaction<'_>) -> rusqlite::Result<()>;

/// From each version to the next; version 0 is a new file. Named columns only, so that later
/// versions may add some.
const STEPS: [Step; 3] = [begin, add_refused, number_each_stream];

/// The form of the tables. A file with a higher number is a later version's.
pub(super) const VERSION: usize = STEPS.len();

/// The first version that keeps what is refused.
pub(super) const WITH_REFUSED: i64 = 2;

/// Opens or creates a file and brings it up to date.
pub(super) fn open(file: &Path) -> Result<Connection, OutboxError> {
    let cannot = |error: &rusqlite::Error| error_of(file, "opened", error);
    let mut connection = connect(file).map_err(|error| cannot(&error))?;
    let version = version(&connection).map_err(|error| cannot(&error))?;
    let tables: i64 = connection
        .query_row("SELECT COUNT(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(|error| cannot(&error))?;
    let unfit = |why| OutboxError { message: format!("{} {why}", file.display()), damaged: true };
    match usize::try_from(version) {
        Ok(0) if tables > 0 => return Err(unfit("is a database of another program")),
        Ok(VERSION) => return Ok(connection),
        Ok(0..VERSION) => {}
        Ok(_) => return Err(unfit("was written by a later version of this program")),
        Err(_) => return Err(unfit("is a database of another program")),
    }
    bring_up_to_date(&mut connection, version).map_err(|error| cannot(&error))?;
    Ok(connection)
}

/// The version of the tables in a file; 0 where there are none yet.
pub(super) fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

fn bring_up_to_date(connection: &mut Connection, version: i64) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    for step in STEPS.iter().skip(usize::try_from(version).unwrap_or(0)) {
        step(&transaction)?;
    }
    transaction.pragma_update(None, "user_version", VERSION as i64)?;
    transaction.commit()
}

fn begin(file: &Transaction<'_>) -> rusqlite::Result<()> {
    file.execute_batch(
        "CREATE TABLE waiting (
            id INTEGER PRIMARY KEY, stream TEXT NOT NULL, added INTEGER NOT NULL,
            points INTEGER NOT NULL, lines BLOB NOT NULL
        );
        CREATE INDEX waiting_by_stream ON waiting (stream, id);
        CREATE TABLE sums (
            stream TEXT PRIMARY KEY, rows INTEGER NOT NULL, points INTEGER NOT NULL,
            bytes INTEGER NOT NULL, last INTEGER NOT NULL
        );",
    )
}

fn add_refused(file: &Transaction<'_>) -> rusqlite::Result<()> {
    file.execute_batch(
        "CREATE TABLE refused (
            id INTEGER PRIMARY KEY AUTOINCREMENT, stream TEXT NOT NULL, added INTEGER NOT NULL,
            reason TEXT NOT NULL, lines BLOB NOT NULL
        );",
    )
}

/// Streams number their rows by the clock, each by itself: two may have the same number.
fn number_each_stream(file: &Transaction<'_>) -> rusqlite::Result<()> {
    file.execute_batch(
        "DROP INDEX waiting_by_stream;
        ALTER TABLE waiting RENAME TO before;
        CREATE TABLE waiting (
            place INTEGER PRIMARY KEY, id INTEGER NOT NULL, stream TEXT NOT NULL,
            added INTEGER NOT NULL, points INTEGER NOT NULL, lines BLOB NOT NULL
        );
        INSERT INTO waiting (id, stream, added, points, lines)
            SELECT id, stream, added, points, lines FROM before ORDER BY id;
        DROP TABLE before;
        CREATE UNIQUE INDEX waiting_by_stream ON waiting (stream, id);",
    )
}

fn connect(file: &Path) -> rusqlite::Result<Connection> {
    check_header(file)?;
    let connection = Connection::open(file)?;
    // Before the first table, else it has no effect.
    connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // A power cut loses nothing that was acknowledged.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "journal_size_limit", 4 << 20)?;
    Ok(connection)
}

/// What could not be done with a file.
pub(super) fn error_of(file: &Path, what: &str, error: &rusqlite::Error) -> OutboxError {
    let damaged = is_damage(error) || matches!(error, rusqlite::Error::InvalidColumnType(..));
    OutboxError { message: format!("{} cannot be {what}: {error}", file.display()), damaged }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_earlier_version_is_brought_up_to_date_with_what_waits() {
        for version in 0..=VERSION {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("outbox.sqlite3");
            let mut connection = connect(&file).unwrap();
            let transaction = connection.transaction().unwrap();
            for step in &STEPS[..version] {
                step(&transaction).unwrap();
            }
            transaction.pragma_update(None, "user_version", version as i64).unwrap();
            if version > 0 {
                let sql = "INSERT INTO waiting (id, stream, added, points, lines)
                    VALUES (5, 'measurements', 1, 1, x'41'), (6, 'errors', 2, 1, x'42')";
                transaction.execute_batch(sql).unwrap();
            }
            transaction.commit().unwrap();
            drop(connection);

            let now = open(&file).unwrap();
            assert_eq!(super::version(&now).unwrap(), VERSION as i64);
            let all = "SELECT GROUP_CONCAT(id || stream || added || lines ORDER BY place),
                (SELECT COUNT(*) FROM refused) FROM waiting";
            let all: (Option<String>, i64) =
                now.query_row(all, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
            let rows = (version > 0).then(|| "5measurements1A,6errors2B".to_owned());
            assert_eq!(all, (rows, 0), "from version {version}");
        }
    }
}
