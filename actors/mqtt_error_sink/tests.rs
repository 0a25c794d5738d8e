//! Error events on a topic of a real broker, and silence where there is none.

use std::time::Duration;

use actix::Addr;
use serde_json::json;
use test_support::{Mosquitto, until_async};

use super::*;
use crate::domain::errors::{
    ErrorCode, ErrorOccurred, Failure, Origin, RequestFacts, RequestUrl, Stage,
};
use crate::domain::point::Stamp;
use crate::io::mqtt::MqttQos;
use crate::runtime::log_probe::{record, recorded};

fn refused() -> ErrorPoint {
    let origin = Origin::ProxyApi {
        server: "sense2".into(),
        host: "pro2-win2.lab.ptarmiganlabs.net".into(),
        virtual_proxy: "/".into(),
    };
    let url = "https://pro2-win2.lab.ptarmiganlabs.net:4243/qps/session?Xrfkey=secret";
    let failure = Failure::Unanswered {
        code: ErrorCode::ConnectionRefused,
        stage: Stage::Dial("192.168.100.110:4243".parse().unwrap()),
        request: RequestFacts {
            url: RequestUrl::sanitised(url),
            timeout: Some(Duration::from_secs(5)),
        },
        message: "connect: refused".into(),
    };
    ErrorPoint::new(Stamp(1_777_824_609_420_000_001), ErrorOccurred { origin, failure })
}

/// The first sample of the page.
#[test]
fn an_error_is_one_object_with_the_names_of_the_page() {
    assert_eq!(
        serde_json::from_str::<Value>(&payload(&refused())).unwrap(),
        json!({
            "timestamp": "2026-05-03T16:10:09.420000001Z",
            "error_type": "PROXY_API", "server_name": "sense2",
            "host": "pro2-win2.lab.ptarmiganlabs.net", "virtual_proxy": "/",
            "error_count": 1, "error_category": "connection_refused",
            "error_code": "ECONNREFUSED",
            "request_url": "https://pro2-win2.lab.ptarmiganlabs.net:4243/qps/session",
            "request_timeout_ms": 5000, "remote_address": "192.168.100.110",
            "remote_port": 4243, "syscall": "connect",
        })
    );
}

fn start(port: u16) -> Addr<MqttErrorSinkActor> {
    let settings = MqttSettings {
        client_id: Some("ours".to_owned()),
        qos: MqttQos::AtLeastOnce,
        ..MqttSettings::for_tests(port)
    };
    MqttErrorSinkActor::new(settings, "errors".to_owned(), Clock::system()).start()
}

#[actix::test]
async fn errors_told_before_there_is_a_connection_are_published_too() {
    let broker = Mosquitto::started();
    let subscriber = broker.subscribe(&[]);
    let sink = start(broker.port());
    sink.send(refused()).await.unwrap();
    let messages = until_async("the error", || {
        let messages = subscriber.messages();
        (!messages.is_empty()).then_some(messages)
    })
    .await;
    assert_eq!(messages, [("errors".to_owned(), payload(&refused()))]);
    assert!(broker.log().contains("as ours-errors "), "{}", broker.log());
}

#[actix::test]
async fn without_a_broker_there_are_debug_lines_and_nothing_else() {
    record();
    let sink = start(Mosquitto::with("").port());
    sink.send(refused()).await.unwrap();
    let lines = until_async("the line", || {
        let lines = recorded();
        lines.iter().any(|line| line.contains("Error publishing error event")).then_some(lines)
    })
    .await;
    assert!(lines.iter().all(|line| line.starts_with("debug: ERROR TRACKER: ")), "{lines:?}");
}
