//! `--check-config` as an administrator and a script meet it: a dry start and its report.

use std::fs;
use std::net::{TcpListener, UdpSocket};

use serde_json::{Value, json};
use test_support::run_to_end;

use crate::common::BINARY;

/// Checks a text with further arguments: exit code and what is printed.
fn checked(text: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("site.yaml"), text).unwrap();
    let arguments = [&["-c", "site.yaml", "--check-config"], arguments].concat();
    let (code, out, err) = run_to_end(BINARY, &arguments, folder.path());
    assert_eq!(err, "", "{out}");
    (code, out)
}

const MISTAKES: &str = "Butler-SOS:
  logLevel: loud                # not a level
  influxdbConfig:
    enable: true
    version: 2
    v2Config: { org: o, bucket: b, token: 'planted', retentionDuration: 30m }
  serversToMonitor:
    polingInterval: 30000
    servers:
";

#[test]
fn each_problem_has_its_line_and_the_verdict_comes_last() {
    let (code, out) = checked(MISTAKES, &[]);
    let missing = "is missing; needed because influxdbConfig.enable is true";
    let note = "is empty, so no server is polled";
    let unknown = "unknown key, ignored; did you mean \"pollingInterval\"?";
    let expected = format!(
        "site.yaml:2: error: Butler-SOS.logLevel: expected one of error, warn, info, verbose, \
         debug, silly, found string \"loud\"
    2 |   logLevel: loud
site.yaml:3: error: Butler-SOS.influxdbConfig.host: {missing}
    3 |   influxdbConfig:
site.yaml:6: warning: Butler-SOS.influxdbConfig.v2Config.retentionDuration: InfluxDB keeps \
         points for at least 1h; 1h is used
    6 |     v2Config: {{ org: o, bucket: b, token: **********, retentionDuration: 30m }}
site.yaml:8: warning: Butler-SOS.serversToMonitor.polingInterval: {unknown}
    8 |     polingInterval: 30000
site.yaml:9: note: Butler-SOS.serversToMonitor.servers: {note}
    9 |     servers:

2 errors, 2 warnings. Not starting.
"
    );
    assert_eq!((code, out), (Some(1), expected));
}

#[test]
fn a_program_reads_the_same_as_one_object() {
    let (code, out) = checked(MISTAKES, &["--format", "json"]);
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(code, Some(1));
    for (key, value) in [
        ("version", json!(1)),
        ("file", json!("site.yaml")),
        ("starts", json!(false)),
        ("errors", json!(2)),
        ("warnings", json!(2)),
        ("summary", json!("2 errors, 2 warnings. Not starting.")),
    ] {
        assert_eq!(report[key], value, "{key}");
    }
    let expected = json!({
        "severity": "warning",
        "line": 8,
        "column": null,
        "key": "Butler-SOS.serversToMonitor.polingInterval",
        "message": "unknown key, ignored; did you mean \"pollingInterval\"?",
        "source": "    polingInterval: 30000",
    });
    assert_eq!(report["problems"][3], expected);
    assert!(!out.contains("planted"), "{out}");

    let (code, out) = checked("Butler-SOS:\n  a: [1\n", &["--format", "json"]);
    let report: Value = serde_json::from_str(&out).unwrap();
    let problem = &report["problems"][0];
    assert_eq!((code, &report["errors"], &problem["key"]), (Some(1), &json!(1), &Value::Null));
    assert!(problem["line"].is_u64() && problem["column"].is_u64(), "{out}");
}

#[test]
fn warnings_have_a_code_of_their_own_when_asked() {
    let good = "Butler-SOS: { fileLogging: false }\n";
    let warned = "Butler-SOS: { fileLogging: false, colour: 1 }\n";
    let wrong = "Butler-SOS: { fileLogging: perhaps, colour: 1 }\n";
    for (text, plain, strict) in [(good, 0, 0), (warned, 0, 3), (wrong, 1, 1)] {
        assert_eq!(checked(text, &[]).0, Some(plain), "{text}");
        assert_eq!(checked(text, &["--strict"]).0, Some(strict), "{text}");
    }
    // Tolerated mistakes are warnings, too.
    assert_eq!(checked(wrong, &["--strict", "--skip-config-verification"]).0, Some(3));
    for alone in ["--strict", "--format=json"] {
        let folder = tempfile::tempdir().unwrap();
        let (code, _, err) = run_to_end(BINARY, &["-c", "a.yaml", alone], folder.path());
        assert_eq!(code, Some(1), "without a check there is nothing to be strict about");
        assert!(err.contains("--check-config"), "{err}");
    }
}

#[test]
fn the_sentence_comes_last_where_no_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (code, out, err) = run_to_end(BINARY, &["--check-config"], folder.path());
    assert_eq!((code, out.as_str()), (Some(1), ""));
    let last = err.trim_end().lines().last().unwrap_or_default();
    assert!(last.starts_with("error: no configuration file given."), "{err}");
}

