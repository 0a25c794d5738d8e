//! Every module of the page, and the two more (decision E14), each provoked by the failure that
//! section 8.2 of the page on events lists.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use actors::io::error_log::HistoryRow;
use butler_sos::demo::configuration::{Choices, of_site};
use butler_sos::demo::site::Site;
use test_support::{Answer, Mosquitto, PATIENCE, StandIn};

use crate::common::{ONCE, history, influx_v1, settings, start, tracking};
use crate::events::{SECTIONS, Sender};
use crate::mqtt::mqtt;

/// What an error must say: module, type, server, host, virtual proxy, destination, category,
/// code, status.
type Row = (
    &'static str,
    &'static str,
    &'static str,
    Option<&'static str>,
    Option<&'static str>,
    Destination,
    &'static str,
    &'static str,
    Option<u16>,
);

#[derive(Clone, Copy)]
enum Destination {
    None,
    Influx,
    NewRelic,
    /// Of the uptime post, which nobody listens for.
    Closed,
}

/// The server whose name is the host of the samples.
const NODE: &str = "qs-node1";

const INFLUX: &str = "INFLUXDB_V1_WRITE";
const REFUSED: &str = "connection_refused";
const CODE: &str = "ECONNREFUSED";
const BROKER: Option<&str> = Some("127.0.0.1");

fn rows() -> Vec<Row> {
    let influx = |module, server| {
        (module, INFLUX, server, None, None, Destination::Influx, REFUSED, CODE, None)
    };
    let mqtt = |module, proxy| {
        (module, "MQTT_PUBLISH", NODE, BROKER, proxy, Destination::None, REFUSED, CODE, None)
    };
    let relic = |module, category, status| {
        let to = Destination::NewRelic;
        (module, "NEW_RELIC_POST", "", None, None, to, category, "", Some(status))
    };
    let udp =
        |module, kind, host| (module, kind, "", host, None, Destination::None, "unknown", "", None);
    let closed = Destination::Closed;
    vec![
        influx("HEALTH_METRICS", NODE),
        influx("PROXY_SESSIONS", NODE),
        influx("LOG_EVENTS", NODE),
        influx("USER_EVENTS", NODE),
        influx("EVENT_COUNTS", ""),
        influx("REJECTED_EVENT_COUNTS", ""),
        influx("QUEUE_METRICS", ""),
        influx("BUTLER_MEMORY", ""),
        mqtt("HEALTH_METRICS_MQTT", None),
        mqtt("PROXY_SESSIONS_MQTT", Some("/hdr")),
        mqtt("USER_EVENTS_MQTT", None),
        mqtt("LOG_EVENTS_MQTT", None),
        relic("HEALTH_METRICS_NEW_RELIC", "auth_error", 401),
        relic("PROXY_SESSIONS_NEW_RELIC", "http_5xx", 503),
        ("UPTIME_NEW_RELIC", "NEW_RELIC_POST", "", None, None, closed, REFUSED, CODE, None),
        udp("UDP_USER_EVENTS", "UDP_USER_EVENT", Some(NODE)),
        udp("UDP_LOG_EVENTS", "UDP_LOG_EVENT", None),
        relic("USER_EVENTS_NEW_RELIC", "rate_limited", 429),
        relic("LOG_EVENTS_NEW_RELIC", "http_4xx", 413),
    ]
}

/// Fails each kind of post in its own way.
fn new_relic() -> StandIn {
    StandIn::start(|seen| {
        let text = seen.text();
        let status = match text.as_str() {
            text if text.contains("qs_userEvent") => 429,
            text if text.contains("qs_logEvent") => 413,
            text if text.contains("qs_proxySessions") => 503,
            _ => 401,
        };
        Answer::new(status, "{}")
    })
}

fn accounts(metric_url: &str, event_url: &str, on: bool) -> String {
    format!(
        "  thirdPartyToolsCredentials:
    newRelic: [{{ accountName: a, insertApiKey: key, accountId: 1 }}]
  newRelic:
    enable: {on}
    metric: {{ url: '{metric_url}', destinationAccount: [a] }}
    event: {{ url: '{event_url}' }}
"
    )
}

#[actix::test]
async fn every_module_is_reported_with_all_its_tags() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::start(1, folder.path()).unwrap();
    let relic = new_relic();
    let relic_url = format!("http://{}", relic.address());
    let (influx, broker) = (Mosquitto::with("").port(), Mosquitto::with("").port());
    let to_relic = "    sendToNewRelic: { enable: true, destinationAccount: [a] }\n";
    let to_mqtt = "    sendToMQTT: { enable: true }\n";
    let events = SECTIONS.replace("writeFrequency: 200", "writeFrequency: 1000").replace(
        "  logEvents:\n",
        &format!("{to_relic}{to_mqtt}  logEvents:\n{to_relic}{to_mqtt}"),
    );
    let first = folder.path().join("first.sqlite3");
    let choices = Choices {
        interval_ms: ONCE,
        virtual_proxies: vec!["/hdr"],
        app_names: false,
        sections: format!(
            "  uptimeMonitor: {{ frequency: every 1 second }}\n{}{}{}{events}{}",
            tracking(&first, ""),
            influx_v1(influx),
            mqtt(broker, ""),
            accounts(&format!("{relic_url}/metric/v1"), &relic_url, true),
        ),
    };
    let text = of_site(&site, 1, &choices).replace("serverName: sense1", "serverName: qs-node1");
    let app = start(settings(&text, folder.path()));
    let sender = Sender::to(&app).await;
    sender.good_and_bad();

    // The uptime is posted to the same address as metrics, so it has a program of its own.
    let closed = Mosquitto::with("").port();
    let closed_url = format!("http://127.0.0.1:{closed}");
    let second = folder.path().join("second.sqlite3");
    let text = format!(
        "Butler-SOS:
  fileLogging: false
{}  uptimeMonitor:
    frequency: every 1 second
    storeNewRelic: {{ enable: true, destinationAccount: [a] }}
{}",
        tracking(&second, ""),
        accounts(&format!("{closed_url}/metric/v1"), &closed_url, false)
    );
    let other = start(settings(&text, folder.path()));

    let rows = rows();
    let deadline = Instant::now() + PATIENCE;
    let found = loop {
        let mut found: BTreeMap<String, HistoryRow> = BTreeMap::new();
        for file in [&first, &second] {
            for row in history(file, 0).await {
                found.entry(row.module.clone().unwrap()).or_insert(row);
            }
        }
        if found.len() >= rows.len() {
            break found;
        }
        assert!(Instant::now() < deadline, "only {:?}", found.keys());
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(found.len(), rows.len(), "{:?}", found.keys());
    for (module, kind, server, host, proxy, destination, category, code, status) in rows {
        let row = &found[module];
        let destination = match destination {
            Destination::None => None,
            Destination::Influx => Some(format!("http://127.0.0.1:{influx}")),
            Destination::NewRelic => Some(relic_url.clone()),
            Destination::Closed => Some(closed_url.clone()),
        };
        assert_eq!(row.error_type, kind, "{module}");
        assert_eq!(row.server_name, server, "{module}");
        assert_eq!(row.host.as_deref(), host, "{module}");
        assert_eq!(row.virtual_proxy.as_deref(), proxy, "{module}");
        assert_eq!(row.destination_host, destination, "{module}");
        assert_eq!((&*row.error_category, &*row.error_code), (category, code), "{module}");
        assert_eq!(row.http_status, status, "{module}");
    }
    for app in [app, other] {
        app.drain(Duration::from_secs(5)).await;
        app.end();
    }
}
