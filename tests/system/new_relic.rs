//! New Relic: what the whole program posts, and what it tells of posts that fail.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use actors::io::error_log::{ErrorReader, Filter, HistoryRow};
use butler_sos::app::App;
use butler_sos::demo::configuration::{Choices, of_site};
use butler_sos::demo::site::Site;
use serde_json::{Value, json};
use test_support::{Answer, Program, RecordedRequest, until, until_async};

use crate::common::{BINARY, HISTORY, ONCE, counted, counts, settings, start};
use crate::events::{Sender, sample};
use crate::new_relic_service::Service;

/// Everything on, for one account of the credentials `first`, `second`.
fn sections(origin: &str, accounts: &str) -> String {
    format!(
        "  thirdPartyToolsCredentials:
    newRelic:
      - {{ accountName: first, insertApiKey: planted-1, accountId: 1001 }}
      - {{ accountName: second, insertApiKey: planted-2, accountId: \"1002\" }}
  newRelic:
    enable: true
    event:
      url: {origin}/
      header: [{{ name: X-Mine, value: planted-3 }}]
      attribute: {{ static: [{{ name: env, value: prod }}] }}
    metric:
      destinationAccount: {accounts}
      url: {origin}/metric/v1
      header: [{{ name: X-Mine, value: planted-4 }}, {{ name: Api-Key, value: planted-5 }}]
      attribute: {{ static: [{{ name: env, value: prod }}] }}
  uptimeMonitor:
    enable: true
    frequency: every 1 second
    storeNewRelic: {{ enable: true, destinationAccount: {accounts} }}
  userEvents:
    enable: true
    udpServerConfig: {{ serverHost: 127.0.0.1, portUserActivityEvents: 0 }}
    tags: [{{ name: qs_env, value: test }}]
    sendToNewRelic: {{ enable: true, destinationAccount: {accounts} }}
  logEvents:
    udpServerConfig: {{ serverHost: 127.0.0.1, portLogEvents: 0 }}
    source:
      engine: {{ enable: true }}
      proxy: {{ enable: true }}
      repository: {{ enable: true }}
      scheduler: {{ enable: true }}
      qixPerf: {{ enable: true }}
    enginePerformanceMonitor: {{ enable: true, monitorFilter: {{ allApps: {{ enable: true }} }} }}
    sendToNewRelic:
      enable: true
      destinationAccount: {accounts}
      source: {{ repository: {{ enable: false }}, scheduler: {{ logLevel: {{ error: false }} }} }}
"
    )
}

/// A site with one server that is polled once.
fn file(folder: &Path, sections: String) -> (Site, String) {
    let site = Site::start(1, folder).unwrap();
    let virtual_proxies = vec!["/hdr"];
    let choices = Choices { interval_ms: ONCE, virtual_proxies, app_names: false, sections };
    let text = of_site(&site, 1, &choices);
    (site, text)
}

fn history(folder: &Path) -> Vec<HistoryRow> {
    let mut rows = Vec::new();
    if let Ok(reader) = ErrorReader::open(&folder.join(HISTORY)) {
        _ = reader.for_each(&Filter::default(), None, |row| rows.push(row));
    }
    rows
}

async fn end(app: App) {
    app.drain(Duration::from_secs(10)).await;
    app.end();
}

/// The only event of a kind among all bodies, which may be arrays; without its time.
fn event(service: &Service, kind: &str, name: &str, value: &str) -> Value {
    let bodies = service.seen().into_iter().map(|seen| serde_json::from_str(&seen.text()).unwrap());
    let events = bodies.flat_map(|body: Value| match body {
        Value::Array(events) => events,
        one => vec![one],
    });
    let mut found: Vec<Value> =
        events.filter(|event| event["eventType"] == kind && event[name] == value).collect();
    assert_eq!(found.len(), 1, "{kind} {value}: {found:?}");
    let mut event = found.remove(0);
    assert!(event.as_object_mut().unwrap().remove("timestamp").is_some());
    event
}

#[actix::test]
async fn everything_arrives_in_the_published_forms() {
    let service = Service::healthy();
    let folder = tempfile::tempdir().unwrap();
    let (site, text) = file(folder.path(), sections(&service.origin(), "[first]"));
    let app = start(settings(&text, folder.path()));
    let sender = Sender::to(&app).await;
    sender.user(&sample("U1"));
    // Neither performance, nor a source that is off, nor errors where only warnings are wanted.
    for name in ["Q1", "R1", "S1", "E1", "E2", "P1"] {
        sender.log(&sample(name));
    }
    sender.log(&sample("E1").replace(";WARN;", ";FATAL;").replace(";17;", ";99;"));
    sender.log(&sample("P1").replace(";WARN;", ";INFO;"));
    sender.log(&sample("S2"));
    for text in ["qs_proxySessions", "qs_cpuTotal", "qs_butlerSosUptimeMillisec", "qs_userEvent"] {
        service.body_with(text).await;
    }
    // The last one that was sent.
    service.body_with("Task already running").await;

    let u1 = event(&service, "qs_userEvent", "qs_host", "qs-node1");
    assert_eq!(
        u1,
        json!({
            "qs_host": "qs-node1", "qs_event_action": "Start session",
            "qs_userFull": "d1c417a95ac142fd", "qs_userDirectory": "1498bf788c39c0bb",
            "qs_userId": "c8f897617a893a1d", "qs_origin": "AppAccess",
            "qs_appId": "0f3a1c52-7d64-4b8e-9a21-5c0d9e7f1b23",
            "qs_appName": "<unknown app name>", "qs_uaBrowserName": "Chrome",
            "qs_uaBrowserMajorVersion": "138", "qs_uaOsName": "Windows",
            "qs_uaOsVersion": "NT 10.0", "qs_env": "test", "eventType": "qs_userEvent",
        })
    );
    let e2 = event(&service, "qs_logEvent", "qs_log_level", "ERROR");
    assert_eq!(e2["qs_message"], "Reload failed; see script log");
    assert_eq!((&e2["env"], &e2["butlerSosVersion"]), (&json!("prod"), &json!("16.0.0")));
    assert_eq!(event(&service, "qs_logEvent", "qs_log_level", "FATAL")["qs_user_id"], "jdoe");
    let bodies: String = service.seen().iter().map(RecordedRequest::text).collect();
    assert_eq!(bodies.matches("\"qs_logEvent\"").count(), 5, "E1 twice, E2, P1, S2");

    let health = service.body_with("qs_cpuTotal").await;
    let health: Value = serde_json::from_str(&health).unwrap();
    let common = &health[0]["common"];
    assert_eq!(common["interval.ms"], ONCE);
    assert_eq!(
        common["attributes"],
        json!({
            "host": "127.0.0.1", "server_name": "sense1", "server_description": "simulated",
            "env": "prod", "butlerSosVersion": "16.0.0",
        })
    );
    assert_eq!(health[0]["metrics"].as_array().unwrap().len(), 19);
    let uptime = service.body_with("qs_butlerSosUptimeMillisec").await;
    let uptime: Value = serde_json::from_str(&uptime).unwrap();
    let common = &uptime[0]["common"];
    assert_eq!(
        (&common["interval.ms"], &common["attributes"]),
        (&json!(1000), &json!({ "version": "16.0.0" }))
    );
    let metrics = service.seen().into_iter().filter(|seen| seen.target == "/metric/v1");
    for seen in metrics {
        assert_eq!(seen.header("X-Mine"), Some("planted-4"));
        assert_eq!(seen.header("Api-Key"), Some("planted-1"), "not the configured header");
    }
    assert_eq!(counts(&app).await.total(), 0);
    end(app).await;
    drop(site);
}

#[actix::test]
async fn every_module_is_told_with_its_category_and_destination() {
    let service = Service::start(|seen| {
        let body = seen.text();
        match body {
            _ if body.contains("qs_proxySessions") => Answer::new(503, ""),
            _ if body.contains("qs_cpuTotal") => Answer::new(401, ""),
            _ if body.contains("qs_userEvent") => Answer::new(429, ""),
            _ if body.contains("qs_logEvent") => Answer::HangUp,
            _ => Answer::new(202, ""),
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let (site, text) = file(folder.path(), sections(&service.origin(), "[first]"));
    let app = start(settings(&text, folder.path()));
    let sender = Sender::to(&app).await;
    sender.user(&sample("U1"));
    sender.log(&sample("E1"));
    counted(&app, 4).await;
    let rows = until_async("four errors", || {
        let rows = history(folder.path());
        (rows.len() >= 4).then_some(rows)
    })
    .await;
    end(app).await;
    drop(site);
    let mut found: Vec<_> = rows.iter().map(facts).collect();
    found.sort();
    let fact = |module: &str, category: &str, code: &str, status: Option<u16>| {
        format!("{module} {category} {code:?} {status:?} {}", service.origin())
    };
    assert_eq!(
        found,
        [
            fact("HEALTH_METRICS_NEW_RELIC", "auth_error", "", Some(401)),
            fact("LOG_EVENTS_NEW_RELIC", "connection_reset", "ECONNRESET", None),
            fact("PROXY_SESSIONS_NEW_RELIC", "http_5xx", "", Some(503)),
            fact("USER_EVENTS_NEW_RELIC", "rate_limited", "", Some(429)),
        ]
    );
    let of = |module: &str| rows.iter().find(|row| row.module.as_deref() == Some(module)).unwrap();
    let (health, user) = (of("HEALTH_METRICS_NEW_RELIC"), of("USER_EVENTS_NEW_RELIC"));
    let url = format!("{}/v1/accounts/1001/events", service.origin());
    assert_eq!(user.request_url.as_deref(), Some(&*url));
    assert_eq!((user.request_timeout_ms, health.request_timeout_ms), (Some(10_000), Some(10_000)));
    assert_eq!(of("PROXY_SESSIONS_NEW_RELIC").request_timeout_ms, Some(5_000));
}

fn facts(row: &HistoryRow) -> String {
    assert_eq!((&*row.error_type, &*row.server_name), ("NEW_RELIC_POST", ""));
    assert_eq!((&row.host, &row.virtual_proxy), (&None, &None));
    format!(
        "{} {} {:?} {:?} {}",
        row.module.as_deref().unwrap(),
        row.error_category,
        row.error_code,
        row.http_status,
        row.destination_host.as_deref().unwrap()
    )
}

#[actix::test]
async fn uptime_is_posted_and_told_without_new_relic_being_on() {
    // A port that nobody listens on.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "Butler-SOS:\n  fileLogging: false\n{}",
        sections(&format!("http://127.0.0.1:{port}"), "[second, third]")
            .replace("  newRelic:\n    enable: true", "  newRelic:\n    enable: false")
    );
    let app = start(settings(&text, folder.path()));
    let sender = Sender::to(&app).await;
    sender.user(&sample("U1"));
    sender.log(&sample("E1"));
    counted(&app, 2).await;
    end(app).await;
    let mut found: Vec<_> = history(folder.path()).iter().map(facts).collect();
    found.sort();
    found.dedup();
    let to = format!("http://127.0.0.1:{port}");
    assert_eq!(
        found,
        [
            format!("UPTIME_NEW_RELIC connection_refused \"ECONNREFUSED\" None {to}"),
            format!("UPTIME_NEW_RELIC new_relic_error \"\" None {to}"),
        ]
    );
}

#[actix::test]
async fn metrics_without_accounts_go_where_user_events_go() {
    let service = Service::start(|seen| match seen.header("Api-Key") {
        Some("planted-1") => Answer::new(403, ""),
        _ => Answer::new(202, ""),
    });
    let folder = tempfile::tempdir().unwrap();
    let sections = sections(&service.origin(), "[first, second]").replacen(
        "destinationAccount: [first, second]",
        "destinationAccount: []",
        1,
    );
    let (site, text) = file(folder.path(), sections);
    let app = start(settings(&text, folder.path()));
    let served = || {
        let seen = service.seen();
        let second = |seen: &&RecordedRequest| seen.header("Api-Key") == Some("planted-2");
        ["qs_cpuTotal", "qs_proxySessions"]
            .iter()
            .all(|text| seen.iter().filter(second).any(|seen| seen.text().contains(text)))
    };
    until_async("the second account", || served().then_some(())).await;
    counted(&app, 2).await;
    end(app).await;
    drop(site);
    assert!(history(folder.path()).iter().all(|row| row.http_status == Some(403)));
}

#[test]
fn keys_are_sent_and_never_shown() {
    let service = Service::start(|seen| match seen.target.as_str() {
        "/metric/v1" => Answer::new(401, "planted-9"),
        _ => Answer::new(202, ""),
    });
    let folder = tempfile::tempdir().unwrap();
    let history = folder.path().join("errors.sqlite3");
    let sections = format!(
        "  logLevel: silly\n  errorTracking: {{ history: {{ file: {:?} }} }}\n{}",
        history.display().to_string(),
        sections(&service.origin(), "[first, unknown]"),
    );
    let (_site, text) = file(folder.path(), sections);
    let file = folder.path().join("config.yaml");
    fs::write(&file, text).unwrap();
    let mut program = Program::start(BINARY, &["-c", &file.display().to_string()]);
    let keys = |key: &str| service.seen().iter().any(|seen| seen.header("Api-Key") == Some(key));
    until("the key", || keys("planted-1").then_some(()));
    program.line_with("\"NEW_RELIC_POST\"");
    program.line_with("MAIN: Posting metrics to New Relic at http://127.0.0.1:");
    program.line_with(
        "NEW RELIC: account \"first\", uptime: not posted: request failed with status code 401",
    );
    program.line_with("\"unknown\" is no accountName of");
    program.terminate();
    assert_eq!(program.wait(), Some(0));
    let shown: Vec<String> =
        program.lines().into_iter().filter(|line| line.contains("planted")).collect();
    assert_eq!(shown, Vec::<String>::new());
    let bytes = fs::read(&history).unwrap();
    assert!(!bytes.windows(7).any(|window| window == b"planted"));
}

#[test]
fn accounts_of_the_command_line_replace_those_of_the_file() {
    let service = Service::healthy();
    let folder = tempfile::tempdir().unwrap();
    let (_site, text) = file(folder.path(), sections(&service.origin(), "[first, mine]"));
    let file = folder.path().join("config.yaml");
    fs::write(&file, text).unwrap();
    let file = file.display().to_string();
    let lists = [
        "-c",
        &file,
        "--new-relic-account-name",
        "mine",
        "other",
        "--new-relic-api-key",
        "planted-8",
        "k",
        "--new-relic-account-id",
        "77",
        "78",
    ];
    let mut program = Program::start(BINARY, &lists);
    until("the key", || {
        service.seen().iter().any(|seen| seen.header("Api-Key") == Some("planted-8")).then_some(())
    });
    // The names of the file are not known any more.
    program.line_with("\"first\" is no accountName of");
    program.terminate();
    assert_eq!(program.wait(), Some(0));
    assert!(service.seen().iter().all(|seen| seen.header("Api-Key") == Some("planted-8")));
    let lines = program.lines();
    assert!(!lines.iter().any(|line| line.contains("\"mine\" is no") || line.contains("planted")));
}
