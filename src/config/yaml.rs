//! From text to the sections below `Butler-SOS`.

mod compose;
mod quoting;
mod tree;

use std::path::Path;

use actors::domain::yaml::Section;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use self::compose::Mistake;
use self::tree::Tree;
use super::lines::{Lines, too_deep};

pub(super) use self::quoting::swallowed;

/// A text that is not one YAML document.
#[derive(Debug)]
pub(super) struct SyntaxError {
    /// Line and column, from 1.
    pub(super) at: Option<(usize, usize)>,
    reason: String,
}

impl From<Mistake> for SyntaxError {
    fn from(mistake: Mistake) -> Self {
        Self { at: Some(mistake.at), reason: mistake.reason }
    }
}

impl From<serde::de::value::Error> for SyntaxError {
    fn from(error: serde::de::value::Error) -> Self {
        Self { at: None, reason: error.to_string() }
    }
}

impl SyntaxError {
    /// The line for the log, with what helps where something does. No value of the file is in it.
    pub(super) fn describe(&self, file: &Path, text: &str) -> String {
        let place = self.at.map_or_else(String::new, |(line, column)| format!(":{line}:{column}"));
        format!("VERIFY CONFIG FILE ERROR: {}{place}: {}", file.display(), self.reason(text))
    }

    /// The reason, with what helps where something does.
    pub(super) fn reason(&self, text: &str) -> String {
        let help = self.help(text).map(|help| format!("; {help}")).unwrap_or_default();
        format!("{}{help}", self.reason)
    }

    fn help(&self, text: &str) -> Option<String> {
        if self.reason.contains("duplicate entry") {
            let (path, first, second) = Lines::of(text).twice?;
            return Some(format!("{path} stands on lines {first} and {second}"));
        }
        if self.reason.contains("escape") && !self.reason.contains("tag") {
            return Some("put paths with backslashes into single quotes".to_owned());
        }
        let tabs = text.lines().any(|line| line.trim_start_matches(' ').starts_with('\t'));
        if tabs {
            return Some("indent with spaces, not with tabs".to_owned());
        }
        quoting::help(text, self.at?, &self.reason)
    }
}

/// A document that was read.
pub(super) struct Document<T> {
    /// The section below the root key; `None` when the root key is missing.
    pub(super) root: Option<Section<T>>,
    /// The whole text with its merge keys applied.
    tree: Tree,
}

impl<T> Document<T> {
    /// Keys beside the root key.
    pub(super) fn others(&self) -> impl Iterator<Item = &str> {
        self.tree.pairs().map(|(name, _)| name).filter(|name| *name != super::ROOT)
    }

    /// Whether a dotted path below the root key is there, with a value or without.
    pub(super) fn has(&self, path: &str) -> bool {
        let root = self.tree.get(super::ROOT);
        path.split('.').try_fold(root, |tree, key| Some(tree?.get(key))).flatten().is_some()
    }

    /// What is below the root key as it was read.
    pub(super) fn below_root(&self) -> serde_json::Value {
        self.tree.get(super::ROOT).map(Tree::to_json).unwrap_or_default()
    }
}

/// Reads a document that begins without a byte order mark.
pub(super) fn read<T>(text: &str) -> Result<Document<T>, SyntaxError>
where
    T: DeserializeOwned + Default,
{
    if let Some(line) = too_deep(text) {
        let reason = "is nested too deep to be a configuration".to_owned();
        return Err(SyntaxError { at: Some((line, 1)), reason });
    }
    let tree = compose::compose(text)?;
    let root = tree.get(super::ROOT).map(Section::deserialize).transpose()?;
    Ok(Document { root, tree })
}
