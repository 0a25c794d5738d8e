//! Where a key is, and who hears what is wrong with it.

use std::borrow::Cow;
use std::rc::Rc;

use super::forms::without_login;
use super::problems::{Problem, Problems, Severity};
use super::scalar::found;
use super::secret_words::is_secret;
use super::tree::Tree;
use crate::domain::secrets::MASK;

/// The dotted path of a key, and where problems with it are collected.
#[derive(Debug, Clone)]
pub struct KeyPath {
    path: Rc<str>,
    problems: Problems,
}

impl Problems {
    /// The path of the key `root`.
    pub fn at(&self, root: &str) -> KeyPath {
        KeyPath { path: root.into(), problems: self.clone() }
    }
}

impl KeyPath {
    /// The path of a key below this one; a dotted name is several steps.
    pub fn key(&self, name: &str) -> Self {
        Self { path: format!("{}.{name}", self.path).into(), problems: self.problems.clone() }
    }

    /// The path of one item of this list, the first is 0.
    pub fn item(&self, index: usize) -> Self {
        Self { path: format!("{}[{index}]", self.path).into(), problems: self.problems.clone() }
    }

    /// The dotted path.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Where problems are collected.
    pub fn problems(&self) -> &Problems {
        &self.problems
    }

    /// Notes what stops the start.
    pub fn error(&self, message: impl Into<String>) {
        self.add(Severity::Error, message.into());
    }

    /// Notes what is put right or done without.
    pub fn warning(&self, message: impl Into<String>) {
        self.add(Severity::Warning, message.into());
    }

    /// Says what may not be what was meant.
    pub fn note(&self, message: impl Into<String>) {
        self.add(Severity::Note, message.into());
    }

    fn add(&self, severity: Severity, message: String) {
        self.problems.add(Problem { severity, path: self.path.to_string(), line: None, message });
    }

    /// Something else was expected than what stands here.
    pub fn expected(&self, expected: &str, tree: &Tree) {
        self.error(format!("expected {expected}, found {}", self.shown(tree)));
    }

    /// What stands here, unless nobody may see it.
    pub(super) fn shown(&self, tree: &Tree) -> String {
        if is_secret(&self.path) {
            return MASK.to_owned();
        }
        let found = found(tree);
        let key = self.path.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
        let of_host = ["host", "url", "server", "address"].iter().any(|word| key.contains(word));
        if !of_host {
            return found;
        }
        match without_login(&found) {
            Cow::Owned(masked) => masked,
            Cow::Borrowed(_) => found,
        }
    }

    /// Whether an older spelling of the key is there.
    pub fn has_old(&self) -> bool {
        self.problems.old(&self.path).is_some()
    }

    /// Whether its value is that of an older spelling.
    pub fn is_old(&self) -> bool {
        self.problems.old(&self.path) == Some(true)
    }

    /// Tells about an older spelling, if there is one.
    pub(super) fn note_old_spelling(&self) {
        self.problems.note_old_spelling(&self.path);
    }
}
