//! From text to the sections below `Butler-SOS`: anchors, merge keys, duplicate keys.

use std::path::Path;

use actors::domain::yaml::Section;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_yaml::Value;

use super::lines::{Lines, too_deep};

/// A text that is not one YAML document.
#[derive(Debug)]
pub(super) struct SyntaxError {
    /// Line and column, from 1.
    at: Option<(usize, usize)>,
    reason: String,
}

impl From<serde_yaml::Error> for SyntaxError {
    fn from(error: serde_yaml::Error) -> Self {
        let at = error.location().map(|location| (location.line(), location.column()));
        Self { at, reason: error.to_string() }
    }
}

impl SyntaxError {
    /// The line for the log, with what helps where something does.
    pub(super) fn describe(&self, file: &Path, text: &str) -> String {
        let place = self.at.map_or_else(String::new, |(line, column)| format!(":{line}:{column}"));
        let help = if self.reason.contains("duplicate entry") {
            Lines::of(text).twice.map_or_else(String::new, |(path, first, second)| {
                format!("; {path} stands on lines {first} and {second}")
            })
        } else if self.reason.contains("escape") {
            "; put paths with backslashes into single quotes".to_owned()
        } else if text.lines().any(|line| line.trim_start_matches(' ').starts_with('\t')) {
            "; indent with spaces, not with tabs".to_owned()
        } else {
            String::new()
        };
        format!("VERIFY CONFIG FILE ERROR: {}{place}: {}{help}", file.display(), self.reason)
    }
}

/// A document that was read.
pub(super) struct Document<T> {
    /// The section below the root key; `None` when the root key is missing.
    pub(super) root: Option<Section<T>>,
    /// The whole text with its merge keys applied.
    tree: Value,
}

impl<T> Document<T> {
    /// Keys beside the root key.
    pub(super) fn others(&self) -> impl Iterator<Item = &str> {
        let keys = self.tree.as_mapping().into_iter().flat_map(|map| map.keys());
        keys.filter_map(Value::as_str).filter(|name| *name != super::ROOT)
    }

    /// What is below the root key as it was read; null where JSON cannot hold it.
    pub(super) fn below_root(&self) -> serde_json::Value {
        let root = self.tree.get(super::ROOT);
        root.and_then(|root| serde_json::to_value(root).ok()).unwrap_or_default()
    }
}

/// How deep merge keys may refer to each other; deeper is a mistake.
const DEEPEST_MERGE: usize = 32;

/// Reads a document that begins without a byte order mark.
pub(super) fn read<T>(text: &str) -> Result<Document<T>, SyntaxError>
where
    T: DeserializeOwned + Default,
{
    let tree = parse(text)?;
    let root = tree.get(super::ROOT).map(Section::deserialize).transpose()?;
    Ok(Document { root, tree })
}

/// The whole text with its merge keys applied.
fn parse(text: &str) -> Result<Value, SyntaxError> {
    if let Some(line) = too_deep(text) {
        let reason = "is nested too deep to be a configuration".to_owned();
        return Err(SyntaxError { at: Some((line, 1)), reason });
    }
    // Reading into a tree first refuses duplicate keys at every level.
    let mut tree: Value = serde_yaml::from_str(text)?;
    // One call leaves a `<<` behind where a merged map merges another one itself.
    for _ in 0..DEEPEST_MERGE {
        if !has_merge(&tree) {
            break;
        }
        tree.apply_merge()?;
    }
    Ok(tree)
}

fn has_merge(tree: &Value) -> bool {
    match tree {
        Value::Mapping(map) => map.contains_key("<<") || map.values().any(has_merge),
        Value::Sequence(list) => list.iter().any(has_merge),
        _ => false,
    }
}
