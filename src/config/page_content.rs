//! What the configuration page shows: the file as it was read, anchors unfolded, masked.

use actors::config_page::{ConfigPageSettings, PageContent};
use serde_json::{Value, json};

/// The configuration page and what is on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageSettings {
    /// Where it is.
    pub at: ConfigPageSettings,
    /// What it shows.
    pub shown: PageContent,
}

impl PageSettings {
    /// The page for a tree below `Butler-SOS`, and the same with everything masked that must not be
    /// shown.
    pub(super) fn new(at: ConfigPageSettings, tree: &Value, masked: &Value) -> Self {
        let tree = if at.obfuscate { masked } else { tree };
        let yaml = serde_yaml::to_string(&json!({ super::ROOT: tree }));
        let shown = PageContent {
            json: tree.to_string(),
            // A tree that was read can be written; if not, there is still the other form.
            yaml: yaml.unwrap_or_else(|error| format!("# {error}\n")),
        };
        Self { at, shown }
    }
}
