//! Configuration files as administrators have them: of old versions, and saved by Windows editors.

use std::fs;
use std::path::Path;

use actors::config::Severity;
use actors::io::influx::InfluxTarget;
use butler_sos::config::{self, LoadedConfig};
use test_support::{Influxd, run_to_end};

use crate::common::BINARY;

fn check(text: &str) -> LoadedConfig {
    config::check(text, "/x.yaml".into(), Path::new("/base")).unwrap()
}

/// What is wrong with a text, as `path (line): message`.
fn said(loaded: &LoadedConfig) -> Vec<String> {
    let wrong = loaded.problems.iter().filter(|problem| problem.severity != Severity::Note);
    wrong.map(ToString::to_string).collect()
}

/// Runs `--check-config` over a file with these bytes: exit code and what is printed.
fn checked(bytes: &[u8]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("site.yaml");
    fs::write(&file, bytes).unwrap();
    let file = file.display().to_string();
    let (code, out, err) = run_to_end(BINARY, &["-c", &file, "--check-config"], folder.path());
    assert_eq!(err, "", "{out}");
    (code, out)
}

#[test]
fn files_that_windows_editors_saved_load_with_a_warning() {
    let text = "Butler-SOS:\r\n  # Geändert für die Anlage in Åre\r\n  fileLogging: false\r\n  \
                uptimeMonitor: { enable: true, storeInInfluxdb: { instanceTag: Zürich } }\r\n";
    let utf_16 = |to_bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
        format!("\u{feff}{text}").encode_utf16().flat_map(to_bytes).collect()
    };
    let windows_1252: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    for (bytes, warning) in [
        (text.as_bytes().to_vec(), None),
        (format!("\u{feff}{text}").into_bytes(), None),
        (utf_16(u16::to_le_bytes), Some("site.yaml: warning: is UTF-16 text, ")),
        (utf_16(u16::to_be_bytes), Some("site.yaml: warning: is UTF-16 text, ")),
        (
            windows_1252,
            Some("site.yaml:2: warning: is not UTF-8 text: here 'ä' is saved as in Windows-1252"),
        ),
    ] {
        let (code, out) = checked(&bytes);
        assert_eq!(code, Some(0), "{out}");
        let warnings: Vec<&str> = out.lines().filter(|line| line.contains(" warning: ")).collect();
        assert_eq!(warnings.len(), usize::from(warning.is_some()), "{out}");
        if let Some(warning) = warning {
            assert!(warnings[0].contains(warning), "{out}");
            assert!(warnings[0].ends_with("save the file as UTF-8"), "{out}");
        }
        // The letters arrive: nothing else of the program says the tag.
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("site.yaml");
        fs::write(&file, &bytes).unwrap();
        let settings = config::load(&file, folder.path()).unwrap().settings.unwrap();
        assert_eq!(settings.uptime.unwrap().instance, "Zürich");
    }
}

/// The one warning about an old spelling.
fn old(key: &str, line: usize, new: &str) -> String {
    format!("Butler-SOS.{key} (line {line}): old spelling, read as Butler-SOS.{new}")
}

