//! What is logged and reported of datagrams that are not as they should be.

use std::sync::Arc;

use super::tests::{Rig, directory, udp, users};
use super::*;
use crate::domain::errors::ErrorOccurred;
use crate::domain::events::{AppFilter, Choice, PerformanceFilter, Source, text_of};
use crate::runtime::log_probe::{record, recorded};

macro_rules! case {
    ($name:literal) => {
        include_bytes!(concat!("../../tests/data/events/cases/", $name, ".txt"))
    };
}

/// Everything on; performance events of bar charts only.
fn logs() -> LogEventSettings {
    let all = || Choice::AllBut(Vec::new());
    let bar_charts = AppFilter {
        apps: Vec::new(),
        object_type: Choice::Only(vec!["barchart".to_owned()]),
        object: all(),
        method: all(),
    };
    LogEventSettings {
        udp: udp(),
        sources: Source::ALL.to_vec(),
        categorise: None,
        performance: Some(PerformanceSettings {
            look_up_names: false,
            filter: PerformanceFilter { specific: Vec::new(), all: Some(bar_charts) },
            count_rejected: true,
            rejected_tags: Arc::new([]),
        }),
        count: true,
        tags: Arc::new([]),
    }
}

#[test]
fn a_line_end_does_not_defeat_a_filter() {
    let mut handling = LogDatagramHandler::new(logs(), true, directory());
    let with = &case!("line_end")[..];
    let without = with.strip_suffix(b"\r\n").unwrap();
    let mut is_wanted =
        |datagram: &[u8]| matches!(handling.handle(&text_of(datagram)), Verdict::Wanted(..));
    assert!(is_wanted(with) && is_wanted(without));
    assert!(is_wanted(case!("earlier_performance")), "the layout of an earlier appender");
    let other = String::from_utf8_lossy(with).replace("barchart", "table");
    assert!(!is_wanted(other.as_bytes()));
}

fn host_and_message(error: &ErrorOccurred) -> (Option<String>, String) {
    let host = error.origin.host().map(ToString::to_string);
    (host, error.failure.message().into_owned())
}

#[actix::test]
async fn malformed_datagrams_are_reported_each_and_logged_once_a_minute() {
    record();
    let rig = Rig::start(udp(), LogDatagramHandler::new(logs(), true, directory())).await;
    let cut = "/qseow-engine/;1;t;t;WARN;qs-node1;Sub";
    let shifted = String::from_utf8_lossy(case!("earlier_performance")).replacen(";;;", ";", 1);
    for _ in 0..3 {
        rig.send(cut);
    }
    rig.send(&shifted);
    let errors = rig.errors.at_least(4).await;
    let fields = "expected 19 fields, found 7";
    let version =
        "expected 26 fields, found 23; the LocalLogConfig.xml there is of another version";
    let told: Vec<(Option<String>, String)> = errors.iter().map(host_and_message).collect();
    let expected = |host: &str, message: &str| (Some(host.to_owned()), message.to_owned());
    assert_eq!(
        told,
        [
            expected("qs-node1", fields),
            expected("qs-node1", fields),
            expected("qs-node1", fields),
            expected("O3", version)
        ]
    );
    let errors = |lines: Vec<String>| -> Vec<String> {
        lines.into_iter().filter(|line| line.starts_with("error")).collect()
    };
    let lines = errors(recorded());
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert_eq!(
        lines[0],
        format!(
            "error: LOG EVENT: Malformed qseow-engine of \"qs-node1\", sent by 127.0.0.1: {fields}: \
             {cut:?}"
        )
    );
    let begin = format!(
        "error: LOG EVENT: Malformed qseow-qix-perf of \"O3\", sent by 127.0.0.1: {version}"
    );
    assert!(lines[1].starts_with(&begin), "{lines:?}");

    // A minute later what was not logged is told with its number.
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(61)).await;
    tokio::time::resume();
    let later = test_support::until_async("the count", || {
        let lines = errors(recorded());
        (!lines.is_empty()).then_some(lines)
    })
    .await;
    assert_eq!(
        later,
        [format!(
            "error: LOG EVENT: Malformed qseow-engine, sent by 127.0.0.1: 2 more within a minute; \
             the last: {fields}"
        )]
    );
}

#[actix::test]
async fn text_that_is_not_utf_8_is_read_with_one_warning() {
    record();
    let handling = UserDatagramHandler::new(&users(udp()), true, directory());
    let rig = Rig::start(udp(), handling).await;
    for _ in 0..2 {
        rig.send(b"/qseow-proxy-session/;qs-node1;Start session;ACME;m\xfcller;o;/hub/;m\r\n");
    }
    rig.counted(2).await;
    let batches = rig.events.at_least(1).await;
    let user = batches[0].events[0].event.text(crate::domain::events::UserKey::UserFull);
    assert_eq!(user, "ACME\\müller");
    let lines = recorded();
    let warnings: Vec<&String> = lines.iter().filter(|line| line.starts_with("warn")).collect();
    assert_eq!(
        warnings,
        ["warn: USER EVENT: 127.0.0.1 sends text that is not UTF-8, read as Windows-1252; its \
          LocalLogConfig.xml needs the parameter \"encoding\" with the value \"utf-8\""]
    );
    assert!(rig.errors.all().is_empty());
}
