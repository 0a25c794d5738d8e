//! The files of an embedded SQLite database that one process has for itself.

use std::fmt;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use rusqlite::{Error, ErrorCode, ffi};

use super::private;

/// What SQLite keeps beside a database while it is open.
const PARTS: [&str; 2] = ["-wal", "-shm"];

/// Why a database cannot be this process's.
#[derive(Debug)]
pub enum OwnError {
    /// Another process has it.
    InUse,
    /// Folder, lock or file cannot be had.
    Failed {
        /// Which of them.
        path: PathBuf,
        /// What was tried: `opened`.
        what: &'static str,
        /// Why not.
        error: io::Error,
    },
}

impl fmt::Display for OwnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InUse => f.write_str("is used by another Butler SOS"),
            Self::Failed { path, what, error } => {
                write!(f, "{} cannot be {what}: {error}", path.display())
            }
        }
    }
}

/// Makes the folder of a database and the file itself, for this account only, and locks it against
/// other processes for as long as the answer is held. What lies there is kept.
///
/// # Errors
/// See [`OwnError`].
pub fn own(file: &Path) -> Result<File, OwnError> {
    let failed = |path: &Path, what| {
        let path = path.to_owned();
        move |error| OwnError::Failed { path, what, error }
    };
    if let Some(folder) = file.parent() {
        private::make_folder(folder).map_err(failed(file, "opened"))?;
    }
    let beside_it = beside(file, ".lock");
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    let lock = private::open(&beside_it, &mut options).map_err(failed(&beside_it, "opened"))?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(OwnError::InUse),
        Err(TryLockError::Error(error)) => return Err(failed(file, "locked")(error)),
    }
    // SQLite gives the files that it makes beside this one the same permissions.
    private::claim(file).map_err(failed(file, "opened"))?;
    for part in PARTS {
        private::claim_existing(&beside(file, part)).map_err(failed(file, "opened"))?;
    }
    Ok(lock)
}

/// Whether a file is damaged, or no database of ours.
pub fn is_damage(error: &Error) -> bool {
    let code = match error {
        // A table that is there with other columns.
        Error::SqlInputError { error, .. } => Some(error.code),
        error => error.sqlite_error_code(),
    };
    matches!(code, Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::Unknown))
}

/// Whether a file that has something in it begins as a database does. SQLite takes one whose first
/// bytes are zeros for a new one, and forgets what its log of changes has.
///
/// # Errors
/// [`is_damage`] when it does not.
pub fn check_header(file: &Path) -> rusqlite::Result<()> {
    const MAGIC: &[u8; 16] = b"SQLite format 3\0";
    let mut begin = Vec::new();
    let read = File::open(file).and_then(|file| file.take(16).read_to_end(&mut begin));
    match read {
        Ok(1..) if begin != MAGIC => {
            Err(Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_NOTADB), None))
        }
        // What cannot be read is said by whoever opens it.
        _ => Ok(()),
    }
}

/// Renames a database and what belongs to it, and makes an empty file in its place, for this
/// account only. The first free number counts.
///
/// # Errors
/// When it cannot be renamed, or no file can be made.
pub fn set_aside(file: &Path) -> io::Result<PathBuf> {
    let aside = (1..)
        .map(|number| beside(file, &format!(".damaged-{number}")))
        .find(|aside| !aside.exists())
        .ok_or(io::ErrorKind::AlreadyExists)?;
    fs::rename(file, &aside)?;
    for part in PARTS {
        _ = fs::rename(beside(file, part), beside(&aside, part));
    }
    private::claim(file)?;
    Ok(aside)
}

/// The path of what belongs to a database: its own with `suffix` behind it.
pub fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// What tells a file from another of the same name. One that was deleted or replaced while it was
/// open is written to as before, and nobody will ever read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileIdentity(u64, u64);

impl FileIdentity {
    /// That of a file; `None` where there is none.
    #[cfg(unix)]
    pub fn of(file: &Path) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;
        fs::metadata(file).ok().map(|found| Self(found.dev(), found.ino()))
    }

    /// That of a file; `None` where there is none. An open file cannot be deleted here, so that it
    /// is the same whenever it is there.
    #[cfg(not(unix))]
    pub fn of(file: &Path) -> Option<Self> {
        file.exists().then_some(Self(0, 0))
    }
}
