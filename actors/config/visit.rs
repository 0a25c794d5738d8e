//! Which keys of a file nobody reads.

use super::catalog::{Catalog, any_index};
use super::definition::{Definition, Shape, join};
use super::tree::Tree;

/// What was seen on the way through a file.
#[derive(Debug, Default)]
pub struct Visit {
    /// Every section.
    pub sections: Vec<VisitedSection>,
    /// Lists that have a key but nothing below it.
    pub empty_lists: Vec<String>,
}

/// A section of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VisitedSection {
    /// Dotted path, list items with their index.
    pub path: String,
    /// The keys that it may have, older spellings last.
    pub known: Vec<String>,
    /// The keys that stand there and that it does not have.
    pub unknown: Vec<String>,
}

/// Goes through what stands below the key `root`.
pub fn visit(catalog: &Catalog, tree: &Tree, root: &str) -> Visit {
    let mut way = Way { catalog, root, visit: Visit::default() };
    way.section(root.to_owned(), &catalog.keys, tree);
    way.visit
}

struct Way<'c> {
    catalog: &'c Catalog,
    root: &'c str,
    visit: Visit,
}

impl<'c> Way<'c> {
    fn section(&mut self, path: String, keys: &'c [Definition], tree: &Tree) {
        if !matches!(tree, Tree::Map(_)) {
            return;
        }
        let below = path.strip_prefix(self.root).unwrap_or_default().trim_start_matches('.');
        let below = any_index(below);
        let old: Vec<&str> = self.catalog.old_names(&below).collect();
        let mut unknown = Vec::new();
        for (_, name, value) in tree.entries() {
            match keys.iter().find(|key| key.name == name) {
                Some(key) => self.key(format!("{path}.{name}"), key, value),
                None if old.contains(&name) => {
                    if let Some(key) = self.catalog.old_key(&join(&below, name)) {
                        self.key(format!("{path}.{name}"), key, value);
                    }
                }
                None => unknown.push(name.to_owned()),
            }
        }
        let known = keys.iter().map(|key| key.name).chain(old).map(str::to_owned).collect();
        self.visit.sections.push(VisitedSection { path, known, unknown });
    }

    fn key(&mut self, path: String, key: &'c Definition, value: &Tree) {
        let is_list =
            matches!(key.shape, Shape::Values { .. } | Shape::Sections(_) | Shape::OneOrMany(_));
        match (value, key.below()) {
            (Tree::Null, _) if is_list => self.visit.empty_lists.push(path),
            (Tree::List(items), Some((keys, true))) => {
                for (index, (_, item)) in items.iter().enumerate() {
                    self.section(format!("{path}[{index}]"), keys, item);
                }
            }
            (Tree::Map(_), Some((keys, of_items)))
                if !of_items || matches!(key.shape, Shape::OneOrMany(_)) =>
            {
                self.section(path, keys, value);
            }
            _ => {}
        }
    }
}
