//! The dashboards of `config/grafana`: files that Grafana imports as they are.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use actors::domain::errors::ErrorType;
use serde_json::{Value, json};

/// The dashboards of errors; they differ in the language of their queries.
pub(crate) const ERRORS: [&str; 3] = ["errors-influxql", "errors-flux", "errors-sql"];

/// The dashboard of the program itself.
pub(crate) const PROGRAM: &str = "program-prometheus";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("config/grafana")
}

/// A dashboard by the name of its file.
pub(crate) fn dashboard(name: &str) -> Value {
    let text = std::fs::read_to_string(folder().join(format!("{name}.json"))).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Its panels, without the headings between them.
pub(crate) fn panels(dashboard: &Value) -> Vec<&Value> {
    let panels = dashboard["panels"].as_array().unwrap().iter();
    panels.filter(|panel| panel["type"] != "row").collect()
}

/// The queries of a panel.
pub(crate) fn targets(panel: &Value) -> &[Value] {
    panel["targets"].as_array().unwrap()
}

/// The text of a query, in whichever language.
pub(crate) fn query(target: &Value) -> &str {
    let texts = ["rawSql", "expr", "query"].iter();
    texts.filter_map(|key| target[*key].as_str()).next().unwrap_or_default()
}

/// A variable of a dashboard.
pub(crate) fn variable<'a>(dashboard: &'a Value, name: &str) -> &'a Value {
    let variables = dashboard["templating"]["list"].as_array().unwrap();
    variables.iter().find(|variable| variable["name"] == name).unwrap()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

#[test]
fn there_are_four_dashboards_and_each_has_a_name_of_its_own() {
    let mut files: Vec<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    files.sort();
    let mut expected: Vec<String> =
        ERRORS.iter().chain([&PROGRAM]).map(|name| format!("{name}.json")).collect();
    expected.sort();
    assert_eq!(files, expected);
    let all: Vec<Value> = ERRORS.iter().chain([&PROGRAM]).map(|name| dashboard(name)).collect();
    for key in ["uid", "title"] {
        let distinct: BTreeSet<&str> = all.iter().map(|dashboard| text(dashboard, key)).collect();
        assert_eq!(distinct.len(), all.len(), "{distinct:?}");
        // Grafana refuses a longer uid.
        assert!(distinct.iter().all(|name| (1..=40).contains(&name.len())), "{distinct:?}");
    }
}

#[test]
fn every_panel_says_what_it_shows_and_has_a_place_of_its_own() {
    for name in ERRORS.iter().chain([&PROGRAM]) {
        let dashboard = dashboard(name);
        assert_eq!(dashboard["id"], Value::Null, "{name}: the id of somebody's Grafana");
        assert_eq!(dashboard["timezone"], "utc", "{name}: days are those of UTC");
        assert!(dashboard["schemaVersion"].as_u64().unwrap() >= 36, "{name}");
        let (mut ids, mut cells) = (BTreeSet::new(), BTreeMap::new());
        for panel in dashboard["panels"].as_array().unwrap() {
            let title = text(panel, "title");
            assert!(!title.is_empty(), "{name}: {panel}");
            assert!(ids.insert(panel["id"].as_u64().unwrap()), "{name}: {title}: id");
            let at = |key: &str| panel["gridPos"][key].as_u64().unwrap();
            assert!(at("w") > 0 && at("h") > 0 && at("x") + at("w") <= 24, "{name}: {title}");
            for x in at("x")..at("x") + at("w") {
                for y in at("y")..at("y") + at("h") {
                    let other = cells.insert((x, y), title);
                    assert_eq!(other, None, "{name}: {title} lies on another");
                }
            }
        }
        let rows = cells.keys().map(|(_, y)| y).max().unwrap() + 1;
        assert_eq!(cells.len() as u64, rows * 24, "{name} has a gap");
        for panel in panels(&dashboard) {
            let title = text(panel, "title");
            let description = text(panel, "description");
            assert!(description.ends_with('.') && description.len() > 20, "{name}: {title}");
            let defaults = &panel["fieldConfig"]["defaults"];
            assert!(!text(defaults, "unit").is_empty(), "{name}: {title} has no unit");
            let steps = defaults["thresholds"]["steps"].as_array().unwrap();
            assert!(!steps.is_empty() && steps[0]["value"].is_null(), "{name}: {title}");
            let mut references = BTreeSet::new();
            assert!(!targets(panel).is_empty(), "{name}: {title} asks nothing");
            for target in targets(panel) {
                assert!(!query(target).is_empty(), "{name}: {title} has an empty query");
                assert!(references.insert(text(target, "refId")), "{name}: {title}: refId");
            }
        }
    }
}

