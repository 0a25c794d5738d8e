//! What signals do to a running program, and what it does to its own limits.

use std::fs;
use std::path::Path;

use butler_sos::demo::configuration::{Choices, of_site};
use butler_sos::demo::site::Site;
use test_support::{Answer, Program, StandIn, until};

use crate::common::{self, BINARY};

/// A configuration of one server, whose files are in `folder`.
fn write(folder: &Path, site: &Site, sections: &str) -> String {
    let sections = format!("  logDirectory: {:?}\n{sections}", folder.join("log"));
    let choices =
        Choices { interval_ms: 200, app_names: false, virtual_proxies: vec!["/"], sections };
    let text = of_site(site, 1, &choices).replace("fileLogging: false", "fileLogging: true");
    let file = folder.join("site.yaml");
    fs::write(&file, text).unwrap();
    file.display().to_string()
}

#[test]
fn a_hang_up_reads_certificates_again_and_opens_the_log_file_again() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::start(1, folder.path()).unwrap();
    let config = write(folder.path(), &site, "");
    let mut program = Program::start(BINARY, &["-c", &config]);
    program.line_with("ERROR TRACKER: Initialized error tracking");
    let log = folder.path().join("log");
    let files = || fs::read_dir(&log).unwrap().map(|entry| entry.unwrap().path());
    let moved = folder.path().join("moved");
    fs::rename(files().next().unwrap(), &moved).unwrap();
    assert!(program.signal("USR1") && program.signal("USR2") && program.signal("HUP"));
    program.line_with(
        "info: MAIN: Asked by a hang-up: certificates are read again, the log file is opened again",
    );
    program.line_with("info: CERTIFICATE: Read again: the client certificate is valid until ");
    program.line_with("info: CERTIFICATE: Read again: the authority is valid until ");
    until("a new log file", || {
        files().any(|file| fs::read_to_string(file).unwrap().contains("Read again")).then_some(())
    });
    assert!(!fs::read_to_string(&moved).unwrap().contains("Read again"));
    program.terminate();
    assert_eq!(program.wait(), Some(0));
}

#[test]
fn a_repeated_signal_is_not_impatience() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::start(1, folder.path()).unwrap();
    let database = StandIn::start(|_| Answer::Silence);
    let config = write(folder.path(), &site, &common::influx_v1(database.address().port()));
    let mut program = Program::start(BINARY, &["-c", &config]);
    until("a request", || (!database.seen().is_empty()).then_some(()));
    // As a service manager and a process group do.
    assert!(program.signal("TERM") && program.signal("INT") && program.signal("TERM"));
    assert_eq!(program.wait(), Some(0));
    program.line_with("info: MAIN: Stopped");
    let lines = program.lines();
    assert!(lines.iter().all(|line| !line.contains("Ending at once")), "{lines:?}");
}

#[test]
fn as_many_files_may_be_open_as_the_administrator_allows() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("idle.yaml");
    let text =
        "Butler-SOS:\n  fileLogging: false\n  errorTracking: { history: { enable: false } }\n";
    fs::write(&file, text).unwrap();
    let command = format!("ulimit -S -n 64; exec '{BINARY}' -c '{}'", file.display());
    let mut program = Program::start("sh", &["-c", &command]);
    program.line_with("ERROR TRACKER: Initialized error tracking");
    let limits = fs::read_to_string(format!("/proc/{}/limits", program.id())).unwrap();
    let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    let numbers: Vec<&str> = line.split_whitespace().skip(3).take(2).collect();
    assert_eq!(numbers[0], numbers[1], "{line}");
    program.terminate();
    assert_eq!(program.wait(), Some(0));
}
