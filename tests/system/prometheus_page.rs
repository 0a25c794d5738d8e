//! The documentation of the metrics and what the program serves, against each other.

use std::path::Path;

use test_support::until;

use crate::prometheus::{FROM_THE_START, GAUGES, Scraped, series, site};

#[test]
fn the_page_has_a_row_for_each_metric() {
    let folder = tempfile::tempdir().unwrap();
    let (_site, text) = site(folder.path());
    let scraped = Scraped::start(&text, folder.path());
    until("the list of apps", || scraped.own().contains("butlersos_app_names_apps ").then_some(()));
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let docs = std::fs::read_to_string(root.join("docs/PROMETHEUS.md")).unwrap();
    let row = |name: &str| -> &str {
        let mut rows = docs.lines().filter(|line| line.starts_with('|'));
        let row = rows.find(|line| line.contains(&format!("`{name}`")));
        row.unwrap_or_else(|| panic!("{name} has no row"))
    };
    let own = scraped.own();
    let kinds = own.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    for (name, kind) in kinds.map(|line| line.split_once(' ').unwrap()) {
        assert!(row(name).contains(&format!("| {kind} |")), "{name} is a {kind}");
    }
    GAUGES.iter().for_each(|(name, _)| _ = row(name));
    for series in series(FROM_THE_START).keys() {
        row(series.split('{').next().unwrap());
    }
    scraped.end();
}