#[test]
fn nothing_of_a_dashboard_belongs_to_one_grafana_only() {
    for name in ERRORS.iter().chain([&PROGRAM]) {
        let dashboard = dashboard(name);
        let kind = if *name == PROGRAM { "prometheus" } else { "influxdb" };
        let source = json!({ "type": kind, "uid": "${datasource}" });
        assert_eq!(variable(&dashboard, "datasource")["query"], kind);
        let variables = dashboard["templating"]["list"].as_array().unwrap();
        for variable in variables.iter().filter(|variable| variable["type"] == "query") {
            assert_eq!(variable["datasource"], source, "{name}: {variable}");
        }
        let mut kinds = BTreeSet::new();
        for panel in panels(&dashboard) {
            kinds.insert(text(panel, "type"));
            assert_eq!(panel["datasource"], source, "{name}: {panel}");
            for target in targets(panel) {
                assert_eq!(target["datasource"], source, "{name}: {target}");
                check_variables(name, &dashboard, query(target));
            }
        }
        let required = dashboard["__requires"].as_array().unwrap();
        let required: BTreeSet<&str> = required
            .iter()
            .filter(|part| part["type"] == "panel")
            .map(|part| text(part, "id"))
            .collect();
        assert_eq!(required, kinds, "{name}: panels that Grafana must have");
    }
}

/// Each `${name:format}` and `$name` of a query is a variable of the dashboard, or Grafana's own.
fn check_variables(name: &str, dashboard: &Value, query: &str) {
    const OF_GRAFANA: [&str; 4] = ["timeFilter", "__interval", "__rate_interval", "__timeFilter"];
    for part in query.split('$').skip(1) {
        let part = part.trim_start_matches('{');
        let end = part.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let used = &part[..end.unwrap_or(part.len())];
        // The end of a regular expression.
        if used.is_empty() || OF_GRAFANA.contains(&used) || used == "__dateBin" {
            continue;
        }
        let variables = dashboard["templating"]["list"].as_array().unwrap();
        let is_there = variables.iter().any(|variable| variable["name"] == used);
        assert!(is_there, "{name}: nothing is called ${used}: {query}");
    }
}

#[test]
fn the_dashboards_of_errors_show_the_same_in_each_language() {
    let all = ERRORS.map(dashboard);
    let shape = |dashboard: &Value| -> Vec<Value> {
        let keys = ["id", "type", "title", "gridPos", "options", "timeFrom", "interval"];
        let panels = panels(dashboard).into_iter();
        panels.map(|panel| keys.iter().map(|key| panel[*key].clone()).collect()).collect()
    };
    for (other, name) in all.iter().zip(ERRORS).skip(1) {
        assert_eq!(shape(other), shape(&all[0]), "{name}");
        for (panel, model) in panels(other).iter().zip(panels(&all[0])) {
            let description = text(panel, "description");
            let begins = description.starts_with(text(model, "description"));
            assert!(begins, "{name}: {description}");
            let unit = |panel: &Value| panel["fieldConfig"]["defaults"]["unit"].clone();
            assert_eq!(unit(panel), unit(model), "{name}: {}", panel["title"]);
        }
    }
    for (dashboard, name) in all.iter().zip(ERRORS) {
        let measurement = variable(dashboard, "measurement");
        assert_eq!(measurement["query"], "butler_sos_errors", "{name}");
        let types: Vec<&str> = text(variable(dashboard, "type"), "query").split(',').collect();
        let known: BTreeSet<&str> = ErrorType::ALL.into_iter().map(ErrorType::as_str).collect();
        assert_eq!(types.into_iter().collect::<BTreeSet<_>>(), known, "{name}");
    }
}