#[test]
fn the_layout_of_version_5_is_read_with_one_warning_for_each_old_key() {
    let loaded = check(
        "Butler-SOS:
  heartbeat: { enabled: true, remoteURL: http://monitor.example.com/alive }
  dockerHealthCheck: { enabled: true, port: 12399 }
  uptimeMonitor: { enabled: false }
  cert: { clientCert: a.pem, clientCertKey: b.pem, clientCertCA: c.pem, rejectUnauthorized: false }
  influxdbConfig:
    enableInfluxdb: true
    hostIP: influx.example.com
    hostPort: 8087
    auth: { enable: true, username: me, password: 1e5 }
    dbName: Sense
    retentionPolicy: { name: 3_weeks, duration: 21d }
  mqttConfig: { enableMQTT: true, brokerIP: broker.example.com }
  userEvents:
    enable: true
    udpServerConfig: { serverHost: 0.0.0.0 }
    sendToMQTT: { enable: true, topic: site/users }
  serversToMonitor:
    servers: [{ host: 'sense.example.com:4747', serverName: one }]
",
    );
    assert_eq!(
        said(&loaded),
        [
            old("heartbeat.enabled", 2, "heartbeat.enable"),
            old("dockerHealthCheck.enabled", 3, "dockerHealthCheck.enable"),
            old("uptimeMonitor.enabled", 4, "uptimeMonitor.enable"),
            old("cert.rejectUnauthorized", 5, "serversToMonitor.rejectUnauthorized"),
            old("influxdbConfig.enableInfluxdb", 7, "influxdbConfig.enable"),
            old("influxdbConfig.hostIP", 8, "influxdbConfig.host"),
            old("influxdbConfig.hostPort", 9, "influxdbConfig.port"),
            old("influxdbConfig.auth", 10, "influxdbConfig.v1Config.auth"),
            old("influxdbConfig.dbName", 11, "influxdbConfig.v1Config.dbName"),
            old("influxdbConfig.retentionPolicy", 12, "influxdbConfig.v1Config.retentionPolicy"),
            old("mqttConfig.enableMQTT", 13, "mqttConfig.enable"),
            old("mqttConfig.brokerIP", 13, "mqttConfig.brokerHost"),
            old(
                "userEvents.sendToMQTT.topic",
                17,
                "userEvents.sendToMQTT.postTo.everythingTopic.topic"
            ),
        ]
    );
    // Nothing is said to be without effect because MQTT or InfluxDB were off.
    assert!(loaded.problems.iter().all(|problem| problem.severity != Severity::Note));
    let settings = loaded.settings.unwrap();
    assert_eq!(settings.heartbeat.unwrap().url, "http://monitor.example.com/alive");
    assert_eq!(settings.health_check.unwrap().port, 12_399);
    assert_eq!(settings.uptime, None);
    assert!(!settings.sense.reject_unauthorized);
    let influx = settings.influx.unwrap();
    assert_eq!(influx.base_url, "http://influx.example.com:8087");
    let InfluxTarget::V1 { database, auth, policy, duration } = influx.target else {
        panic!("files of that time mean version 1");
    };
    assert_eq!((&*database, &*policy, &*duration), ("Sense", "3_weeks", "21d"));
    let (user, password) = auth.unwrap();
    assert_eq!((&*user, password.reveal()), ("me", "1e5"));
    let mqtt = settings.mqtt.unwrap();
    assert_eq!((mqtt.broker.as_str(), mqtt.port), ("broker.example.com", 1883));
    let topics = settings.user_events.unwrap().topics.unwrap();
    assert_eq!(topics.everything.as_deref(), Some("site/users"));
    assert_eq!(topics.by_command, [], "files of that time knew one topic");
}

#[test]
fn a_new_spelling_wins_over_an_old_one() {
    let loaded = check(
        "Butler-SOS:
  uptimeMonitor: { enable: true, enabled: false }
  cert: { rejectUnauthorized: true }
  influxdbConfig: { enable: false, enableInfluxdb: true }
  mqttConfig: { enable: true, enableMQTT: false, brokerHost: new, brokerIP: old }
  userEvents:
    enable: true
    udpServerConfig: { serverHost: 0.0.0.0 }
    sendToMQTT: { enable: true, topic: old, postTo: { everythingTopic: { topic: new } } }
  serversToMonitor: { rejectUnauthorized: false, servers: [] }
",
    );
    let ignored = |key: &str, line: usize, new: &str| {
        format!(
            "Butler-SOS.{key} (line {line}): old spelling, ignored because Butler-SOS.{new} is \
             there"
        )
    };
    assert_eq!(
        said(&loaded),
        [
            ignored("uptimeMonitor.enabled", 2, "uptimeMonitor.enable"),
            ignored("cert.rejectUnauthorized", 3, "serversToMonitor.rejectUnauthorized"),
            ignored("influxdbConfig.enableInfluxdb", 4, "influxdbConfig.enable"),
            ignored("mqttConfig.enableMQTT", 5, "mqttConfig.enable"),
            ignored("mqttConfig.brokerIP", 5, "mqttConfig.brokerHost"),
            ignored(
                "userEvents.sendToMQTT.topic",
                9,
                "userEvents.sendToMQTT.postTo.everythingTopic.topic"
            ),
        ]
    );
    let settings = loaded.settings.unwrap();
    assert!(settings.uptime.is_some() && settings.influx.is_none());
    assert!(!settings.sense.reject_unauthorized);
    assert_eq!(settings.mqtt.unwrap().broker.as_str(), "new");
    let topics = settings.user_events.unwrap().topics.unwrap();
    assert_eq!((topics.everything.as_deref(), topics.by_command.len()), (Some("new"), 4));
}

#[test]
fn only_a_file_without_warnings_is_called_correctly_formatted() {
    let begin = "Butler-SOS:\n  fileLogging: false\n  serversToMonitor: { servers: }\n";
    let correct = "0 errors, 0 warnings. Your config file at ";
    let prometheus = |typos: &str| {
        format!("  prometheus: {{ enable: true, port: 0, nodeMetricsPort: 0{typos} }}\n")
    };
    let doubtful = "The program would start, but not all of the file means what it says.";
    for (more, verdict, end) in [
        (String::new(), correct, "site.yaml is correctly formatted"),
        ("  anonTelemetry: true\n".to_owned(), correct, "site.yaml is correctly formatted"),
        (prometheus(""), correct, "site.yaml is correctly formatted"),
        (prometheus(", prot: 9"), "0 errors, 1 warning. ", doubtful),
        (prometheus(", prot: 9, hsot: x"), "0 errors, 2 warnings. ", doubtful),
        ("  logdb: { enable: true }\n".to_owned(), "0 errors, 1 warning. ", doubtful),
    ] {
        let (code, out) = checked(format!("{begin}{more}").as_bytes());
        let last = out.lines().last().unwrap();
        assert!(last.starts_with(verdict) && last.ends_with(end), "{more}: {out}");
        assert_eq!(code, Some(0), "{out}");
    }
}

#[test]
fn influxdb_takes_every_retention_that_the_check_lets_through() {
    let database = Influxd::started();
    database.query("", "CREATE DATABASE site");
    for (number, duration) in
        ["10d", "1d12h", "2w", "0", "0s", "INF", "inf", "''", "59m", "60m", "7200000000us"]
            .iter()
            .enumerate()
    {
        let loaded = check(&format!(
            "Butler-SOS: {{ influxdbConfig: {{ enable: true, host: h, version: 1, v1Config: \
             {{ dbName: d, retentionPolicy: {{ duration: {duration} }} }} }} }}"
        ));
        let settings = loaded.settings.unwrap_or_else(|| panic!("{duration} is refused"));
        let InfluxTarget::V1 { duration: kept, .. } = settings.influx.unwrap().target else {
            panic!("version 1");
        };
        let create =
            format!("CREATE RETENTION POLICY p{number} ON site DURATION {kept} REPLICATION 1");
        database.query("site", &create);
        let policies = database.rows("site", "SHOW RETENTION POLICIES").len();
        assert_eq!(policies, number + 2, "{duration}");
    }
}
