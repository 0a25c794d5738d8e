//! Code, template and page speak of the same keys and defaults.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use actors::domain::events::{LogDatagram, UserDatagram};
use butler_sos::cli::SchemaFormat;
use butler_sos::{config, schema_command};
use serde_yaml::Value;

fn read(file: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap()
}

fn template() -> Value {
    serde_yaml::from_str::<Value>(&read("config/production_template.yaml")).unwrap()
}

/// The rows of the page before its table of old spellings: key and default.
fn rows() -> BTreeMap<String, String> {
    let page = read("docs/CONFIGURATION.md");
    let page = page.split("## Old spellings").next().unwrap().to_owned();
    let cells = page.lines().filter_map(|line| line.strip_prefix("| `"));
    cells
        .map(|line| {
            let (key, rest) = line.split_once("` | ").unwrap();
            let default = rest.split(" |").next().unwrap().trim_matches('`');
            (format!("Butler-SOS.{key}"), default.to_owned())
        })
        .collect()
}

/// Every key of the template with its value, lists with `[]`.
fn written(value: &Value, path: &str, keys: &mut BTreeMap<String, Value>) {
    match value {
        Value::Mapping(map) => {
            for (key, value) in map {
                let path = format!("{path}.{}", key.as_str().unwrap());
                let path = path.trim_start_matches('.');
                keys.insert(path.to_owned(), value.clone());
                written(value, path, keys);
            }
        }
        Value::Sequence(items) => {
            items.iter().for_each(|item| written(item, &format!("{path}[]"), keys));
        }
        _ => {}
    }
}

/// What is derived from the definitions of the keys is as they have it. With the variable
/// `WRITE_DERIVED` set, it is written anew:
///
/// ```text
/// WRITE_DERIVED=1 cargo test --test system what_is_derived
/// ```
#[test]
fn what_is_derived_from_the_definitions_is_as_they_have_it() {
    let page = read("docs/CONFIGURATION.md");
    for (file, text) in [
        ("config/production_template.yaml", schema_command::text(SchemaFormat::Yaml)),
        ("config/butler-sos.schema.json", schema_command::text(SchemaFormat::Json)),
        ("docs/CONFIGURATION.md", schema_command::with_tables(&page).unwrap()),
    ] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        if std::env::var_os("WRITE_DERIVED").is_some() {
            fs::write(&path, &text).unwrap();
        }
        let written = fs::read_to_string(&path).unwrap_or_default();
        let differs = written.lines().zip(text.lines()).find(|(left, right)| left != right);
        assert!(written == text, "{file} is not what the definitions say: {differs:?}");
    }
}

/// A default that nobody can read is a definition that is wrong: every default, written out, is
/// the same as none.
#[test]
fn every_default_that_is_written_out_is_the_same_as_none() {
    let text = schema_command::text(SchemaFormat::Yaml);
    let loaded = config::check(&text, "/x.yaml".into(), Path::new("/base")).unwrap();
    assert_eq!(loaded.problems, []);
}

#[test]
fn the_page_has_a_row_for_each_key_and_none_else() {
    let (keys, rows) = (config::keys(), rows());
    let page = read("docs/CONFIGURATION.md");
    let old = page.split("## Old spellings").nth(1).unwrap();
    for key in &keys {
        let is_section = keys.iter().any(|other| other.starts_with(&format!("{key}.")));
        let is_old = old.contains(&format!("`{}`", key.trim_start_matches("Butler-SOS.")));
        assert!(rows.contains_key(key) || is_section || is_old, "{key} has no row");
    }
    for row in rows.keys() {
        assert!(keys.contains(row), "there is no {row}");
    }
}

#[test]
fn old_spellings_are_in_their_table_and_nowhere_else() {
    let (keys, rows) = (config::keys(), rows());
    for old in config::catalog().retired() {
        let path = format!("Butler-SOS.{old}");
        assert!(keys.contains(&path), "there is no {old}");
        assert!(!rows.contains_key(&path), "{old} has a row");
    }
    let without_row = keys.iter().filter(|key| {
        let is_section = keys.iter().any(|other| other.starts_with(&format!("{key}.")));
        !rows.contains_key(*key) && !is_section && *key != "Butler-SOS.auditEvents"
    });
    for key in without_row {
        let name = key.trim_start_matches("Butler-SOS.");
        let is_old = config::catalog().retired().iter().any(|old| name.starts_with(old));
        assert!(is_old, "{key} is no old spelling");
    }
}

#[test]
fn the_template_has_every_key_and_loads_without_a_word() {
    let text = read("config/production_template.yaml");
    let loaded = config::check(&text, "/x.yaml".into(), Path::new("/base")).unwrap();
    assert_eq!(loaded.problems, []);
    let mut keys = BTreeMap::new();
    written(&template(), "", &mut keys);
    let servers = "Butler-SOS.serversToMonitor.servers[]";
    for row in rows().keys().filter(|row| !row.contains("[]") || row.starts_with(servers)) {
        assert!(keys.contains_key(row), "{row} is not in the template");
    }
}

