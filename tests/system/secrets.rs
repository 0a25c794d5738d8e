//! Twelve planted secrets reach neither the log at its loudest, nor the history, nor the page, nor
//! a message about the configuration, nor a crash dump.

use std::fs;
use std::path::Path;

use butler_sos::demo::configuration::{Choices, of_site};
use butler_sos::demo::site::{Endpoint, Fault, Site};
use test_support::{Answer, Mosquitto, Program, StandIn, get, run_to_end, until};

use crate::common::{BINARY, tracking};
use crate::crash::crash;

/// Where secrets stand in a configuration, with characters that mean something in YAML, JSON and
/// regular expressions.
fn sections(server: u16, broker: u16, page: u16) -> String {
    format!(
        "  logLevel: silly
  configVisualisation: {{ enable: true, host: 127.0.0.1, port: {page} }}
  heartbeat: {{ enable: true, remoteURL: 'http://127.0.0.1:{server}/ping/planted-1' }}
  thirdPartyToolsCredentials:
    newRelic: [{{ accountName: a, insertApiKey: 'planted-2$^', accountId: 1 }}]
  influxdbConfig:
    enable: true
    host: 127.0.0.1
    port: {server}
    version: 2
    v2Config: {{ org: o, bucket: b, token: 'planted-3: [.*]+' }}
    v1Config: {{ auth: {{ enable: true, username: u, password: 'planted-4\\d' }} }}
    v3Config: {{ token: 'planted-5 # no comment' }}
  mqttConfig: {{ enable: true, brokerHost: 127.0.0.1, brokerPort: {broker}, username: u, password: 'planted-6 \"{{}}\"' }}
  newRelic:
    enable: true
    metric:
      url: http://127.0.0.1:{server}/metric/v1
      destinationAccount: [a]
      header: [{{ name: X-License, value: 'planted-7|x' }}]
    event:
      url: http://127.0.0.1:{server}
      header: [{{ name: Authorization, value: 'Bearer planted-8(' }}]
  auditEvents:
    enable: true
    apiToken: 'planted-9'
    tls: {{ passphrase: '&planted-10' }}
"
    )
}

/// The whole configuration of a site; the last two secrets belong to it.
fn config(site: &Site, choices: &Choices) -> String {
    of_site(site, 2, choices)
        .replace("    clientCertCA", "    clientCertPassphrase: '*planted-11'\n    clientCertCA")
        + "        headers: { X-Secret: 'planted-12?' }\n"
}

fn without_secrets(what: &str, text: &str) {
    let at = text.find("planted");
    let excerpt = at.map(|at| text[at.saturating_sub(200)..].chars().take(300).collect::<String>());
    assert_eq!(excerpt, None, "in {what}");
}

fn in_folder(folder: &Path, name: &str, text: &str) -> String {
    let file = folder.join(name);
    fs::write(&file, text).unwrap();
    file.display().to_string()
}

#[test]
fn planted_secrets_are_used_and_shown_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::start(2, folder.path()).unwrap();
    site.set(Endpoint::Engine(1), Fault::Status(401, ""));
    let server = StandIn::start(|seen| match seen.target.contains("/write") {
        true => Answer::new(401, r#"{"message":"unauthorized access"}"#),
        false => Answer::new(401, "{}"),
    });
    let broker = Mosquitto::started();
    let page = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (history, logs) = (folder.path().join("errors.sqlite3"), folder.path().join("logs"));
    let sections = format!(
        "  logDirectory: {:?}\n{}{}",
        logs.display().to_string(),
        tracking(&history, ""),
        sections(server.address().port(), broker.port(), page.port()),
    );
    let text = config(&site, &Choices { interval_ms: 200, sections, ..Choices::default() })
        .replace("  fileLogging: false\n", "");
    let file = in_folder(folder.path(), "config.yaml", &text);
    let mut program = Program::start(BINARY, &["-c", &file]);

    // The secrets are really used: token, key and paths at the server, a header at the engine, the
    // password at the broker.
    let seen = |header: &str, value: &str| {
        server.seen().iter().any(|seen| seen.header(header).is_some_and(|v| v.contains(value)))
    };
    until("the token", || seen("Authorization", "planted-3: [.*]+").then_some(()));
    until("the key", || seen("Api-Key", "planted-2$^").then_some(()));
    until("the header of metrics", || seen("X-License", "planted-7|x").then_some(()));
    until("the heartbeat", || {
        server.seen().iter().any(|seen| seen.target == "/ping/planted-1").then_some(())
    });
    until("the header", || {
        site.requests().iter().any(|r| r.header("x-secret") == Some("planted-12?")).then_some(())
    });
    until("the login", || broker.log().contains("u'u'").then_some(()));
    for kind in ["INFLUXDB_V2_WRITE", "NEW_RELIC_POST", "HEALTH_API"] {
        program.line_with(&format!("\"{kind}\""));
    }
    for path in ["/config.yaml", "/config.json"] {
        let shown = get(&page.to_string(), path).unwrap();
        assert!(shown.status == 200 && shown.body.contains("insertApiKey"), "{}", shown.body);
        without_secrets(path, &shown.body);
    }
    program.terminate();
    assert_eq!(program.wait(), Some(0));

    let lines = program.lines();
    assert!(lines.iter().any(|line| line.contains(" silly: ") || line.contains(" debug: ")));
    without_secrets("the log", &lines.join("\n"));
    for entry in fs::read_dir(&logs).unwrap() {
        without_secrets("a log file", &fs::read_to_string(entry.unwrap().path()).unwrap());
    }
    without_secrets("the history", &String::from_utf8_lossy(&fs::read(&history).unwrap()));
}

