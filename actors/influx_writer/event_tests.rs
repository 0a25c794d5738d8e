//! The points of events for each version, letter by letter.

use std::sync::Arc;

use super::{EventSettings, LogEventLines, Schema, counts, user_event_point};
use crate::domain::errors::InfluxVersion;
use crate::domain::events::{
    Categories, EventCounts, LogDatagram, LogEvent, Pairs, Received, UserDatagram,
};
use crate::domain::measurement_name::MeasurementName;
use crate::domain::point::{Point, Stamp};
use crate::domain::telemetry::{CountedEvents, EventStream, QueueMetrics, QueueReading};
use crate::io::influx::encode;
use crate::runtime::clock::Clock;

macro_rules! sample {
    ($name:literal) => {
        include_str!(concat!("../../tests/data/events/", $name, ".txt"))
    };
}

const STAMP: Stamp = Stamp(7);

fn pairs(name: &str, value: &str) -> Pairs {
    Arc::new([(name.into(), value.into())])
}

fn line(point: &Point<'_>) -> String {
    let mut line = Vec::new();
    assert!(encode(point.clone(), &mut line));
    String::from_utf8(line).unwrap().trim_end().to_owned()
}

fn user(text: &str, version: InfluxVersion) -> Option<String> {
    user_by(text, version, Schema::Original)
}

fn user_by(text: &str, version: InfluxVersion, schema: Schema) -> Option<String> {
    let kind = UserDatagram::kind_of(text).unwrap();
    let event = UserDatagram::read(kind, text).unwrap().event(|_| Some("Sales 2026".to_owned()));
    let received = Received { stamp: STAMP, server: None, event };
    let tags = pairs("qs_env", "prod");
    user_event_point(&received, &tags, version, schema).map(|point| line(&point))
}

/// Without `raw_event`, which has a test of its own.
fn log(text: &str, app_name: &str, version: InfluxVersion) -> String {
    log_by(text, app_name, version, Schema::Original)
}

fn log_by(text: &str, app_name: &str, version: InfluxVersion, schema: Schema) -> String {
    let source = LogDatagram::source_of(text).unwrap();
    let category: Categories = pairs("kind", "<a\\b>");
    let event = LogDatagram::read(source, text).unwrap().event(app_name, Some(category));
    let received = Received { stamp: STAMP, server: None, event };
    let whole = line_of(&received, &pairs("qs_env", "prod"), version, schema);
    let raw = format!("raw_event={}", quoted(&received.event.to_json()));
    let [before, after] = whole.split(&raw).collect::<Vec<_>>()[..] else { panic!("{whole}") };
    match after.strip_prefix(',') {
        Some(after) => [before, after].concat(),
        None => [before.strip_suffix(',').unwrap(), after].concat(),
    }
}

