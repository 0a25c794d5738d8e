//! The InfluxQL queries of the dashboard of errors, against a real InfluxDB 1.x with the lines that
//! the program writes.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use actors::domain::errors::{
    Category, CertificateVerdict, DestinationHost, ErrorCode, ErrorOccurred, ErrorPoint,
    ErrorRecord, Failure, InfluxModule, InfluxVersion, MqttModule, NewRelicModule, Origin,
    RequestFacts, RequestUrl, Stage, Transfer, UdpModule,
};
use actors::domain::point::Stamp;
use actors::io::influx::encode_error;
use chrono::{DateTime, Days, Utc};
use serde_json::Value;
use test_support::{Influxd, post};

use crate::dashboards::{ERRORS, dashboard, panels, query, targets, variable};

const DB: &str = "SenseOps";

const MEASUREMENT: &str = "errors of mine";

fn request(url: &str) -> RequestFacts {
    RequestFacts { url: RequestUrl::sanitised(url), timeout: Some(Duration::from_secs(5)) }
}

fn unanswered(code: ErrorCode, stage: Stage) -> Failure {
    let request = request("https://sense1:4747/engine/healthcheck");
    Failure::Unanswered { code, stage, request, message: "no answer".into() }
}

fn answered(status: u16) -> Failure {
    Failure::Answered { status, request: request("https://sense1:4243/qps/session") }
}

fn local(category: Category, message: &str) -> Failure {
    Failure::local(category, message)
}

/// One failure of each category.
fn failures() -> Vec<Failure> {
    let remote = SocketAddr::from(([192, 0, 2, 7], 4747));
    let certificate = ErrorCode::Certificate(CertificateVerdict::NameMismatch);
    vec![
        unanswered(ErrorCode::TimedOut, Stage::Waiting),
        unanswered(ErrorCode::ConnectionRefused, Stage::Dial(remote)),
        unanswered(ErrorCode::NotFound, Stage::Lookup),
        unanswered(ErrorCode::ConnectionReset, Stage::Exchange(remote, Transfer::Read)),
        unanswered(certificate, Stage::Exchange(remote, Transfer::Write)),
        answered(401),
        answered(404),
        answered(429),
        answered(503),
        answered(418),
        local(Category::MqttError, "mqtt broker"),
        local(Category::NewRelicError, "new relic account"),
        local(Category::Unknown, "no more is known"),
    ]
}

/// One origin of each kind, with every tag that there is.
fn origins() -> Vec<Origin> {
    let (server, host) = (|| "sense1".into(), || "sense1.example.com".into());
    let to = || DestinationHost::of_url("https://influx.example.com:8086");
    vec![
        Origin::HealthApi { server: server(), host: host() },
        Origin::ProxyApi { server: server(), host: host(), virtual_proxy: "/hdr".into() },
        Origin::AppNamesExtract { server: None, host: host() },
        Origin::InfluxWrite {
            version: InfluxVersion::V1,
            module: InfluxModule::HealthMetrics,
            server: Some("sense2".into()),
            to: to(),
        },
        Origin::MqttPublish {
            module: MqttModule::ProxySessions,
            server: Some(server()),
            broker: host(),
            virtual_proxy: Some("/hdr".into()),
        },
        Origin::NewRelicPost { module: NewRelicModule::Uptime, server: None, to: to() },
        Origin::UdpEvent { module: UdpModule::LogEvents, server: None, host: Some(host()) },
    ]
}

/// Each failure at each origin, from `begin` on; which one is the last differs.
fn points(begin: DateTime<Utc>) -> Vec<ErrorPoint> {
    let begin = begin.timestamp_nanos_opt().unwrap();
    let (origins, failures) = (origins(), failures());
    let of = |first: usize| failures.iter().cycle().skip(first).take(failures.len());
    let all =
        origins.iter().enumerate().flat_map(|(first, it)| of(first).map(move |how| (it, how)));
    all.enumerate()
        .map(|(number, (origin, failure))| {
            let event = ErrorOccurred { origin: origin.clone(), failure: failure.clone() };
            ErrorPoint::new(Stamp(begin + number as i64), event)
        })
        .collect()
}

/// Names of tags and fields that these points have.
pub(crate) fn columns() -> (BTreeSet<&'static str>, BTreeSet<&'static str>) {
    let (mut tags, mut fields) = (BTreeSet::new(), BTreeSet::new());
    for point in points(DateTime::UNIX_EPOCH) {
        point.for_each_tag(|name, _| _ = tags.insert(name));
        point.for_each_field(|name, _| _ = fields.insert(name));
    }
    (tags, fields)
}

#[test]
fn the_samples_have_every_category_and_every_column() {
    let found: BTreeSet<&str> = failures().iter().map(|it| it.category().as_str()).collect();
    assert_eq!(found, Category::ALL.into_iter().map(Category::as_str).collect());
    let page = include_str!("../../docs/ERROR-TRACKING.md");
    let (tags, fields) = columns();
    for name in tags.iter().chain(&fields) {
        assert!(page.contains(&format!("`{name}`")), "{name}");
    }
    assert_eq!((tags.len(), fields.len()), (6, 9));
}

