//! The keys as a file with comments, to begin with.

use std::fmt::Write;

use actors::config::{Catalog, Definition, Shape};
use serde_json::Value;

use crate::config::ROOT;

const HEAD: &str = "\
# yaml-language-server: $schema=butler-sos.schema.json
# Every key of Butler SOS with its default. Keys that may be left out can be left out; values that
# have no default show an example. docs/CONFIGURATION.md says the same as tables.
";

/// Where comments begin.
const COLUMN: usize = 59;

/// The whole file.
pub(super) fn text(catalog: &Catalog) -> String {
    let mut text = format!("{HEAD}{ROOT}:\n");
    let mut before = None;
    for key in catalog.keys.iter().filter(|key| !key.retired) {
        let is_section = matches!(key.shape, Shape::Section(_));
        if before.is_some() && is_section {
            text.push('\n');
        }
        before = Some(key);
        add(&mut text, "  ", "  ", key);
    }
    text
}

/// Adds a key; `first` begins its line, and `further` the lines below it.
fn add(text: &mut String, first: &str, further: &str, key: &Definition) {
    let name = key.name;
    let below = format!("{further}  ");
    match &key.shape {
        Shape::Section(keys) | Shape::Switch { more: keys, .. } => {
            _ = writeln!(text, "{first}{name}:");
            keys.iter().filter(|key| !key.retired).for_each(|key| add(text, &below, &below, key));
        }
        Shape::Sections(keys) if keys.iter().any(|key| key.example.is_some()) => {
            add_line(text, &format!("{first}{name}:"), &key.sentence);
            let mut begin = format!("{below}- ");
            for key in keys.iter().filter(|key| !key.retired) {
                add(text, &begin, &format!("{below}  "), key);
                begin = format!("{below}  ");
            }
        }
        Shape::Sections(_) | Shape::OneOrMany(_) | Shape::Values { .. } => {
            add_line(text, &format!("{first}{name}: []"), &key.sentence);
        }
        Shape::Map { .. } => add_line(text, &format!("{first}{name}: {{}}"), &key.sentence),
        Shape::Value { default, .. } => {
            let value = key.example.as_ref().or(default.as_ref()).map_or_else(String::new, scalar);
            let line = format!("{first}{name}: {value}");
            add_line(text, line.trim_end(), &key.sentence);
        }
    }
}

fn add_line(text: &mut String, line: &str, comment: &str) {
    _ = writeln!(text, "{line:<0$} # {comment}", COLUMN - 1);
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) if text.is_empty() => "\"\"".to_owned(),
        // What YAML would take for something else gets quotes.
        _ => serde_yaml::to_string(value).unwrap_or_default().trim_end().to_owned(),
    }
}
