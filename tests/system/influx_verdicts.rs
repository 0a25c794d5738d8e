//! What a real InfluxDB 1.x says about its set-up, by TLS, and to a user with few rights; and
//! what answers in its place.

use std::fs;
use std::path::Path;
use std::time::Duration;

use rcgen::{CertificateParams, KeyPair};
use serde_json::json;
use test_support::{
    Answer, Authority, Influxd, Program, RecordedRequest, StandIn, post, until, until_async,
};

use crate::common::{self, BINARY};
use crate::influx_v2_v3::influx_2;

const DB: &str = "SenseOps";

/// The second reading of the memory begins when the first is on its way to the writer.
const ONE_POINT: &str = "Iteration # 2, ";

/// Carries out a statement of InfluxQL.
fn carry_out(influx: &Influxd, login: &str, statement: &str) {
    let path = format!("/query?{login}q={}", statement.replace(' ', "%20").replace('"', "%22"));
    let reply = post(&influx.authority(), &path, b"").unwrap();
    assert!(reply.status == 200 && !reply.body.contains("error"), "{statement}: {reply:?}");
}

/// The program with its own memory to write every second, and more arguments before its name.
fn start(folder: &Path, influx: &str, before: &[&str]) -> Program {
    let text = format!(
        "Butler-SOS:\n  fileLogging: false\n  errorTracking: {{ history: {{ enable: false }} }}\n  \
         uptimeMonitor:\n    enable: true\n    frequency: every 1 seconds\n    logLevel: info\n    \
         storeInInfluxdb: {{ butlerSOSMemoryUsage: true }}\n{influx}"
    );
    let config = folder.join("config.yaml");
    fs::write(&config, text).unwrap();
    let config = config.display().to_string();
    let mut words = before.to_vec();
    words.extend([BINARY, "-c", &config, "-l", "info"]);
    Program::start("env", &words)
}

fn stop(mut program: Program) -> Vec<String> {
    program.terminate();
    assert_eq!(program.wait(), Some(0));
    program.lines()
}

fn memories(influx: &Influxd) -> u64 {
    influx.count(DB, "butlersos_memory_usage", "heap_used")
}

#[test]
fn a_database_that_has_lost_its_policy_is_repaired_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let influx = Influxd::started();
    carry_out(
        &influx,
        "",
        "CREATE DATABASE \"SenseOps\" WITH DURATION 10d REPLICATION 1 NAME \"10d\"",
    );
    carry_out(&influx, "", "DROP RETENTION POLICY \"10d\" ON \"SenseOps\"");
    let program = start(folder.path(), &common::influx_v1(influx.port()), &[]);
    program.line_with(
        "info: INFLUXDB: database \"SenseOps\" had no default retention policy and refused every \
         point; it has \"10d\" now, points are kept for 10d",
    );
    until("a point", || (memories(&influx) > 0).then_some(()));
    let policies = influx.rows(DB, "SHOW RETENTION POLICIES ON \"SenseOps\"");
    assert_eq!(policies.len(), 1);
    assert_eq!((&policies[0]["name"], &policies[0]["default"]), (&json!("10d"), &json!(true)));
    assert!(!stop(program).iter().any(|line| line.contains("Cannot write")));
}

#[test]
fn a_database_that_is_otherwise_than_configured_is_left_alone_and_told() {
    let folder = tempfile::tempdir().unwrap();
    let influx = Influxd::started();
    carry_out(&influx, "", "CREATE DATABASE \"SenseOps\"");
    let program = start(folder.path(), &common::influx_v1(influx.port()), &[]);
    let words = "database \"SenseOps\" keeps points for ever (its retention policy \"autogen\")";
    program.line_with(&format!("info: INFLUXDB: {words}"));
    until("a point", || (memories(&influx) > 0).then_some(()));
    let lines = stop(program);
    assert_eq!(lines.iter().filter(|line| line.contains(words)).count(), 1);
    assert_eq!(influx.rows(DB, "SHOW RETENTION POLICIES ON \"SenseOps\"").len(), 1);
}

