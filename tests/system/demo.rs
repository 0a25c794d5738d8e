//! `butler-sos demo`: errors of several categories within ten seconds, a summary at the end.

use std::collections::BTreeSet;
use std::time::Instant;

use test_support::{Program, run_to_end, until};

use crate::common::BINARY;

#[test]
fn the_demo_shows_errors_soon_and_ends_with_a_summary() {
    let begin = Instant::now();
    let mut demo = Program::start(BINARY, &["demo"]);
    let file = demo.line_with("butler-sos errors --file ");
    let file = file.split_once("--file ").unwrap().1.to_owned();
    let here = std::env::temp_dir();
    let history = || {
        let arguments = ["errors", "--file", &file, "--format", "json"];
        let (code, out, _) = run_to_end(BINARY, &arguments, &here);
        (code == Some(0)).then(|| serde_json::from_str::<Vec<serde_json::Value>>(&out).unwrap())
    };
    let wanted = ["timeout", "connection_refused", "auth_error", "http_5xx", "certificate_error"];
    let took = until("five categories", || {
        let events = history()?;
        let found: BTreeSet<&str> =
            events.iter().filter_map(|event| event["error_category"].as_str()).collect();
        // That ten seconds are enough is a test of the schedule: this machine may be busy.
        wanted.iter().all(|category| found.contains(category)).then(|| begin.elapsed())
    });
    // Events that are cut short are errors of their receivers.
    until("both receivers to report", || {
        let events = history()?;
        let has = |kind: &str| events.iter().any(|event| event["error_type"] == kind);
        (has("UDP_USER_EVENT") && has("UDP_LOG_EVENT")).then_some(())
    });
    println!("{} categories after {took:?}", wanted.len());
    demo.terminate();
    assert_eq!(demo.wait(), Some(0));
    let lines = demo.lines();
    let summary = lines.iter().position(|line| line.starts_with("What failed in ")).unwrap();
    let summary = &lines[summary..];
    assert!(summary.iter().any(|line| line.starts_with("Time (UTC)")), "{summary:?}");
    assert!(summary.iter().any(|line| line.starts_with("Total ")), "{summary:?}");
    assert!(lines.iter().all(|line| !line.contains("panicked")), "{lines:?}");
    // The last line can be typed as it is, and the history is still there.
    let last = lines.last().unwrap().trim();
    assert!(last.ends_with(&format!("errors --file {file}")), "{last}");
    let (code, out, err) = run_to_end("sh", &["-c", last], &here);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(out.contains("HEALTH_API") && out.contains("\nTotal "), "{out}");
    let kept = std::path::Path::new(&file).parent().unwrap();
    let names = std::fs::read_dir(kept).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(names.into_iter().all(|name| name.to_string_lossy().starts_with("errors.sqlite3")));
    std::fs::remove_dir_all(kept).unwrap();
}

#[test]
fn the_demo_can_end_by_itself() {
    let (code, out, err) = run_to_end(
        BINARY,
        &["demo", "--seconds", "2", "--loglevel", "warn"],
        &std::env::temp_dir(),
    );
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(out.contains("What failed in "), "{out}");
    assert!(!out.contains(" info: "), "{out}");
    let (_, kept) = out.trim_end().rsplit_once("--file ").unwrap();
    std::fs::remove_dir_all(std::path::Path::new(kept).parent().unwrap()).unwrap();
}
