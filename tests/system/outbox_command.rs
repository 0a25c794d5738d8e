//! `butler-sos outbox`, asked while the program runs and after it.

use std::net::TcpListener;

use test_support::{Program, run_to_end, until};

use crate::common::{BINARY, influx_v1};

fn ask(file: &str, folder: &std::path::Path, more: &[&str]) -> (Option<i32>, String, String) {
    let args: Vec<&str> = ["outbox", "-c", file].into_iter().chain(more.iter().copied()).collect();
    run_to_end(BINARY, &args, folder)
}

fn points(file: &str, folder: &std::path::Path) -> Option<u64> {
    let (_, out, _) = ask(file, folder, &["--format", "json"]);
    let status: serde_json::Value = serde_json::from_str(&out).ok()?;
    assert!(status["file"].as_str().unwrap().ends_with("outbox.sqlite3"), "{status}");
    let stream = &status["streams"][0];
    assert_eq!(stream["stream"], "measurements");
    stream["points"].as_u64()
}

#[test]
fn what_waits_is_shown_exported_and_dropped_only_when_nobody_uses_it() {
    let folder = tempfile::tempdir().unwrap();
    // Nobody listens there any more.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let text = format!(
        "Butler-SOS:\n  fileLogging: false\n  uptimeMonitor: {{ enable: true, frequency: every 1 seconds, storeInInfluxdb: {{ butlerSOSMemoryUsage: true }} }}\n{}",
        influx_v1(port)
    );
    let file = folder.path().join("config.yaml");
    std::fs::write(&file, text).unwrap();
    let file = file.display().to_string();
    let (code, out, err) = ask(&file, folder.path(), &[]);
    assert_eq!(code, Some(0), "{err}");
    assert!(out.starts_with("Nothing has ever waited"), "{out}");

    let mut program = Program::start(BINARY, &["-c", &file]);
    until("some points on disk", || points(&file, folder.path()).filter(|points| *points >= 2));
    let (_, table, _) = ask(&file, folder.path(), &[]);
    assert!(table.contains("measurements") && table.contains("MiB"), "{table}");
    let (code, _, err) = ask(&file, folder.path(), &["--drop", "measurements", "--yes"]);
    assert_eq!(code, Some(1));
    assert!(err.contains("is used by another Butler SOS. Stop the program first"), "{err}");
    program.terminate();
    assert_eq!(program.wait(), Some(0));

    let left = points(&file, folder.path()).unwrap();
    let (_, lines, _) = ask(&file, folder.path(), &["--export"]);
    assert_eq!(lines.lines().count() as u64, left);
    assert!(lines.lines().all(|line| line.starts_with("butlersos_memory_usage")), "{lines}");
    let (_, refused, _) = ask(&file, folder.path(), &["--refused"]);
    assert_eq!(refused, "Nothing was refused.\n");
    let (code, _, err) = ask(&file, folder.path(), &["--drop", "measurements"]);
    assert!(code == Some(1) && err.contains("nobody can be asked here: say --yes"), "{err}");
    let (code, out, _) = ask(&file, folder.path(), &["--drop", "measurements", "--yes"]);
    assert_eq!((code, out), (Some(0), format!("Dropped {left} points of measurements.\n")));
    assert_eq!(points(&file, folder.path()), Some(0));
}
