//! Taking over the history of an earlier version, which kept it elsewhere.

use std::fs;
use std::io;
use std::path::Path;

use super::settings::HistorySettings;
use crate::io::error_log::{ErrorStore, StoreError};
use crate::io::private;
use crate::io::sqlite::beside;

/// Opens the history at its place, after moving there what an earlier version left elsewhere.
///
/// # Errors
/// See [`ErrorStore::open`].
pub fn open(settings: &HistorySettings) -> Result<ErrorStore, StoreError> {
    let Some(left) = settings.left_behind() else {
        return ErrorStore::open(&settings.file);
    };
    let (from, to) = (left.display(), settings.file.display());
    // Opened, so that nobody else uses it, and closed, so that all of it is in one file.
    if let Err(error) = ErrorStore::open(left) {
        log::warn!(
            "ERROR HISTORY: The history of an earlier version is left where it is: {error}. A new \
             one is begun, {to}"
        );
        return ErrorStore::open(&settings.file);
    }
    match move_file(left, &settings.file) {
        Ok(()) => {
            log::info!("ERROR HISTORY: The history of an earlier version, {from}, is now {to}");
            ErrorStore::open(&settings.file)
        }
        Err(error) => {
            log::warn!(
                "ERROR HISTORY: The history of an earlier version is used where it is, {from}: it \
                 cannot be moved to {to}: {error}"
            );
            ErrorStore::open(left)
        }
    }
}

fn move_file(from: &Path, to: &Path) -> io::Result<()> {
    if let Some(folder) = to.parent() {
        private::make_folder(folder)?;
    }
    fs::rename(from, to)?;
    // A reader may have kept the log of changes from being merged; it belongs to the file.
    for part in ["-wal", "-shm"] {
        match fs::rename(beside(from, part), beside(to, part)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                fs::rename(to, from)?;
                return Err(error);
            }
            _ => {}
        }
    }
    // Empty, and nobody's any more.
    _ = fs::remove_file(beside(from, ".lock"));
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::Arc;

    use super::*;
    use crate::domain::errors::{Category, ErrorOccurred, ErrorPoint, Failure, Origin};
    use crate::domain::names::Host;
    use crate::domain::point::Stamp;
    use crate::io::error_log::{ErrorReader, Filter};

    fn write(file: &Path, stamps: std::ops::Range<i64>) -> ErrorStore {
        let mut store = ErrorStore::open(file).unwrap();
        let origin = Origin::HealthApi { server: "sense1".into(), host: Host::from("h") };
        let failure = Failure::local(Category::Unknown, Arc::from("failed"));
        let error = ErrorOccurred { origin, failure };
        let points = stamps.map(|stamp| ErrorPoint::new(Stamp(stamp), error.clone()));
        store.insert(&points.collect::<Vec<_>>()).unwrap();
        store
    }

    fn count(file: &Path) -> usize {
        let mut rows = 0;
        ErrorReader::open(file).unwrap().for_each(&Filter::default(), None, |_| rows += 1).unwrap();
        rows
    }

    fn settings(folder: &Path, own: &str, earlier: &[PathBuf]) -> HistorySettings {
        let file = folder.join(own).join("errors.sqlite3");
        HistorySettings { file, earlier: earlier.to_vec(), retention_days: 30 }
    }

    #[test]
    fn the_history_of_an_earlier_version_moves_once_and_to_one_instance() {
        let dir = tempfile::tempdir().unwrap();
        let old = dir.path().join("data/errors.sqlite3");
        drop(write(&old, 0..5));
        let earlier = [dir.path().join("nowhere.sqlite3"), old.clone()];
        let (a, b) = (settings(dir.path(), "a", &earlier), settings(dir.path(), "b", &earlier));
        assert_eq!(a.readable(), old, "it can be asked before it is taken over");
        drop(open(&a).unwrap());
        assert_eq!((count(a.readable()), old.exists()), (5, false));
        drop(open(&b).unwrap());
        assert_eq!(count(b.readable()), 0, "another configuration has another history");
        // One that turns up later, after a downgrade, belongs to nobody.
        drop(write(&old, 0..2));
        drop(open(&a).unwrap());
        assert_eq!((count(a.readable()), count(&old)), (5, 2));
    }

    #[test]
    fn what_an_earlier_version_still_writes_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let old = dir.path().join("data/errors.sqlite3");
        let _running = write(&old, 0..5);
        let settings = settings(dir.path(), "a", std::slice::from_ref(&old));
        drop(open(&settings).unwrap());
        assert_eq!((count(&settings.file), count(&old)), (0, 5));
    }

    #[test]
    fn what_cannot_be_moved_is_used_where_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let old = dir.path().join("data/errors.sqlite3");
        drop(write(&old, 0..5));
        // A file where the folder should be.
        fs::write(dir.path().join("a"), "").unwrap();
        let settings = settings(dir.path(), "a", std::slice::from_ref(&old));
        drop(open(&settings).unwrap());
        assert_eq!((settings.readable(), count(&old)), (old.as_path(), 5));
    }
}
