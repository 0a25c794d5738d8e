//! What the levels verbose and debug tell: whether anything arrives, and what becomes of it.

use std::fs;
use std::net::{SocketAddr, UdpSocket};

use butler_sos::demo::configuration::{Choices, of_site};
use butler_sos::demo::site::Site;
use test_support::{Answer, Influxd, Program, StandIn};

use crate::common::{BINARY, influx_v1};
use crate::events::sample;

/// Everything on; events come in on ports of the system's choice, and nobody is at the broker's.
fn sections(influx: u16, new_relic: SocketAddr) -> String {
    let destinations = "sendToMQTT: { enable: true }
    sendToInfluxdb: { enable: true }
    sendToNewRelic: { enable: true, destinationAccount: [first] }";
    format!(
        "{}  errorTracking: {{ history: {{ enable: false }} }}
  dockerHealthCheck: {{ enable: true, port: 0 }}
  mqttConfig: {{ enable: true, brokerHost: 127.0.0.1, brokerPort: 1 }}
  thirdPartyToolsCredentials:
    newRelic: [{{ accountName: first, insertApiKey: planted-key, accountId: 1 }}]
  newRelic:
    enable: true
    metric: {{ url: 'http://{new_relic}/metric/v1', destinationAccount: [first] }}
    event: {{ url: 'http://{new_relic}' }}
  userEvents:
    enable: true
    udpServerConfig: {{ serverHost: 127.0.0.1, portUserActivityEvents: 0 }}
    {destinations}
  logEvents:
    source: {{ engine: {{ enable: true }} }}
    udpServerConfig: {{ serverHost: 127.0.0.1, portLogEvents: 0 }}
    {destinations}
",
        influx_v1(influx)
    )
}

#[test]
fn everything_that_arrives_and_leaves_is_told_once_and_values_at_debug_only() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::start(1, folder.path()).unwrap();
    let influx = Influxd::started();
    let new_relic = StandIn::start(|_| Answer::new(202, "{}"));
    let sections = sections(influx.port(), new_relic.address());
    let choices =
        Choices { interval_ms: 3_600_000, virtual_proxies: vec!["/"], app_names: false, sections };
    let file = folder.path().join("config.yaml");
    fs::write(&file, of_site(&site, 1, &choices)).unwrap();
    let file = file.display().to_string();
    for level in ["verbose", "debug"] {
        let mut program = Program::start(BINARY, &["-c", &file, "-l", level]);
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        for (prefix, name) in [("USER EVENT", "U1"), ("LOG EVENT", "E1")] {
            let line = program.line_with(&format!("info: {prefix}: Listening on "));
            let address = line.split("Listening on ").nth(1).unwrap();
            let address = address.split("/udp").next().unwrap();
            socket.send_to(sample(name).as_bytes(), address).unwrap();
        }
        let once = [
            "MAIN: Starting Docker healthcheck server...",
            "USER EVENT: Received qseow-proxy-session from qs-node1, user ACME\\jdoe",
            "LOG EVENT: Received qseow-engine from qs-node1, level WARN, System.Engine.Engine",
            "HEALTH: sense1 (",
            "PROXY SESSIONS: sense1 (",
            "MQTT: Publishing ",
            "INFLUXDB: Stored ",
            "NEW RELIC: account \"first\", user events: posted 1",
            "NEW RELIC: account \"first\", log events: posted 1",
            "NEW RELIC: account \"first\", health metrics: posted 1",
        ];
        for text in once {
            let line = program.line_with(&format!(" verbose: {text}"));
            if text.ends_with('(') {
                assert!(line.contains(" polled in ") && line.contains(" ms"), "{line}");
            }
        }
        for measurement in ["user_events 1", "log_event 1", "sense_server 1"] {
            program.line_with(measurement);
        }
        program.line_with(" bytes to qliksense/userevent");
        let datagram = "debug: LOG EVENT: \"/qseow-engine/;17;";
        if level == "debug" {
            program.line_with(datagram);
            program.line_with("debug: INFLUXDB: Stored \"");
            program.line_with("debug: NEW RELIC: Posted \"");
        }
        program.terminate();
        assert_eq!(program.wait(), Some(0));
        let lines = program.lines();
        for text in &once[..3] {
            let told = lines.iter().filter(|line| line.contains(text)).count();
            assert_eq!(told, 1, "{text}");
        }
        let debug = lines.iter().any(|line| line.contains(" debug: "));
        assert_eq!(debug, level == "debug");
        assert!(!lines.iter().any(|line| line.contains("planted-key")));
    }
}
