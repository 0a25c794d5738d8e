//! What the writer sends for each version, letter by letter, and what it reports.

use std::collections::HashSet;

use serde_json::json;
use test_support::{Answer, PATIENCE, RecordedRequest, StandIn, until_async};

use super::*;
use crate::domain::errors::{Failure, InfluxVersion};
use crate::domain::names::Secret;
use crate::domain::telemetry::{AppNames, EngineHealth, ProxySession};
use crate::io::influx::{IncludeFields, InfluxTarget};
use crate::runtime::probe::{Received, probe};

const HEALTH: &str = r#"{"version":"12.2015.0","started":"20260503T063015.208+0200",
    "mem":{"committed":1843.7,"allocated":3120.2,"free":20544.9},
    "cpu":{"total":7.6},"session":{"active":4,"total":19},
    "apps":{"active_docs":[],"loaded_docs":["b","SessionApp_1","a"],"in_memory_docs":["a"],
    "calls":90412,"selections":-1},"users":{"active":1,"total":3},
    "cache":{"hits":5,"lookups":8,"added":2,"replaced":1,"bytes_added":-4},"saturated":false}"#;

fn target(version: InfluxVersion) -> InfluxTarget {
    let token = Secret::from("token");
    match version {
        InfluxVersion::V1 => InfluxTarget::V1 {
            database: "SenseOps".to_owned(),
            auth: Some(("me".to_owned(), Secret::from("pass"))),
            policy: "10d".to_owned(),
            duration: "10d".to_owned(),
        },
        InfluxVersion::V2 => InfluxTarget::V2 {
            org: "o".to_owned(),
            bucket: "b".to_owned(),
            description: String::new(),
            token,
            retention: None,
        },
        InfluxVersion::V3 => {
            let timeout = Duration::from_secs(10);
            InfluxTarget::V3 { database: "d".to_owned(), token, timeout }
        }
    }
}

/// A server on which everything is there already and every write works.
fn healthy(seen: &RecordedRequest) -> Answer {
    let json = |value: serde_json::Value| Answer::new(200, value.to_string());
    match seen.target.split('?').next().unwrap_or_default() {
        "/query" => json(json!({ "results": [{ "series": [{ "values": [["SenseOps"]] }] }] })),
        "/api/v2/orgs" => json(json!({ "orgs": [{ "id": "1" }] })),
        "/api/v2/buckets" => json(json!({ "buckets": [{ "id": "2" }] })),
        _ => Answer::new(204, ""),
    }
}

fn start(
    server: &StandIn,
    version: InfluxVersion,
) -> (actix::Addr<InfluxWriter>, Received<ErrorOccurred>) {
    let influx = InfluxSettings {
        base_url: format!("http://{}", server.address()),
        ca_file: None,
        target: target(version),
        max_batch_size: 1000,
        include: IncludeFields { active: true, loaded: true, in_memory: false },
    };
    let own = OwnTags { instance: "DEV".to_owned(), version: "0.1.0".to_owned() };
    let clock = Clock::manual("2026-05-03T16:10:09Z".parse().unwrap());
    let (errors, received) = probe();
    (
        InfluxWriter::new(influx, None, own, EventSettings::default(), clock, errors).start(),
        received,
    )
}

fn monitored() -> std::sync::Arc<MonitoredServer> {
    std::sync::Arc::new(MonitoredServer {
        name: "sense1".into(),
        host: "sense1.example.com".into(),
        description: "Central node, EU".into(),
        tags: vec![("serverLocation".into(), "Asia = 1".into())],
    })
}

