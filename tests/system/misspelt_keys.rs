//! Keys that nobody reads because they are misspelt: what is told, and what stops the start.

use std::fs;
use std::path::Path;

use actors::config::Severity;
use butler_sos::config;
use test_support::run_to_end;

use crate::common::BINARY;

/// All that is told about a text, with how bad it is.
fn said(text: &str) -> Vec<(Severity, String)> {
    let loaded = config::check(text, "/x.yaml".into(), Path::new("/")).unwrap();
    loaded.problems.iter().map(|problem| (problem.severity, problem.to_string())).collect()
}

/// Sections directly below `Butler-SOS`.
fn sections() -> Vec<String> {
    let keys = config::keys();
    let direct = keys.iter().filter_map(|key| key.strip_prefix("Butler-SOS."));
    let direct = direct.filter(|key| !key.contains('.'));
    let is_section = |key: &&str| keys.iter().any(|k| k.starts_with(&format!("Butler-SOS.{key}.")));
    direct.filter(is_section).map(str::to_owned).collect()
}

/// Ways to misspell a name that fingers know.
fn misspelt(name: &str) -> [String; 4] {
    let swapped: String = name[..2].chars().rev().chain(name[2..].chars()).collect();
    [format!("{}{}", &name[..2], &name[3..]), swapped, format!("{name}s"), name.to_lowercase()]
}

#[test]
fn a_misspelt_section_that_is_needed_is_an_error() {
    let mut sections = sections();
    // The original has none, so no file needs it.
    sections.retain(|name| name != "collector");
    assert_eq!(sections.len(), 19, "{sections:?}");
    for name in &sections {
        for wrong in misspelt(name).iter().filter(|wrong| *wrong != name) {
            let said = said(&format!("Butler-SOS:\n  {wrong}: {{ enable: true }}\n"));
            let expected = format!(
                "Butler-SOS.{wrong} (line 2): is not known, and {name} is missing; did you mean \
                 \"{name}\"?"
            );
            assert!(said.contains(&(Severity::Error, expected)), "{said:?}");
            // While the right one is there, the other is one more key that nobody reads.
            let both = format!("Butler-SOS:\n  {name}:\n  {wrong}: {{ enable: true }}\n");
            let told: Vec<_> = self::said(&both)
                .into_iter()
                .filter(|(_, said)| said.starts_with(&format!("Butler-SOS.{wrong} ")))
                .collect();
            assert_eq!(told.len(), 1, "{told:?}");
            assert_eq!(told[0].0, Severity::Warning, "{told:?}");
        }
    }
}

#[test]
fn misspelt_servers_are_an_error_and_other_misspelt_keys_are_not() {
    for (text, severity, expected) in [
        (
            "serversToMonitor: { server: [] }",
            Severity::Error,
            "serversToMonitor.server (line 1): is not known, and servers is missing; did you \
             mean \"servers\"?",
        ),
        (
            "serversToMonitor: { servers: [], server: [] }",
            Severity::Warning,
            "serversToMonitor.server (line 1): unknown key, ignored; did you mean \"servers\"?",
        ),
        (
            "logLevl: info",
            Severity::Warning,
            "logLevl (line 1): unknown key, ignored; did you mean \"logLevel\"?",
        ),
        (
            "auditEvent: { enable: true }",
            Severity::Warning,
            "auditEvent (line 1): unknown key, ignored; did you mean \"auditEvents\"?",
        ),
        ("colours: { enable: true }", Severity::Warning, "colours (line 1): unknown key, ignored"),
    ] {
        let said = said(&format!("Butler-SOS: {{ {text} }}"));
        let expected = (severity, format!("Butler-SOS.{expected}"));
        assert!(said.contains(&expected), "{text}: {said:?}");
    }
}

#[test]
fn neither_the_check_nor_the_start_goes_on_without_a_misspelt_database() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("site.yaml");
    let text = "Butler-SOS:\n  fileLogging: false\n  infuxdbConfig: { enable: true, host: h }\n";
    fs::write(&file, text).unwrap();
    let file = file.display().to_string();
    let error = "is not known, and influxdbConfig is missing; did you mean \"influxdbConfig\"?";
    let at_start = format!("VERIFY CONFIG FILE ERROR: Butler-SOS.infuxdbConfig (line 3): {error}");
    let checked = format!("site.yaml:3: error: Butler-SOS.infuxdbConfig: {error}");
    for (arguments, error) in
        [(&["-c", &file, "--check-config"][..], checked), (&["-c", &file], at_start)]
    {
        let (code, out, _) = run_to_end(BINARY, arguments, folder.path());
        assert_eq!(code, Some(1), "{out}");
        assert!(out.contains(&error), "{out}");
        assert!(out.lines().last().unwrap().ends_with("Not starting."), "{out}");
    }
}

#[test]
fn suggestions_stay_within_the_section_of_the_mistyped_key() {
    for (text, meant) in [
        ("mqttConfig: { host: h }", "brokerHost"),
        ("mqttConfig: { port: 1 }", "brokerPort"),
        ("appNames: { enable: true }", "enableAppNameExtract"),
        ("userSessions: { enable: true }", "enableSessionExtract"),
        ("cert: { key: k }", "clientCertKey"),
        ("influxdbConfig: { tokn: t }", "Butler-SOS.influxdbConfig.v2Config.token"),
        ("influxdbConfig: { database: d }", "Butler-SOS.influxdbConfig.v3Config.database"),
        (
            "userEvents: { topic: t }",
            "Butler-SOS.userEvents.sendToMQTT.postTo.everythingTopic.topic",
        ),
        ("logEvents: { baseTopc: t }", "Butler-SOS.logEvents.sendToMQTT.baseTopic"),
        (
            "serversToMonitor: { servers: [{ virtualProxy: / }] }",
            "Butler-SOS.serversToMonitor.servers[].userSessions.virtualProxies[].virtualProxy",
        ),
    ] {
        let said = said(&format!("Butler-SOS: {{ {text} }}"));
        let told = said.iter().find(|(_, said)| said.contains("unknown key")).unwrap();
        let first = told.1.split("did you mean ").nth(1).unwrap_or_default();
        assert!(first.starts_with(&format!("\"{meant}\"")), "{text}: {}", told.1);
    }
}
