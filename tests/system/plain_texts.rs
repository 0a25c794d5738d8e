//! Texts of the configuration file that YAML would take for something else.

use std::path::Path;

use actors::config::Severity;
use actors::io::influx::InfluxTarget;
use butler_sos::config::{self, LoadedConfig};
use proptest::collection::vec;
use proptest::{prop_assert, proptest};

fn check(text: &str) -> LoadedConfig {
    config::check(text, "/x.yaml".into(), Path::new("/base")).unwrap()
}

/// What is wrong with a text, as `path (line): message`.
fn said(loaded: &LoadedConfig) -> Vec<String> {
    let wrong = loaded.problems.iter().filter(|problem| problem.severity != Severity::Note);
    wrong.map(ToString::to_string).collect()
}

#[test]
fn texts_that_look_like_numbers_stay_as_they_are_written() {
    let texts = [
        "12345678901234567890",
        "0x1F",
        "0o17",
        "1e5",
        "007",
        "1_000",
        ".5",
        "+1",
        "1.10",
        "-0",
        ".inf",
        "2024-01-01",
        "True",
        "no",
    ];
    for text in texts {
        let loaded = check(&format!(
            "Butler-SOS:
  influxdbConfig:
    enable: true
    host: influx
    version: 1
    v1Config: {{ dbName: {text}, auth: {{ enable: true, username: {text}, password: {text} }} }}
  cert: {{ clientCert: a, clientCertKey: b, clientCertCA: c, clientCertPassphrase: {text} }}
  userEvents:
    enable: true
    udpServerConfig: {{ serverHost: 0.0.0.0 }}
    tags: [{{ name: {text}, value: {text} }}]
  thirdPartyToolsCredentials:
    newRelic: [{{ accountName: {text}, insertApiKey: {text}, accountId: {text} }}]
  newRelic: {{ enable: true, metric: {{ destinationAccount: [{text}] }} }}
  serversToMonitor:
    servers:
      - {{ host: sense, serverName: {text}, serverDescription: {text}, headers: {{ {text}: {text} }} }}
"
        ));
        assert_eq!(said(&loaded), Vec::<String>::new(), "{text}");
        let settings = loaded.settings.unwrap();
        let InfluxTarget::V1 { database, auth, .. } = settings.influx.unwrap().target else {
            panic!("version 1");
        };
        let (user, password) = auth.unwrap();
        assert_eq!((database.as_str(), user.as_str(), password.reveal()), (text, text, text));
        let passphrase = settings.sense.certificate.unwrap().passphrase.unwrap();
        assert_eq!(passphrase.reveal(), text);
        let tags = &settings.user_events.unwrap().receiver.tags;
        assert_eq!((&*tags[0].0, &*tags[0].1), (text, text));
        let account = &settings.new_relic.unwrap().accounts[0];
        assert_eq!((&*account.name, account.key.reveal(), &*account.id), (text, text, text));
        let target = &settings.sense.targets[0];
        assert_eq!(target.server.name.as_str(), text);
        assert_eq!(&*target.server.description, text);
        assert_eq!(target.headers, [(text.to_owned(), text.to_owned())]);
    }
}

#[test]
fn server_tags_are_written_as_the_original_writes_them() {
    for (written, tag) in [
        ("12", "12"),
        ("1.10", "1.1"),
        ("0x1F", "31"),
        ("1e5", "100000"),
        ("True", "true"),
        ("007", "007"),
        ("'1.10'", "1.10"),
        ("rack 7", "rack 7"),
    ] {
        let loaded = check(&format!(
            "Butler-SOS:
  cert: {{ clientCert: a, clientCertKey: b, clientCertCA: c }}
  serversToMonitor:
    serverTagsDefinition: [rack]
    servers: [{{ host: sense, serverName: s, serverTags: {{ rack: {written} }} }}]
"
        ));
        assert_eq!(said(&loaded), Vec::<String>::new(), "{written}");
        let tags = &loaded.settings.unwrap().sense.targets[0].server.tags;
        assert_eq!(&*tags[0].1, tag, "{written}");
    }
}

#[test]
fn numbers_are_numbers_where_numbers_are_wanted() {
    for (written, port) in
        [("8086", 8086), ("0x1F", 31), ("0o17", 15), ("1e3", 1000), ("+80", 80), ("9e1", 90)]
    {
        let loaded = check(&format!(
            "Butler-SOS: {{ influxdbConfig: {{ enable: true, host: h, port: {written}, \
             version: 1, v1Config: {{ dbName: d }} }} }}"
        ));
        assert_eq!(said(&loaded), Vec::<String>::new(), "{written}");
        assert_eq!(loaded.settings.unwrap().influx.unwrap().base_url, format!("http://h:{port}"));
    }
    for written in ["1_000", "eighty", "1.5"] {
        let loaded = check(&format!(
            "Butler-SOS: {{ influxdbConfig: {{ enable: true, host: h, port: {written}, \
             version: 1, v1Config: {{ dbName: d }} }} }}"
        ));
        let said = said(&loaded).concat();
        assert!(said.contains("port (line 1): expected a port number 1-65535, found"), "{said}");
        assert!(said.contains(written), "{said}");
    }
}

#[test]
fn a_secret_that_yaml_swallows_is_told_with_its_key() {
    for (secret, letter) in [("#hunter2", '#'), ("&hunter2", '&')] {
        let loaded = check(&format!(
            "Butler-SOS:
  influxdbConfig:
    enable: true
    host: influx
    version: 2
    v2Config:
      org: o
      bucket: b
      token: {secret}
  mqttConfig:
    enable: false
    password: {secret}
"
        ));
        let said = said(&loaded);
        let token = "Butler-SOS.influxdbConfig.v2Config.token (line 9): ";
        let password = "Butler-SOS.mqttConfig.password (line 12): ";
        let help = format!("has no value, because {letter} ");
        for key in [token, password] {
            let told = said.iter().filter(|line| line.starts_with(&format!("{key}{help}"))).count();
            assert_eq!(told, 1, "{said:?}");
        }
        assert!(said.iter().any(|line| line.starts_with(&format!("{token}is missing"))));
        assert!(!said.concat().contains("hunter2"), "{said:?}");
    }
}

/// Pieces of which a file can be made that nobody means well with.
const PIECES: [&str; 34] = [
    "Butler-SOS:",
    "\n",
    "\n  ",
    "\n    ",
    " ",
    ": ",
    "- ",
    "&a ",
    "*a",
    "<<: ",
    "!",
    "!!str ",
    "|",
    ">",
    "'",
    "\"",
    "{",
    "}",
    "[",
    "]",
    ", ",
    "#",
    "\t",
    "é",
    "1e5",
    "token: ",
    "password: ",
    "heartbeat: ",
    "enable: true",
    "frequency: ",
    "every ",
    "2 ",
    "weeks",
    "infuxdbConfig: ",
];

proptest! {
    #[test]
    fn any_text_is_answered(pieces in vec(0..PIECES.len(), 0..40)) {
        let text: String = pieces.into_iter().map(|piece| PIECES[piece]).collect();
        // An error is an answer too; a panic is none.
        if let Ok(loaded) = config::check(&text, "/x.yaml".into(), Path::new("/base")) {
            prop_assert!(loaded.settings.is_some() || !loaded.problems.is_empty());
        }
    }
}
