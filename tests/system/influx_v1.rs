//! A real InfluxDB 1.x: what is written, what is created, what an outage does.

use std::time::Duration;

use actors::domain::errors::{
    Category, DestinationHost, ErrorCounts, ErrorOccurred, ErrorType, Failure, InfluxModule,
    InfluxVersion, Origin,
};
use actors::io::error_log::{ErrorReader, Filter};
use butler_sos::app::App;
use butler_sos::demo::configuration::{Choices, of_site};
use butler_sos::demo::site::{Endpoint, Fault, Site};
use serde_json::{Value, json};
use test_support::{Influxd, until_async};

use crate::common;

const DB: &str = "SenseOps";

/// A program without any server to poll.
fn sinks_only(port: u16, folder: &std::path::Path) -> App {
    let quiet = "  errorTracking:\n    logSummary:\n      enable: false\n";
    let text = format!("Butler-SOS:\n{quiet}{}", common::influx_v1(port));
    common::start(common::settings(&text, folder))
}

fn local(origin: Origin) -> ErrorOccurred {
    let failure = Failure::local(Category::Unknown, "provoked");
    ErrorOccurred { origin, failure }
}

fn health(server: &str) -> ErrorOccurred {
    local(Origin::HealthApi { server: server.into(), host: server.into() })
}

async fn end(app: App) {
    app.drain(Duration::from_secs(10)).await;
    app.end();
}

fn sum(influx: &Influxd) -> u64 {
    let rows = influx.rows(DB, "SELECT SUM(error_count) AS n FROM butler_sos_errors");
    rows.first().and_then(|row| row["n"].as_u64()).unwrap_or(0)
}

#[actix::test]
async fn ten_thousand_errors_at_once_are_ten_thousand_points() {
    let folder = tempfile::tempdir().unwrap();
    let influx = Influxd::started();
    let app = sinks_only(influx.port(), folder.path());
    for number in 0..10_000_u32 {
        app.tracker.do_send(health(["sense1", "sense2", "sense3"][number as usize % 3]));
    }
    let counts = common::counted(&app, 10_000).await;
    end(app).await;
    assert_eq!(sum(&influx), counts.total());
    let by_server =
        influx.query(DB, "SELECT SUM(error_count) FROM butler_sos_errors GROUP BY server_name");
    let sums: Vec<&Value> = by_server.iter().map(|series| &series["values"][0][1]).collect();
    assert_eq!(sums, [&json!(3334), &json!(3333), &json!(3333)]);
}

#[actix::test]
async fn an_error_without_a_server_is_found_by_the_empty_name() {
    let folder = tempfile::tempdir().unwrap();
    let influx = Influxd::started();
    let app = sinks_only(influx.port(), folder.path());
    app.tracker.do_send(health("sense1"));
    app.tracker.do_send(local(Origin::InfluxWrite {
        version: InfluxVersion::V1,
        module: InfluxModule::ButlerMemory,
        server: None,
        to: DestinationHost::of_url("http://127.0.0.1:1"),
    }));
    common::counted(&app, 2).await;
    end(app).await;
    let found = influx.rows(DB, "SELECT * FROM butler_sos_errors WHERE server_name = ''");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["module"], "BUTLER_MEMORY");
    assert_eq!(found[0]["destination_host"], "http://127.0.0.1:1");
    let grouped =
        influx.query(DB, "SELECT SUM(error_count) FROM butler_sos_errors GROUP BY server_name");
    assert_eq!(grouped[0]["tags"]["server_name"], "");
}

#[actix::test]
async fn names_full_of_separators_come_back_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let influx = Influxd::started();
    let app = sinks_only(influx.port(), folder.path());
    let names = [
        "with space",
        "comma,equal=sign",
        "quote\"quote",
        "back\\slash",
        "'; DROP DATABASE x",
        "ü😀",
        "#comment",
        "a\\,b\\ c",
    ];
    names.iter().for_each(|name| app.tracker.do_send(health(name)));
    app.tracker.do_send(health("line\nbreak and end\\"));
    common::counted(&app, names.len() as u64 + 1).await;
    end(app).await;
    let rows = influx.rows(DB, "SELECT * FROM butler_sos_errors");
    let found: Vec<&str> = rows.iter().filter_map(|row| row["server_name"].as_str()).collect();
    for name in names {
        assert!(found.contains(&name), "{name:?} in {found:?}");
    }
    assert!(found.contains(&"linebreak and end"), "{found:?}");
}

