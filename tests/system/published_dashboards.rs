//! What `docs/DASHBOARDS.md` says of the dashboards that were made for the Node.js version, against
//! what a database has after this program wrote everything to it.

use std::collections::BTreeSet;

use butler_sos::demo::configuration::{Choices, of_site};
use butler_sos::demo::site::Site;
use test_support::{Influxd, post, until_async};

use crate::common;
use crate::events::SECTIONS;
use crate::influx_v2_v3::without_stamp;

const DB: &str = "SenseOps";

/// Rows of version 2 for every kind of event; `original_rows` shows that they are ours.
const EVENTS: &str = include_str!("../data/original/v2.txt");

const PAGE: &str = include_str!("../../docs/DASHBOARDS.md");

/// A row of the page: what one panel asks for.
struct Panel {
    title: &'static str,
    queries: u32,
    measurement: &'static str,
    fields: Vec<&'static str>,
    tags: Vec<&'static str>,
    served: bool,
}

/// The names in a cell.
fn names(cell: &'static str) -> Vec<&'static str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// The title of each dashboard and its panels.
fn dashboards() -> Vec<(&'static str, Vec<Panel>)> {
    let tables = PAGE.split("\n### ").skip(1);
    tables
        .map(|part| {
            let (title, table) = part.split_once('\n').unwrap();
            let rows = table.lines().filter(|line| line.starts_with("| ")).skip(1);
            let panels = rows.map(|row| {
                let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
                let [title, queries, measurement, fields, tags, served] = cells[..] else {
                    panic!("{row}")
                };
                let served = match served.split([':', ';', ' ']).next() {
                    Some("yes") => true,
                    Some("no") => false,
                    _ => panic!("{row}"),
                };
                Panel {
                    title,
                    queries: queries.parse().unwrap(),
                    measurement: measurement.trim_matches('`'),
                    fields: names(fields),
                    tags: names(tags),
                    served,
                }
            });
            (title, panels.collect())
        })
        .collect()
}

#[test]
fn the_table_of_published_dashboards_adds_up() {
    let dashboards = dashboards();
    assert_eq!(dashboards.len(), 4);
    for (title, panels) in dashboards {
        let count = |served: bool| {
            let of = panels.iter().filter(|panel| panel.served || !served);
            of.fold((0, 0), |(number, queries), panel| (number + 1, queries + panel.queries))
        };
        let (all, served) = (count(false), count(true));
        let row = PAGE.lines().find(|line| line.starts_with(&format!("| {title} | `"))).unwrap();
        let told = format!("| {} | {} | {} | {} |", all.0, all.1, served.0, served.1);
        assert!(row.contains(&told), "{row} {told}");
        for panel in panels {
            assert_eq!(panel.queries == 0, panel.fields.is_empty(), "{}", panel.title);
        }
    }
}

/// A database with everything that the program writes, the events with the names of version 2.
async fn filled(influx: &Influxd) {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::start(1, folder.path()).unwrap();
    let fields = "    includeFields: { activeDocs: true, loadedDocs: true, inMemoryDocs: true }\n  \
                  uptimeMonitor:\n    enable: true\n    frequency: every 1 seconds\n    \
                  storeInInfluxdb: { butlerSOSMemoryUsage: true, instanceTag: DEV }\n";
    let sections = format!("{}{fields}{SECTIONS}", common::influx_v1(influx.port()));
    let choices = Choices { interval_ms: 200, sections, ..Choices::default() };
    let text = of_site(&site, 1, &choices);
    let app = common::start(common::settings(&text, folder.path()));
    for (measurement, field) in [
        ("apps", "in_memory_docs_names"),
        ("user_session_details", "user_id"),
        ("butlersos_memory_usage", "process_memory"),
        ("log_events_queue", "messages_processed"),
    ] {
        until_async(measurement, || (influx.count(DB, measurement, field) > 0).then_some(())).await;
    }
    app.drain(std::time::Duration::from_secs(10)).await;
    app.end();
    // Their own stamps are older than the database keeps.
    let lines: Vec<&str> = EVENTS.lines().map(without_stamp).collect();
    let stored = post(&influx.authority(), "/write?db=SenseOps", lines.join("\n").as_bytes());
    let stored = stored.unwrap();
    assert_eq!(stored.status, 204, "{stored:?}");
}

#[actix::test]
async fn what_published_dashboards_ask_for_is_written_where_the_page_says_so() {
    let influx = Influxd::started();
    filled(&influx).await;
    let keys = |what: &str, column: &str, measurement: &str| -> BTreeSet<String> {
        let rows = influx.rows(DB, &format!("SHOW {what} KEYS FROM \"{measurement}\""));
        rows.iter().filter_map(|row| row[column].as_str().map(str::to_owned)).collect()
    };
    let mut asked = 0;
    for (dashboard, panels) in dashboards() {
        for panel in panels.iter().filter(|panel| panel.queries > 0) {
            let told = format!("{dashboard}: {}", panel.title);
            let fields = keys("FIELD", "fieldKey", panel.measurement);
            if !panel.served {
                assert!(fields.is_empty(), "{told}: {} is written", panel.measurement);
                continue;
            }
            let tags = keys("TAG", "tagKey", panel.measurement);
            for tag in &panel.tags {
                assert!(tags.contains(*tag), "{told}: no tag {tag} in {tags:?}");
            }
            for field in &panel.fields {
                assert!(fields.contains(*field), "{told}: no field {field} in {fields:?}");
                let by: Vec<String> = panel.tags.iter().map(|tag| format!("\"{tag}\"")).collect();
                let by = if by.is_empty() { "*".to_owned() } else { by.join(", ") };
                let query =
                    format!("SELECT \"{field}\" FROM \"{}\" GROUP BY {by}", panel.measurement);
                assert!(!influx.query(DB, &query).is_empty(), "{told}: {query}");
                asked += 1;
            }
        }
    }
    assert!(asked > 120, "{asked}");
}
