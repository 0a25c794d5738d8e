//! Where the files of the program lie, and who may read them.

use std::fs;
use std::path::Path;

use butler_sos::demo::configuration::{Choices, of_site};
use butler_sos::demo::site::{Endpoint, Fault, Site};
use serde_json::Value;
use test_support::{Program, run_to_end, until};

use crate::common::{BINARY, write_history};

/// The program in a folder of its own: beside it is nothing that other tests have left.
fn install(folder: &Path) -> String {
    fs::create_dir_all(folder).unwrap();
    let binary = folder.join("butler-sos");
    if fs::hard_link(BINARY, &binary).is_err() {
        fs::copy(BINARY, &binary).unwrap();
    }
    binary.display().to_string()
}

/// A configuration that names no place for any file; its only server is called `name`.
fn write(file: &Path, site: &Site, name: &str) -> String {
    let choices = Choices { interval_ms: 200, app_names: false, ..Choices::default() };
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    let text = of_site(site, 1, &choices).replace("sense1", name);
    fs::write(file, text.replace("fileLogging: false", "fileLogging: true")).unwrap();
    file.display().to_string()
}

/// The names of servers in what `errors` prints; nothing when it fails.
fn servers(binary: &str, arguments: &[&str]) -> Option<Vec<String>> {
    let arguments = [&["errors", "--format", "json"], arguments].concat();
    let (code, out, _) = run_to_end(binary, &arguments, Path::new(binary).parent().unwrap());
    let rows: Vec<Value> = (code == Some(0)).then(|| serde_json::from_str(&out).unwrap())?;
    Some(rows.iter().map(|row| row["server_name"].as_str().unwrap().to_owned()).collect())
}

fn failing_site(folder: &Path) -> Site {
    let site = Site::start(1, folder).unwrap();
    site.set(Endpoint::Engine(0), Fault::Status(503, ""));
    site
}

#[test]
fn two_configurations_never_share_a_history_and_each_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let site = failing_site(folder.path());
    let binary = install(&folder.path().join("bin"));
    let a = write(&folder.path().join("one/site.yaml"), &site, "first");
    let b = write(&folder.path().join("two/site.yaml"), &site, "second");
    let data = folder.path().join("data").display().to_string();
    for place in [&[][..], &["--data-dir", &data]] {
        let mut running = Vec::new();
        for file in [&a, &b] {
            running.push(Program::start(&binary, &[&["-c", file.as_str()], place].concat()));
        }
        for (file, name) in [(&a, "first"), (&b, "second")] {
            let found = until("errors of this one", || {
                servers(&binary, &[&["-c", file.as_str()], place].concat())
                    .filter(|found| !found.is_empty())
            });
            assert!(found.iter().all(|server| server == name), "{file}: {found:?}");
        }
        for mut program in running {
            program.terminate();
            assert_eq!(program.wait(), Some(0));
        }
    }
    assert!(folder.path().join("one/site.yaml.data/errors.sqlite3").exists());
    assert!(folder.path().join("one/site.yaml.data/log").exists());
    assert_eq!(fs::read_dir(&data).unwrap().count(), 2, "one for each");
    // Who names no configuration is asked which.
    let (code, _, err) = run_to_end(&binary, &["errors", "--data-dir", &data], folder.path());
    assert_eq!(code, Some(1));
    assert!(err.contains("there are several error histories") && err.contains("-c FILE"), "{err}");
}

#[test]
fn the_state_folder_of_a_service_is_used() {
    let folder = tempfile::tempdir().unwrap();
    let site = failing_site(folder.path());
    let binary = install(&folder.path().join("bin"));
    let file = write(&folder.path().join("etc/site.yaml"), &site, "sense1");
    let state = folder.path().join("state").display().to_string();
    let command = format!("STATE_DIRECTORY='{state}' exec '{binary}' -c '{file}'");
    let mut program = Program::start("sh", &["-c", &command]);
    program.line_with("ERROR TRACKER: Error counts today");
    let found = until("errors there", || {
        servers(&binary, &["-c", &file, "--data-dir", &state]).filter(|found| !found.is_empty())
    });
    assert_eq!(found[0], "sense1");
    program.terminate();
    assert_eq!(program.wait(), Some(0));
    // Without the folder nothing is found, and what is missing is said.
    let (code, _, err) = run_to_end(&binary, &["errors", "-c", &file], folder.path());
    assert_eq!(code, Some(1));
    assert!(err.contains("site.yaml.data") && err.contains("--data-dir DIR"), "{err}");
}

