//! Which history is asked: the one that the program writes with the same configuration, found by
//! the same function.

use std::fs;
use std::path::{Path, PathBuf};

use actors::error_history::{EARLIER_FILE, FILE_NAME};

use crate::cli::ErrorsArgs;
use crate::config;
use crate::paths::{self, Bases, OWN};

/// A history file, and the servers that the configuration names.
#[derive(Debug)]
pub(super) struct HistoryFile {
    pub(super) file: PathBuf,
    pub(super) servers: Vec<String>,
}

/// The file that is named, that the configuration means, or the only one there is.
///
/// # Errors
/// A message for standard error: there is none, or there are several.
pub(super) fn find(args: &ErrorsArgs, bases: &Bases) -> Result<HistoryFile, String> {
    if let Some(file) = &args.file {
        let found = HistoryFile { file: paths::absolute(file), servers: Vec::new() };
        return existing(
            found,
            "Name it with --file, or name the\nconfiguration that it runs with: butler-sos errors -c FILE",
        );
    }
    match config::find(args.config.as_deref(), |name| std::env::var(name).ok()) {
        Some(config) => existing(
            of_configuration(&config, bases)?,
            "If it was given --data-dir, or runs as a service with a\nstate directory, name the same \
             folder here: butler-sos errors -c FILE --data-dir DIR",
        ),
        None => only_one(bases),
    }
}

fn existing(found: HistoryFile, cure: &str) -> Result<HistoryFile, String> {
    if found.file.exists() {
        return Ok(found);
    }
    Err(format!(
        "error: there is no error history at {}\n\nThe program writes one while it monitors a site. \
         {cure}",
        found.file.display()
    ))
}

fn of_configuration(config: &Path, bases: &Bases) -> Result<HistoryFile, String> {
    let loaded = config::load(config, bases.clone()).map_err(|error| format!("error: {error}"))?;
    let Some(settings) = loaded.settings else {
        let problems: Vec<String> = loaded.problems.iter().map(ToString::to_string).collect();
        return Err(format!("error: {} is wrong:\n{}", config.display(), problems.join("\n")));
    };
    let servers = settings.sense.targets.iter().map(|target| target.server.name.to_string());
    let servers = servers.collect();
    match settings.tracking.and_then(|tracking| tracking.history) {
        Some(history) => Ok(HistoryFile { file: history.readable().to_owned(), servers }),
        None => Err(format!(
            "error: {} keeps no history: Butler-SOS.errorTracking.enable or \
             Butler-SOS.errorTracking.history.enable is false",
            config.display()
        )),
    }
}

/// Nobody says whose history: that of the one configuration that has any here.
fn only_one(bases: &Bases) -> Result<HistoryFile, String> {
    let folder = bases.data_folder();
    let mut files = own_histories(&folder);
    if files.is_empty() {
        files = bases.earlier(EARLIER_FILE);
        files.retain(|file| file.exists());
        files.truncate(1);
    }
    match files.as_slice() {
        [file] => Ok(HistoryFile { file: file.clone(), servers: Vec::new() }),
        [] => Err(format!(
            "error: there is no error history at {}\n\nThe program writes one while it monitors a \
             site. Name the configuration that it\nruns with: butler-sos errors -c FILE",
            folder.display()
        )),
        several => {
            let names: Vec<String> =
                several.iter().map(|file| format!("  {}", file.display())).collect();
            Err(format!(
                "error: there are several error histories at {}\n\nName the configuration that is \
                 meant, with -c FILE, or the history, with --file:\n{}",
                folder.display(),
                names.join("\n")
            ))
        }
    }
}

fn own_histories(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let own = entries.flatten().filter(|entry| entry.file_name().to_string_lossy().ends_with(OWN));
    let mut files: Vec<PathBuf> = own.map(|entry| entry.path().join(FILE_NAME)).collect();
    files.retain(|file| file.exists());
    files.sort();
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(file: &Path) {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, "").unwrap();
    }

    #[test]
    fn without_a_name_the_only_history_is_meant() {
        let dir = tempfile::tempdir().unwrap();
        let bases = Bases::of_process(Some(dir.path()), |_| None);
        let at = |file: &str| dir.path().join(file);
        write(&at("other/errors.sqlite3"));
        assert!(only_one(&bases).is_err_and(|error| error.contains("there is no error history")));
        write(&at("a.yaml-1.data/errors.sqlite3"));
        assert_eq!(only_one(&bases).unwrap().file, at("a.yaml-1.data/errors.sqlite3"));
        write(&at("b.yaml-2.data/errors.sqlite3"));
        let error = only_one(&bases).unwrap_err();
        for name in ["a.yaml-1.data", "b.yaml-2.data", "-c FILE"] {
            assert!(error.contains(name), "{error}");
        }
    }
}
