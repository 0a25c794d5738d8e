//! From text to the sections below `Butler-SOS`: anchors, merge keys, duplicate keys.

use actors::domain::yaml::Section;
use serde::de::DeserializeOwned;
use serde_yaml::Value;

/// A text that is not one YAML document.
pub(super) struct SyntaxError {
    /// Line and column, from 1.
    pub(super) at: Option<(usize, usize)>,
    /// What is wrong.
    pub(super) reason: String,
}

impl From<serde_yaml::Error> for SyntaxError {
    fn from(error: serde_yaml::Error) -> Self {
        let at = error.location().map(|location| (location.line(), location.column()));
        Self { at, reason: error.to_string() }
    }
}

/// How deep merge keys may refer to each other; deeper is a mistake.
const DEEPEST_MERGE: usize = 32;

/// The section below the root key; `None` when the root key is missing.
pub(super) fn read<T>(text: &str) -> Result<Option<Section<T>>, SyntaxError>
where
    T: DeserializeOwned + Default,
{
    let text = text.trim_start_matches('\u{feff}');
    // Reading into a tree first refuses duplicate keys at every level.
    let mut tree: Value = serde_yaml::from_str(text)?;
    // One call leaves a `<<` behind where a merged map merges another one itself.
    for _ in 0..DEEPEST_MERGE {
        if !has_merge(&tree) {
            break;
        }
        tree.apply_merge()?;
    }
    match tree.get_mut(super::ROOT) {
        Some(root) => Ok(Some(serde_yaml::from_value(std::mem::take(root))?)),
        None => Ok(None),
    }
}

fn has_merge(tree: &Value) -> bool {
    match tree {
        Value::Mapping(map) => map.contains_key("<<") || map.values().any(has_merge),
        Value::Sequence(list) => list.iter().any(has_merge),
        _ => false,
    }
}