#[test]
fn what_an_earlier_version_left_is_found_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let site = failing_site(folder.path());
    let binary = install(&folder.path().join("bin"));
    let old = folder.path().join("bin/data/errors.sqlite3");
    let midnight = chrono::Utc::now().date_naive();
    write_history(&old, &["sense1"; 7]);
    let log = folder.path().join("bin/log");
    fs::create_dir(&log).unwrap();
    fs::write(log.join("butler-sos.2020-01-01.log"), "").unwrap();
    let file = write(&folder.path().join("etc/site.yaml"), &site, "sense1");
    let found = || servers(&binary, &["-c", &file]).unwrap().len();
    assert_eq!(found(), 7, "before the first start");
    // Beside the program, which in a container is the working directory.
    let bin = folder.path().join("bin").display().to_string();
    let command = format!("cd '{bin}' && exec '{binary}' -c '{file}'");
    let mut program = Program::start("sh", &["-c", &command]);
    let line = program.line_with("The history of an earlier version, ");
    assert!(line.contains("etc/site.yaml.data/errors.sqlite3"), "{line}");
    let line = program.line_with("MAIN: Logging to files in ");
    assert!(line.ends_with("/bin/log"), "{line}");
    program.line_with("MAIN: Log files of an earlier version are in ");
    let line = program.line_with("ERROR TRACKER: Error counts today (UTC): Total=");
    if chrono::Utc::now().date_naive() == midnight {
        assert!(line.contains("Total=8,"), "{line}");
    }
    program.terminate();
    assert_eq!(program.wait(), Some(0));
    assert!(found() >= 8 && !old.exists());
    assert!(fs::read_dir(&log).unwrap().count() >= 1);
}

#[test]
fn what_is_made_can_be_read_by_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let site = failing_site(folder.path());
    let binary = install(&folder.path().join("bin"));
    let file = write(&folder.path().join("etc/site.yaml"), &site, "sense1");
    let command = format!("umask 022; exec '{binary}' -c '{file}'");
    let program = Program::start("sh", &["-c", &command]);
    program.line_with("ERROR TRACKER: Error counts today");
    let mut open = vec![folder.path().join("etc/site.yaml.data")];
    let wal = open[0].join("errors.sqlite3-wal");
    until("the log of changes", || wal.exists().then_some(()));
    let mut files = 0;
    while let Some(path) = open.pop() {
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        if path.is_dir() {
            assert_eq!(mode, 0o700, "{}", path.display());
            open.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            assert_eq!(mode, 0o600, "{}", path.display());
            files += 1;
        }
    }
    // The history, its two companions, its lock and the log.
    assert_eq!(files, 5);
}

#[test]
fn a_log_folder_that_cannot_be_made_costs_no_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("idle.yaml");
    // A file where the folder should be: nobody can make it, whoever runs this.
    let text = format!(
        "Butler-SOS:\n  logDirectory: {:?}\n  errorTracking: {{ history: {{ enable: false }} }}\n",
        file.join("log")
    );
    fs::write(&file, text).unwrap();
    let mut program = Program::start(BINARY, &["-c", &file.display().to_string()]);
    let line = program.line_with("warn: MAIN: No log files in ");
    assert!(line.contains("idle.yaml/log: ") && line.contains("--data-dir"), "{line}");
    let line = program.line_with("info: MAIN: Logging to files in ");
    assert!(line.ends_with("idle.yaml.data/log"), "{line}");
    program.line_with("ERROR TRACKER: Initialized error tracking");
    program.terminate();
    assert_eq!(program.wait(), Some(0));
    let log = folder.path().join("idle.yaml.data/log");
    let written = fs::read_dir(log).unwrap().next().unwrap().unwrap().path();
    assert!(fs::read_to_string(written).unwrap().contains("MAIN: Stopped"));
}
