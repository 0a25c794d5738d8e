//! What the original wrote for the same datagrams, line by line. Where another value was decided
//! on, the original's line is changed here, and each change names its decision.

use std::sync::Arc;

use actors::domain::errors::InfluxVersion;
use actors::domain::events::{
    AppFilter, Categorise, Choice, Pairs, PerformanceFilter, Received, ServerDirectory, Source,
    text_of,
};
use actors::domain::measurement_name::{MeasurementName, TaggedMeasurement};
use actors::domain::point::{Point, Stamp};
use actors::domain::telemetry::{AppNames, CountedEvents};
use actors::influx_writer::{
    EventSettings, LogEventLines, Schema, event_count_points, rejected_count_points,
    user_event_point,
};
use actors::io::influx::encode;
use actors::runtime::clock::Clock;
use actors::udp_receiver::{
    DatagramHandler, Limits, LogDatagramHandler, LogEventSettings, PerformanceSettings,
    UdpSettings, UserDatagramHandler, UserEventSettings, Verdict,
};

const DATAGRAMS: &str = include_str!("../data/original/datagrams.txt");

/// The original's rows, of each kind of event one or more; those of version 2 with its stamps.
const ROWS: [(InfluxVersion, &str); 2] = [
    (InfluxVersion::V1, include_str!("../data/original/v1.txt")),
    (InfluxVersion::V2, include_str!("../data/original/v2.txt")),
];

/// The names of two of the three apps were known to the original.
const APPS: &str = r#"[{"id":"90e4fa34-bd7f-5441-bb40-3dfb59ab3ade","name":"Lab app 0"},
    {"id":"8a79b485-caf3-56b3-9a12-69f232ccbd9b","name":"Lab app 1"}]"#;

fn dev() -> Pairs {
    Arc::new([("qs_env".into(), "dev".into())])
}

fn udp() -> UdpSettings {
    let limits = Limits {
        queue_size: 200,
        backpressure_percent: 80,
        rate_per_minute: None,
        max_message_size: 65_507,
    };
    let host = "127.0.0.1".to_owned();
    UdpSettings { host, port: 0, limits, allowed_sources: None, metrics: None }
}

/// As the original was configured.
fn handlings() -> (UserDatagramHandler, LogDatagramHandler) {
    let all = || Choice::AllBut(Vec::new());
    let but_layouts = AppFilter {
        apps: Vec::new(),
        object_type: all(),
        object: all(),
        method: Choice::AllBut(vec!["Doc::GetAppLayout".to_owned()]),
    };
    let performance = PerformanceSettings {
        look_up_names: true,
        filter: PerformanceFilter { specific: Vec::new(), all: Some(but_layouts) },
        count_rejected: true,
        rejected_tags: dev(),
    };
    let default: Pairs = Arc::new([("qs_log_category".into(), "unknown".into())]);
    let log = LogEventSettings {
        udp: udp(),
        sources: Source::ALL.to_vec(),
        categorise: Some(Categorise { rules: Vec::new(), default: Some(default) }),
        performance: Some(performance),
        count: true,
        tags: dev(),
    };
    let user = UserEventSettings { udp: udp(), excluded: Vec::new(), count: true, tags: dev() };
    let mut user = UserDatagramHandler::new(&user, true, ServerDirectory::default());
    let mut log = LogDatagramHandler::new(log, true, ServerDirectory::default());
    let names = AppNames::from_json(APPS.as_bytes()).unwrap();
    user.common().learn(names.clone());
    log.common().learn(names);
    (user, log)
}

fn line(point: Point<'_>) -> String {
    let mut line = Vec::new();
    assert!(encode(point, &mut line));
    without_stamp(line)
}

fn without_stamp(line: Vec<u8>) -> String {
    let line = String::from_utf8(line).unwrap();
    // Ours has a stamp in every version (page on InfluxDB, section 3.1).
    line.rsplit_once(' ').unwrap().0.to_owned()
}

