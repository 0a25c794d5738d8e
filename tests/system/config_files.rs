//! The files in `config/` load.

use std::path::Path;

use actors::config::Severity;
use actors::domain::errors::InfluxVersion;
use actors::io::influx::InfluxTarget;
use butler_sos::config;

fn load(name: &str) -> config::Settings {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let loaded = config::load(&root.join("config").join(name), Path::new("/base")).unwrap();
    assert!(loaded.problems.iter().all(|problem| problem.severity == Severity::Note));
    loaded.settings.unwrap()
}

#[test]
fn the_minimal_file_loads() {
    let settings = load("minimal.yaml");
    assert_eq!(settings.influx.unwrap().version(), InfluxVersion::V1);
    let target = &settings.sense.targets[0];
    assert_eq!(&*target.authority, "sense1.example.com:4747");
    assert!(settings.sense.certificate.is_some() && settings.sense.reject_unauthorized);
    assert!(settings.tracking.unwrap().log_summary);
}

#[test]
fn the_file_about_error_tracking_says_the_defaults() {
    let written = load("error_tracking.yaml").tracking.unwrap();
    let default = config::check("Butler-SOS: {}", "/x.yaml".into(), Path::new("/base")).unwrap();
    let default = default.settings.unwrap().tracking.unwrap();
    assert_eq!(written.log_summary, default.log_summary);
    assert_eq!(written.influx, default.influx);
    let (written, default) = (written.history.unwrap(), default.history.unwrap());
    assert_eq!(written.retention_days, default.retention_days);
    // Each file has its own, and both know where earlier versions had theirs.
    assert!(written.file.ends_with("error_tracking.yaml.data/errors.sqlite3"));
    assert_eq!(default.file, Path::new("/x.yaml.data/errors.sqlite3"));
    assert_eq!(written.earlier, [Path::new("/base/data/errors.sqlite3")]);
    assert_eq!(default.earlier, written.earlier);
}

#[test]
fn anchors_and_merge_keys_are_taken() {
    let text = "
defaults: &site { polled: true }
Butler-SOS:
  newRelic: { enable: false, event: [1, 2] }
  serversToMonitor:
    servers:
      - &first { host: a, serverName: one, serverDescription: x }
      - { <<: *first, serverName: two }
  cert: { clientCert: a, clientCertKey: b, clientCertCA: c, clientCertPassphrase: ~ }
";
    let loaded = config::check(text, "/x.yaml".into(), Path::new("/")).unwrap();
    assert_eq!(said(text), ["defaults (line 2): is ignored; every setting is below Butler-SOS"]);
    let settings = loaded.settings.unwrap();
    let names = settings.sense.targets.iter().map(|target| target.server.name.to_string());
    assert_eq!(names.collect::<Vec<_>>(), ["one", "two"]);
    assert_eq!(&*settings.sense.targets[1].server.description, "x");
}

/// What is wrong with a text, as `path: message` with the line.
fn said(text: &str) -> Vec<String> {
    let loaded = config::check(text, "/x.yaml".into(), Path::new("/")).unwrap();
    let wrong = loaded.problems.iter().filter(|problem| problem.severity != Severity::Note);
    wrong.map(ToString::to_string).collect()
}

#[test]
fn unknown_keys_are_told_with_line_and_suggestion() {
    let text = "
Butler-SOS:
  errorTracking:
    influxdb:
      measurmentName: my_errors
  userEvents:
    enable: false
    udpServerConfig: { portLogEvents: 9996 }
  influxdbConfig:
    retentionDays: 3
";
    assert_eq!(
        said(text),
        [
            "Butler-SOS.errorTracking.influxdb.measurmentName (line 5): unknown key, ignored; did \
             you mean \"measurementName\"?",
            "Butler-SOS.userEvents.udpServerConfig.portLogEvents (line 8): unknown key, ignored; \
             did you mean \"Butler-SOS.logEvents.udpServerConfig.portLogEvents\"?",
            "Butler-SOS.influxdbConfig.retentionDays (line 10): unknown key, ignored; did you \
             mean \"Butler-SOS.errorTracking.history.retentionDays\"?",
        ]
    );
}