#[actix::test]
async fn a_database_filled_by_the_original_takes_the_points_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let influx = Influxd::started();
    let post = |path: &str, body: &str| {
        let reply = test_support::post(&influx.authority(), path, body.as_bytes()).unwrap();
        assert!(reply.status < 300, "{reply:?}");
    };
    post("/query?q=CREATE%20DATABASE%20SenseOps", "");
    // Numbers without an `i` are floats.
    post(
        "/write?db=SenseOps",
        "butler_sos_errors,error_type=HEALTH_API error_count=1,http_status=401",
    );
    let app = sinks_only(influx.port(), folder.path());
    for _ in 0..5 {
        app.tracker.do_send(health("sense1"));
    }
    common::counted(&app, 5).await;
    end(app).await;
    assert_eq!(sum(&influx), 6, "one of the original, five of ours");
}

#[actix::test]
async fn each_failed_operation_is_counted_once_while_influxdb_is_down() {
    let folder = tempfile::tempdir().unwrap();
    let influx = Influxd::new();
    let site = Site::start(3, folder.path()).unwrap();
    let all =
        [Endpoint::Engine, Endpoint::Proxy].map(|kind| (0..3).map(kind)).into_iter().flatten();
    let all: Vec<Endpoint> = all.collect();
    site.set(Endpoint::Engine(1), Fault::Status(503, ""));
    let choices = Choices {
        interval_ms: 100,
        app_names: false,
        virtual_proxies: vec!["/"],
        sections: common::influx_v1(influx.port()),
    };
    let app = common::start(common::settings(&of_site(&site, 3, &choices), folder.path()));
    common::counted(&app, 500).await;
    // From here on nothing new is answered; one more round, and nothing is under way.
    all.iter().for_each(|endpoint| site.set(*endpoint, Fault::Refused));
    let refused = |counts: &ErrorCounts| {
        counts.of_type(ErrorType::HealthApi) + counts.of_type(ErrorType::ProxyApi)
    };
    let so_far = refused(&common::counts(&app).await);
    let deadline = std::time::Instant::now() + test_support::PATIENCE;
    while refused(&common::counts(&app).await) < so_far + 3 * all.len() as u64 {
        assert!(std::time::Instant::now() < deadline);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    app.drain(Duration::from_secs(10)).await;
    let counts = common::counts(&app).await;
    app.end();

    let answered = |endpoints: &[Endpoint]| -> u64 {
        endpoints.iter().map(|endpoint| site.count(*endpoint)).sum()
    };
    let writes = answered(&all) - answered(&[Endpoint::Engine(1)]);
    assert_eq!(counts.of_type(ErrorType::InfluxdbV1Write), writes, "one for each write operation");
    let history = ErrorReader::open(&folder.path().join(common::HISTORY)).unwrap();
    let totals = history.totals(&Filter::default()).unwrap();
    let of = |kind: &str, category: &str| {
        let found = totals.iter().find(|t| t.error_type == kind && t.error_category == category);
        found.map_or(0, |total| total.count)
    };
    assert_eq!(of("HEALTH_API", "http_5xx"), answered(&[Endpoint::Engine(1)]));
    assert_eq!(of("INFLUXDB_V1_WRITE", "connection_refused"), writes);
    assert_eq!(totals.iter().map(|total| total.count).sum::<u64>(), counts.total());
}

#[actix::test]
async fn points_of_an_outage_arrive_later_with_their_own_stamps() {
    let folder = tempfile::tempdir().unwrap();
    let mut influx = Influxd::new();
    let site = Site::start(2, folder.path()).unwrap();
    site.set(Endpoint::Engine(0), Fault::Status(503, ""));
    let choices = Choices {
        interval_ms: 200,
        app_names: false,
        virtual_proxies: vec!["/"],
        sections: common::influx_v1(influx.port()),
    };
    let app = common::start(common::settings(&of_site(&site, 2, &choices), folder.path()));
    common::counted(&app, 60).await;
    let outage_ended = chrono::Utc::now().timestamp_nanos_opt().unwrap();
    influx.start();
    // Without new failures the numbers stand still and can be compared.
    site.set(Endpoint::Engine(0), Fault::None);
    let deadline = std::time::Instant::now() + test_support::PATIENCE;
    let total = loop {
        let (total, stored) = (common::counts(&app).await.total(), sum(&influx));
        if total == stored {
            break total;
        }
        assert!(std::time::Instant::now() < deadline, "{stored} of {total} points are stored");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    end(app).await;
    let number = |query: &str| {
        let rows = influx.rows(DB, &format!("{query} WHERE time < {outage_ended}"));
        rows.first().and_then(|row| row["n"].as_u64()).unwrap_or(0)
    };
    let early = number("SELECT SUM(error_count) AS n FROM butler_sos_errors");
    assert!((60..=total).contains(&early), "{early} of {total} have a stamp of the outage");
    let early = number("SELECT COUNT(version) AS n FROM sense_server");
    assert!(early > 0, "measurements of the outage are there too");
}

#[actix::test]
async fn a_missing_database_is_created_with_its_retention() {
    let folder = tempfile::tempdir().unwrap();
    let mut influx = Influxd::new();
    let app = sinks_only(influx.port(), folder.path());
    app.tracker.do_send(health("sense1"));
    common::counted(&app, 1).await;
    // Only now is there anybody who could be asked.
    influx.start();
    until_async("the first point", || (sum(&influx) == 1).then_some(())).await;
    let policies = influx.rows(DB, "SHOW RETENTION POLICIES ON \"SenseOps\"");
    let ours = policies.iter().find(|policy| policy["name"] == "10d").unwrap();
    assert_eq!((&ours["duration"], &ours["default"]), (&json!("240h0m0s"), &json!(true)));
    end(app).await;
}

#[actix::test]
async fn measurements_have_the_types_of_the_page() {
    let folder = tempfile::tempdir().unwrap();
    let influx = Influxd::started();
    let site = Site::start(1, folder.path()).unwrap();
    let sections = format!(
        "{}    includeFields:\n      activeDocs: true\n      loadedDocs: true\n      \
         inMemoryDocs: true\n  uptimeMonitor:\n    enable: true\n    frequency: every 1 seconds\n    \
         storeInInfluxdb:\n      butlerSOSMemoryUsage: true\n      instanceTag: TEST\n",
        common::influx_v1(influx.port())
            .replace("    v1Config", "    maxBatchSize: 100\n    v1Config")
    );
    let choices = Choices { interval_ms: 200, sections, ..Choices::default() };
    let text = of_site(&site, 1, &choices);
    let app = common::start(common::settings(&text, folder.path()));
    let named = || {
        influx
            .rows(DB, "SELECT LAST(loaded_docs_names) AS names FROM apps")
            .first()
            .is_some_and(|row| row["names"] == "\"Inventory, hourly\",\"Sales dashboard\"")
    };
    until_async("app names", || named().then_some(())).await;
    let own = || influx.count(DB, "butlersos_memory_usage", "heap_used") > 0;
    until_async("own memory", || own().then_some(())).await;
    assert_eq!(common::counts(&app).await.total(), 0, "nothing failed");
    end(app).await;

    let integer = [
        ("mem", "comitted"),
        ("mem", "allocated"),
        ("mem", "free"),
        ("apps", "active_docs_count"),
        ("apps", "calls"),
        ("apps", "selections"),
        ("cpu", "total"),
        ("session", "active"),
        ("session", "total"),
        ("users", "active"),
        ("cache", "hits"),
        ("cache", "bytes_added"),
        ("user_session_summary", "session_count"),
    ];
    let types =
        |measurement: &str| influx.rows(DB, &format!("SHOW FIELD KEYS FROM \"{measurement}\""));
    let type_of = |measurement: &str, field: &str| {
        let types = types(measurement);
        let found = types.iter().find(|row| row["fieldKey"] == field);
        found.unwrap_or_else(|| panic!("{measurement}.{field} in {types:?}"))["fieldType"].clone()
    };
    for (measurement, field) in integer {
        assert_eq!(type_of(measurement, field), "integer", "{measurement}.{field}");
    }
    for (measurement, field, expected) in [
        ("saturated", "saturated", "boolean"),
        ("sense_server", "uptime", "string"),
        ("apps", "active_docs", "string"),
        ("user_session_summary", "session_user_id_list", "string"),
        ("user_session_details", "session_id", "string"),
        ("butlersos_memory_usage", "process_memory", "float"),
    ] {
        assert_eq!(type_of(measurement, field), expected, "{measurement}.{field}");
    }
    assert_eq!(types("user_session_list").len(), 1, "version 1 has no session_count there");
    let tags = influx.rows(DB, "SHOW TAG KEYS FROM user_session_details");
    let tags: Vec<&str> = tags.iter().filter_map(|row| row["tagKey"].as_str()).collect();
    assert_eq!(
        tags,
        [
            "host",
            "server_description",
            "server_name",
            "user_session_host",
            "user_session_id",
            "user_session_user_directory",
            "user_session_user_id",
            "user_session_virtual_proxy",
        ]
    );
}

#[actix::test]
async fn the_sink_alone_never_makes_an_error_about_itself() {
    let folder = tempfile::tempdir().unwrap();
    let influx = Influxd::new();
    let app = sinks_only(influx.port(), folder.path());
    for _ in 0..100 {
        app.tracker.do_send(health("sense1"));
    }
    common::counted(&app, 100).await;
    app.drain(Duration::from_secs(5)).await;
    assert_eq!(common::counts(&app).await.total(), 100);
    app.end();
}