fn health_metrics() -> HealthMetrics {
    let names = AppNames::from_json(br#"[{"id":"a","name":"Sales \"EU\""}]"#).unwrap();
    let health = EngineHealth::from_json(HEALTH.as_bytes(), Some(&names)).unwrap();
    HealthMetrics { server: monitored(), health: std::sync::Arc::new(health) }
}

/// Sends all three kinds of message and returns the lines, without the tags of the server.
async fn lines(version: InfluxVersion) -> Vec<String> {
    let server = StandIn::start(healthy);
    let (writer, errors) = start(&server, version);
    writer.do_send(health_metrics());
    let session = |user: &str, excluded| ProxySession {
        directory: "CORP".to_owned(),
        user_id: user.to_owned(),
        session_id: format!("id-{user}"),
        excluded,
    };
    writer.do_send(ProxySessions {
        server: monitored(),
        session_host: "sense1.example.com:4243".into(),
        virtual_proxy: "/hdr".into(),
        sessions: [session("anna", false), session("svc", true), session("anna", false)].into(),
        answer: std::sync::Arc::default(),
    });
    writer.do_send(OwnMemory {
        heap_used: 75_000_000,
        heap_total: 94_371_840,
        external: 0,
        process_memory: 146_838_392,
        uptime: Duration::ZERO,
    });
    let until = Instant::now() + PATIENCE;
    writer.send(Drain { until }).await.unwrap();
    assert!(errors.all().is_empty());
    let seen = server.seen();
    let writes: Vec<&RecordedRequest> =
        seen.iter().filter(|seen| seen.target.contains("/write?")).collect();
    let expected = if version == InfluxVersion::V1 { "Basic bWU6cGFzcw==" } else { "Token token" };
    assert!(writes.iter().all(|write| write.header("Authorization") == Some(expected)));
    let text: String = writes.iter().map(|write| write.text()).collect();
    let tags = r"host=sense1.example.com,serverLocation=Asia\ \=\ 1,server_description=Central\ node\,\ EU,server_name=sense1";
    let (lines, stamps): (Vec<String>, HashSet<&str>) = text
        .lines()
        .filter_map(|line| line.rsplit_once(' '))
        .map(|(line, stamp)| (line.replace(tags, "T"), stamp))
        .unzip();
    assert_eq!(stamps.len(), lines.len(), "one stamp for each point");
    assert!(stamps.iter().all(|stamp| stamp.starts_with("17778246090000000")), "{stamps:?}");
    lines
}

const HOST: &str = "user_session_host=sense1.example.com:4243";

fn details() -> String {
    format!(
        "user_session_details,T,{HOST},user_session_id=id-anna,user_session_user_directory=CORP,\
         user_session_user_id=anna,user_session_virtual_proxy=/hdr \
         session_id=\"id-anna\",user_directory=\"CORP\",user_id=\"anna\""
    )
}

fn common(middle: &[&str], summary: &str, list: &str) -> Vec<String> {
    let session = |name: &str, count: &str| {
        format!(
            "{name},T,{HOST},user_session_virtual_proxy=/hdr {count}session_user_id_list=\
             \"CORP\\\\anna,CORP\\\\svc\""
        )
    };
    let server = "sense_server,T started=\"20260503T063015.208+0200\",\
                  uptime=\"0 days, 11h 39m 54s\",version=\"12.2015.0\"";
    let own = "butlersos_memory_usage,butler_sos_instance=DEV,version=0.1.0 \
               external=0,heap_total=90,heap_used=71.53,process_memory=140.04";
    let mut lines = vec![server.to_owned()];
    lines.extend(middle.iter().map(|line| (*line).to_owned()));
    lines.push("saturated,T saturated=false".to_owned());
    lines.push(session("user_session_summary", summary));
    lines.push(session("user_session_list", list));
    lines.extend([details(), details(), own.to_owned()]);
    lines
}

#[actix::test]
async fn version_1_has_the_types_of_its_columns() {
    let apps = r#"apps,T active_docs="",active_docs_count=0i,active_docs_names="",active_session_docs_names="",calls=90412i,in_memory_docs="",in_memory_docs_count=1i,in_memory_docs_names="",in_memory_session_docs_names="",loaded_docs="b,SessionApp_1,a",loaded_docs_count=3i,loaded_docs_names="\"Sales \"EU\"\",\"b\"",loaded_session_docs_names="\"SessionApp_1\"",selections=-1i"#;
    let expected = common(
        &[
            "mem,T allocated=3120i,comitted=1843i,free=20544i",
            apps,
            "cpu,T total=7i",
            "session,T active=4i,total=19i",
            "users,T active=1i,total=3i",
            "cache,T added=2i,bytes_added=-4i,hits=5i,lookups=8i,replaced=1i",
        ],
        "session_count=3i,",
        "",
    );
    assert_eq!(lines(InfluxVersion::V1).await, expected);
}

#[actix::test]
async fn version_2_counts_without_sign() {
    let apps = r#"apps,T active_docs="",active_docs_count=0i,active_docs_names="",active_session_docs_names="",calls=90412u,in_memory_docs="",in_memory_docs_count=1i,in_memory_docs_names="",in_memory_session_docs_names="",loaded_docs="b,SessionApp_1,a",loaded_docs_count=3i,loaded_docs_names="Sales \"EU\",b",loaded_session_docs_names="SessionApp_1",selections=0u"#;
    let expected = common(
        &[
            "mem,T allocated=3120.2,comitted=1843.7,free=20544.9",
            apps,
            "cpu,T total=7.6",
            "session,T active=4u,total=19u",
            "users,T active=1u,total=3u",
            "cache,T added=2i,bytes_added=-4i,hits=5u,lookups=8u,replaced=1i",
        ],
        "session_count=3u,",
        "session_count=3u,",
    );
    assert_eq!(lines(InfluxVersion::V2).await, expected);
}

#[actix::test]
async fn version_3_knows_no_negative_count() {
    let apps = r#"apps,T active_docs="",active_docs_count=0i,active_docs_names="",active_session_docs_names="",calls=90412i,in_memory_docs="",in_memory_docs_count=1i,in_memory_docs_names="",in_memory_session_docs_names="",loaded_docs="b,SessionApp_1,a",loaded_docs_count=3i,loaded_docs_names="Sales \"EU\",b",loaded_session_docs_names="SessionApp_1",selections=0i"#;
    let expected = common(
        &[
            "mem,T allocated=3120.2,comitted=1843.7,free=20544.9",
            apps,
            "cpu,T total=7i",
            "session,T active=4i,total=19i",
            "users,T active=1i,total=3i",
            "cache,T added=2i,bytes_added=0i,hits=5i,lookups=8i,replaced=1i",
        ],
        "session_count=3i,",
        "session_count=3i,",
    );
    assert_eq!(lines(InfluxVersion::V3).await, expected);
}

#[actix::test]
async fn an_operation_that_fails_is_told_once_and_stored_later() {
    let server = StandIn::start(|_| Answer::new(503, r#"{"message":"not now"}"#));
    let (writer, errors) = start(&server, InfluxVersion::V3);
    writer.do_send(health_metrics());
    let first = errors.at_least(1).await.remove(0);
    let origin = Origin::InfluxWrite {
        version: InfluxVersion::V3,
        module: InfluxModule::HealthMetrics,
        server: Some("sense1".into()),
        to: crate::domain::errors::DestinationHost::of_url(&format!("http://{}", server.address())),
    };
    assert_eq!(first.origin, origin);
    assert!(matches!(first.failure, Failure::Answered { status: 503, .. }));
    // While it is away, what comes is told at once.
    writer.do_send(health_metrics());
    errors.at_least(2).await;
    server.respond(healthy);
    let refused = server.seen().len();
    let stored = || {
        let seen = server.seen();
        let writes = seen[refused..].iter().filter(|seen| seen.target.contains("/write"));
        let lines: usize = writes.map(|seen| seen.text().lines().count()).sum();
        (lines == 16).then_some(())
    };
    until_async("both operations", stored).await;
    let until = Instant::now() + PATIENCE;
    writer.send(Drain { until }).await.unwrap();
    assert_eq!(errors.all().len(), 2, "each once");
}
