//! Values that are checked by what they mean: names of measurements, schedules, milliseconds.

use std::fs;
use std::path::Path;

use actors::config::Severity;
use butler_sos::config;
use test_support::{Program, run_to_end};

use crate::common::BINARY;

/// All that is told about a text.
fn said(text: &str) -> Vec<(Severity, String)> {
    let loaded = config::check(text, "/x.yaml".into(), Path::new("/")).unwrap();
    let told = loaded.problems.iter().filter(|problem| problem.severity != Severity::Note);
    told.map(|problem| (problem.severity, problem.to_string())).collect()
}

/// The five measurements with a configured name, the name of each being `{}`, and their defaults.
const MEASUREMENTS: [(&str, &str, &str); 5] = [
    (
        "errorTracking: { influxdb: { measurementName: {} } }",
        "errorTracking.influxdb.measurementName",
        "butler_sos_errors",
    ),
    (
        "qlikSenseEvents: { eventCount: { enable: true, influxdb: { measurementName: {} } } }",
        "qlikSenseEvents.eventCount.influxdb.measurementName",
        "event_count",
    ),
    (
        "qlikSenseEvents: { rejectedEventCount: { enable: true, influxdb: { measurementName: {} } } }",
        "qlikSenseEvents.rejectedEventCount.influxdb.measurementName",
        "rejected_event_count",
    ),
    (
        "userEvents: { enable: true, udpServerConfig: { serverHost: 127.0.0.1, queueMetrics: \
         { influxdb: { enable: true, measurementName: {} } } } }",
        "userEvents.udpServerConfig.queueMetrics.influxdb.measurementName",
        "user_events_queue",
    ),
    (
        "logEvents: { source: { engine: { enable: true } }, udpServerConfig: { serverHost: \
         127.0.0.1, queueMetrics: { influxdb: { enable: true, measurementName: {} } } } }",
        "logEvents.udpServerConfig.queueMetrics.influxdb.measurementName",
        "log_events_queue",
    ),
];

#[test]
fn names_of_measurements_that_lose_points_are_refused() {
    for (section, path, default) in MEASUREMENTS {
        let said = |name: &str| said(&format!("Butler-SOS: {{ {} }}", section.replace("{}", name)));
        for (written, shown, why) in [
            ("'#x'", r##""#x""##, "what begins with # is a comment to InfluxDB"),
            (r#""a\nb""#, r#""a\nb""#, "line breaks and other control characters"),
            ("' edge'", r#"" edge""#, "it begins or ends with a blank"),
            ("'edge '", r#""edge ""#, "it begins or ends with a blank"),
        ] {
            let expected = format!(
                "Butler-SOS.{path} (line 1): expected a name for a measurement of InfluxDB, found \
                 string {shown}: {why}"
            );
            let said = said(written);
            let errors: Vec<_> = said.iter().filter(|(how, _)| *how == Severity::Error).collect();
            assert_eq!(errors.len(), 1, "{path} {written}: {said:?}");
            assert!(errors[0].1.starts_with(&expected), "{expected}: {said:?}");
        }
        for good in ["'site errors, all'", "Köln", "2024"] {
            assert_eq!(said(good), [], "{path} {good}");
        }
        let empty = said("''");
        // As in the original, which says nothing about this one.
        let is_quiet = default == "butler_sos_errors";
        assert_eq!(empty.len(), usize::from(!is_quiet), "{empty:?}");
        assert!(is_quiet || empty[0].1.ends_with(&format!("{default:?} is used")), "{empty:?}");
    }
}

#[test]
fn what_is_not_understood_of_a_schedule_is_named_with_what_runs_instead() {
    for (frequency, expected) in [
        ("every weekday at 08:00", None),
        ("on the last day of the month", None),
        ("every 2 weeks", None),
        (
            "every 2 hours excluding sunday",
            Some(
                "\"excluding sunday\" in \"every 2 hours excluding sunday\" is not understood; \
                 \"every 2 hours\" is used",
            ),
        ),
        (
            "hourly",
            Some(
                "expected \"every N seconds\", \"every N minutes\", \"every N hours\", \"every N \
                 days\", \"at HH:MM\" or \"on mon-fri at HH:MM\", found string \"hourly\"; \
                 \"every 1 hour\" is used",
            ),
        ),
        ("every hour", Some("\"every hour\" is taken at its word; the original ran every day")),
        (
            "on the 30th day of february",
            Some("\"on the 30th day of february\" never comes, so nothing ever runs"),
        ),
    ] {
        let text = format!(
            "Butler-SOS: {{ heartbeat: {{ enable: true, remoteURL: 'http://h/', frequency: \
             {frequency} }} }}"
        );
        let warning = |said: &str| {
            let said = format!("Butler-SOS.heartbeat.frequency (line 1): {said}");
            (Severity::Warning, said)
        };
        let expected: Vec<_> = expected.into_iter().map(warning).collect();
        assert_eq!(said(&text), expected, "{frequency}");
    }
}

#[test]
fn a_schedule_that_is_not_understood_is_named_by_the_check_and_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("site.yaml");
    let text = "Butler-SOS:
  fileLogging: false
  errorTracking: { history: { enable: false } }
  uptimeMonitor: { enable: true, frequency: on mon-fri at noon }
  serversToMonitor: { pollingInterval: 1500.5, servers: [] }
";
    fs::write(&file, text).unwrap();
    let file = file.display().to_string();
    let problems = [
        (
            "Butler-SOS.uptimeMonitor.frequency",
            4,
            "\"at noon\" in \"on mon-fri at noon\" is not understood; \"on mon - fri\" is used",
        ),
        ("Butler-SOS.serversToMonitor.pollingInterval", 5, "1500.5 ms is rounded to 1501 ms"),
    ];
    let (code, out, _) = run_to_end(BINARY, &["-c", &file, "--check-config"], folder.path());
    assert_eq!(code, Some(0), "{out}");
    for (key, line, said) in problems {
        assert!(out.contains(&format!("site.yaml:{line}: warning: {key}: {said}\n")), "{out}");
    }

    let mut program = Program::start(BINARY, &["-c", &file]);
    for (key, line, said) in problems {
        let warning = "warn: VERIFY CONFIG FILE WARNING";
        program.line_with(&format!("{warning}: {key} (line {line}): {said}"));
    }
    program.line_with("ERROR TRACKER: Scheduled next error counter reset");
    program.terminate();
    assert_eq!(program.wait(), Some(0));
}
