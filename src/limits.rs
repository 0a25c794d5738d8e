//! Limits that the system sets, and that the program may raise for itself.

/// Raises the number of files and connections that may be open to what the administrator allows
/// at most; the lower limit that programs begin with is for those that cannot handle more. Does
/// nothing where the system has no such limit.
pub(crate) fn raise_open_files() {
    if cfg!(not(unix)) {
        return;
    }
    match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(limit) => log::debug!("MAIN: Up to {limit} files and connections may be open"),
        Err(error) => log::debug!("MAIN: The limit of open files stays as it is: {error}"),
    }
}