#[test]
fn the_page_and_the_template_give_the_same_defaults() {
    let mut keys = BTreeMap::new();
    written(&template(), "", &mut keys);
    for (key, default) in rows() {
        let Some(value) = keys.get(&key) else { continue };
        let value = match value {
            Value::Null => "none".to_owned(),
            Value::Bool(value) => value.to_string(),
            Value::Number(value) => value.to_string(),
            Value::String(text) if text.is_empty() => "empty".to_owned(),
            Value::String(text) => text.clone(),
            Value::Sequence(items) if items.is_empty() => "empty list".to_owned(),
            Value::Mapping(map) if map.is_empty() => "empty map".to_owned(),
            _ => continue,
        };
        // What has no default has an example in the template.
        let switched_on = key == "Butler-SOS.influxdbConfig.enable";
        assert!(default.is_empty() || default == value || switched_on, "{key}: {default} {value}");
    }
}

/// The same tree without one key.
fn without(tree: &Value, path: &[&str]) -> Value {
    let mut tree = tree.clone();
    let mut inside = &mut tree;
    for step in &path[..path.len() - 1] {
        inside = match step.strip_suffix("[]") {
            Some(step) => &mut inside[step][0],
            None => &mut inside[*step],
        };
    }
    inside.as_mapping_mut().unwrap().remove(path[path.len() - 1]);
    tree
}

#[test]
fn a_key_that_is_left_out_has_the_value_of_the_template_or_is_needed() {
    let template = template();
    let settings = |tree: &Value| {
        let text = serde_yaml::to_string(tree).unwrap();
        let loaded = config::check(&text, "/x.yaml".into(), Path::new("/base")).unwrap();
        let problems: Vec<String> = loaded.problems.iter().map(ToString::to_string).collect();
        (loaded.settings.map(|settings| format!("{settings:?}")), problems)
    };
    let (all, problems) = settings(&template);
    assert_eq!(problems, Vec::<String>::new());
    let mut keys = BTreeMap::new();
    written(&template, "", &mut keys);
    let rows = rows();
    for key in keys.keys().filter(|key| rows.contains_key(*key)) {
        let path: Vec<&str> = key.split('.').collect();
        let (found, problems) = settings(&without(&template, &path));
        let has_default = !rows[key].is_empty();
        let is_example = key == "Butler-SOS.influxdbConfig.enable";
        if has_default && !is_example {
            assert_eq!(problems, Vec::<String>::new(), "{key}");
            assert_eq!(found, all, "{key}");
        } else if found.is_none() {
            assert_eq!(problems.len(), 1, "{key}: {problems:?}");
            assert!(problems[0].contains("is missing; needed because"), "{key}: {problems:?}");
        }
    }
}

#[test]
fn a_section_without_anything_below_it_is_the_same_as_none() {
    let template = template();
    let check = |tree: &Value| {
        let text = serde_yaml::to_string(tree).unwrap();
        let loaded = config::check(&text, "/x.yaml".into(), Path::new("/base")).unwrap();
        let problems: Vec<String> = loaded
            .problems
            .iter()
            .map(|problem| format!("{}: {}", problem.path, problem.message))
            .collect();
        (loaded.settings.map(|settings| format!("{settings:?}")), problems)
    };
    for section in config::keys() {
        let path: Vec<&str> = section.split('.').collect();
        let mut keys = BTreeMap::new();
        written(&template, "", &mut keys);
        if !matches!(keys.get(&section), Some(Value::Mapping(_))) {
            continue;
        }
        let absent = without(&template, &path);
        let mut null = absent.clone();
        let mut inside = &mut null;
        for step in &path[..path.len() - 1] {
            inside = match step.strip_suffix("[]") {
                Some(step) => &mut inside[step][0],
                None => &mut inside[*step],
            };
        }
        inside[path[path.len() - 1]] = Value::Null;
        assert_eq!(check(&null), check(&absent), "{section}");
    }
}

#[test]
fn the_appenders_send_what_the_decoders_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/log_appender_xml");
    let mut found = Vec::new();
    for service in ["engine", "proxy", "repository", "scheduler"] {
        let text = fs::read_to_string(folder.join(service).join("LocalLogConfig.xml")).unwrap();
        for appender in text.split("<appender name").skip(1) {
            let value = |name: &str| {
                let mark = format!("<param name=\"{name}\" value=\"");
                let rest = appender.split(&mark).nth(1).unwrap_or_default();
                rest.split('"').next().unwrap_or_default().to_owned()
            };
            let pattern = value("conversionpattern");
            found.push((pattern.split('/').nth(1).unwrap().to_owned(), value("remotePort")));
            // Times and memory have to be numbers.
            let sent = ["Process", "Work", "Lock", "Validate", "Traverse"]
                .map(|time| format!("%property{{{time}Time}}"))
                .into_iter()
                .chain(["%property{NetRAM}".to_owned(), "%property{PeakRAM}".to_owned()])
                .fold(pattern.clone(), |sent, number| sent.replace(&number, "1"));
            let log = LogDatagram::source_of(&sent)
                .is_some_and(|source| LogDatagram::read(source, &sent).is_ok());
            let user = UserDatagram::kind_of(&sent)
                .is_some_and(|kind| UserDatagram::read(kind, &sent).is_ok());
            assert!(log != user, "{pattern}");
            assert_eq!(value("remotePort"), if log { "9996" } else { "9997" }, "{pattern}");
            // Every word that log4net does not know itself has a converter.
            for word in ["rownum", "longIso8601date", "hostname", "user", "encodedmessage"] {
                let used = pattern.contains(&format!("%{word}"));
                let declared = appender.contains(&format!("name=\"name\" value=\"{word}\""));
                assert_eq!(used, declared, "{word} in {pattern}");
            }
        }
    }
    assert_eq!(found.len(), 7, "{found:?}");
}
