//! The write API of InfluxDB 2 and 3: a stand-in that is checked byte for byte, and a real second
//! implementation.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actors::domain::errors::{Category, ErrorOccurred, Failure, Origin};
use butler_sos::app::App;
use butler_sos::demo::configuration::{Choices, of_site};
use butler_sos::demo::site::Site;
use serde_json::{Value, json};
use test_support::{Answer, Influx3, RecordedRequest, StandIn, Victoria, until_async};

use crate::common;

pub(crate) fn v2(port: u16) -> String {
    format!(
        "  influxdbConfig:
    enable: true
    host: 127.0.0.1
    port: {port}
    version: 2
    v2Config:
      org: My org
      bucket: sense/ops
      description: Qlik Sense
      token: s3cr3t-token
      retentionDuration: 30d
"
    )
}

pub(crate) fn v3(port: u16) -> String {
    format!(
        "  influxdbConfig:
    enable: true
    host: 127.0.0.1
    port: {port}
    version: 3
    v3Config:
      database: sense/ops
      token: s3cr3t-token
"
    )
}

fn app(section: &str, folder: &Path) -> App {
    common::start(common::settings(&format!("Butler-SOS:\n{section}"), folder))
}

pub(crate) fn failed(server: &str) -> ErrorOccurred {
    let origin = Origin::HealthApi { server: server.into(), host: server.into() };
    ErrorOccurred { origin, failure: Failure::local(Category::Unknown, "provoked") }
}

async fn end(app: App) {
    app.drain(Duration::from_secs(10)).await;
    app.end();
}

