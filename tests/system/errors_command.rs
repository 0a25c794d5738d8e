//! `butler-sos errors` as an administrator meets it.

use std::path::Path;

use test_support::run_to_end;

use crate::common::{BINARY, write_history};

fn history(folder: &Path, servers: &[&str]) -> String {
    let file = folder.join("errors.sqlite3");
    write_history(&file, servers);
    file.display().to_string()
}

#[test]
fn a_name_that_nobody_knows_is_answered_with_those_that_are_known() {
    let folder = tempfile::tempdir().unwrap();
    let file = history(folder.path(), &["sense1", "sense2"]);
    let run = |options: &[&str]| {
        run_to_end(BINARY, &[&["errors", "--file", &file], options].concat(), folder.path())
    };
    let (code, out, err) = run(&["--server", "sens1"]);
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(
        err.contains("no server \"sens1\"") && err.contains("Known are: sense1, sense2"),
        "{err}"
    );
    let (code, _, err) = run(&["--host", "qs9"]);
    assert_eq!(code, Some(1));
    assert!(err.contains("no host \"qs9\"") && err.contains("Known are: h"), "{err}");
    let (code, out, _) = run(&["--server", "sense1", "--server", "sense2", "--host", "H"]);
    assert_eq!(code, Some(0));
    assert!(out.contains("sense1") && out.contains("sense2"), "{out}");
    // A known one without errors in the time that is asked for is good news.
    let (code, out, _) = run(&["--server", "sense1", "--until", "2020-01-01"]);
    assert_eq!(code, Some(0));
    assert_eq!(out, "No errors from 2020-01-01 00:00 UTC until 2020-01-02 00:00 UTC.\n");
}

#[test]
fn a_table_is_as_wide_as_it_may_be() {
    let folder = tempfile::tempdir().unwrap();
    let file = history(folder.path(), &["sense1"; 3]);
    let widest = |environment: &str| {
        let command = format!("{environment} '{BINARY}' errors --file '{file}'");
        let (code, out, _) = run_to_end("sh", &["-c", &command], folder.path());
        assert_eq!(code, Some(0), "{out}");
        assert!(out.contains("\nTotal "), "{out}");
        out.lines().map(|line| line.chars().count()).max().unwrap()
    };
    let (narrow, wide, piped) = (widest("COLUMNS=110"), widest("COLUMNS=200"), widest("COLUMNS="));
    assert!(narrow <= 110 && piped <= 100, "{narrow} {piped}");
    assert!(wide > 110 && wide <= 200, "{wide}");
}

#[test]
fn what_could_not_be_printed_is_a_failure() {
    let folder = tempfile::tempdir().unwrap();
    let file = history(folder.path(), &["sense1"; 2_000]);
    for format in ["table", "json", "csv"] {
        let command = format!("'{BINARY}' errors --file '{file}' --format {format} > /dev/full");
        let (code, _, err) = run_to_end("sh", &["-c", &command], folder.path());
        assert_eq!(code, Some(1), "{format}");
        assert!(err.contains("the output cannot be written"), "{format}: {err}");
        // A reader that has seen enough is none.
        let command = format!(
            "{{ '{BINARY}' errors --file '{file}' --format {format}; echo $? >&2; }} | head -n 1"
        );
        let (_, out, err) = run_to_end("sh", &["-c", &command], folder.path());
        assert_eq!((out.lines().count(), err.trim()), (1, "0"), "{format}");
    }
}
