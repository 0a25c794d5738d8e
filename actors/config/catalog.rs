//! All keys of a file, and what they were called before.

use std::collections::HashMap;

use super::definition::{Definition, Secrecy, each, join};

/// All keys below one root. Paths are dotted, begin below the root, and have `[]` for any index.
#[derive(Debug, Clone)]
pub struct Catalog {
    /// In the order in which people should see them.
    pub keys: Vec<Definition>,
    /// Every path and how its value may be shown, of keys that not everybody may see.
    hidden: HashMap<String, Hidden>,
    /// Older spellings.
    pub(super) old: Vec<OldSpelling>,
}

/// Why a value is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hidden {
    /// It names a machine, a person or a place.
    Name,
    /// It is a secret.
    Secret,
    /// It is a URL whose path is a secret.
    SecretUrl,
}

/// A key that was written elsewhere in older files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OldSpelling {
    /// Its path then.
    pub(super) from: String,
    /// Its path now.
    pub(super) to: String,
}

impl Catalog {
    /// The catalog of these keys.
    pub fn new(keys: Vec<Definition>) -> Self {
        let (mut hidden, mut old) = (HashMap::new(), Vec::new());
        each("", &keys, &mut |path, key| {
            let secrecy = match key.secrecy() {
                Secrecy::Open => key.masked.then_some(Hidden::Name),
                Secrecy::Secret => Some(Hidden::Secret),
                Secrecy::SecretUrl => Some(Hidden::SecretUrl),
            };
            hidden.extend(secrecy.map(|why| (path.to_owned(), why)));
            old.extend(
                key.was
                    .iter()
                    .map(|was| OldSpelling { from: beside(path, was), to: path.to_owned() }),
            );
        });
        Self { keys, hidden, old }
    }

    /// Every path, older spellings included.
    pub fn paths(&self) -> Vec<String> {
        let mut paths = Vec::new();
        each("", &self.keys, &mut |path, _| paths.push(path.to_owned()));
        let old = self.old.iter().flat_map(|OldSpelling { from, to }| {
            let below = paths.iter().filter_map(|path| {
                let rest = path.strip_prefix(to.as_str())?;
                rest.starts_with(['.', '[']).then(|| format!("{from}{rest}"))
            });
            std::iter::once(from.clone()).chain(below).collect::<Vec<_>>()
        });
        let old: Vec<String> = old.collect();
        paths.extend(old);
        paths
    }

    /// Paths that nobody is sent to: older spellings, and keys that are not used any more.
    pub fn retired(&self) -> Vec<String> {
        let mut retired: Vec<String> = self.old.iter().map(|old| old.from.clone()).collect();
        each("", &self.keys, &mut |path, key| retired.extend(key.retired.then(|| path.to_owned())));
        retired
    }

    /// Older spellings of keys, and what they are called now.
    pub fn old_spellings(&self) -> impl Iterator<Item = (&str, &str)> {
        self.old.iter().map(|old| (old.from.as_str(), old.to.as_str()))
    }

    /// Sections and lists that the original requires.
    pub fn required(&self) -> Vec<String> {
        let mut required = Vec::new();
        each("", &self.keys, &mut |path, key| {
            required.extend(key.required.then(|| path.to_owned()));
        });
        required
    }

    /// Names that were written directly below a path in older files.
    pub(super) fn old_names<'c>(&'c self, above: &str) -> impl Iterator<Item = &'c str> {
        let above = if above.is_empty() { String::new() } else { format!("{above}.") };
        self.old.iter().filter_map(move |old| {
            let name = old.from.strip_prefix(above.as_str())?;
            (!name.contains(['.', '['])).then_some(name)
        })
    }

    /// What is called otherwise now, by its path then.
    pub(super) fn old_key(&self, path: &str) -> Option<&Definition> {
        let old = self.old.iter().find(|old| old.from == path)?;
        let mut found = None;
        each("", &self.keys, &mut |path, key| {
            if path == old.to {
                found = Some(key);
            }
        });
        found
    }

    /// Why the value at a path is not shown, if it is not; an older spelling is as secret as the
    /// key is now.
    pub(super) fn hidden(&self, path: &str) -> Option<Hidden> {
        let now = || {
            self.old.iter().find_map(|old| {
                let rest = path.strip_prefix(old.from.as_str())?;
                let is_below = rest.is_empty() || rest.starts_with(['.', '[']);
                is_below.then(|| format!("{}{rest}", old.to))
            })
        };
        let hidden = self.hidden.get(path).copied();
        hidden.or_else(|| now().and_then(|path| self.hidden.get(&path).copied()))
    }

    /// Whether the value at a path, which may have indices, is a secret by its definition.
    pub fn is_secret(&self, path: &str) -> bool {
        matches!(self.hidden(&any_index(path)), Some(Hidden::Secret | Hidden::SecretUrl))
    }
}

/// The path of `relative`, which begins beside the key at `path`.
fn beside(path: &str, relative: &str) -> String {
    let above = |path: &str| path.rsplit_once('.').map_or("", |(above, _)| above).to_owned();
    let (mut section, mut rest) = (above(path), relative);
    while let Some(further) = rest.strip_prefix("../") {
        section = above(&section);
        rest = further;
    }
    join(&section, rest)
}

/// `list[3].key` as `list[].key`.
pub(super) fn any_index(path: &str) -> String {
    let mut in_index = false;
    let mut keep = |c: char| {
        in_index = c == '[' || (in_index && c.is_ascii_digit());
        c == '[' || !in_index
    };
    path.chars().filter(|c| keep(*c)).collect()
}
