//! What a real MQTT broker is given: topics and payloads of every kind, byte for byte.

use std::path::Path;

use butler_sos::app::App;
use butler_sos::demo::configuration::{Choices, of_site};
use butler_sos::demo::site::{Endpoint, Fault, Site};
use test_support::{Mosquitto, until_async};

use crate::common::{ONCE, counts, settings, start};
use crate::events::{Sender, sample};

/// The section for a broker on this machine, with further keys four spaces deep.
pub(crate) fn mqtt(port: u16, more: &str) -> String {
    format!(
        "  mqttConfig:
    enable: true
    brokerHost: 127.0.0.1
    brokerPort: {port}
    baseTopic: butler-sos/
{more}"
    )
}

/// Both kinds of events, published on their default topics.
pub(crate) const EVENTS: &str = "  userEvents:
    enable: true
    udpServerConfig:
      serverHost: 127.0.0.1
      portUserActivityEvents: 0
    excludeUser:
      - directory: ACME
        userId: svc_monitor
    tags:
      - name: qs_env
        value: prod
    sendToMQTT:
      enable: true
    sendToInfluxdb:
      enable: false
  logEvents:
    udpServerConfig:
      serverHost: 127.0.0.1
      portLogEvents: 0
    tags:
      - name: qs_env
        value: prod
    source:
      engine:
        enable: true
      proxy:
        enable: true
      qixPerf:
        enable: true
    categorise:
      enable: true
      ruleDefault:
        enable: true
        category:
          - name: qs_log_category
            value: unknown
    enginePerformanceMonitor:
      enable: true
      monitorFilter:
        allApps:
          enable: true
    sendToMQTT:
      enable: true
";

/// The program with both kinds of events and a broker, without any server.
pub(crate) fn start_events(port: u16, more: &str, folder: &Path) -> App {
    let text = format!(
        "Butler-SOS:\n  fileLogging: false\n  uptimeMonitor:\n    enable: false\n{}{EVENTS}",
        mqtt(port, more)
    );
    start(settings(&text, folder))
}

const HEALTH: &str = r#"{"version":"12.2015.0","started":"20260412T063015.208+0200",
    "mem":{"committed":2210.48828125,"allocated":3650.10546875,"free":41877.703125},
    "cpu":{"total":13.5},"session":{"active":4,"total":19},
    "apps":{"active_docs":["id-b"],"loaded_docs":["id-b","SessionApp_7c2e44b1","id-a"],
    "in_memory_docs":[],"calls":90412,"selections":733},"users":{"active":3,"total":11},
    "cache":{"hits":5120,"lookups":8044,"added":2924,"replaced":12,"bytes_added":40155904},
    "saturated":false}"#;

/// Every leaf of the table of section 4.2, for that body.
const LEAVES: [(&str, &str); 22] = [
    ("version", "12.2015.0"),
    ("started", "20260412T063015.208+0200"),
    ("mem/comitted", "2210.48828125"),
    ("mem/allocated", "3650.10546875"),
    ("mem/free", "41877.703125"),
    ("cpu/total", "13.5"),
    ("session/active", "4"),
    ("session/total", "19"),
    ("apps/active_docs", "id-b"),
    ("apps/loaded_docs", "id-b,SessionApp_7c2e44b1,id-a"),
    ("apps/in_memory_docs", ""),
    ("apps/calls", "90412"),
    ("apps/selections", "733"),
    ("users/active", "3"),
    ("users/total", "11"),
    ("cache/hits", "5120"),
    ("cache/lookups", "8044"),
    ("cache/added", "2924"),
    ("cache/replaced", "12"),
    ("cache/bytes_added", "40155904"),
    ("saturated", "false"),
    ("cache/hit_ratio", "63"),
];

const SESSIONS: &str = r#"[{"UserDirectory":"CORP","UserId":"svc","Attributes":[{"Group":"ops"}],
    "SessionId":"0a9c7d22"}]"#;

const SESSIONS_PUBLISHED: &str = r#"[
  {
    "UserDirectory": "CORP",
    "UserId": "svc",
    "Attributes": [
      {
        "Group": "ops"
      }
    ],
    "SessionId": "0a9c7d22"
  }
]"#;

