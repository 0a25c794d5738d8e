//! Where relative paths of the configuration file begin.

use std::fs;
use std::path::{Path, PathBuf};

/// Base folder of files that the program writes: the folder of the executable; the working
/// directory in a container, or when the executable's folder cannot be written.
pub fn base_folder() -> PathBuf {
    let working = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
    if Path::new("/.dockerenv").exists() {
        return working;
    }
    let folder = std::env::current_exe()
        .ok()
        .and_then(|exe| exe.parent().map(Path::to_owned))
        .filter(|folder| is_writable(folder));
    folder.unwrap_or(working)
}

/// The absolute form of a path, which need not exist.
pub fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// Tried, not asked: permissions say little about read-only mounts and Windows.
fn is_writable(folder: &Path) -> bool {
    let probe = folder.join(format!(".butler-sos-{}", std::process::id()));
    let written = fs::write(&probe, []).is_ok();
    _ = fs::remove_file(&probe);
    written
}