/// All six listeners; `address` is for those that have no host of their own.
fn listeners(page: u16, own: u16, sense: u16, user: u16, log: u16) -> String {
    format!(
        "Butler-SOS:
  fileLogging: false
  configVisualisation: {{ enable: true, host: 127.0.0.1, port: {page} }}
  dockerHealthCheck: {{ enable: true, port: 0 }}
  userEvents: {{ enable: true, udpServerConfig: {{ serverHost: 127.0.0.1, portUserActivityEvents: {user} }} }}
  logEvents: {{ source: {{ engine: {{ enable: true }} }}, udpServerConfig: {{ serverHost: localhost, portLogEvents: {log} }} }}
  prometheus:
    enable: true
    host: 127.0.0.1
    port: {sense}
    nodeMetricsHost: 127.0.0.1
    nodeMetricsPort: {own}
"
    )
}

#[test]
fn a_port_that_is_taken_is_named_with_its_cure_as_bad_as_it_is_at_a_start() {
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    let (tcp_port, udp_port) = (tcp.local_addr().unwrap().port(), udp.local_addr().unwrap().port());
    let told = |out: &str, begin: &str| {
        let line = out.lines().find(|line| line.contains(begin));
        let line = line.unwrap_or_else(|| panic!("{begin}: {out}"));
        assert!(line.contains("; stop what listens there, or choose another port"), "{line}");
        line.ends_with("The program would start and try again every 10 s")
    };
    let check = |text: String| checked(&text, &[]);

    // The start ends without this one.
    let (code, out) = check(listeners(tcp_port, 0, 0, 0, 0));
    let error = format!(
        "site.yaml:3: error: Butler-SOS.configVisualisation.port: cannot listen on \
         127.0.0.1:{tcp_port}: "
    );
    assert!(!told(&out, &error), "{out}");
    assert!(out.ends_with("\n1 error, 0 warnings. Not starting.\n"), "{out}");
    assert_eq!(code, Some(1));
    // These are tried again.
    let (code, out) = check(listeners(0, 0, tcp_port, udp_port, udp_port));
    assert!(told(&out, "site.yaml:10: warning: Butler-SOS.prometheus.port: cannot listen on"));
    let user = "site.yaml:5: warning: Butler-SOS.userEvents.udpServerConfig.portUserActivityEvents";
    assert!(told(&out, user), "{out}");
    // Two keys with one address, under another name.
    let same = format!(
        "site.yaml:6: error: Butler-SOS.logEvents.udpServerConfig.portLogEvents: listens on \
         localhost:{udp_port}/udp as Butler-SOS.userEvents.udpServerConfig.portUserActivityEvents \
         does; give one of them another port\n"
    );
    assert!(out.contains(&same), "{out}");
    assert_eq!(out.matches("listens on").count(), 1, "told once: {out}");
    let last =
        "1 error, 2 warnings. The program would start, but not do all that the file asks for.";
    assert_eq!((code, out.lines().last()), (Some(1), Some(last)));

    // Bound and released: the second check finds what the first had.
    drop((tcp, udp));
    for _ in 0..2 {
        let (code, out) = check(listeners(0, 0, 0, 0, 0));
        assert_eq!(code, Some(0), "{out}");
        assert!(out.ends_with("site.yaml is correctly formatted\n"), "{out}");
    }
}

#[test]
fn senders_that_do_not_resolve_and_ports_of_servers_are_looked_at() {
    let text = "Butler-SOS:
  fileLogging: false
  userEvents:
    enable: true
    udpServerConfig:
      serverHost: 127.0.0.1
      portUserActivityEvents: 0
      enableSourceValidation: true
      allowedSources: [localhost, 127.0.0.1, 'no host at all']
  serversToMonitor:
    servers:
      - { host: 'sense1:0', serverName: a }
      - { host: 'sense2:99999', serverName: b }
";
    let (code, out) = checked(text, &[]);
    assert_eq!(code, Some(1));
    let path = "Butler-SOS.userEvents.udpServerConfig.allowedSources";
    assert!(out.contains(&format!("site.yaml:9: warning: {path}: \"no host at all\" is no IPv4")));
    assert_eq!(out.matches(path).count(), 1, "{out}");
    let host = "Butler-SOS.serversToMonitor.servers";
    let first = format!("site.yaml:12: warning: {host}[0].host: nothing can be reached at port 0");
    assert!(out.contains(&first), "{out}");
    let second = format!(
        "site.yaml:13: error: {host}[1].host: expected a port number 1-65535 behind the host, found \
         string \"sense2:99999\""
    );
    assert!(out.contains(&second), "{out}");
}
