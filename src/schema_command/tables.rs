//! The keys as tables of Markdown.

use std::fmt::Write;

use actors::config::{Catalog, Definition, Shape, each};
use serde_json::Value;

const HEAD: &str = "| Key | Default | What |\n|---|---|---|\n";

/// Heading of the keys that are in no section.
const TOP: &str = "Top level";

/// All tables, each below a heading.
pub(super) fn text(catalog: &Catalog) -> String {
    let mut text = String::new();
    for (heading, table) in tables(catalog) {
        _ = writeln!(text, "## {heading}\n\n{table}");
    }
    text
}

/// A page with each table written anew below the heading of its section; everything else stays.
///
/// # Errors
/// The heading of a table that is not there.
pub fn with_tables(page: &str) -> Result<String, String> {
    let mut page = page.to_owned();
    for (heading, table) in tables(crate::config::catalog()) {
        let missing = || format!("no table below \"## {heading}\"");
        let begin = page.find(&format!("\n## {heading}\n")).ok_or_else(missing)?;
        let begin = begin + page[begin..].find(HEAD).ok_or_else(missing)?;
        let end = page[begin..].find("\n\n").map_or(page.len(), |end| begin + end + 1);
        page.replace_range(begin..end, &table);
    }
    Ok(page)
}

/// Headings and tables, in order.
fn tables(catalog: &Catalog) -> Vec<(String, String)> {
    let mut tables = vec![(TOP.to_owned(), HEAD.to_owned())];
    for key in catalog.keys.iter().filter(|key| !key.retired) {
        match &key.shape {
            Shape::Section(keys) => {
                let mut table = HEAD.to_owned();
                each(key.name, keys, &mut |path, key| add(&mut table, path, key));
                tables.push((format!("`{}`", key.name), table));
            }
            _ => add(&mut tables[0].1, key.name, key),
        }
    }
    tables
}

fn add(table: &mut String, path: &str, key: &Definition) {
    if !key.retired && !matches!(key.shape, Shape::Section(_)) {
        _ = writeln!(table, "| `{path}` | {} | {} |", default(key), key.sentence);
    }
}

fn default(key: &Definition) -> String {
    match &key.shape {
        Shape::Value { default: None, .. } | Shape::Section(_) | Shape::Switch { .. } => {
            String::new()
        }
        _ if key.required => String::new(),
        Shape::Value { default: Some(Value::String(text)), .. } if text.is_empty() => {
            "empty".to_owned()
        }
        Shape::Value { default: Some(Value::String(text)), .. } => format!("`{text}`"),
        Shape::Value { default: Some(value), .. } => format!("`{value}`"),
        Shape::Values { .. } | Shape::Sections(_) | Shape::OneOrMany(_) => "empty list".to_owned(),
        Shape::Map { .. } => "empty map".to_owned(),
    }
}