#[test]
fn the_layout_of_version_9_is_read_with_one_warning_for_each_old_key() {
    let text = "
Butler-SOS:
  logdb: { enableLogDb: true }
  influxdbConfig:
    enable: true
    hostIP: influx.example.com
    hostPort: 8087
    auth: { enable: true, username: me, password: s3cret }
    dbName: SenseOps
    retentionPolicy: { name: 20d, duration: 20d }
  userEvents:
    enable: true
    udpServerConfig: { serverHost: 0.0.0.0 }
    tags: [{ tag: env, value: prod }]
  thirdPartyToolsCredentials:
    newRelic: { insertApiKey: s3cret, accountId: 123 }
";
    let old = |key: &str, line: usize, new: &str| {
        format!("Butler-SOS.{key} (line {line}): old spelling, read as Butler-SOS.{new}")
    };
    assert_eq!(
        said(text),
        [
            "Butler-SOS.logdb (line 3): is not used any more, ignored".to_owned(),
            old("influxdbConfig.hostIP", 6, "influxdbConfig.host"),
            old("influxdbConfig.hostPort", 7, "influxdbConfig.port"),
            old("influxdbConfig.auth", 8, "influxdbConfig.v1Config.auth"),
            old("influxdbConfig.dbName", 9, "influxdbConfig.v1Config.dbName"),
            old("influxdbConfig.retentionPolicy", 10, "influxdbConfig.v1Config.retentionPolicy"),
            old("userEvents.tags[0].tag", 14, "userEvents.tags[0].name"),
            "Butler-SOS.thirdPartyToolsCredentials.newRelic (line 16): is a map as in version \
             9.1; read as one account named \"default\""
                .to_owned(),
        ]
    );
    let loaded = config::check(text, "/x.yaml".into(), Path::new("/")).unwrap();
    let influx = loaded.settings.unwrap().influx.unwrap();
    assert_eq!(influx.base_url, "http://influx.example.com:8087");
    let InfluxTarget::V1 { database, auth, policy, duration } = influx.target else {
        panic!("files without a version mean version 1");
    };
    assert_eq!((database.as_str(), policy.as_str(), duration.as_str()), ("SenseOps", "20d", "20d"));
    assert_eq!(auth.map(|(user, _)| user).as_deref(), Some("me"));
}

#[test]
fn secrets_are_not_in_any_message() {
    let text = "
Butler-SOS:
  influxdbConfig:
    enable: true
    host: influx
    version: 2
    v2Config: { org: o, bucket: b, token: [planted-1, planted-2] }
  heartbeat: { enable: true, remoteURL: 'planted-3' }
  newRelic:
    enable: true
    event: { header: [{ name: X, value: { planted-4: 1 } }] }
  cert: { clientCertPassphrase: { planted-5: 1 } }
  serversToMonitor:
    servers: [{ host: 'a:1', serverName: one, headers: { X-Key: [planted-6] } }]
";
    let said = said(text);
    assert!(said.len() >= 4, "{said:?}");
    assert!(said.iter().all(|line| !line.contains("planted")), "{said:?}");
}

/// Every way to mistype a name by one letter, within reason.
fn mistyped(name: &str) -> Vec<String> {
    let letters: Vec<char> = name.chars().collect();
    let mut all = Vec::new();
    for at in 0..letters.len() {
        let with = |change: &dyn Fn(&mut Vec<char>)| {
            let mut letters = letters.clone();
            change(&mut letters);
            letters.into_iter().collect::<String>()
        };
        all.push(with(&|letters| _ = letters.remove(at)));
        all.push(with(&|letters| letters.insert(at, letters[at])));
        all.push(with(&|letters| letters[at] = if letters[at] == 'x' { 'y' } else { 'x' }));
        if at + 1 < letters.len() {
            all.push(with(&|letters| letters.swap(at, at + 1)));
        }
    }
    all
}

