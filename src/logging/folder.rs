//! In which folder log files are written.

use std::fs;
use std::path::{Path, PathBuf};

use actors::domain::places::Places;

use super::{LogGuard, daily_file};

/// Name of the folder when none is configured.
pub const LOG_FOLDER: &str = "log";

/// Logs to files too, in `folder`. While it does not exist, the files of an earlier version are
/// gone on with where they are; where it cannot be written, the folder of what belongs to the
/// configuration file stands in. Says where the files are, or why there are none.
pub fn log_to_files(log: &mut LogGuard, folder: &Path, places: &Places) {
    let earlier = left_behind(folder, places);
    if let Some(earlier) = &earlier {
        log::info!(
            "MAIN: Log files of an earlier version are in {} and are gone on with; name another \
             folder with Butler-SOS.logDirectory",
            earlier.display()
        );
    }
    let stand_in = places.own.join(LOG_FOLDER);
    let folder = earlier.as_deref().unwrap_or(folder);
    for folder in [folder, &stand_in] {
        match log.also_to(folder) {
            Ok(()) => {
                log::info!("MAIN: Logging to files in {}", folder.display());
                return;
            }
            Err(error) => log::warn!(
                "MAIN: No log files in {}: {error}. Name a folder that can be written with \
                 Butler-SOS.logDirectory or --data-dir",
                folder.display()
            ),
        }
        if folder == stand_in {
            return;
        }
    }
}

/// Where an earlier version has left log files, while there is no folder at its place now.
fn left_behind(folder: &Path, places: &Places) -> Option<PathBuf> {
    if folder.exists() {
        return None;
    }
    let path = folder.strip_prefix(&places.own).or_else(|_| folder.strip_prefix(&places.relative));
    let path = path.ok()?.to_str()?;
    places.before(path, folder).into_iter().find(|folder| has_log_files(folder))
}

fn has_log_files(folder: &Path) -> bool {
    let Ok(entries) = fs::read_dir(folder) else { return false };
    entries.flatten().any(|entry| daily_file::day_of(&entry.file_name()).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_an_earlier_version_are_gone_on_with_until_there_is_a_folder() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        let places =
            Places { relative: at("exe"), own: at("own"), earlier: vec![at("exe"), at("work")] };
        fs::create_dir_all(at("exe/log")).unwrap();
        fs::write(at("exe/log/other.log"), "").unwrap();
        fs::create_dir_all(at("work/log")).unwrap();
        fs::write(at("work/log/butler-sos.2026-05-03.log"), "").unwrap();
        assert_eq!(left_behind(&at("own/log"), &places), Some(at("work/log")), "no key");
        assert_eq!(left_behind(&at("exe/log"), &places), None, "a relative one that exists");
        fs::remove_dir_all(at("exe")).unwrap();
        assert_eq!(left_behind(&at("exe/log"), &places), Some(at("work/log")));
        assert_eq!(left_behind(&at("exe/logs"), &places), None);
        assert_eq!(left_behind(Path::new("/no/such/folder"), &places), None, "an absolute one");
        fs::create_dir_all(at("own/log")).unwrap();
        assert_eq!(left_behind(&at("own/log"), &places), None);
    }
}