/// What Grafana makes of an InfluxQL query, for these error types and servers.
fn filled_in(query: &str, types: &str, servers: &str) -> String {
    let to = Utc::now();
    let from = to - Days::new(3);
    let range = format!(
        "time >= {}ms and time <= {}ms",
        from.timestamp_millis(),
        to.timestamp_millis() + 1
    );
    let query = query
        .replace("${measurement:raw}", MEASUREMENT)
        .replace("${type:regex}", types)
        .replace("${server:regex}", servers)
        .replace("$timeFilter", &range)
        .replace("$__interval", "1h");
    assert!(!query.contains("${"), "{query}");
    query
}

/// All values of a column of a query's answer.
fn values<'a>(series: &'a [Value], column: &str) -> Vec<&'a Value> {
    let mut found = Vec::new();
    for one in series {
        let columns = one["columns"].as_array().unwrap();
        if let Some(at) = columns.iter().position(|name| name == column) {
            found.extend(one["values"].as_array().unwrap().iter().map(|row| &row[at]));
        }
        found.extend(one["tags"].get(column));
    }
    found
}

/// An InfluxDB with each error once now and once yesterday, and how many that is a day.
fn filled() -> (Influxd, u64) {
    let influx = Influxd::started();
    let made = post(&influx.authority(), "/query?q=CREATE%20DATABASE%20SenseOps", b"").unwrap();
    assert_eq!(made.status, 200, "{made:?}");
    let midnight = Utc::now().date_naive().and_hms_opt(0, 0, 0).unwrap().and_utc();
    let mut lines = Vec::new();
    for begin in [Utc::now(), midnight - chrono::Duration::hours(12)] {
        for point in points(begin) {
            encode_error(&point, MEASUREMENT, None, &mut lines);
        }
    }
    let stored = post(&influx.authority(), "/write?db=SenseOps", &lines).unwrap();
    assert_eq!(stored.status, 204, "{stored:?}");
    (influx, points(DateTime::UNIX_EPOCH).len() as u64)
}

#[test]
fn every_influxql_query_finds_what_the_program_writes() {
    let dashboard = dashboard(ERRORS[0]);
    let day = Utc::now().date_naive();
    let (influx, a_day) = filled();
    let sum = |query: &str, column: &str| -> u64 {
        let found = influx.query(DB, query);
        values(&found, column).iter().filter_map(|value| value.as_u64()).sum()
    };
    let mut totals = Vec::new();
    for panel in panels(&dashboard) {
        let title = panel["title"].as_str().unwrap();
        let mut total = 0;
        for target in targets(panel) {
            let query = filled_in(query(target), ".*", ".*");
            let found = influx.query(DB, &query);
            if panel["type"] == "table" {
                assert_eq!(target["resultFormat"], "table", "{title}");
                check_columns(&query, &found);
                continue;
            }
            let alias = target["alias"].as_str().unwrap_or_default();
            if let Some(tag) = alias.strip_prefix("$tag_") {
                assert!(found.iter().all(|one| one["tags"].get(tag).is_some()), "{query}");
            }
            let count = sum(&query, "sum");
            assert!(count > 0, "{title}: {query} finds {found:?}");
            total += count;
        }
        totals.push((title, total));
    }
    // A day that ended in between changes what is today.
    if Utc::now().date_naive() == day {
        for (title, total) in totals.into_iter().filter(|(_, total)| *total > 0) {
            let today = ["Errors today (UTC)", "Errors yesterday (UTC)"].contains(&title)
                || title == "Errors in the last 15 minutes";
            assert_eq!(total, if today { a_day } else { 2 * a_day }, "{title}");
        }
    }

    let all = targets(panels(&dashboard)[3]);
    let of = |types: &str, servers: &str| sum(&filled_in(query(&all[0]), types, servers), "sum");
    let each = 2 * failures().len() as u64;
    assert_eq!(of("HEALTH_API", ".*"), each);
    assert_eq!(of("(HEALTH_API|NEW_RELIC_POST)", ".*"), 2 * each);
    assert_eq!(of(".*", "sense2"), each);
    let servers = variable(&dashboard, "server")["query"].as_str().unwrap();
    let found = influx.query(DB, &filled_in(servers, "", ""));
    assert_eq!(values(&found, "value"), ["sense1", "sense2"]);
}

/// Every column that a table asks for has a value in one row at least.
fn check_columns(query: &str, found: &[Value]) {
    let mut names: BTreeSet<&str> = query.split('"').skip(1).step_by(2).collect();
    names.remove(MEASUREMENT);
    assert!(names.len() > 5, "{query}");
    for name in names {
        let values = values(found, name);
        let is_text = |value: &&Value| !value.is_null() && **value != "";
        assert!(values.iter().any(is_text), "{name}: {query}");
    }
}
