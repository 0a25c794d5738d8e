//! Bodies, byte for byte.

use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::domain::events::{LogDatagram, Pairs, Received, Source, UserDatagram};
use crate::domain::names::MonitoredServer;
use crate::domain::point::Stamp;
use crate::domain::telemetry::{EngineHealth, ProxySession};

/// 2026-03-14T08:15:02.118Z.
const STAMP: Stamp = Stamp(1_773_476_102_118_000_000);

pub(super) fn pairs(list: &[(&str, &str)]) -> Pairs {
    attributes(list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
}

pub(super) fn all_metrics() -> EngineMetrics {
    EngineMetrics {
        memory: true,
        cpu: true,
        calls: true,
        selections: true,
        sessions: true,
        users: true,
        saturated: true,
        doc_count: true,
        cache: true,
    }
}

pub(super) fn metric_posts(accounts: &[&str]) -> MetricPosts {
    MetricPosts {
        accounts: accounts.iter().map(ToString::to_string).collect(),
        engine: all_metrics(),
        sessions: true,
        attributes: pairs(&[("env", "prod"), ("butlerSosVersion", "1.2.3")]),
        health_interval: Duration::from_secs(30),
        session_interval: Duration::from_millis(1_500),
        round: 2,
    }
}

fn server() -> Arc<MonitoredServer> {
    Arc::new(MonitoredServer {
        name: "sense1".into(),
        host: "qs1".into(),
        description: "Central \"node\"".into(),
        tags: vec![("location".into(), "Oslo".into()), ("host".into(), "told otherwise".into())],
    })
}

pub(super) fn health(body: &str) -> HealthMetrics {
    let health = EngineHealth::from_json(body.as_bytes(), None).unwrap();
    HealthMetrics { server: server(), health: Arc::new(health) }
}

pub(super) const HEALTH: &str = r#"{"mem":{"committed":1843.5,"allocated":3120.25,"free":0.1},
    "cpu":{"total":5},"session":{"active":4,"total":19},
    "apps":{"active_docs":[],"loaded_docs":["b","a"],"in_memory_docs":["a"],"calls":90412,
    "selections":733},"users":{"active":1,"total":3},
    "cache":{"hits":5,"lookups":8,"added":2,"replaced":1,"bytes_added":4.5},"saturated":true}"#;

pub(super) fn sessions() -> ProxySessions {
    let session = |excluded| ProxySession {
        directory: "CORP".to_owned(),
        user_id: "anna".to_owned(),
        session_id: "1".to_owned(),
        excluded,
    };
    ProxySessions {
        server: server(),
        session_host: "qs1:4243".into(),
        virtual_proxy: "/hdr".into(),
        sessions: [session(false), session(true)].into(),
        answer: Arc::new(Value::Null),
    }
}

pub(super) const MEMORY: OwnMemory = OwnMemory {
    uptime: Duration::from_micros(61_000_400),
    heap_used: 75_078_042,
    heap_total: 94_371_840,
    external: 0,
    process_memory: 146_832_097,
};

fn gauges(body: &str) -> Vec<(String, Value)> {
    let body: Value = serde_json::from_str(body).unwrap();
    let metrics = body["metrics"].as_array().unwrap();
    let pair =
        |metric: &Value| (metric["name"].as_str().unwrap().to_owned(), metric["value"].clone());
    metrics.iter().map(pair).collect()
}