#[test]
fn whoever_mistypes_a_key_by_one_letter_is_told_the_right_one() {
    let keys = config::keys();
    let (mut tried, mut right) = (0_u32, 0_u32);
    let mut wrong = Vec::new();
    for path in &keys {
        let (parent, name) = path.rsplit_once('.').unwrap();
        let sibling = |mistake: &str| keys.contains(&format!("{parent}.{mistake}"));
        for mistake in mistyped(name).into_iter().filter(|mistake| !sibling(mistake)) {
            if mistake == *name || mistake.is_empty() {
                continue;
            }
            // Flow style: one line, however deep.
            let mut text = format!("{{ '{mistake}': }}");
            for step in parent.rsplit('.') {
                text = match step.strip_suffix("[]") {
                    Some(step) => format!("{{ '{step}': [{text}] }}"),
                    None => format!("{{ '{step}': {text} }}"),
                };
            }
            tried += 1;
            let suggestions = said(&text).concat();
            let suggestions = suggestions.split("did you mean").nth(1).unwrap_or_default();
            if suggestions.contains(&format!("\"{name}\"")) {
                right += 1;
            } else {
                wrong.push(format!("{path} as {mistake}"));
            }
        }
    }
    println!("{right} of {tried} mistypings of {} keys were understood", keys.len());
    assert!(wrong.is_empty(), "{} were not: {:?}", wrong.len(), &wrong[..wrong.len().min(40)]);
}

#[test]
fn keys_of_different_sections_are_compared() {
    let text = "
Butler-SOS:
  anonTelemetry: true
  influxdbConfig: { enable: false }
  userSessions: { enableSessionExtract: true }
  prometheus: { enable: true, port: 9001 }
  configVisualisation: { enable: true, host: localhost, port: 9001 }
  thirdPartyToolsCredentials:
    newRelic: [{ accountName: first, insertApiKey: k, accountId: 1 }]
  newRelic: { enable: true }
  userEvents:
    enable: true
    udpServerConfig: { serverHost: 0.0.0.0, portUserActivityEvents: 9996 }
    sendToMQTT: { enable: true }
    sendToNewRelic: { enable: true, destinationAccount: [first, second] }
  logEvents:
    udpServerConfig: { serverHost: 10.0.0.1 }
    source: { engine: { enable: true } }
    sendToNewRelic: { enable: true }
    sendToInfluxdb: { enable: true }
";
    let loaded = config::check(text, "/x.yaml".into(), Path::new("/")).unwrap();
    let said: Vec<String> = loaded
        .problems
        .iter()
        .map(|problem| format!("{:?} {problem}", problem.severity).replace("Butler-SOS.", ""))
        .collect();
    assert_eq!(
        said,
        [
            "Warning serversToMonitor.servers: is empty, so there are no sessions to ask for",
            "Note anonTelemetry (line 3): is true, but this program never sends telemetry",
            "Warning prometheus.port (line 6): listens on TCP port 9001 as \
             configVisualisation.port does",
            "Warning prometheus.nodeMetricsPort: listens on TCP port 9001 as \
             configVisualisation.port does",
            "Note newRelic.metric.destinationAccount: is empty, so metrics go to the accounts of \
             userEvents.sendToNewRelic.destinationAccount",
            "Note userEvents.sendToMQTT.enable (line 14): is true without effect, because \
             mqttConfig.enable is false",
            "Warning userEvents.sendToNewRelic.destinationAccount (line 15): \"second\" is no \
             accountName of thirdPartyToolsCredentials.newRelic",
            "Warning logEvents.udpServerConfig.portLogEvents: listens on UDP port 9996 as \
             userEvents.udpServerConfig.portUserActivityEvents does",
            "Warning logEvents.sendToNewRelic.destinationAccount: is empty, so nothing is sent \
             to New Relic",
            "Note logEvents.sendToInfluxdb.enable (line 20): is true without effect, because \
             influxdbConfig.enable is false",
        ]
    );
}
