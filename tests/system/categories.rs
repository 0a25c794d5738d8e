//! Every category of the page, provoked over real sockets by a simulated site, stored in a real
//! InfluxDB, and read back with the page's own queries.

use std::collections::BTreeMap;
use std::time::Duration;

use butler_sos::demo::configuration::{Choices, of_site};
use butler_sos::demo::site::{BadCertificate, Endpoint, Fault, Site};
use serde_json::{Value, json};
use test_support::{Influxd, until_async};

use crate::common;

/// A fault of an engine, and what its point must say: category, code, status, and the system call
/// that failed on a connection to a known address.
type Row = (Fault, &'static str, &'static str, Option<u16>, Option<&'static str>);

fn rows() -> Vec<Row> {
    let status = |status, category| (Fault::Status(status, ""), category, "", Some(status), None);
    let cert = |bad, code| (Fault::Certificate(bad), "certificate_error", code, None, Some("read"));
    let html = b"<html>Sign in</html>".to_vec();
    let large = vec![b' '; 20 << 20];
    vec![
        (Fault::Refused, "connection_refused", "ECONNREFUSED", None, Some("connect")),
        (Fault::NoAnswer, "timeout", "ECONNABORTED", None, None),
        (Fault::SilentHandshake, "timeout", "ECONNABORTED", None, None),
        (Fault::Stalled(10), "timeout", "ECONNABORTED", None, None),
        (Fault::Reset, "connection_reset", "ECONNRESET", None, Some("read")),
        (Fault::Closed, "connection_reset", "ECONNRESET", None, Some("read")),
        (Fault::Cut(10), "connection_reset", "ECONNRESET", None, Some("read")),
        status(401, "auth_error"),
        status(403, "auth_error"),
        status(404, "not_found"),
        status(429, "rate_limited"),
        status(500, "http_5xx"),
        status(503, "http_5xx"),
        status(418, "http_4xx"),
        cert(BadCertificate::UnknownAuthority, "UNABLE_TO_VERIFY_LEAF_SIGNATURE"),
        cert(BadCertificate::Expired, "CERT_HAS_EXPIRED"),
        cert(BadCertificate::NotYetValid, "CERT_NOT_YET_VALID"),
        cert(BadCertificate::WrongName, "ERR_TLS_CERT_ALTNAME_INVALID"),
        cert(BadCertificate::SelfSigned, "DEPTH_ZERO_SELF_SIGNED_CERT"),
        (
            Fault::ClientRefused,
            "certificate_error",
            "ERR_SSL_TLSV1_ALERT_UNKNOWN_CA",
            None,
            Some("read"),
        ),
        (Fault::NotTls, "certificate_error", "EPROTO", None, Some("write")),
        (Fault::Body(html), "unknown", "", None, None),
        (Fault::Body(large), "unknown", "ERR_FR_MAX_CONTENT_LENGTH_EXCEEDED", None, None),
    ]
}

/// A label of 64 letters: no resolver looks for it.
fn impossible_host() -> String {
    format!("{}.invalid", "a".repeat(64))
}

#[actix::test]
async fn every_category_is_stored_with_its_facts() {
    let folder = tempfile::tempdir().unwrap();
    let influx = Influxd::started();
    let rows = rows();
    let site = Site::start(rows.len(), folder.path()).unwrap();
    for (server, (fault, ..)) in rows.iter().enumerate() {
        site.set(Endpoint::Engine(server), fault.clone());
        site.set(Endpoint::Proxy(server), Fault::Status(404, ""));
    }
    site.set(Endpoint::Proxy(0), Fault::Refused);
    site.set(Endpoint::Repository, Fault::Status(403, ""));

    let mut choices = Choices { interval_ms: common::ONCE, ..Choices::default() };
    choices.virtual_proxies = vec!["/hdr"];
    choices.sections = common::influx_v1(influx.port());
    let text = format!(
        "{}      - host: {}:4747\n        serverName: nowhere\n",
        of_site(&site, rows.len(), &choices),
        impossible_host()
    );
    let app = common::start(common::settings(&text, folder.path()));
    let expected = 2 * rows.len() as u64 + 2;
    let counts = common::counted(&app, expected).await;
    let stored = || influx.count("SenseOps", "butler_sos_errors", "error_count");
    until_async("all points", || (stored() >= expected).then_some(())).await;

    let points = influx.rows("SenseOps", "SELECT * FROM butler_sos_errors");
    assert_eq!(points.len() as u64, expected, "each failure once");
    let by_server: BTreeMap<&str, &Value> = points
        .iter()
        .filter(|point| point["error_type"] == "HEALTH_API")
        .map(|point| (point["server_name"].as_str().unwrap(), point))
        .collect();
    for (server, row) in rows.iter().enumerate() {
        let point = by_server[format!("sense{}", server + 1).as_str()];
        let address = site.address(Endpoint::Engine(server)).unwrap();
        check_engine(point, row, address.port());
    }
    check_nowhere(by_server["nowhere"]);
    check_proxies(&points, &site, rows.len());
    check_repository(&points, &site);
    the_queries_of_the_page_work(&influx, rows.len());
    assert_eq!(counts.total(), expected);
    app.drain(Duration::from_secs(10)).await;
    app.end();
}

fn check_engine(point: &Value, (fault, category, code, status, syscall): &Row, port: u16) {
    let url = format!("https://127.0.0.1:{port}/engine/healthcheck");
    let dial = |value: Value| if syscall.is_some() { value } else { Value::Null };
    let expected = json!({
        "error_category": category,
        "error_code": code,
        "http_status": status,
        "request_url": url,
        "request_timeout_ms": 5000,
        "remote_address": dial("127.0.0.1".into()),
        "remote_port": dial(port.into()),
        "syscall": syscall,
        "host": "127.0.0.1",
        "virtual_proxy": null,
        "destination_host": null,
        "module": null,
        "error_count": 1,
    });
    for (name, value) in expected.as_object().unwrap() {
        let found = point.get(name).unwrap_or(&Value::Null);
        let name_of_fault = format!("{fault:?}").chars().take(60).collect::<String>();
        assert_eq!(found, value, "{name} of {name_of_fault}");
    }
}

fn check_nowhere(point: &Value) {
    assert_eq!(point["error_category"], "host_not_found");
    assert_eq!(point["error_code"], "ENOTFOUND");
    assert_eq!(point["syscall"], "getaddrinfo");
    assert_eq!(point["host"], impossible_host());
    assert_eq!(point["remote_address"], Value::Null);
}

fn check_proxies(points: &[Value], site: &Site, servers: usize) {
    let of_proxy: Vec<&Value> =
        points.iter().filter(|point| point["error_type"] == "PROXY_API").collect();
    assert_eq!(of_proxy.len(), servers);
    let refused = of_proxy.iter().find(|point| point["server_name"] == "sense1").unwrap();
    let port = site.address(Endpoint::Proxy(0)).unwrap().port();
    for (name, value) in [
        ("virtual_proxy", json!("/hdr")),
        ("host", json!("127.0.0.1")),
        ("error_category", json!("connection_refused")),
        ("remote_port", json!(port)),
        ("syscall", json!("connect")),
        // The query string with its Xrfkey is gone.
        ("request_url", json!(format!("https://127.0.0.1:{port}/qps/hdr/session"))),
    ] {
        assert_eq!(refused[name], value, "{name}");
    }
}

fn check_repository(points: &[Value], site: &Site) {
    let point = points.iter().find(|point| point["error_type"] == "APP_NAMES_EXTRACT").unwrap();
    let host = site.address(Endpoint::Repository).unwrap().ip().to_string();
    assert_eq!(point["host"], host);
    assert_eq!(point["error_category"], "auth_error");
    assert_eq!(point["http_status"], 403);
    assert_eq!(point["request_timeout_ms"], 30_000);
    assert_eq!(point["request_url"], format!("https://{host}:4242/qrs/app"));
}

/// Both InfluxQL queries of the page, letter by letter.
fn the_queries_of_the_page_work(influx: &Influxd, servers: usize) {
    let totals = influx.query(
        "SenseOps",
        r#"SELECT SUM("error_count") FROM "butler_sos_errors"
WHERE time > NOW() - 1h
GROUP BY "error_type", "server_name", "module" FILL(0)"#,
    );
    let health: Vec<&Value> =
        totals.iter().filter(|series| series["tags"]["error_type"] == "HEALTH_API").collect();
    assert_eq!(health.len(), servers + 1);
    assert!(totals.iter().all(|series| series["values"][0][1] == 1), "{totals:?}");

    let detail = influx.rows(
        "SenseOps",
        r#"SELECT "remote_address", "remote_port", "request_url", "error_category"
FROM "butler_sos_errors"
WHERE "error_type" = 'PROXY_API' AND time > NOW() - 1h
ORDER BY time DESC"#,
    );
    assert_eq!(detail.len(), servers);
    let stamps: Vec<i64> = detail.iter().map(|row| row["time"].as_i64().unwrap()).collect();
    assert!(stamps.windows(2).all(|pair| pair[0] > pair[1]), "newest first, all different");
}