/// As InfluxDB 2 answers; the bucket exists from its creation on.
pub(crate) fn influx_2(
    bucket: &Arc<AtomicBool>,
) -> impl FnMut(&RecordedRequest) -> Answer + Send + 'static + use<> {
    let bucket = Arc::clone(bucket);
    move |seen: &RecordedRequest| {
        let exists = bucket.load(Ordering::SeqCst);
        match (seen.method.as_str(), seen.target.split('?').next().unwrap_or_default()) {
            ("GET", "/api/v2/orgs") => Answer::new(200, r#"{"orgs":[{"id":"00000000000000aa"}]}"#),
            ("GET", "/api/v2/buckets") if exists => {
                Answer::new(200, r#"{"buckets":[{"id":"1","name":"sense/ops"}]}"#)
            }
            ("GET", "/api/v2/buckets") => {
                Answer::new(404, r#"{"code":"not found","message":"bucket not found"}"#)
            }
            ("POST", "/api/v2/buckets") => {
                bucket.store(true, Ordering::SeqCst);
                Answer::new(201, "{}")
            }
            ("POST", "/api/v2/write") if exists => Answer::new(204, ""),
            _ => Answer::new(404, r#"{"code":"not found","message":"bucket not found"}"#),
        }
    }
}

fn headers(seen: &RecordedRequest) -> Vec<(&str, &str)> {
    let ours = ["Authorization", "Content-Type", "Content-Encoding"];
    ours.into_iter().filter_map(|name| Some((name, seen.header(name)?))).collect()
}

/// Everything before the stamp, which is checked to be one.
pub(crate) fn without_stamp(line: &str) -> &str {
    let (line, stamp) = line.rsplit_once(' ').unwrap();
    assert!(stamp.len() == 19 && stamp.parse::<i64>().is_ok(), "{stamp}");
    line
}

#[actix::test]
async fn version_2_makes_its_bucket_and_writes_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let bucket = Arc::default();
    let server = StandIn::start(influx_2(&bucket));
    let app = app(&v2(server.address().port()), folder.path());
    app.tracker.do_send(failed("sense1"));
    common::counted(&app, 1).await;
    end(app).await;

    let seen = server.seen();
    let of = |method: &str, path: &str| -> Vec<&RecordedRequest> {
        seen.iter().filter(|s| s.method == method && s.target.starts_with(path)).collect()
    };
    let token = ("Authorization", "Token s3cr3t-token");
    assert_eq!(of("GET", "/api/v2/orgs")[0].target, "/api/v2/orgs?org=My%20org");
    assert_eq!(
        of("GET", "/api/v2/buckets")[0].target,
        "/api/v2/buckets?org=My%20org&name=sense%2Fops"
    );
    let created = of("POST", "/api/v2/buckets");
    assert_eq!(headers(created[0]), [token, ("Content-Type", "application/json")]);
    assert_eq!(
        serde_json::from_str::<Value>(&created[0].text()).unwrap(),
        json!({
            "orgID": "00000000000000aa", "name": "sense/ops", "description": "Qlik Sense",
            "retentionRules": [{ "type": "expire", "everySeconds": 2_592_000 }],
        })
    );
    let writes: Vec<&RecordedRequest> = of("POST", "/api/v2/write");
    let write = writes.last().unwrap();
    assert_eq!(write.target, "/api/v2/write?org=My%20org&bucket=sense%2Fops&precision=ns");
    assert_eq!(headers(write), [token, ("Content-Type", "text/plain; charset=utf-8")]);
    let text = write.text();
    assert!(text.ends_with('\n'));
    assert_eq!(
        without_stamp(text.trim_end()),
        "butler_sos_errors,error_type=HEALTH_API,host=sense1,server_name=sense1 \
         error_count=1i,error_category=\"unknown\",error_code=\"\""
    );
}

#[actix::test]
async fn a_bucket_that_can_only_be_made_later_is_made_later() {
    let folder = tempfile::tempdir().unwrap();
    let away = || Answer::new(503, r#"{"code":"unavailable","message":"starting"}"#);
    let server = StandIn::start(move |_| away());
    let app = app(&v2(server.address().port()), folder.path());
    app.tracker.do_send(failed("sense1"));
    let refused = || {
        let writes = server.seen().into_iter().filter(|s| s.target.starts_with("/api/v2/write"));
        (writes.count() > 0).then_some(())
    };
    until_async("a refused write", refused).await;
    server.respond(influx_2(&Arc::default()));
    let stored = || {
        let seen = server.seen();
        let created =
            seen.iter().position(|s| s.method == "POST" && s.target.ends_with("/buckets"));
        let written = seen.iter().rposition(|s| s.target.starts_with("/api/v2/write"));
        (created? < written?).then_some(())
    };
    until_async("a write after the bucket was made", stored).await;
    end(app).await;
}

#[actix::test]
async fn version_3_writes_with_its_token_and_compresses_what_is_large() {
    let folder = tempfile::tempdir().unwrap();
    let mut influx = Influx3::with_token("s3cr3t-token");
    let server = StandIn::start(move |seen| influx.answer(seen));
    let app = app(&v3(server.address().port()), folder.path());
    app.tracker.do_send(failed("small"));
    let writes = || -> Vec<RecordedRequest> {
        server.seen().into_iter().filter(|seen| seen.method == "POST").collect()
    };
    until_async("the small write", || (writes().len() == 1).then_some(())).await;
    let large = "a server with a long name ".repeat(50);
    app.tracker.do_send(failed(large.trim()));
    common::counted(&app, 2).await;
    end(app).await;

    let writes = writes();
    let token = ("Authorization", "Token s3cr3t-token");
    let plain = ("Content-Type", "text/plain; charset=utf-8");
    for write in &writes {
        assert_eq!(write.target, "/api/v2/write?bucket=sense%2Fops&precision=ns");
    }
    assert_eq!(headers(&writes[0]), [token, plain]);
    assert_eq!(headers(&writes[1]), [token, plain, ("Content-Encoding", "gzip")]);
    let escaped = large.trim().replace(' ', "\\ ");
    assert_eq!(
        without_stamp(writes[1].text().trim_end()),
        format!(
            "butler_sos_errors,error_type=HEALTH_API,host={escaped},server_name={escaped} \
             error_count=1i,error_category=\"unknown\",error_code=\"\""
        )
    );
}

#[actix::test]
async fn version_3_gets_the_types_that_its_columns_have() {
    let folder = tempfile::tempdir().unwrap();
    // A table of the original: numbers are floats there.
    let columns = Influx3::with_token("s3cr3t-token");
    let mut influx = columns.column("butler_sos_errors", "error_count", "float");
    let server = StandIn::start(move |seen| influx.answer(seen));
    let app = app(&v3(server.address().port()), folder.path());
    app.tracker.do_send(failed("sense1"));
    common::counted(&app, 1).await;
    end(app).await;
    // The writer looks at the database whenever it likes.
    let mut seen = server.seen();
    seen.retain(|seen| seen.target != "/health");
    let writes: Vec<&str> = seen.iter().filter_map(|seen| seen.target.split('?').next()).collect();
    assert_eq!(writes, ["/api/v2/write", "/api/v3/write_lp", "/api/v2/write"]);
    assert_eq!(
        without_stamp(seen[2].text().trim_end()),
        "butler_sos_errors,error_type=HEALTH_API,host=sense1,server_name=sense1 \
         error_count=1,error_category=\"unknown\",error_code=\"\""
    );
}

#[actix::test]
async fn a_second_implementation_takes_every_measurement() {
    let folder = tempfile::tempdir().unwrap();
    let server = Victoria::started();
    let site = Site::start(1, folder.path()).unwrap();
    let choices = Choices {
        interval_ms: 200,
        app_names: false,
        sections: v2(server.port()),
        ..Choices::default()
    };
    let app = common::start(common::settings(&of_site(&site, 1, &choices), folder.path()));
    for number in 0..1_000 {
        app.tracker.do_send(failed(if number % 2 == 0 { "even" } else { "odd number" }));
    }
    let sum = |name: &str| -> f64 {
        let series = server.series(name);
        let values = series.iter().filter_map(|series| series["values"].as_array()).flatten();
        values.filter_map(Value::as_f64).sum()
    };
    for (name, at_least) in [
        ("butler_sos_errors_error_count", 1.0),
        ("mem_free", 1.0),
        ("cpu_total", 1.0),
        ("users_active", 3.0),
        ("user_session_summary_session_count", 2.0),
        ("user_session_list_session_count", 2.0),
    ] {
        until_async(name, || (sum(name) >= at_least).then_some(())).await;
    }
    let counts = common::counts(&app).await;
    assert_eq!(counts.total(), 1_000, "{}", counts.details());
    let names: Vec<Value> = server
        .series("butler_sos_errors_error_count")
        .into_iter()
        .map(|series| series["metric"]["server_name"].clone())
        .collect();
    assert!(names.contains(&json!("odd number")), "{names:?}");
    end(app).await;
}