fn line_of(
    received: &Received<LogEvent>,
    tags: &Pairs,
    version: InfluxVersion,
    schema: Schema,
) -> String {
    let mut line = Vec::new();
    LogEventLines::new(tags, version, schema).write(received, &mut line);
    String::from_utf8(line).unwrap().trim_end().to_owned()
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

use InfluxVersion::{V1, V2, V3};

#[test]
fn user_events_of_each_version() {
    let tags = |os: &str| {
        format!(
            "user_events,appId=0f3a1c52-7d64-4b8e-9a21-5c0d9e7f1b23,appName=Sales\\ 2026,\
             event_action=Start\\ session,host=qs-node1,origin=AppAccess,qs_env=prod,\
             uaBrowserMajorVersion=138,uaBrowserName=Chrome,uaOsName={os},uaOsVersion=NT\\ 10.0,\
             userDirectory=ACME,userFull=ACME\\jdoe,userId=jdoe"
        )
    };
    let id = "0f3a1c52-7d64-4b8e-9a21-5c0d9e7f1b23";
    for (version, fields) in [
        (V1, format!(r#"appId="{id}",appName="Sales 2026",userFull="ACME\\jdoe",userId="jdoe""#)),
        (
            V2,
            format!(
                r#"appId_field="{id}",appName_field="Sales 2026",userFull="ACME\\jdoe",userId="jdoe""#
            ),
        ),
        (
            V3,
            format!(
                r#"appId_field="{id}",appName_field="Sales 2026",userFull_field="ACME\\jdoe",userId_field="jdoe""#
            ),
        ),
    ] {
        assert_eq!(
            user(sample!("U1"), version).unwrap(),
            format!("{} {fields} 7", tags("Windows"))
        );
    }
    assert_eq!(
        user(sample!("U2"), V1).unwrap(),
        "user_events,event_action=Close\\ connection,host=qs-node2,qs_env=prod,\
         userDirectory=ACME,userFull=ACME\\asmith,userId=asmith \
         userFull=\"ACME\\\\asmith\",userId=\"asmith\" 7"
    );
    assert_eq!(user("/qseow-proxy-session/;h;;d;u;o;c;m", V1), None);
}

#[test]
fn engine_events_of_each_version() {
    let tags = |windows_user: &str, kind: &str| {
        format!(
            "log_event,app_id=0f3a1c52-7d64-4b8e-9a21-5c0d9e7f1b23,engine_exe_version=14.173.4.0,\
             host=qs-node1,kind={kind},level=WARN,log_row=17,qs_env=prod,source=qseow-engine,\
             subsystem=System.Engine.Engine,user_directory=ACME,user_full=ACME\\jdoe,\
             user_id=jdoe,windows_user={windows_user}"
        )
    };
    let raw = tags("ACME\\qlikservice", "<a\\b>");
    let clean = tags("ACMEqlikservice", "ab");
    let session = "c4a9e6d2-58f3-4b07-93c1-7e0d5b2a8f64";
    let message = "message=\"Access was denied for session\"";
    let empty = r#"command="",context="",exception_message="""#;
    for (version, expected) in [
        (V1, format!("{raw} {message},session_id=\"{session}\" 7")),
        (
            V2,
            format!(
                "{raw} {empty},{message},origin=\"\",result_code_field=\"\",session_id=\"{session}\" 7"
            ),
        ),
        (
            V3,
            format!(
                "{clean} {empty},{message},origin=\"\",result_code_field=\"\",session_id_field=\"{session}\" 7"
            ),
        ),
    ] {
        assert_eq!(log(sample!("E1"), "", version), expected);
    }
    let no_subsystem = sample!("E1").replace("System.Engine.Engine", "");
    assert!(!log(&no_subsystem, "", V1).contains("subsystem"));
    assert!(log(&no_subsystem, "", V3).contains(",subsystem=n/a,"));
}

#[test]
fn proxy_and_scheduler_events_of_each_version() {
    for (version, result) in
        [(V1, "result_code"), (V2, "result_code_field"), (V3, "result_code_field")]
    {
        let p2 = log(sample!("P2"), "", version);
        let expected = format!("origin=\"AppAccess\",{result}=\"403\" 7");
        assert!(p2.ends_with(&expected), "{p2}");
        assert!(p2.contains(",exception_message=\"\","), "{p2}");
        assert!(p2.contains(",result_code=403,source=qseow-proxy,"), "{p2}");
    }
    // Texts that their source has, and that are empty this time.
    assert!(log(sample!("R1"), "", V1).contains(",exception_message=\"\","));
    assert!(log(sample!("S2"), "", V1).contains(",exception_message=\"\",execution_id=\"\","));
    for (version, suffix) in [(V1, ""), (V2, ""), (V3, "_field")] {
        let s1 = log(sample!("S1"), "", version);
        assert!(s1.contains(&format!("app_name{suffix}=\"Sales 2026\"")), "{s1}");
        assert!(s1.contains(&format!(" app_id{suffix}=\"0f3a1c52-")), "{s1}");
        assert!(s1.contains(",task_id=91d0b7c6-3a42-4f58-a6e9-0c8b5d7e2f13,"), "{s1}");
        assert!(s1.contains(",task_name=Nightly\\ sales,"), "{s1}");
    }
}

#[test]
fn performance_events_of_each_version() {
    let start = |rest: &str| {
        format!(
            "log_event,app_id=0f3a1c52-7d64-4b8e-9a21-5c0d9e7f1b23,event_activity_source=non-user,\
             host=qs-node1,kind={rest},source=qseow-qix-perf,\
             subsystem=QixPerformance.Engine.Engine,user_directory=INTERNAL,\
             user_full=INTERNAL\\sa_engine,user_id=sa_engine "
        )
    };
    let times = "lock_time=0,net_ram=1048576i,peak_ram=4194304i,process_time=2310.75,\
                 traverse_time=12.1,validate_time=0,work_time=2250 7";
    let id = "\"0f3a1c52-7d64-4b8e-9a21-5c0d9e7f1b23\"";
    for (version, tags, fields) in [
        (
            V1,
            "<a\\b>,level=INFO,log_row=-1,method=Global::OpenApp,object_id=<Unknown>,\
             object_type=<Unknown>,proxy_session_id=-1,qs_env=prod,session_id=-1",
            format!("app_id={id},handle=-1i"),
        ),
        (
            V2,
            "<a\\b>,level=INFO,log_row=613,method=Global::OpenApp,object_id=<Unknown>,\
             object_type=<Unknown>,qs_env=prod",
            format!("app_id={id},handle=\"-1\""),
        ),
        (
            V3,
            "ab,level=INFO,log_row=613,method=Global::OpenApp,object_id=Unknown,\
             object_type=Unknown,proxy_session_id=-1,qs_env=prod,session_id=-1",
            format!("app_id_field={id},handle=-1i"),
        ),
    ] {
        assert_eq!(log(sample!("Q2"), "", version), format!("{}{fields},{times}", start(tags)));
    }
    assert!(log(sample!("Q1"), "Sales 2026", V1).contains(",app_name=Sales\\ 2026,"));
    // X14: times that are missing are left out, and something is left to write.
    let empty = log(&format!("/qseow-qix-perf/{}", ";".repeat(25)), "", V1);
    let fields = " app_id=\"\",handle=-99i,net_ram=-1i,peak_ram=-1i 7";
    assert!(empty.ends_with(fields), "{empty}");
    for tag in ["host", "level", "subsystem", "method", "object_type"] {
        assert!(empty.contains(&format!(",{tag}=<Unknown>")), "{empty}");
    }
    assert!(empty.contains(",event_activity_source=user,"), "{empty}");
}

#[test]
fn configured_tags_win() {
    let source = LogDatagram::source_of(sample!("P1")).unwrap();
    let event = LogDatagram::read(source, sample!("P1")).unwrap();
    let event = event.event("", Some(pairs("host", "by category")));
    let received = Received { stamp: STAMP, server: None, event };
    let line = line_of(&received, &pairs("host", "configured"), V1, Schema::Original);
    assert!(line.contains(",host=configured,") && line.matches("host=").count() == 1, "{line}");
}

#[test]
fn the_last_of_the_categories_of_one_name_wins_and_all_are_sorted() {
    let source = LogDatagram::source_of(sample!("P1")).unwrap();
    let event = LogDatagram::read(source, sample!("P1")).unwrap();
    let names = ["zone", "level", "a", "level", "zone2", "", "host", "b", "c", "d"];
    let categories: Vec<(Arc<str>, Arc<str>)> = names
        .iter()
        .enumerate()
        .map(|(at, name)| ((*name).into(), at.to_string().into()))
        .collect();
    for few in 0..=names.len() {
        let event = event.event("", Some(categories[..few].into()));
        let received = Received { stamp: STAMP, server: None, event };
        let line = line_of(&received, &pairs("zone", "configured"), V1, Schema::Original);
        let tags = line.split(' ').next().unwrap().split(',').skip(1);
        let found: Vec<(&str, &str)> = tags.map(|tag| tag.split_once('=').unwrap()).collect();
        assert!(found.is_sorted_by(|a, b| a.0 < b.0), "{line}");
        for (name, value) in &categories[..few] {
            let wanted = match &**name {
                "" => None,
                "zone" => Some("configured"),
                "level" if few > 3 => Some("3"),
                _ => Some(&**value),
            };
            let found = found.iter().find(|(found, _)| *found == &**name).map(|found| found.1);
            assert_eq!(found, wanted, "{name} in {line}");
        }
        let own = ["host", "level", "log_row", "source", "subsystem", "zone"];
        assert!(own.iter().all(|own| found.iter().any(|(name, _)| name == own)), "{line}");
    }
}

const ID: &str = "0f3a1c52-7d64-4b8e-9a21-5c0d9e7f1b23";

#[test]
fn few_series_have_ids_rows_and_users_as_fields() {
    let few = |text, version| log_by(text, "Sales 2026", version, Schema::FewSeries);
    assert_eq!(
        few(sample!("E1"), V1),
        format!(
            "log_event,engine_exe_version=14.173.4.0,host=qs-node1,kind=<a\\b>,level=WARN,\
             qs_env=prod,source=qseow-engine,subsystem=System.Engine.Engine,user_directory=ACME,\
             windows_user=ACME\\qlikservice app_id=\"{ID}\",log_row=\"17\",\
             message=\"Access was denied for session\",\
             session_id=\"c4a9e6d2-58f3-4b07-93c1-7e0d5b2a8f64\",\
             user_full=\"ACME\\\\jdoe\",user_id=\"jdoe\" 7"
        )
    );
    // A column that was a tag and a field is a field once.
    for version in [V1, V2, V3] {
        let q2 = few(sample!("Q2"), version);
        let (tags, fields) = q2.split_at(q2.find(" app_id").unwrap());
        for name in ["app_id", "log_row", "object_id", "session_id", "user_full", "user_id"] {
            assert!(!tags.contains(&format!(",{name}=")), "{q2}");
        }
        assert_eq!(fields.matches(&format!("app_id=\"{ID}\"")).count(), 1, "{q2}");
        assert!(fields.contains(",log_row=\"613\","), "{q2}");
        assert!(tags.contains(",method=Global::OpenApp,"), "{q2}");
        let session = ",session_id=\"-1\",";
        assert_eq!(fields.contains(session), version != V2, "{q2}");
        let s1 = few(sample!("S1"), version);
        assert!(s1.contains(",task_name=Nightly\\ sales,"), "{s1}");
        assert!(s1.contains(",task_id=\"91d0b7c6-3a42-4f58-a6e9-0c8b5d7e2f13\""), "{s1}");
        let u1 = user_by(sample!("U1"), version, Schema::FewSeries).unwrap();
        let (tags, fields) = u1.split_once(" appId=").unwrap();
        for name in ["userFull=\"ACME\\\\jdoe\"", "userId=\"jdoe\""] {
            assert_eq!(fields.matches(name).count(), 1, "{u1}");
        }
        assert!(fields.starts_with(&format!("\"{ID}\",appId_field=")) == (version != V1), "{u1}");
        assert!(tags.contains(",appName=Sales\\ 2026,") && !tags.contains("userId"), "{u1}");
    }
    // No app, no user: left out, as the tags were.
    let u2 = user_by(sample!("U2"), V3, Schema::FewSeries).unwrap();
    assert!(!u2.contains("appId"), "{u2}");
}

#[test]
fn a_tag_of_the_administrator_takes_the_place_of_what_would_be_a_field() {
    let source = LogDatagram::source_of(sample!("P1")).unwrap();
    let datagram = LogDatagram::read(source, sample!("P1")).unwrap();
    for (category, tags) in [("user_id", "x"), ("x", "user_id")] {
        let event = datagram.event("", Some(pairs(category, "mine")));
        let received = Received { stamp: STAMP, server: None, event };
        let line = line_of(&received, &pairs(tags, "mine"), V1, Schema::FewSeries);
        assert!(line.contains(",user_id=mine,") && !line.contains("user_id=\""), "{line}");
        assert!(line.contains(",log_row=\""), "{line}");
    }
}

#[test]
fn counts_and_queues_of_each_version() {
    let clock = Clock::manual("1970-01-01T00:00:00.000000007Z".parse().unwrap());
    let mut log = EventCounts::default();
    log.count("qseow-engine", "srv1", "Sys.Eng");
    log.count("qseow-engine", "srv1", "Sys.Eng");
    let counted = CountedEvents { log, user: EventCounts::default() };
    let settings = EventSettings::default();
    for (version, counter) in [(V1, "2"), (V2, "2i"), (V3, "2i")] {
        let points = counts::events(&counted, &settings, version, &clock);
        let text = line(&points[0]);
        let expected = format!(
            "event_count,event_type=log,host=srv1,source=qseow-engine,subsystem=Sys.Eng counter={counter} "
        );
        assert!(text.starts_with(&expected), "{text}");
    }
    let q2 = LogDatagram::read(LogDatagram::source_of(sample!("Q2")).unwrap(), sample!("Q2"));
    let mut log = EventCounts::default();
    log.reject(&q2.unwrap().raw(), "");
    let counted = CountedEvents { log, user: EventCounts::default() };
    let text = line(&counts::rejected(&counted, &settings, V3, &clock)[0]);
    assert!(
        text.starts_with(
            "rejected_event_count,app_id=0f3a1c52-7d64-4b8e-9a21-5c0d9e7f1b23,app_name_set=false,\
             method=Global::OpenApp,object_type=<Unknown>,source=qseow-qix-perf \
             counter=1i,process_time=2310.75 "
        ),
        "{text}"
    );
    let metrics = QueueMetrics {
        stream: EventStream::User,
        measurement: MeasurementName::known("user_events_queue"),
        tags: pairs("env", "x"),
        host: "box".into(),
        reading: QueueReading {
            queue_max_size: 200,
            queue_size: 50,
            received: 9,
            dropped_size: 2,
            dropped_kernel: Some(3),
            processing_time_p95_ms: 0.25,
            backpressure_active: true,
            ..QueueReading::default()
        },
    };
    for (version, i) in [(V1, ""), (V2, "i"), (V3, "i")] {
        let text = line(&counts::queue(&metrics, version, &clock));
        let expected = format!(
            "user_events_queue,env=x,host=box,queue_type=user_events backpressure_active=1{i},\
             messages_dropped_kernel=3{i},messages_dropped_queue_full=0{i},\
             messages_dropped_rate_limit=0{i},messages_dropped_size=2{i},messages_dropped_total=2{i},\
             messages_failed=0{i},messages_processed=0{i},messages_queued=0{i},\
             messages_received=9{i},processing_time_avg_ms=0,processing_time_max_ms=0,\
             processing_time_p95_ms=0.25,queue_max_size=200{i},queue_running=0{i},queue_size=50{i},\
             queue_utilization_pct=25,rate_limit_current=0{i} "
        );
        assert!(text.starts_with(&expected), "{text}");
    }
}
