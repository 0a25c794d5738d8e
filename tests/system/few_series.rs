//! `qlikSenseEvents.influxdb.fewSeries` on the real InfluxDB 1.

use serde_json::Value;
use test_support::{Influxd, until_async};

use crate::common::{influx_v1, settings, start};
use crate::events::{SECTIONS, Sender, sample};

fn names(influx: &Influxd, query: &str, column: &str) -> Vec<String> {
    let rows = influx.rows("SenseOps", query);
    rows.iter().filter_map(|row| row[column].as_str().map(str::to_owned)).collect()
}

#[actix::test]
async fn what_differs_from_event_to_event_is_a_field_and_makes_no_series() {
    let influx = Influxd::started();
    let folder = tempfile::tempdir().unwrap();
    let sections =
        SECTIONS.replacen("    influxdb:\n", "    influxdb:\n      fewSeries: true\n", 1);
    let text = format!("Butler-SOS:\n  fileLogging: false\n{sections}{}", influx_v1(influx.port()));
    let app = start(settings(&text, folder.path()));
    let sender = Sender::to(&app).await;
    sender.user(&sample("U1"));
    let engine = sample("E1");
    let rest = engine.strip_prefix("/qseow-engine/;17;").unwrap();
    for number in 1..=50 {
        let text = rest.replace("jdoe", &format!("someone{number}"));
        let session = format!("{number:08}-4f2b-4c19-9d3e-7a1b5c2e8f04");
        let text = text.replace("c4a9e6d2-58f3-4b07-93c1-7e0d5b2a8f64", &session);
        sender.log(&format!("/qseow-engine/;{number};{text}"));
    }
    until_async("all events to be stored", || {
        let users = influx.count("SenseOps", "user_events", "userId");
        let logs = influx.count("SenseOps", "log_event", "raw_event");
        ((users, logs) == (1, 50)).then_some(())
    })
    .await;

    let tags = names(&influx, "SHOW TAG KEYS FROM log_event", "tagKey");
    for name in ["host", "level", "source", "subsystem", "user_directory", "qs_env"] {
        assert!(tags.contains(&name.to_owned()), "{name} is a tag: {tags:?}");
    }
    let fields = names(&influx, "SHOW FIELD KEYS FROM log_event", "fieldKey");
    for name in ["log_row", "user_full", "user_id", "app_id"] {
        assert!(!tags.contains(&name.to_owned()), "{name} is no tag: {tags:?}");
        assert!(fields.contains(&name.to_owned()), "{name} is a field: {fields:?}");
    }
    let series = influx.rows("SenseOps", "SHOW SERIES FROM log_event");
    assert_eq!(series.len(), 1, "{series:?}");

    let tags = names(&influx, "SHOW TAG KEYS FROM user_events", "tagKey");
    assert!(!tags.iter().any(|tag| tag.starts_with("userI") || tag == "userFull"), "{tags:?}");

    // What docs/INFLUXDB.md says in place of GROUP BY and of a condition on a tag.
    let query = "SELECT COUNT(\"raw_event\") FROM log_event WHERE \"user_id\" = 'someone7'";
    assert_eq!(influx.rows("SenseOps", query)[0]["count"].as_u64(), Some(1));
    let query = "SELECT COUNT(DISTINCT(\"user_id\")) FROM log_event";
    assert_eq!(influx.rows("SenseOps", query)[0]["count"].as_u64(), Some(50));
    let query = "SELECT \"log_row\", \"user_full\" FROM log_event WHERE \"log_row\" = '7'";
    let row = &influx.rows("SenseOps", query)[0];
    assert!(row["user_full"].as_str().is_some_and(|user| user.ends_with("someone7")), "{row}");
    assert_ne!(row["log_row"], Value::Null);
}
