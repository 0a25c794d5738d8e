//! Orderly stop, and what survives an end without one.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use butler_sos::demo::configuration::{Choices, of_site};
use butler_sos::demo::site::{Endpoint, Fault, Site};
use test_support::{Answer, Influxd, Program, StandIn, until};

use crate::common::{self, BINARY};

/// Writes a configuration whose history lies in `folder`.
fn write(folder: &Path, site: &Site, sections: &str) -> String {
    let history = folder.join("errors.sqlite3").display().to_string();
    let sections = format!("  errorTracking:\n    history:\n      file: {history:?}\n{sections}");
    let choices =
        Choices { interval_ms: 200, app_names: false, virtual_proxies: vec!["/"], sections };
    let file = folder.join("config.yaml");
    fs::write(&file, of_site(site, 2, &choices)).unwrap();
    file.display().to_string()
}

fn total(line: &str) -> u64 {
    let (_, rest) = line.split_once("Total=").unwrap();
    rest.split(',').next().unwrap().parse().unwrap()
}

const SUMMARY: &str = "info: ERROR TRACKER: Error counts today (UTC): Total=";

fn last_total(program: &Program) -> Option<u64> {
    program.lines().iter().rfind(|line| line.contains(SUMMARY)).map(|line| total(line))
}

#[test]
fn todays_counts_go_on_after_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::start(2, folder.path()).unwrap();
    site.set(Endpoint::Engine(0), Fault::Status(503, ""));
    let config = write(folder.path(), &site, "");
    let history = folder.path().join("errors.sqlite3");
    let stored = || {
        let reader = actors::io::error_log::ErrorReader::open(&history).ok()?;
        let totals = reader.totals(&actors::io::error_log::Filter::default()).ok()?;
        Some(totals.iter().map(|total| total.count).sum::<u64>())
    };
    let before_midnight = chrono::Utc::now().date_naive();

    let mut first = Program::start(BINARY, &["-c", &config]);
    until("ten errors in the history", || stored().filter(|count| *count >= 10));
    first.kill();
    let kept = stored().unwrap();
    let told = last_total(&first).unwrap();
    assert!(kept + 1 >= told, "{kept} kept of {told}: at most the last one is lost");

    let mut second = Program::start(BINARY, &["-c", &config]);
    second.line_with(&format!("ERROR HISTORY: {kept} errors of today read back"));
    let line = second.line_with(SUMMARY);
    if chrono::Utc::now().date_naive() == before_midnight {
        assert_eq!(total(&line), kept + 1, "{line}");
        let detail = format!(
            "Details={{\"HEALTH_API\":{{\"total\":{0},\"servers\":{{\"sense1\":{0}}}}}}}",
            kept + 1
        );
        assert!(line.ends_with(&detail), "{line}");
    }
    second.terminate();
    assert_eq!(second.wait(), Some(0));
}

#[test]
fn a_stop_sends_what_was_collected() {
    let folder = tempfile::tempdir().unwrap();
    let influx = Influxd::started();
    let site = Site::start(2, folder.path()).unwrap();
    site.set(Endpoint::Engine(0), Fault::Status(503, ""));
    let config = write(folder.path(), &site, &common::influx_v1(influx.port()));
    let mut program = Program::start(BINARY, &["--configfile", &config, "--loglevel", "debug"]);
    until("twenty errors", || last_total(&program).filter(|total| *total >= 20));
    program.terminate();
    assert_eq!(program.wait(), Some(0));

    let lines = program.lines();
    let told = last_total(&program).unwrap();
    assert_eq!(influx.count("SenseOps", "butler_sos_errors", "error_count"), told);
    let polls = site.count(Endpoint::Engine(1));
    let written = influx.count("SenseOps", "sense_server", "version");
    // A poll that was under way at the stop is given up.
    assert!(written + 1 >= polls && written <= polls, "{written} of {polls}");
    let mut ends: Vec<&str> = lines
        .iter()
        .filter_map(|line| line.split_once("debug: MAIN: ")?.1.strip_suffix(" is done"))
        .collect();
    // All sources at once, then one stage after the other.
    ends[..4].sort_unstable();
    assert_eq!(
        ends,
        [
            "CertificateWatcher",
            "HealthPoller",
            "ProxyPoller",
            "UptimeMonitor",
            "InfluxWriter",
            "ErrorTrackerActor",
            "ErrorHistoryActor",
            "InfluxErrorSinkActor",
        ]
    );
    let format = |line: &String| {
        let (time, rest) = line.split_once(' ').unwrap();
        let level = rest.split(':').next().unwrap();
        assert_eq!((time.len(), &time[10..11], &time[23..]), (24, "T", "Z"), "{line}");
        assert!(["error", "warn", "info", "verbose", "debug"].contains(&level), "{line}");
    };
    lines.iter().for_each(format);
}

