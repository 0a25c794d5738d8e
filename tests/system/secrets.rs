//! Planted secrets reach neither the log at its loudest nor the history.

use std::fs;

use butler_sos::demo::configuration::{Choices, of_site};
use butler_sos::demo::site::{Endpoint, Fault, Site};
use test_support::{Answer, Program, StandIn, until};

use crate::common::BINARY;

#[test]
fn planted_secrets_are_nowhere_at_the_loudest_level() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::start(2, folder.path()).unwrap();
    site.set(Endpoint::Engine(1), Fault::Status(401, ""));
    let influx = StandIn::start(|seen| match seen.target.contains("/write") {
        true => Answer::new(401, r#"{"message":"unauthorized access"}"#),
        false => Answer::new(401, "{}"),
    });
    let history = folder.path().join("errors.sqlite3");
    let logs = folder.path().join("logs");
    let sections = format!(
        "  logLevel: silly
  logDirectory: {:?}
  errorTracking:
    history:
      file: {:?}
  heartbeat: {{ enable: false, remoteURL: 'http://h/planted-1' }}
  thirdPartyToolsCredentials:
    newRelic: [{{ accountName: a, insertApiKey: 'planted-2', accountId: 1 }}]
  influxdbConfig:
    enable: true
    host: 127.0.0.1
    port: {}
    version: 2
    v2Config: {{ org: o, bucket: b, token: 'planted-3: [.*]+' }}
    v1Config: {{ auth: {{ enable: true, username: u, password: 'planted-4' }} }}
",
        logs.display().to_string(),
        history.display().to_string(),
        influx.address().port(),
    );
    let choices = Choices { interval_ms: 200, sections, ..Choices::default() };
    let text = of_site(&site, 2, &choices)
        .replace("  fileLogging: false\n", "")
        .replace("    clientCertCA", "    clientCertPassphrase: 'planted-5'\n    clientCertCA")
        + "        headers: { X-Secret: 'planted-6' }\n";
    let file = folder.path().join("config.yaml");
    fs::write(&file, text).unwrap();
    let mut program = Program::start(BINARY, &["-c", &file.display().to_string()]);
    // The secrets are really used: the token at the database, the header at the engine.
    until("the token", || {
        influx.seen().iter().any(|s| s.header("Authorization").is_some()).then_some(())
    });
    until("the header", || {
        site.requests().iter().any(|r| r.header("x-secret") == Some("planted-6")).then_some(())
    });
    until("errors", || {
        let lines = program.lines();
        lines.iter().any(|line| line.contains("\"INFLUXDB_V2_WRITE\"")).then_some(())
    });
    program.terminate();
    assert_eq!(program.wait(), Some(0));
    let lines = program.lines();
    assert!(lines.iter().any(|line| line.contains(" silly: ") || line.contains(" debug: ")));
    let in_log: Vec<&String> = lines.iter().filter(|line| line.contains("planted")).collect();
    assert_eq!(in_log, Vec::<&String>::new());
    for entry in fs::read_dir(&logs).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        assert!(!text.contains("planted"));
    }
    let bytes = fs::read(&history).unwrap();
    assert!(!bytes.windows(7).any(|window| window == b"planted"));
}