#[test]
fn a_user_who_may_only_write_is_enough() {
    let folder = tempfile::tempdir().unwrap();
    let mut influx = Influxd::new();
    influx.set_http("auth-enabled = true");
    influx.start();
    carry_out(&influx, "", "CREATE USER root WITH PASSWORD 'r' WITH ALL PRIVILEGES");
    for statement in [
        "CREATE DATABASE \"SenseOps\" WITH DURATION 10d REPLICATION 1 NAME \"10d\"",
        "CREATE USER w WITH PASSWORD 'w'",
        "GRANT WRITE ON \"SenseOps\" TO w",
    ] {
        carry_out(&influx, "u=root&p=r&", statement);
    }
    let login = "      auth: { enable: true, username: w, password: w }\n";
    let program = start(folder.path(), &(common::influx_v1(influx.port()) + login), &[]);
    let line =
        program.line_with("the retention policies of database \"SenseOps\" could not be looked at");
    assert!(line.ends_with("how long points are kept was not checked"), "{line}");
    program.line_with(ONE_POINT);
    let lines = stop(program);
    assert!(!lines.iter().any(|line| line.contains("Cannot write")), "{lines:?}");
    influx.stop();
    influx.set_http("");
    influx.start();
    assert!(memories(&influx) > 0);
}

/// A point of this program arrives at a database that speaks `https`, and can be read afterwards
/// where it does not.
fn stored_by_https(program: Program, influx: &mut Influxd) {
    program.line_with(ONE_POINT);
    let lines = stop(program);
    assert!(!lines.iter().any(|line| line.contains("Cannot write")), "{lines:?}");
    influx.stop();
    influx.set_http("");
    influx.start();
    assert!(memories(influx) > 0, "{lines:?}");
}

#[test]
fn an_influxdb_that_speaks_tls_is_reached_by_its_url_only() {
    let folder = tempfile::tempdir().unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate =
        CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap().self_signed(&key).unwrap();
    let (trusted, both) = (folder.path().join("authority.pem"), folder.path().join("server.pem"));
    fs::write(&trusted, certificate.pem()).unwrap();
    fs::write(&both, certificate.pem() + &key.serialize_pem()).unwrap();
    let mut influx = Influxd::new();
    influx.set_http(&format!(
        "https-enabled = true\nhttps-certificate = {:?}",
        both.display().to_string()
    ));
    influx.start();
    let plain = common::influx_v1(influx.port());

    let program = start(folder.path(), &plain, &[]);
    let line = program.line_with("warn: INFLUXDB: Cannot write");
    assert!(line.contains("\"Client sent an HTTP request to an HTTPS server.\""), "{line}");
    assert!(line.ends_with("begin influxdbConfig.url with https"), "{line}");
    until("a point that waits", || {
        // The page's line for each error.
        program.lines().iter().any(|line| line.contains("INFLUXDB_V1_WRITE")).then_some(())
    });
    let lines = stop(program);
    assert!(lines.iter().any(|line| line.contains("wait on disk for the next start")));
    assert!(!lines.iter().any(|line| line.contains(" dropped: ")), "{lines:?}");

    let host = "    host: 127.0.0.1\n";
    let url = format!("    url: https://127.0.0.1:{}\n", influx.port());
    let trusted = format!("SSL_CERT_FILE={}", trusted.display());
    let before = ["-u", "SSL_CERT_DIR", trusted.as_str()];
    let program = start(folder.path(), &plain.replace(host, &url), &before);
    program.line_with("INFLUXDB: created database \"SenseOps\", points are kept for 10d");
    program.line_with("MAIN: Writing to InfluxDB 1 at https://127.0.0.1:");
    stored_by_https(program, &mut influx);
}