#[test]
fn health_is_an_array_of_one() {
    let body = metrics::health(&metric_posts(&[]), &health(HEALTH), STAMP.to_utc()).unwrap();
    let gauge =
        |name: &str, value: &str| format!(r#"{{"name":"{name}","type":"gauge","value":{value}}}"#);
    let expected = [
        ("qs_memCommited", "1933049856"),
        ("qs_memAllocated", "3271819264"),
        ("qs_memFree", "104857.6"),
        ("qs_cpuTotal", "5"),
        ("qs_engineCalls", "90412"),
        ("qs_engineSelections", "733"),
        ("qs_engineSessionsActive", "4"),
        ("qs_engineSessionsTotal", "19"),
        ("qs_engineUsersActive", "1"),
        ("qs_engineUsersTotal", "3"),
        ("qs_engineSaturated", "1"),
        ("qs_docsActiveCount", "0"),
        ("qs_docsLoadedCount", "2"),
        ("qs_docsInMemoryCount", "1"),
        ("qs_cacheHits", "5"),
        ("qs_cacheLookups", "8"),
        ("qs_cacheaAdded", "2"),
        ("qs_cacheReplaced", "1"),
        ("qs_cacheBytesAdded", "4.5"),
    ];
    let expected: Vec<String> = expected.iter().map(|(name, value)| gauge(name, value)).collect();
    let common = concat!(
        r#"{"common":{"timestamp":1773476102118,"interval.ms":30000,"attributes":{"#,
        r#""host":"told otherwise","server_name":"sense1","server_description":"#,
        r#""Central \"node\"","location":"Oslo","env":"prod","butlerSosVersion":"1.2.3"}},"#
    );
    assert_eq!(body, format!("{common}\"metrics\":[{}]}}", expected.join(",")));
}

#[test]
fn a_metric_that_is_missing_or_not_wanted_costs_no_other() {
    let posts = metric_posts(&[]);
    let some = health(r#"{"mem":{"free":-1},"cpu":{"total":"much"},"saturated":false}"#);
    let body = metrics::health(&posts, &some, STAMP.to_utc()).unwrap();
    let left =
        [("qs_memFree".to_owned(), json!(-1_048_576)), ("qs_engineSaturated".to_owned(), json!(0))];
    assert_eq!(gauges(&body), left);
    // What is too large for a number of JSON once it is in bytes.
    let huge = health(r#"{"mem":{"free":1e308},"cpu":{"total":1e300}}"#);
    let body = metrics::health(&posts, &huge, STAMP.to_utc()).unwrap();
    assert_eq!(gauges(&body), [("qs_cpuTotal".to_owned(), json!(1e300))]);
    assert_eq!(metrics::health(&posts, &health("{}"), STAMP.to_utc()), None);
    let switches: [fn(&mut EngineMetrics); 9] = [
        |on| on.memory = false,
        |on| on.cpu = false,
        |on| on.calls = false,
        |on| on.selections = false,
        |on| on.sessions = false,
        |on| on.users = false,
        |on| on.saturated = false,
        |on| on.doc_count = false,
        |on| on.cache = false,
    ];
    let mut posts = posts;
    let mut left = Vec::new();
    for switch_off in switches {
        switch_off(&mut posts.engine);
        let body = metrics::health(&posts, &health(HEALTH), STAMP.to_utc());
        left.push(body.map_or(0, |body| gauges(&body).len()));
    }
    assert_eq!(left, [16, 15, 14, 13, 11, 9, 8, 5, 0]);
}

#[test]
fn sessions_are_one_number_of_a_virtual_proxy() {
    let mut posts = metric_posts(&[]);
    let body = metrics::sessions(&posts, &sessions(), STAMP.to_utc()).unwrap();
    let expected = concat!(
        r#"{"common":{"timestamp":1773476102118,"interval.ms":1500,"attributes":{"#,
        r#""host":"told otherwise","server_name":"sense1","server_description":"#,
        r#""Central \"node\"","location":"Oslo","user_session_virtual_proxy":"/hdr","#,
        r#""user_session_host":"qs1:4243","env":"prod","butlerSosVersion":"1.2.3"}},"#,
        r#""metrics":[{"name":"qs_proxySessions","type":"gauge","value":2}]}"#
    );
    assert_eq!(body, expected);
    posts.sessions = false;
    assert_eq!(metrics::sessions(&posts, &sessions(), STAMP.to_utc()), None);
}

#[test]
fn uptime_and_memory_are_whole_numbers() {
    let posts = |memory, uptime| UptimePosts {
        accounts: Vec::new(),
        memory,
        uptime,
        attributes: pairs(&[("metricType", "butler-sos-uptime"), ("version", "1.2.3")]),
        interval: Duration::from_secs(900),
    };
    let body = metrics::uptime(&posts(true, true), &MEMORY, STAMP.to_utc()).unwrap();
    let expected = concat!(
        r#"{"common":{"timestamp":1773476102118,"interval.ms":900000,"attributes":{"#,
        r#""metricType":"butler-sos-uptime","version":"1.2.3"}},"metrics":["#,
        r#"{"name":"qs_butlerSosHeapUsed","type":"gauge","value":75078042},"#,
        r#"{"name":"qs_butlerSosHeapTotal","type":"gauge","value":94371840},"#,
        r#"{"name":"qs_butlerSosExternalMem","type":"gauge","value":0},"#,
        r#"{"name":"qs_butlerSosProcessMem","type":"gauge","value":146832097},"#,
        r#"{"name":"qs_butlerSosUptimeMillisec","type":"gauge","value":61000}]}"#
    );
    assert_eq!(body, expected);
    let only = metrics::uptime(&posts(false, true), &MEMORY, STAMP.to_utc()).unwrap();
    assert_eq!(gauges(&only).len(), 1);
    assert_eq!(metrics::uptime(&posts(false, false), &MEMORY, STAMP.to_utc()), None);
}

macro_rules! sample {
    ($name:literal) => {
        include_str!(concat!("../../tests/data/events/", $name, ".txt"))
    };
}

pub(super) fn user(text: &str) -> Received<UserEvent> {
    let kind = UserDatagram::kind_of(text).unwrap();
    let event = UserDatagram::read(kind, text).unwrap().event(|_| Some("Sales 2026".to_owned()));
    Received { stamp: STAMP, server: None, event }
}

pub(super) fn log(text: &str) -> Received<LogEvent> {
    let source = LogDatagram::source_of(text).unwrap();
    let event = LogDatagram::read(source, text).unwrap().event("", None);
    Received { stamp: STAMP, server: None, event }
}

pub(super) fn u1() -> Received<UserEvent> {
    user(sample!("U1"))
}

pub(super) fn e2() -> Received<LogEvent> {
    log(sample!("E2"))
}

fn user_posts(scramble: bool, tags: &[(&str, &str)]) -> UserEventPosts {
    UserEventPosts { accounts: Vec::new(), scramble, tags: pairs(tags) }
}

#[test]
fn user_events_are_scrambled_unless_told_otherwise() {
    let expected = |full: &str, directory: &str, id: &str| {
        format!(
            concat!(
                r#"{{"timestamp":1773476102118,"qs_host":"qs-node1","qs_event_action":"#,
                r#""Start session","qs_userFull":"{}","qs_userDirectory":"{}","qs_userId":"{}","#,
                r#""qs_origin":"AppAccess","qs_appId":"0f3a1c52-7d64-4b8e-9a21-5c0d9e7f1b23","#,
                r#""qs_appName":"Sales 2026","qs_uaBrowserName":"Chrome","#,
                r#""qs_uaBrowserMajorVersion":"138","qs_uaOsName":"Windows","qs_uaOsVersion":"#,
                r#""NT 10.0","qs_env":"prod","eventType":"qs_userEvent"}}"#
            ),
            full, directory, id
        )
    };
    let tags = [("qs_env", "prod")];
    let hashes = expected("d1c417a95ac142fd", "1498bf788c39c0bb", "c8f897617a893a1d");
    assert_eq!(events::user_event(&user_posts(true, &tags), &u1()), hashes);
    let clear = expected("ACME\\\\jdoe", "ACME", "jdoe");
    assert_eq!(events::user_event(&user_posts(false, &tags), &u1()), clear);
}

#[test]
fn tags_replace_everything_but_the_type() {
    let tags = [("eventType", "mine"), ("qs_host", "elsewhere")];
    let body = events::user_event(&user_posts(false, &tags), &user(sample!("U2")));
    let expected = concat!(
        r#"{"timestamp":1773476102118,"qs_host":"elsewhere","qs_event_action":"#,
        r#""Close connection","qs_userFull":"ACME\\asmith","qs_userDirectory":"ACME","#,
        r#""qs_userId":"asmith","qs_origin":"","eventType":"qs_userEvent"}"#
    );
    assert_eq!(body, expected);
    let nobody = user(&sample!("U2").replace(";asmith;", ";;"));
    let body = events::user_event(&user_posts(true, &[]), &nobody);
    let empty = r#""qs_userFull":"46b9dd2b0ba88d13","qs_userDirectory":"1498bf788c39c0bb","#;
    assert!(body.contains(empty), "{body}");
}

fn log_posts(tags: &[(&str, &str)]) -> LogEventPosts {
    LogEventPosts { accounts: Vec::new(), sources: Vec::new(), tags: pairs(tags) }
}

#[test]
fn a_log_event_has_the_texts_of_its_kind_even_when_empty() {
    let extra = pairs(&[("env", "prod"), ("butlerSosVersion", "1.2.3")]);
    let posts = log_posts(&[("qs_env", "test")]);
    let e1 = concat!(
        r#"{"timestamp":1773476102118,"qs_ts_iso":"20260314T091502.118+0100","qs_ts_local":"#,
        r#""2026-03-14 09:15:02,118","qs_log_source":"qseow-engine","qs_log_level":"WARN","#,
        r#""qs_host":"qs-node1","qs_subsystem":"System.Engine.Engine","qs_windows_user":"#,
        r#""ACME\\qlikservice","qs_message":"Access was denied for session","qs_user_full":"#,
        r#""ACME\\jdoe","qs_user_directory":"ACME","qs_user_id":"jdoe","qs_app_id":"#,
        r#""0f3a1c52-7d64-4b8e-9a21-5c0d9e7f1b23","qs_proxy_session_id":"#,
        r#""6b1d9a40-2f57-4c31-8e0b-d4a7c2f95e18","qs_engine_ts":"2026-03-14T09:15:02.115+01:00","#,
        r#""qs_process_id":"3e5c8f17-90ab-4d26-b7e4-1a2f6c8d0e95","qs_engine_exe_version":"#,
        r#""14.173.4.0","qs_server_started":"2026-03-01T02:00:11.000+01:00","qs_entry_type":"","#,
        r#""qs_session_id":"c4a9e6d2-58f3-4b07-93c1-7e0d5b2a8f64","qs_env":"test","env":"prod","#,
        r#""butlerSosVersion":"1.2.3","eventType":"qs_logEvent"}"#
    );
    assert_eq!(events::log_event(&posts, &extra, &log(sample!("E1"))), e1);
    let p1 = concat!(
        r#"{"timestamp":1773476102118,"qs_ts_iso":"20260314T101744.905+0100","qs_ts_local":"#,
        r#""2026-03-14 10:17:44,905","qs_log_source":"qseow-proxy","qs_log_level":"WARN","#,
        r#""qs_host":"qs-node1","qs_subsystem":"#,
        r#""Security.Proxy.Qlik.Sense.Communication.Communication","qs_windows_user":"#,
        r#""ACME\\qlikservice","qs_message":"Certificate chain could not be built","#,
        r#""qs_exception_message":"RemoteCertificateChainErrors","qs_user_full":"ACME\\jdoe","#,
        r#""qs_user_directory":"ACME","qs_user_id":"jdoe","qs_command":"Accept connection","#,
        r#""qs_result_code":"403","qs_origin":"Not available","qs_context":"/hub/","#,
        r#""eventType":"qs_logEvent"}"#
    );
    assert_eq!(events::log_event(&log_posts(&[]), &pairs(&[]), &log(sample!("P1"))), p1);
    let s1 = concat!(
        r#"{"timestamp":1773476102118,"qs_ts_iso":"20260314T020500.310+0100","qs_ts_local":"#,
        r#""2026-03-14 02:05:00,310","qs_log_source":"qseow-scheduler","qs_log_level":"ERROR","#,
        r#""qs_host":"qs-node1","qs_subsystem":"#,
        r#""System.Scheduler.Scheduler.Slave.Tasks.ReloadTask","qs_windows_user":"#,
        r#""ACME\\qlikservice","qs_message":"Reload ended in error state","#,
        r#""qs_exception_message":"","qs_user_full":"ACME\\jdoe","qs_user_directory":"ACME","#,
        r#""qs_user_id":"jdoe","qs_task_name":"Nightly sales","qs_app_name":"Sales 2026","#,
        r#""qs_task_id":"91d0b7c6-3a42-4f58-a6e9-0c8b5d7e2f13","qs_app_id":"#,
        r#""0f3a1c52-7d64-4b8e-9a21-5c0d9e7f1b23","qs_execution_id":"#,
        r#""e2f8a5b1-6c09-4d73-9b5e-4f1a7c3d0e86","eventType":"qs_logEvent"}"#
    );
    assert_eq!(events::log_event(&log_posts(&[]), &pairs(&[]), &log(sample!("S1"))), s1);
}

#[test]
fn only_errors_and_warnings_of_listed_sources_are_wanted() {
    let levels = |error, warn| LogLevels { error, warn };
    let mut posts = log_posts(&[]);
    posts.sources = vec![
        (Source::Engine, levels(true, false)),
        (Source::Proxy, levels(false, true)),
        (Source::Scheduler, levels(true, true)),
    ];
    let sources = [Source::Engine, Source::Proxy, Source::Scheduler, Source::Repository];
    for (level, wanted) in [
        ("ERROR", [true, false, true, false]),
        ("Error", [true, false, true, false]),
        ("FATAL", [true, false, true, false]),
        ("WARN", [false, true, true, false]),
        ("INFO", [false; 4]),
        ("", [false; 4]),
    ] {
        assert_eq!(sources.map(|source| posts.wants(source, level)), wanted, "{level}");
    }
}