#[actix::test]
async fn measurements_are_published_on_the_topics_of_the_original() {
    let broker = Mosquitto::started();
    let subscriber = broker.subscribe(&[]);
    let folder = tempfile::tempdir().unwrap();
    let site = Site::start(2, folder.path()).unwrap();
    site.set(Endpoint::Engine(0), Fault::Body(HEALTH.into()));
    // A body that lacks nearly everything costs only what it lacks.
    site.set(Endpoint::Engine(1), Fault::Body(r#"{"cpu":{"total":7}}"#.into()));
    site.set(Endpoint::Proxy(0), Fault::Body(SESSIONS.into()));
    site.set(Endpoint::Proxy(1), Fault::Body("[]".into()));
    let choices = Choices {
        interval_ms: ONCE,
        app_names: false,
        sections: mqtt(broker.port(), ""),
        ..Choices::default()
    };
    let text = of_site(&site, 2, &choices);
    let app = start(settings(&text, folder.path()));
    let wanted = LEAVES.len() + 1 + 4;
    let mut messages = until_async("all messages", || {
        let messages = subscriber.messages();
        (messages.len() >= wanted).then_some(messages)
    })
    .await;
    assert_eq!(messages.len(), wanted);
    for (leaf, payload) in LEAVES {
        let topic = format!("butler-sos/127.0.0.1/{leaf}");
        assert!(messages.contains(&(topic, payload.to_owned())), "{leaf}: {messages:#?}");
    }
    assert!(messages.contains(&("butler-sos/127.0.0.1/cpu/total".into(), "7".into())));
    messages.retain(|(topic, _)| topic.contains("usersession"));
    for topic in ["butler-sos/127.0.0.1/usersession/", "butler-sos/127.0.0.1/usersession/hdr"] {
        for payload in ["[]", SESSIONS_PUBLISHED] {
            assert!(messages.contains(&(topic.into(), payload.into())), "{topic}: {messages:#?}");
        }
    }
    assert_eq!(counts(&app).await.total(), 0);
}

#[actix::test]
async fn events_are_published_with_the_json_of_the_original() {
    let broker = Mosquitto::started();
    let subscriber = broker.subscribe(&[]);
    let folder = tempfile::tempdir().unwrap();
    let app = start_events(broker.port(), "", folder.path());
    let sender = Sender::to(&app).await;
    sender.user(&sample("U1"));
    sender.user(&sample("U1").replace("ACME;jdoe", "ACME;svc_monitor"));
    sender.user(&sample("U1").replace(";Start session;", ";Close connection;"));
    sender.user(&sample("U1").replace(";Start session;", ";Something new;"));
    sender.log(&sample("P1"));
    // What a topic cannot have is taken out of it, and does no harm to the connection.
    sender.log(&sample("P1").replace("Security.Proxy.Qlik", "+.#..Q\u{0}lik"));
    sender.log(&sample("Q1"));
    sender.log(&sample("P1").replace("Security.Proxy.Qlik.Sense.Communication.Communication", ""));
    let wanted = 5 + 2 + 2 + 2 + 1;
    let messages = until_async("all messages", || {
        let messages = subscriber.messages();
        (messages.len() >= wanted).then_some(messages)
    })
    .await;
    let count = |topic: &str| messages.iter().filter(|(found, _)| found == topic).count();
    for (topic, number) in [
        ("qliksense/userevent", 3),
        ("qliksense/userevent/session/start", 1),
        ("qliksense/userevent/connection/close", 1),
        ("qliksense/logevent", 4),
        ("qliksense/logevent/security/proxy/qlik/sense/communication/communication", 1),
        ("qliksense/logevent/qlik/sense/communication/communication", 1),
        ("qliksense/logevent/qixperformance/engine/engine", 1),
    ] {
        assert_eq!(count(topic), number, "{topic}: {messages:#?}");
    }
    assert_eq!(messages.len(), wanted);
    let start = messages.iter().find(|(topic, _)| topic.ends_with("session/start")).unwrap();
    // Nobody knows the name of the app here.
    let u1 = include_str!("../data/mqtt/U1.json").replace("Sales 2026", "<unknown app name>");
    assert_eq!(start.1, u1.trim_end());
    let p1 = messages.iter().find(|(topic, _)| topic.contains("/security/")).unwrap();
    assert_eq!(p1.1, include_str!("../data/mqtt/P1.json").trim_end());
    assert_eq!(counts(&app).await.total(), 0);
}
