//! The five sample lines of the page, and text of every kind.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::domain::errors::{
    Category, DestinationHost, ErrorCode, ErrorOccurred, ErrorPoint, Failure, InfluxModule,
    InfluxVersion, NewRelicModule, Origin, RequestFacts, RequestUrl, Stage, UdpModule,
};
use crate::domain::names::{Host, VirtualProxy};

/// Tags and fields of a line, by an independent and simple-minded reader.
fn read(line: &str) -> (String, BTreeMap<String, String>, BTreeMap<String, String>) {
    let mut parts = vec![String::new()];
    let (mut in_text, mut escaped) = (false, false);
    let mut separators = Vec::new();
    for c in line.trim_end_matches('\n').chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' if separators.contains(&' ') => in_text = !in_text,
            ',' | ' ' if !in_text => {
                separators.push(c);
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        parts.last_mut().unwrap().push(c);
    }
    let fields_at = separators.iter().position(|c| *c == ' ').unwrap() + 1;
    let pair = |part: &String| {
        let mut escaped = false;
        let at = part
            .char_indices()
            .find(|(_, c)| {
                let found = *c == '=' && !escaped;
                escaped = *c == '\\' && !escaped;
                found
            })
            .unwrap()
            .0;
        let plain = |text: &str| text.replace("\\,", ",").replace("\\=", "=").replace("\\ ", " ");
        (plain(&part[..at]), plain(&part[at + 1..]))
    };
    let fields_end = separators
        .iter()
        .rposition(|c| *c == ' ')
        .map_or(parts.len(), |at| if at + 1 > fields_at { at + 1 } else { parts.len() });
    (
        parts[0].clone(),
        parts[1..fields_at].iter().map(pair).collect(),
        parts[fields_at..fields_end].iter().map(pair).collect(),
    )
}

fn line(origin: Origin, failure: Failure) -> String {
    let point = ErrorPoint::new(Stamp(1), ErrorOccurred { origin, failure });
    let mut out = Vec::new();
    encode_error(&point, "butler_sos_errors", None, &mut out);
    String::from_utf8(out).unwrap()
}

fn request(url: &str, ms: Option<u64>) -> RequestFacts {
    RequestFacts { url: RequestUrl::sanitised(url), timeout: ms.map(Duration::from_millis) }
}

/// What the page shows, without the empty tag that the wire cannot carry (decision E2).
fn sample(text: &str) -> (String, BTreeMap<String, String>, BTreeMap<String, String>) {
    let (measurement, mut tags, fields) = read(text);
    tags.retain(|_, value| !value.is_empty());
    (measurement, tags, fields)
}

#[test]
fn a_refused_proxy_is_the_first_sample() {
    let found = line(
        Origin::ProxyApi {
            server: "sense2".into(),
            host: Host::of_authority("pro2-win2.lab.ptarmiganlabs.net:4243"),
            virtual_proxy: VirtualProxy::from("/"),
        },
        Failure::Unanswered {
            code: ErrorCode::ConnectionRefused,
            stage: Stage::Dial("192.168.100.110:4243".parse().unwrap()),
            request: request(
                "https://pro2-win2.lab.ptarmiganlabs.net:4243/qps/session?Xrfkey=abcdefghij987654",
                Some(5000),
            ),
            message: "connect ECONNREFUSED".into(),
        },
    );
    let page = r#"butler_sos_errors,error_type=PROXY_API,server_name=sense2,host=pro2-win2.lab.ptarmiganlabs.net,virtual_proxy=/ error_count=1i,error_category="connection_refused",error_code="ECONNREFUSED",request_url="https://pro2-win2.lab.ptarmiganlabs.net:4243/qps/session",request_timeout_ms=5000i,remote_address="192.168.100.110",remote_port=4243i,syscall="connect""#;
    assert_eq!(read(&found), sample(page));
    assert!(found.ends_with(" 1\n"));
}

#[test]
fn a_health_timeout_is_the_second_sample() {
    let found = line(
        Origin::HealthApi {
            server: "sense1".into(),
            host: Host::of_authority("sense1.example.com:4747"),
        },
        Failure::Unanswered {
            code: ErrorCode::ConnectionAborted,
            stage: Stage::Waiting,
            request: request("https://sense1.example.com:4747/engine/healthcheck", Some(5000)),
            message: "timeout of 5000ms exceeded".into(),
        },
    );
    let page = r#"butler_sos_errors,error_type=HEALTH_API,server_name=sense1,host=sense1.example.com error_count=1i,error_category="timeout",error_code="ECONNABORTED",request_url="https://sense1.example.com:4747/engine/healthcheck",request_timeout_ms=5000i"#;
    assert_eq!(read(&found), sample(page));
}

#[test]
fn a_401_of_new_relic_is_the_third_sample_with_its_url() {
    let found = line(
        Origin::NewRelicPost {
            module: NewRelicModule::HealthMetrics,
            server: None,
            to: DestinationHost::of_url("https://metric-api.newrelic.com/metric/v1"),
        },
        Failure::Answered {
            status: 401,
            request: request("https://metric-api.newrelic.com/metric/v1", None),
        },
    );
    let page = r#"butler_sos_errors,error_type=NEW_RELIC_POST,server_name=,module=HEALTH_METRICS_NEW_RELIC,destination_host=https://metric-api.newrelic.com error_count=1i,error_category="auth_error",http_status=401i,error_code="""#;
    let (measurement, tags, mut fields) = read(&found);
    // The field table gives every HTTP request its URL; the sample leaves it out.
    let url = fields.remove("request_url");
    assert_eq!(url.as_deref(), Some("\"https://metric-api.newrelic.com/metric/v1\""));
    assert_eq!((measurement, tags, fields), sample(page));
}