#[test]
fn a_stop_without_a_database_does_not_hang() {
    let folder = tempfile::tempdir().unwrap();
    let influx = Influxd::new();
    let site = Site::start(2, folder.path()).unwrap();
    let config = write(folder.path(), &site, &common::influx_v1(influx.port()));
    let mut program = Program::start(BINARY, &["-c", &config]);
    program.line_with("INFLUXDB: Cannot write, points are kept and sent later");
    // The outage is known before there is a point; after the second poll there are some.
    until("two polls", || (site.count(Endpoint::Engine(1)) >= 2).then_some(()));
    program.terminate();
    assert_eq!(program.wait(), Some(0));
    let kept = " points wait on disk for the next start";
    assert!(program.lines().iter().any(|line| line.contains(kept)));
}

#[test]
fn a_history_in_use_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::start(2, folder.path()).unwrap();
    let config = write(folder.path(), &site, "");
    let first = Program::start(BINARY, &["-c", &config]);
    first.line_with("MAIN: Keeping the error history");
    until("the history", || folder.path().join("errors.sqlite3").exists().then_some(()));
    first.line_with("ERROR TRACKER: Scheduled next error counter reset");
    let second = Program::start(BINARY, &["-c", &config]);
    second.line_with("is used by another Butler SOS; give this one another");
    second.line_with("ERROR TRACKER: Scheduled next error counter reset");
}

/// A program whose database accepts requests and never answers, with a write under way.
fn with_a_silent_database(folder: &Path, site: &Site, more: &str) -> (StandIn, Program) {
    let database = StandIn::start(|_| Answer::Silence);
    let influx = common::influx_v1(database.address().port());
    let config = write(folder, site, &format!("{influx}{more}"));
    let program = Program::start(BINARY, &["-c", &config]);
    until("a request", || (!database.seen().is_empty()).then_some(()));
    // The second poll begins when the answer to the first is on its way to the writer.
    until("two polls", || (site.count(Endpoint::Engine(1)) >= 2).then_some(()));
    (database, program)
}

/// Asks for the end while the database is silent; what was said.
fn stopped_before_a_silent_database(folder: &Path, more: &str) -> Vec<String> {
    let site = Site::start(2, folder).unwrap();
    let (_database, mut program) = with_a_silent_database(folder, &site, more);
    let begin = Instant::now();
    program.terminate();
    assert_eq!(program.wait(), Some(0));
    let took = begin.elapsed();
    assert!(took < Duration::from_secs(20), "{took:?} for a grace time of ten seconds");
    program.line_with("info: MAIN: Stopped");
    let late = |line: &String| line.contains("did not finish");
    let lines = program.lines();
    assert_eq!(lines.iter().find(|line| late(line)), None, "time was left for the others");
    lines
}

#[test]
fn a_database_that_is_silent_does_not_break_the_grace_time() {
    let folder = tempfile::tempdir().unwrap();
    let lines = stopped_before_a_silent_database(folder.path(), "");
    let kept = " points wait on disk for the next start";
    let line = lines.iter().find(|line| line.contains(kept)).unwrap();
    assert!(line.contains("info: INFLUXDB: "), "{line}");
    let lost = lines.iter().find(|line| line.contains("could not be sent"));
    assert_eq!(lost, None, "all of it is on disk");
}

#[test]
fn what_is_lost_with_the_end_is_said_last() {
    let folder = tempfile::tempdir().unwrap();
    let lines = stopped_before_a_silent_database(folder.path(), "    outbox: { enable: false }\n");
    // How much, and for whom.
    let last = lines.last().unwrap();
    let lost = last.split("warn: MAIN: Lost with this end, for it could not be sent: ").nth(1);
    let lost = lost.unwrap_or_else(|| panic!("{last}"));
    let points = lost.split(", ").find_map(|part| part.strip_suffix(" points for InfluxDB"));
    let points = points.unwrap_or_else(|| panic!("{last}"));
    let said = format!("warn: INFLUXDB: {points} points could not be sent before the end");
    assert!(lines.iter().any(|line| line.contains(&said)), "{last}");
}

#[test]
fn a_second_signal_ends_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::start(2, folder.path()).unwrap();
    let (_database, mut program) = with_a_silent_database(folder.path(), &site, "");
    program.terminate();
    program.line_with("info: MAIN: Stopping, asked by the termination signal");
    until("the end", || {
        // The first may still be on its way when the second is sent, and both count as one.
        program.try_terminate();
        program.has_ended().then_some(())
    });
    assert_eq!(program.wait(), Some(0));
    program.line_with("warn: MAIN: Ending at once, asked again by the termination signal");
}
