//! What is shipped for Prometheus, the dashboard of the program and the alert rules, on a real
//! Prometheus that scrapes the whole program with everything switched on.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use serde_json::Value;
use test_support::{Answer, Prometheus, StandIn, run_to_end, until};

use crate::common::influx_v1;
use crate::dashboards::{PROGRAM, dashboard, panels, query, targets, variable};
use crate::events::SECTIONS;
use crate::mqtt::mqtt;
use crate::prometheus::{Scraped, site};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rules() -> PathBuf {
    root().join("config/prometheus/alerts.yaml")
}

/// Name and expression of each alert.
fn alerts() -> Vec<(String, String)> {
    let file: serde_yaml::Value =
        serde_yaml::from_str(&std::fs::read_to_string(rules()).unwrap()).unwrap();
    let groups = file["groups"].as_sequence().unwrap();
    let rules = groups.iter().flat_map(|group| group["rules"].as_sequence().unwrap());
    rules
        .map(|rule| {
            for text in ["summary", "description"] {
                let text = rule["annotations"][text].as_str().unwrap_or_default();
                assert!(text.len() > 10, "{rule:?}");
            }
            let severity = rule["labels"]["severity"].as_str().unwrap();
            assert!(["critical", "warning"].contains(&severity), "{rule:?}");
            let text = |key: &str| rule[key].as_str().unwrap().trim().to_owned();
            (text("alert"), text("expr"))
        })
        .collect()
}

#[test]
fn every_alert_fires_when_it_should_and_only_then() {
    let run = |arguments: &[&str]| {
        let (code, out, _) = run_to_end("promtool", arguments, root());
        assert_eq!(code, Some(0), "{out}");
        out
    };
    let out = run(&["check", "rules", &rules().display().to_string()]);
    assert!(out.contains(&format!("{} rules found", alerts().len())), "{out}");
    let cases = root().join("tests/data/prometheus/alerts_test.yaml");
    run(&["test", "rules", &cases.display().to_string()]);
    let cases = std::fs::read_to_string(cases).unwrap();
    let docs = std::fs::read_to_string(root().join("docs/PROMETHEUS.md")).unwrap();
    for (name, _) in alerts() {
        assert!(cases.contains(&format!("alertname=\"{name}\"")), "{name} is not tested");
        assert!(docs.contains(&format!("| `{name}` |")), "{name} has no row");
    }
}

/// The program with every source and destination: the second server and the broker are down.
fn everything(folder: &Path, influx: &StandIn) -> (butler_sos::demo::site::Site, String) {
    let (site, text) = site(folder);
    // Nobody listens there any more.
    let broker = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let influx = influx_v1(influx.address().port());
    (site, text + &influx + &mqtt(broker, "") + SECTIONS)
}

/// Names in double braces: labels that a legend shows.
fn labels(legend: &str) -> impl Iterator<Item = &str> {
    legend.split("{{").skip(1).map(|part| part.split("}}").next().unwrap())
}

#[test]
fn every_query_of_the_program_has_a_series_and_every_alert_is_understood() {
    let folder = tempfile::tempdir().unwrap();
    let influx = StandIn::start(|_| Answer::new(204, ""));
    let (_site, text) = everything(folder.path(), &influx);
    let scraped = Scraped::start(&text, folder.path());
    let own = scraped.own_address().to_owned();
    let prometheus = Prometheus::scraping_as("butler-sos", &own);
    let dashboard = dashboard(PROGRAM);
    for panel in panels(&dashboard) {
        let title = panel["title"].as_str().unwrap();
        let mut shown = BTreeSet::new();
        for target in targets(panel) {
            let query = query(target).replace("$instance", &own).replace("$__rate_interval", "1m");
            assert!(!query.contains('$'), "{title}: {query}");
            let found = until(&format!("{title}: {query}"), || {
                let found = prometheus.query(&query);
                (!found.is_empty()).then_some(found)
            });
            let legend = target["legendFormat"].as_str().unwrap();
            for label in labels(legend) {
                let has = |series: &Value| series["metric"].get(label).is_some();
                assert!(found.iter().any(has), "{title}: no series has {label}: {found:?}");
            }
            // Otherwise two lines have one name.
            let names: BTreeSet<String> =
                found.iter().map(|series| filled_in(legend, &series["metric"])).collect();
            assert_eq!(names.len(), found.len(), "{title}: {names:?}");
            assert!(names.iter().all(|name| shown.insert(name.clone())), "{title}: {names:?}");
        }
    }
    let instances = variable(&dashboard, "instance")["query"]["query"].as_str().unwrap();
    let metric = instances.strip_prefix("label_values(").unwrap().split(',').next().unwrap();
    let found = prometheus.api(&format!("label/instance/values?match[]={metric}"));
    assert_eq!(found, serde_json::json!([own]));

    let firing = |name: &str| {
        let (_, expression) = alerts().into_iter().find(|alert| alert.0 == name).unwrap();
        let found = prometheus.query(&expression);
        found.into_iter().map(|series| series["metric"].clone()).collect::<Vec<Value>>()
    };
    let down = until("the second server to fail", || {
        let found = firing("QlikSenseTargetFails");
        (found.len() == 2).then_some(found)
    });
    assert!(down.iter().all(|labels| labels["server_name"] == "sense2"), "{down:?}");
    let away = firing("DestinationAway");
    assert!(away.iter().any(|labels| labels["destination"] == "mqtt"), "{away:?}");
    for quiet in ["ButlerSosDoesNotAnswer", "OutboxNearlyFull", "PointsAreLost", "ActorRestarts"] {
        assert_eq!(firing(quiet), Vec::<Value>::new(), "{quiet}");
    }
    // All others are valid, whatever they find in the certificates of this site.
    alerts().iter().for_each(|(name, _)| _ = firing(name));
    scraped.end();
}

/// A legend as Grafana shows it.
fn filled_in(legend: &str, metric: &Value) -> String {
    let mut name = legend.to_owned();
    for label in labels(legend) {
        let value = metric.get(label).and_then(Value::as_str).unwrap_or_default();
        name = name.replace(&format!("{{{{{label}}}}}"), value);
    }
    name
}