/// All lines that the datagrams become: events in their order, then counts.
fn ours(version: InfluxVersion) -> Vec<String> {
    let (mut user, mut log) = handlings();
    let (stamp, tags) = (Stamp(1_795_344_023_000_000_000), dev());
    let log_event_lines = LogEventLines::new(&tags, version, Schema::Original);
    let mut lines = Vec::new();
    for datagram in DATAGRAMS.split_inclusive('\n') {
        let text = text_of(datagram.as_bytes());
        if text.starts_with("/qseow-proxy-") {
            let Verdict::Wanted(event, server) = user.handle(&text) else { panic!("{text}") };
            let received = Received { stamp, server, event };
            let point = user_event_point(&received, &tags, version, Schema::Original);
            lines.extend(point.map(line));
        } else if let Verdict::Wanted(event, server) = log.handle(&text) {
            let received = Received { stamp, server, event };
            let mut line = Vec::new();
            log_event_lines.write(&received, &mut line);
            lines.push(without_stamp(line));
        }
    }
    let (user, log) = (user.common().take_counts(), log.common().take_counts());
    let counted = CountedEvents { user, log };
    let measurement =
        |name: &str| TaggedMeasurement { name: MeasurementName::new(name).unwrap(), tags: dev() };
    let settings = EventSettings {
        counts: measurement("event_count"),
        rejected: measurement("rejected_event_count"),
        ..EventSettings::default()
    };
    let clock = Clock::system();
    lines.extend(event_count_points(&counted, &settings, version, &clock).into_iter().map(line));
    lines.extend(rejected_count_points(&counted, &settings, version, &clock).into_iter().map(line));
    lines
}

/// Cuts a line behind its tags.
fn head_and_fields(line: &str) -> (&str, &str) {
    let mut spaces = line.match_indices(' ').map(|(at, _)| at);
    let at = spaces.find(|at| !line[..*at].ends_with('\\')).unwrap();
    (&line[..at], &line[at + 1..])
}

/// A line of the original as it was decided that it should be.
fn decided(line: &str, version: InfluxVersion) -> String {
    let line = match version {
        InfluxVersion::V1 => line,
        _ => line.rsplit_once(' ').unwrap().0,
    };
    let (head, fields) = head_and_fields(line);
    // E5: tags in the order of their names, also for version 1.
    let mut tags: Vec<&str> = head.split(',').collect();
    tags[1..].sort_by_key(|tag| tag.split('=').next());
    // Page on events, IX6: the tags are in the event only where MQTT was on.
    let mut fields = fields.replace(r#",\"tags\":{\"qs_env\":\"dev\"}"#, "");
    // Page on events, DR9: the original knew no local time of these two services.
    if head.contains("source=qseow-engine") || head.contains("source=qseow-scheduler") {
        fields =
            fields.replace(r#"\"ts_local\":\"\""#, r#"\"ts_local\":\"2026-11-20 10:11:12,000\""#);
    }
    format!("{} {fields}", tags.join(","))
}

fn is_count_of_performance(line: &str) -> bool {
    line.starts_with("event_count,") && line.contains("source=qseow-qix-perf")
}

#[test]
fn every_row_of_the_original_is_ours_too() {
    for (version, rows) in ROWS {
        let ours = ours(version);
        let decided: Vec<String> = rows.lines().map(|row| decided(row, version)).collect();
        let (performance, rest): (Vec<_>, Vec<_>) =
            decided.into_iter().partition(|row| is_count_of_performance(row));
        for row in &rest {
            assert!(ours.contains(row), "version {version}\n{row}\nnot in\n{}", ours.join("\n"));
        }
        // O7: events that the filter rejects are counted too, the original counted two of three.
        let count = |row: &String| -> u32 {
            let (_, counter) = row.rsplit_once("counter=").unwrap();
            counter.trim_end_matches('i').parse().unwrap()
        };
        assert_eq!(performance.iter().map(count).sum::<u32>(), 2);
        let mine: Vec<&String> = ours.iter().filter(|row| is_count_of_performance(row)).collect();
        assert_eq!(mine.into_iter().map(count).collect::<Vec<_>>(), [3]);

        // Texts that are empty this time, in the rows of the original and so in ours: three events
        // of the scheduler, with version 2 those of the engine as well.
        let empty = |row: &&String| row.contains("exception_message=\"\",");
        let kinds = if version == InfluxVersion::V1 { 1 } else { 2 };
        assert_eq!(rest.iter().filter(empty).count(), kinds);
        assert_eq!(ours.iter().filter(empty).count(), 3 * kinds);
        // 21 datagrams, one of which is rejected; seven counts, and one of rejected events.
        assert_eq!(ours.len(), 20 + 7 + 1);
    }
}