#[test]
fn planted_secrets_are_in_no_message_about_the_configuration_and_in_no_dump() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::start(2, folder.path()).unwrap();
    let choices = Choices { sections: sections(1, 1, 0), ..Choices::default() };
    // Each secret below a key that nobody knows, or where something of another form is expected.
    let text = config(&site, &choices)
        .replace("insertApiKey:", "insertApiKy:")
        .replace("clientCertPassphrase:", "clientCertPasphrase:")
        .replace("remoteURL: 'http://", "remoteURL: 'htp://")
        .replace("token: 'planted-3: [.*]+'", "token: ['planted-3: [.*]+']")
        .replace("password: 'planted-4\\d'", "password: { is: 'planted-4\\d' }")
        .replace("header: [{ name: X-License, value: 'planted-7|x' }]", "header: 'planted-7|x'")
        .replace("header: [{ name: Authorization, value:", "header: [{ name: [], value:")
        .replace("headers: { X-Secret: 'planted-12?' }", "headers: ['planted-12?']");
    let file = in_folder(folder.path(), "config.yaml", &text);
    let arguments = ["-c", &file, "-l", "silly", "--check-config"];
    let (code, output, errors) = run_to_end(BINARY, &arguments, folder.path());
    assert_eq!(code, Some(1));
    for key in ["insertApiKy", "clientCertPasphrase", "remoteURL", "v2Config.token", "headers"] {
        assert!(output.contains(key), "{key}: {output}");
    }
    without_secrets("the messages", &(output + &errors));

    let sections = sections(1, 1, 0) + &tracking(&folder.path().join("e.sqlite3"), "");
    let text = config(&site, &Choices { sections, ..Choices::default() });
    let (json, text, log) = crash(folder.path(), &text);
    for (what, text) in [("JSON", json.to_string()), ("text", text), ("log", log)] {
        without_secrets(what, &text);
    }
}

/// A debugging proxy that sends back all that it got.
fn echo(seen: &test_support::RecordedRequest) -> Answer {
    let headers: Vec<String> =
        seen.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    Answer::new(502, format!("{} {}\n{}", seen.method, seen.target, headers.join("\n")))
}

#[test]
fn what_a_server_sends_back_of_our_secrets_is_masked() {
    let folder = tempfile::tempdir().unwrap();
    let server = StandIn::start(echo);
    let port = server.address().port();
    let history = folder.path().join("errors.sqlite3");
    let (login, padding) = ("d3JpdGVyOnBsYW50ZWQtMTY", "=");
    for (version, key) in [
        (2, "v2Config: { org: o, bucket: b, token: planted-15 }"),
        (
            1,
            "v1Config: { auth: { enable: true, username: writer, password: planted-16 }, dbName: d }",
        ),
    ] {
        let text = format!(
            "Butler-SOS:
  fileLogging: false
  uptimeMonitor: {{ enable: true, frequency: every 1 second }}
{}  influxdbConfig: {{ enable: true, host: 127.0.0.1, port: {port}, version: {version}, {key} }}
",
            tracking(&history, "")
        );
        let file = in_folder(folder.path(), "config.yaml", &text);
        let mut program = Program::start(BINARY, &["-c", &file, "-l", "debug"]);
        until("a header with the secret", || {
            let sent = |value: &str| value.contains("planted-15") || value.contains(login);
            let seen = server.seen();
            let mut all = seen.iter().filter_map(|seen| seen.header("authorization"));
            all.any(|value| sent(value) && (version == 2 || value.ends_with(padding))).then_some(())
        });
        // The answer is quoted, and what it quotes of us is not there.
        program.line_with("**********");
        program.terminate();
        program.wait();
        let log = program.lines().join("\n");
        assert!(log.to_lowercase().contains("authorization"), "the answer is in it: {log}");
        without_secrets("the log", &log);
        assert!(!log.contains(login), "{log}");
    }
    let history = String::from_utf8_lossy(&fs::read(&history).unwrap()).into_owned();
    without_secrets("the history", &history);
    assert!(!history.contains(login));
}

#[test]
fn a_login_in_front_of_a_host_is_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    let text = "Butler-SOS:
  influxdbConfig: { enable: true, host: 'planted-17:planted-18@influx', version: 1 }
  mqttConfig: { enable: true, brokerHost: 'planted-17:planted-18@broker' }
  prometheus: { enable: true, host: 'http://planted-17:planted-18@any' }
  serversToMonitor: { servers: [{ host: 'planted-17:planted-18@sense', serverName: a }] }
";
    let file = in_folder(folder.path(), "config.yaml", text);
    let arguments = ["-c", &file, "-l", "silly", "--check-config"];
    let (code, output, errors) = run_to_end(BINARY, &arguments, folder.path());
    assert_eq!(code, Some(1));
    for host in ["influx", "broker", "any", "sense"] {
        assert!(output.contains(&format!("**********@{host}")), "{host}: {output}");
    }
    without_secrets("the messages", &(output + &errors));
}

#[test]
fn a_password_in_the_url_of_influxdb_is_refused_and_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    let text = "Butler-SOS:
  influxdbConfig:
    enable: true
    url: https://planted-13:planted-14@influx.example.com
    version: 1
    v1Config: { dbName: SenseOps }
";
    let file = in_folder(folder.path(), "config.yaml", text);
    let arguments = ["-c", &file, "-l", "silly", "--check-config"];
    let (code, output, errors) = run_to_end(BINARY, &arguments, folder.path());
    assert_eq!(code, Some(1));
    assert!(output.contains("influxdbConfig.url"), "{output}");
    assert!(output.contains("has a user or a password in it"), "{output}");
    without_secrets("the messages", &(output + &errors));
}
