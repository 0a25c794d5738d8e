//! What the whole program reports when a real MQTT broker is away, refuses the login, is silent, or
//! cannot be trusted.

use std::time::{Duration, Instant};

use butler_sos::demo::configuration::{Choices, of_site};
use butler_sos::demo::site::Site;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::Value;
use test_support::{Mosquitto, PATIENCE};

use crate::common::{
    ONCE, connected, counted, history, influx_v1, obstacle, settings, start, tracking,
};
use crate::events::{Sender, sample};
use crate::mqtt::{mqtt, start_events};

#[actix::test]
async fn every_module_is_reported_once_while_the_broker_is_away() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Mosquitto::with("");
    let site = Site::start(1, folder.path()).unwrap();
    let file = folder.path().join("errors.sqlite3");
    let choices = Choices {
        interval_ms: ONCE,
        virtual_proxies: vec!["/hdr"],
        app_names: false,
        sections: format!(
            "{}{}{}",
            mqtt(broker.port(), ""),
            crate::mqtt::EVENTS,
            tracking(&file, "")
        ),
    };
    let text = of_site(&site, 1, &choices);
    // The host of the events is a monitored server.
    let text = text.replace("serverName: sense1", "serverName: qs-node1");
    let app = start(settings(&text, folder.path()));
    let sender = Sender::to(&app).await;
    counted(&app, 2).await;
    sender.user(&sample("U1"));
    sender.log(&sample("E1"));
    assert_eq!(counted(&app, 4).await.total(), 4);
    let rows = history(&file, 4).await;
    let mut modules: Vec<&str> = rows.iter().filter_map(|row| row.module.as_deref()).collect();
    modules.sort_unstable();
    let all = ["HEALTH_METRICS_MQTT", "LOG_EVENTS_MQTT", "PROXY_SESSIONS_MQTT", "USER_EVENTS_MQTT"];
    assert_eq!(modules, all);
    for row in &rows {
        assert_eq!(row.error_type, "MQTT_PUBLISH");
        assert_eq!(row.server_name, "qs-node1");
        assert_eq!(row.host.as_deref(), Some("127.0.0.1"));
        assert_eq!(row.error_category, "connection_refused");
        assert_eq!(row.error_code, "ECONNREFUSED");
        assert_eq!(row.remote_port, Some(broker.port()));
        let sessions = row.module.as_deref() == Some("PROXY_SESSIONS_MQTT");
        assert_eq!(row.virtual_proxy.as_deref(), sessions.then_some("/hdr"));
    }
}

#[actix::test]
async fn a_silent_broker_is_noticed() {
    let broker = Mosquitto::started();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("errors.sqlite3");
    let more = format!("    keepAlive: 1\n    qos: 1\n{}", tracking(&file, ""));
    let app = start_events(broker.port(), &more, folder.path());
    let sender = Sender::to(&app).await;
    connected(&app).await;
    broker.pause();
    sender.user(&sample("U1"));
    assert_eq!(counted(&app, 1).await.total(), 1);
    let row = history(&file, 1).await.remove(0);
    assert_eq!((&*row.error_category, &*row.error_code), ("timeout", "ETIMEDOUT"));
    assert!(obstacle(&app, "mqtt").await.unwrap().contains("timeout"));
    broker.resume();
}

/// The category of the one error that an event makes.
async fn category_of_one_event(port: u16, more: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("errors.sqlite3");
    let more = format!("{more}{}", tracking(&file, ""));
    let app = start_events(port, &more, folder.path());
    let sender = Sender::to(&app).await;
    sender.user(&sample("U1"));
    counted(&app, 1).await;
    let row = history(&file, 1).await.remove(0);
    format!("{} {}", row.error_category, row.error_code)
}

#[actix::test]
async fn a_broker_that_wants_a_password_gets_it_or_refuses() {
    let mut broker = Mosquitto::with("allow_anonymous false\npassword_file {folder}/users\n");
    broker.password("users", "anna", "a+b: \"c\"");
    broker.start();
    let refused = category_of_one_event(broker.port(), "").await;
    assert_eq!(refused, "mqtt_error ");
    let wrong = "    username: anna\n    password: wrong\n";
    assert_eq!(category_of_one_event(broker.port(), wrong).await, "mqtt_error ");
    let folder = tempfile::tempdir().unwrap();
    let right = "    username: anna\n    password: 'a+b: \"c\"'\n";
    let app = start_events(broker.port(), right, folder.path());
    connected(&app).await;
    let log = broker.log();
    assert!(log.contains("u'anna'"), "{log}");
}

#[actix::test]
async fn a_broker_is_talked_to_over_tls_when_its_authority_is_known() {
    let authority_key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = params.self_signed(&authority_key).unwrap();
    let issuer = Issuer::new(params, authority_key);
    let key = KeyPair::generate().unwrap();
    let names = vec!["127.0.0.1".to_owned()];
    let server = CertificateParams::new(names).unwrap().signed_by(&key, &issuer).unwrap();

    let mut broker = Mosquitto::with(
        "allow_anonymous true\ncertfile {folder}/server.pem\nkeyfile {folder}/server.key\n",
    );
    broker.file("server.pem", &server.pem());
    broker.file("server.key", &key.serialize_pem());
    broker.start();
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        format!("    tls: true\n    caFile: {:?}\n", path.display().to_string())
    };
    let trusting = file("ca.pem", &authority.pem());
    let app = start_events(broker.port(), &trusting, folder.path());
    connected(&app).await;

    let stranger = CertificateParams::new(Vec::new()).unwrap();
    let stranger = stranger.self_signed(&KeyPair::generate().unwrap()).unwrap();
    let mistrusting = file("stranger.pem", &stranger.pem());
    let category = category_of_one_event(broker.port(), &mistrusting).await;
    assert!(category.starts_with("certificate_error "), "{category}");
    let clear = category_of_one_event(broker.port(), "").await;
    assert!(clear.starts_with("connection_reset "), "{clear}");
}

#[actix::test]
async fn errors_are_published_while_the_database_is_away() {
    let broker = Mosquitto::started();
    let subscriber = broker.subscribe(&[]);
    let folder = tempfile::tempdir().unwrap();
    let closed = Mosquitto::with("").port();
    let more = format!(
        "{}{}",
        tracking(&folder.path().join("errors.sqlite3"), "    mqtt:\n      enable: true\n"),
        influx_v1(closed)
    );
    let app = start_events(broker.port(), &more, folder.path());
    let sender = Sender::to(&app).await;
    connected(&app).await;
    // Until the second connection stands, too, error events are lost; it has no readiness.
    let deadline = Instant::now() + PATIENCE;
    let error = loop {
        assert!(Instant::now() < deadline, "{:?}", subscriber.messages());
        sender.user("/qseow-proxy-session/;qs-node1;Start session;ACME;jdoe");
        tokio::time::sleep(Duration::from_millis(20)).await;
        let messages = subscriber.messages();
        if let Some((_, payload)) = messages.iter().find(|(topic, _)| topic == "butler-sos/errors")
        {
            break serde_json::from_str::<Value>(payload).unwrap();
        }
    };
    let stamp = error["timestamp"].as_str().unwrap();
    assert!(chrono::DateTime::parse_from_rfc3339(stamp).is_ok(), "{stamp}");
    let mut rest = error.clone();
    rest.as_object_mut().unwrap().remove("timestamp");
    let expected = serde_json::json!({
        "error_type": "UDP_USER_EVENT", "module": "UDP_USER_EVENTS", "server_name": "",
        "host": "qs-node1", "error_count": 1, "error_category": "unknown", "error_code": "",
    });
    assert_eq!(rest, expected);
}
