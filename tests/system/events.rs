//! Events from the datagram to the database.

use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use actors::domain::errors::InfluxVersion;
use actors::domain::events::{LogDatagram, Pairs, Received, UserDatagram};
use actors::domain::point::Stamp;
use actors::influx_writer::{LogEventLines, Schema, user_event_point};
use actors::io::influx::encode;
use butler_sos::app::App;
use serde_json::{Value, json};
use test_support::{Answer, Influxd, StandIn, until_async};

use crate::common::{counted, influx_v1, settings, start};
use crate::influx_v2_v3::{influx_2, v2, v3, without_stamp};

/// A sample of `tests/data/events`.
pub(crate) fn sample(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(root.join(format!("tests/data/events/{name}.txt"))).unwrap()
}

/// Both kinds of events on ports of the system's choice, everything on.
pub(crate) const SECTIONS: &str = "  qlikSenseEvents:
    influxdb:
      enable: true
      writeFrequency: 200
    eventCount:
      enable: true
      influxdb:
        measurementName: event_count
        tags:
          - name: qs_env
            value: prod
    rejectedEventCount:
      enable: true
      influxdb:
        measurementName: rejected_event_count
  userEvents:
    enable: true
    udpServerConfig:
      serverHost: 127.0.0.1
      portUserActivityEvents: 0
      queueMetrics:
        influxdb:
          enable: true
          writeFrequency: 200
    tags:
      - name: qs_env
        value: prod
    sendToInfluxdb:
      enable: true
  logEvents:
    udpServerConfig:
      serverHost: 127.0.0.1
      portLogEvents: 0
      queueMetrics:
        influxdb:
          enable: true
          writeFrequency: 200
    tags:
      - name: qs_env
        value: prod
    source:
      engine:
        enable: true
      proxy:
        enable: true
      repository:
        enable: true
      scheduler:
        enable: true
      qixPerf:
        enable: true
    categorise:
      enable: true
      rules:
        - description: quiet
          logLevel: [WARN]
          action: drop
          filter:
            - type: sw
              value: Duplicate entity
      ruleDefault:
        enable: true
        category:
          - name: qs_log_category
            value: unknown
    enginePerformanceMonitor:
      enable: true
      trackRejectedEvents:
        enable: true
      monitorFilter:
        allApps:
          enable: true
          method:
            allMethods: true
            allMethodsExclude: [\"Global::OpenApp\"]
    sendToInfluxdb:
      enable: true
";

/// Sends to both sockets of a running program.
pub(crate) struct Sender {
    socket: UdpSocket,
    user: SocketAddr,
    log: SocketAddr,
}

impl Sender {
    pub(crate) async fn to(app: &App) -> Self {
        loop {
            if let [Some(user), Some(log)] = app.event_addresses().await {
                return Self { socket: UdpSocket::bind("127.0.0.1:0").unwrap(), user, log };
            }
            tokio::task::yield_now().await;
        }
    }

    pub(crate) fn user(&self, datagram: &str) {
        self.socket.send_to(datagram.as_bytes(), self.user).unwrap();
    }

    pub(crate) fn log(&self, datagram: &str) {
        self.log_bytes(datagram.as_bytes());
    }

    /// One event of each kind that can be stored, one that is rejected, and two that are no events.
    pub(crate) fn good_and_bad(&self) {
        self.user(&sample("U1"));
        self.user("/qseow-proxy-session/;qs-node1;Start session;ACME;jdoe");
        self.log(&sample("E1"));
        self.log(&sample("Q2"));
        self.log("/qseow-engine/;1;x");
    }

    pub(crate) fn log_bytes(&self, datagram: &[u8]) {
        self.socket.send_to(datagram, self.log).unwrap();
    }
}

/// The only row of a query without its time.
fn row(influx: &Influxd, query: &str) -> Value {
    let mut rows = influx.rows("SenseOps", query);
    assert_eq!(rows.len(), 1, "{query}: {rows:?}");
    let mut row = rows.remove(0);
    row.as_object_mut().unwrap().remove("time");
    row
}

#[actix::test]
async fn every_sample_is_stored_with_its_types() {
    let influx = Influxd::started();
    let folder = tempfile::tempdir().unwrap();
    let text = format!("Butler-SOS:\n  fileLogging: false\n{SECTIONS}{}", influx_v1(influx.port()));
    let app = start(settings(&text, folder.path()));
    let sender = Sender::to(&app).await;
    for name in ["U1", "U2"] {
        sender.user(&sample(name));
    }
    for name in ["E1", "E2", "P1", "P2", "R1", "R2", "S1", "S2", "Q1", "Q2"] {
        sender.log(&sample(name));
    }
    until_async("all events to be stored", || {
        let users = influx.count("SenseOps", "user_events", "userId");
        let logs = influx.count("SenseOps", "log_event", "raw_event");
        let counts = influx.rows("SenseOps", "SELECT SUM(counter) FROM event_count");
        let rejected = influx.count("SenseOps", "rejected_event_count", "counter");
        let counted = counts.first().is_some_and(|row| row["sum"].as_f64() == Some(12.0));
        // R1 is dropped by a rule, Q2 rejected by the filter.
        ((users, logs, rejected) == (2, 8, 1) && counted).then_some(())
    })
    .await;

    let u1 = row(&influx, "SELECT * FROM user_events WHERE origin = 'AppAccess'");
    assert_eq!(
        u1,
        json!({
            "appId": "0f3a1c52-7d64-4b8e-9a21-5c0d9e7f1b23", "appName": "<unknown app name>",
            "appId_1": "0f3a1c52-7d64-4b8e-9a21-5c0d9e7f1b23", "appName_1": "<unknown app name>",
            "event_action": "Start session", "host": "qs-node1", "origin": "AppAccess",
            "qs_env": "prod", "uaBrowserMajorVersion": "138", "uaBrowserName": "Chrome",
            "uaOsName": "Windows", "uaOsVersion": "NT 10.0", "userDirectory": "ACME",
            "userFull": "ACME\\jdoe", "userFull_1": "ACME\\jdoe", "userId": "jdoe",
            "userId_1": "jdoe",
        })
    );
    let e2 = row(&influx, "SELECT * FROM log_event WHERE log_row = '18'");
    assert_eq!(e2["message"], "Reload failed; see script log");
    assert_eq!(e2["qs_log_category"], "unknown");
    assert_eq!(
        (&e2["windows_user"], &e2["subsystem"]),
        (&json!("ACME\\qlikservice"), &json!("System.Engine.Engine"))
    );
    assert_eq!(e2["exception_message"], Value::Null);
    let raw: Value = serde_json::from_str(e2["raw_event"].as_str().unwrap()).unwrap();
    assert_eq!(raw["category"], json!([{"name": "qs_log_category", "value": "unknown"}]));
    let p2 = row(&influx, "SELECT * FROM log_event WHERE log_row = '204'");
    assert_eq!((&p2["result_code"], &p2["user_full"]), (&json!("403"), &json!("ACME\\asmith")));
    let s1 = row(&influx, "SELECT * FROM log_event WHERE log_row = '88'");
    assert_eq!(
        (&s1["task_name"], &s1["app_name"]),
        (&json!("Nightly sales"), &json!("Sales 2026"))
    );
    let q1 = row(&influx, "SELECT * FROM log_event WHERE source = 'qseow-qix-perf'");
    assert_eq!(
        (&q1["log_row"], &q1["process_time"], &q1["net_ram"]),
        (&json!("-1"), &json!(12.5), &json!(20_480))
    );

    let types = influx.rows("SenseOps", "SHOW FIELD KEYS FROM log_event");
    let types: Vec<String> = types
        .iter()
        .map(|row| {
            format!("{}:{}", row["fieldKey"].as_str().unwrap(), row["fieldType"].as_str().unwrap())
        })
        .collect();
    for expected in ["handle:integer", "net_ram:integer", "process_time:float", "raw_event:string"]
    {
        assert!(types.iter().any(|found| found == expected), "{expected} in {types:?}");
    }
    let rejected = row(&influx, "SELECT * FROM rejected_event_count");
    assert_eq!(
        rejected,
        json!({
            "app_id": "0f3a1c52-7d64-4b8e-9a21-5c0d9e7f1b23", "app_name_set": "false",
            "counter": 1, "method": "Global::OpenApp", "object_type": "<Unknown>",
            "process_time": 2310.75, "source": "qseow-qix-perf",
        })
    );
    let counted_types = influx.rows("SenseOps", "SHOW FIELD KEYS FROM event_count");
    assert_eq!(counted_types[0]["fieldType"], "float");
    let queue = "SELECT SUM(messages_received) AS r, SUM(messages_processed) AS p, \
                 SUM(messages_dropped_total) AS d FROM";
    until_async("the queues to be stored", || {
        let sums = |name: &str| influx.rows("SenseOps", &format!("{queue} {name}")).pop();
        let (user, log) = (sums("user_events_queue")?, sums("log_events_queue")?);
        let all = (user["r"].as_u64(), user["p"].as_u64(), log["r"].as_u64(), log["d"].as_u64());
        (all == (Some(2), Some(2), Some(10), Some(0))).then_some(())
    })
    .await;
    assert_eq!(counted(&app, 0).await.total(), 0);
}

#[actix::test]
async fn every_module_of_events_is_reported_once() {
    let folder = tempfile::tempdir().unwrap();
    // A port that nobody listens on.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let history = folder.path().join("errors.sqlite3");
    let text = format!(
        "Butler-SOS:\n  fileLogging: false\n  uptimeMonitor:\n    enable: false\n  errorTracking:\n    history:\n      file: {:?}\n{}{}",
        history.display().to_string(),
        SECTIONS.replace("writeFrequency: 200", "writeFrequency: 1000"),
        influx_v1(closed)
    );
    let app = start(settings(&text, folder.path()));
    let sender = Sender::to(&app).await;
    sender.good_and_bad();
    let wanted = [
        ("INFLUXDB_V1_WRITE", "USER_EVENTS", "connection_refused"),
        ("INFLUXDB_V1_WRITE", "LOG_EVENTS", "connection_refused"),
        ("INFLUXDB_V1_WRITE", "EVENT_COUNTS", "connection_refused"),
        ("INFLUXDB_V1_WRITE", "REJECTED_EVENT_COUNTS", "connection_refused"),
        ("INFLUXDB_V1_WRITE", "QUEUE_METRICS", "connection_refused"),
        ("UDP_USER_EVENT", "UDP_USER_EVENTS", "unknown"),
        ("UDP_LOG_EVENT", "UDP_LOG_EVENTS", "unknown"),
    ];
    counted(&app, 8).await;
    let rows = until_async("every module", || {
        let reader = actors::io::error_log::ErrorReader::open(&history).ok()?;
        let mut rows = Vec::new();
        reader
            .for_each(&actors::io::error_log::Filter::default(), None, |row| rows.push(row))
            .ok()?;
        let has = |(kind, module, category): &(&str, &str, &str)| {
            rows.iter().any(|row| {
                row.error_type == *kind
                    && row.module.as_deref() == Some(*module)
                    && row.error_category == *category
            })
        };
        wanted.iter().all(has).then_some(rows)
    })
    .await;
    let once =
        |module: &str| rows.iter().filter(|row| row.module.as_deref() == Some(module)).count();
    for module in
        ["USER_EVENTS", "LOG_EVENTS", "REJECTED_EVENT_COUNTS", "UDP_USER_EVENTS", "UDP_LOG_EVENTS"]
    {
        assert_eq!(once(module), 1, "{module}");
    }
    assert!(rows.iter().all(|row| row.server_name.is_empty()));
}

/// The line of a sample as version `version` gets it, without its stamp.
fn expected(name: &str, version: InfluxVersion) -> String {
    let tags: Pairs = Arc::new([("qs_env".into(), "prod".into())]);
    let text = sample(name);
    let mut line = Vec::new();
    let stamp = Stamp(1_777_824_609_420_000_000);
    if let Some(kind) = UserDatagram::kind_of(&text) {
        let event = UserDatagram::read(kind, &text).unwrap().event(|_| None);
        let received = Received { stamp, server: None, event };
        let point = user_event_point(&received, &tags, version, Schema::Original);
        encode(point.unwrap(), &mut line);
    } else {
        let category: Pairs = Arc::new([("qs_log_category".into(), "unknown".into())]);
        let source = LogDatagram::source_of(&text).unwrap();
        let event = LogDatagram::read(source, &text).unwrap().event("", Some(category));
        let received = Received { stamp, server: None, event };
        LogEventLines::new(&tags, version, Schema::Original).write(&received, &mut line);
    }
    without_stamp(String::from_utf8(line).unwrap().trim_end()).to_owned()
}

#[actix::test]
async fn versions_2_and_3_get_every_sample() {
    // R1 is dropped by a rule, Q2 rejected by the filter.
    let names = ["U1", "U2", "E1", "E2", "P1", "P2", "R2", "S1", "S2", "Q1"];
    for version in [InfluxVersion::V2, InfluxVersion::V3] {
        let bucket = Arc::new(AtomicBool::new(true));
        let mut answer = influx_2(&bucket);
        let server = StandIn::start(move |seen| match seen.target.contains("/write?") {
            true => Answer::new(204, ""),
            false => answer(seen),
        });
        let port = server.address().port();
        let influx = if version == InfluxVersion::V2 { v2(port) } else { v3(port) };
        let folder = tempfile::tempdir().unwrap();
        let text = format!("Butler-SOS:\n  fileLogging: false\n{SECTIONS}{influx}");
        let app = start(settings(&text, folder.path()));
        let sender = Sender::to(&app).await;
        for name in names.into_iter().chain(["R1", "Q2"]) {
            if name.starts_with('U') {
                sender.user(&sample(name));
            } else {
                sender.log(&sample(name));
            }
        }
        let lines = until_async("all events to be written", || {
            let writes = server.seen().into_iter().filter(|seen| seen.target.contains("/write?"));
            let text: String = writes.map(|seen| seen.text()).collect();
            let events =
                |line: &&str| line.starts_with("user_events,") || line.starts_with("log_event,");
            let mut lines: Vec<String> =
                text.lines().filter(events).map(|line| without_stamp(line).to_owned()).collect();
            lines.sort();
            (lines.len() >= names.len()).then_some(lines)
        })
        .await;
        let mut wanted: Vec<String> = names.iter().map(|name| expected(name, version)).collect();
        wanted.sort();
        assert_eq!(lines, wanted);
        app.drain(Duration::from_secs(5)).await;
        app.end();
    }
}