#[test]
fn an_authority_for_influxdb_is_named_in_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let root = Authority::new(folder.path(), "root");
    Authority::new(folder.path(), "other");
    root.sign("server", "rsa:2048", "subjectAltName=DNS:localhost\n", "");
    let file = |name: &str| root.file(name).display().to_string();
    let mut influx = Influxd::new();
    influx.set_http(&format!(
        "https-enabled = true\nhttps-certificate = {:?}\nhttps-private-key = {:?}",
        file("server.pem"),
        file("server_key.pem")
    ));
    influx.start();
    let with = |authority: &str| {
        let url = format!(
            "    url: https://localhost:{}\n    caFile: {authority}\n    maxBatchSize: 10\n",
            influx.port()
        );
        common::influx_v1(influx.port()).replace("    host: 127.0.0.1\n", &url)
    };
    let program = start(folder.path(), &with("other.pem"), &[]);
    let line = program.line_with("warn: INFLUXDB: Cannot write");
    assert!(line.contains("not trusted: caFile has no \"Lab-root\""), "{line}");
    assert!(line.contains("Check that caFile has the authority that signed it"), "{line}");
    stop(program);

    // Relative to the configuration file, which lies in the same folder.
    let program = start(folder.path(), &with("root.pem"), &[]);
    program.line_with("INFLUXDB: created database \"SenseOps\", points are kept for 10d");
    stored_by_https(program, &mut influx);
}

#[actix::test]
async fn every_request_begins_with_the_path_of_the_url() {
    let folder = tempfile::tempdir().unwrap();
    let mut influx = influx_2(&std::sync::Arc::default());
    let server = StandIn::start(move |seen: &RecordedRequest| {
        let target = seen.target.strip_prefix("/tsdb").unwrap_or("/elsewhere").to_owned();
        influx(&RecordedRequest { target, ..seen.clone() })
    });
    let text = format!(
        "Butler-SOS:\n  influxdbConfig:\n    enable: true\n    url: http://{}/tsdb/\n    version: \
         2\n    v2Config: {{ org: o, bucket: b, token: t }}\n",
        server.address()
    );
    let app = common::start(common::settings(&text, folder.path()));
    let written = || server.seen().iter().any(|seen| seen.target.starts_with("/tsdb/api/v2/write"));
    app.tracker.do_send(crate::influx_v2_v3::failed("sense1"));
    until_async("a write", || written().then_some(())).await;
    app.drain(Duration::from_secs(10)).await;
    app.end();
    assert!(server.seen().iter().all(|seen| seen.target.starts_with("/tsdb/api/v2/")));
}

#[actix::test]
async fn a_sign_in_page_is_no_database() {
    let folder = tempfile::tempdir().unwrap();
    let server = StandIn::start(|_| Answer::new(200, "<html><title>Log in</title></html>"));
    let text = format!(
        "Butler-SOS:\n  uptimeMonitor:\n    enable: true\n    frequency: every 1 seconds\n    \
         storeInInfluxdb: {{ butlerSOSMemoryUsage: true }}\n{}",
        common::influx_v1(server.address().port())
    );
    let app = common::start(common::settings(&text, folder.path()));
    common::counted(&app, 2).await;
    let obstacle = common::obstacle(&app, "influxdb").await.unwrap();
    assert!(obstacle.contains("a web page titled \"Log in\"; this is not InfluxDB"), "{obstacle}");
    server.respond(|seen| match seen.target.starts_with("/query") {
        true => Answer::new(200, r#"{"results":[{"statement_id":0}]}"#),
        false => Answer::new(204, ""),
    });
    let stored = || {
        let seen = server.seen();
        let lines = seen.iter().filter(|seen| seen.target.starts_with("/write"));
        let text: String = lines.map(RecordedRequest::text).collect();
        text.lines().filter(|line| line.starts_with("butlersos_memory_usage")).count()
    };
    until_async("the points of the outage", || (stored() >= 2).then_some(())).await;
    let deadline = std::time::Instant::now() + test_support::PATIENCE;
    while common::obstacle(&app, "influxdb").await.is_some() {
        assert!(std::time::Instant::now() < deadline);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    app.drain(Duration::from_secs(10)).await;
    app.end();
}