#[test]
fn a_failed_write_is_the_fourth_sample_with_its_destination() {
    let found = line(
        Origin::InfluxWrite {
            version: InfluxVersion::V3,
            module: InfluxModule::HealthMetrics,
            server: Some("sense1".into()),
            to: DestinationHost::of_url("http://influx:8181"),
        },
        Failure::local(Category::Unknown, Arc::from("not known")),
    );
    let page = r#"butler_sos_errors,error_type=INFLUXDB_V3_WRITE,server_name=sense1,module=HEALTH_METRICS error_count=1i,error_category="unknown",error_code="""#;
    let (measurement, mut tags, fields) = read(&found);
    // Decision E4: the tag table has it on every destination write, the sample not.
    assert_eq!(tags.remove("destination_host").as_deref(), Some("http://influx:8181"));
    assert_eq!((measurement, tags, fields), sample(page));
}

#[test]
fn a_failed_user_event_is_the_fifth_sample() {
    let found = line(
        Origin::UdpEvent { module: UdpModule::UserEvents, server: None, host: None },
        Failure::local(Category::Unknown, Arc::from("malformed")),
    );
    let page = r#"butler_sos_errors,error_type=UDP_USER_EVENT,server_name=,module=UDP_USER_EVENTS error_count=1i,error_category="unknown",error_code="""#;
    assert_eq!(read(&found), sample(page));
    assert_eq!(
        found,
        "butler_sos_errors,error_type=UDP_USER_EVENT,module=UDP_USER_EVENTS error_count=1i,\
         error_category=\"unknown\",error_code=\"\" 1\n"
    );
}

fn encoded(point: &Point) -> Option<String> {
    let mut out = Vec::new();
    encode(point.clone(), &mut out).then(|| String::from_utf8(out).unwrap())
}

#[test]
fn values_have_the_marks_of_their_types() {
    let point = Point::new("m", Stamp(-5))
        .field("i", FieldValue::Integer(i64::MIN))
        .field("u", FieldValue::Unsigned(u64::MAX))
        .field("f", FieldValue::Float(90.0))
        .field("g", FieldValue::Float(0.1))
        .field("nan", FieldValue::Float(f64::NAN))
        .field("inf", FieldValue::Float(f64::INFINITY))
        .field("b", FieldValue::Boolean(true))
        .field("t", FieldValue::Text("a\\b \"c\"".into()));
    assert_eq!(
        encoded(&point).unwrap(),
        "m b=true,f=90,g=0.1,i=-9223372036854775808i,t=\"a\\\\b \\\"c\\\"\",u=18446744073709551615u -5\n"
    );
}

#[test]
fn a_point_without_a_field_that_can_be_written_is_left_out() {
    let nothing = Point::new("m", Stamp(1)).tag("a", "b").field("f", FieldValue::Float(f64::NAN));
    assert_eq!(encoded(&nothing), None);
}

#[test]
fn tags_are_sorted_and_the_later_of_two_wins() {
    let point = Point::new("me, asure=ment", Stamp(1))
        .tag("b", "Asia = 1, EU")
        .tag("a", "first")
        .tag("empty", "")
        .tag("slash", "CORP\\anna")
        .tag("end", "x\\\\")
        .tag("lines", "x\r\n\ty")
        .tag("a", "second")
        .field("f", FieldValue::Integer(1));
    assert_eq!(
        encoded(&point).unwrap(),
        "me\\,\\ asure=ment,a=second,b=Asia\\ \\=\\ 1\\,\\ EU,end=x,lines=xy,slash=CORP\\anna f=1i 1\n"
    );
}

proptest! {
    #[test]
    fn any_text_survives_in_a_field(text in ".*") {
        let point = Point::new("m", Stamp(1)).field("t", FieldValue::Text(text.clone().into()));
        let line = encoded(&point).unwrap();
        let inner = line.strip_prefix("m t=\"").unwrap().strip_suffix("\" 1\n").unwrap();
        prop_assert_eq!(inner.replace("\\\"", "\"").replace("\\\\", "\\").len(), text.len());
        let lines: Vec<_> = crate::io::influx::lines::split_lines(line.as_bytes()).collect();
        prop_assert_eq!(lines.len(), 1);
    }

    #[test]
    fn any_tag_gives_one_line_of_four_parts(name in "[^\\\\]*", value in "[^\\\\]*") {
        let keep = |text: &str| text.replace(['\n', '\r', '\t'], "");
        let point = Point::new("m", Stamp(1))
            .tag(name.clone(), value.clone())
            .field("f", FieldValue::Boolean(false));
        let line = encoded(&point).unwrap();
        let (_, tags, fields) = read(&line);
        let written = !keep(&name).is_empty() && !keep(&value).is_empty();
        prop_assert_eq!(tags.get(&keep(&name)).cloned(), written.then(|| keep(&value)));
        prop_assert_eq!(fields.get("f").map(String::as_str), Some("false"));
    }
}
