//! What stands behind a name in a section: lists, and maps with names that the administrator
//! chooses.

use std::marker::PhantomData;

use super::definition::Shape;
use super::entry::{Entry, Optional, SectionKeys, section};
use super::key_path::KeyPath;
use super::kind::Kind;
use super::tree::Tree;

/// The items of a list with their paths; something else is told.
fn items(at: &KeyPath, tree: &Tree) -> Vec<(KeyPath, Tree)> {
    match tree {
        Tree::Null => Vec::new(),
        Tree::List(items) => {
            let items = items.iter().enumerate();
            items.map(|(index, (_, item))| (at.item(index), item.clone())).collect()
        }
        _ => {
            at.expected("a list", tree);
            Vec::new()
        }
    }
}

/// A list of single values.
#[derive(Debug, Clone)]
pub struct Values<K> {
    /// Where it is.
    pub at: KeyPath,
    tree: Tree,
    kind: PhantomData<K>,
}

impl<K: Kind> Values<K> {
    /// The values; those that are absent or wrong, which is told, are left out.
    pub fn get(&self) -> Vec<K::Value> {
        self.items().iter().filter_map(Optional::get).collect()
    }

    /// Each item by itself.
    pub fn items(&self) -> Vec<Optional<K>> {
        let items = items(&self.at, &self.tree).into_iter();
        items.map(|(at, tree)| Optional::take(at, tree, ())).collect()
    }
}

impl<K: Kind> Entry for Values<K> {
    type Default = ();

    fn take(at: KeyPath, tree: Tree, (): ()) -> Self {
        Self { at, tree, kind: PhantomData }
    }

    fn shape((): ()) -> Shape {
        Shape::Values { item: K::schema() }
    }
}

/// A list of sections.
#[derive(Debug, Clone)]
pub struct Sections<T> {
    /// Where it is.
    pub at: KeyPath,
    tree: Tree,
    keys: PhantomData<T>,
}

impl<T: SectionKeys> Sections<T> {
    /// The keys of each; all absent where there is something else, which is told.
    pub fn items(&self) -> Vec<T> {
        let items = items(&self.at, &self.tree);
        items.iter().map(|(at, tree)| section(at, tree)).collect()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        match &self.tree {
            Tree::List(items) => items.is_empty(),
            tree => *tree == Tree::Null,
        }
    }
}

impl<T: SectionKeys> Entry for Sections<T> {
    type Default = ();

    fn take(at: KeyPath, tree: Tree, (): ()) -> Self {
        Self { at, tree, keys: PhantomData }
    }

    fn shape((): ()) -> Shape {
        Shape::Sections(T::definitions())
    }
}

/// A list of sections that was one section in older files.
#[derive(Debug, Clone)]
pub struct OneOrMany<T> {
    /// Where it is.
    pub at: KeyPath,
    tree: Tree,
    keys: PhantomData<T>,
}

impl<T: SectionKeys> OneOrMany<T> {
    /// The one section of an older file.
    pub fn one(&self) -> Option<T> {
        matches!(self.tree, Tree::Map(_)).then(|| section(&self.at, &self.tree))
    }

    /// The list.
    pub fn many(&self) -> Sections<T> {
        Sections::take(self.at.clone(), self.tree.clone(), ())
    }
}

impl<T: SectionKeys> Entry for OneOrMany<T> {
    type Default = ();

    fn take(at: KeyPath, tree: Tree, (): ()) -> Self {
        Self { at, tree, keys: PhantomData }
    }

    fn shape((): ()) -> Shape {
        Shape::OneOrMany(T::definitions())
    }
}

/// Values with names that the administrator chooses, in written order.
#[derive(Debug, Clone)]
pub struct Map<K> {
    /// Where it is.
    pub at: KeyPath,
    tree: Tree,
    kind: PhantomData<K>,
}

impl<K: Kind> Map<K> {
    /// Names with values; names without one are left out.
    pub fn get(&self) -> Vec<(String, K::Value)> {
        let entries = self.entries().into_iter();
        entries.filter_map(|(name, value)| Some((name, value.get()?))).collect()
    }

    /// Each name by itself.
    pub fn entries(&self) -> Vec<(String, Optional<K>)> {
        if !matches!(self.tree, Tree::Null | Tree::Map(_)) {
            self.at.expected("a map of names and values", &self.tree);
        }
        let entry = |(_, name, value): (usize, &str, &Tree)| {
            (name.to_owned(), Optional::take(self.at.key(name), value.clone(), ()))
        };
        self.tree.entries().map(entry).collect()
    }

    /// Whether nothing is written.
    pub fn is_absent(&self) -> bool {
        self.tree == Tree::Null
    }
}

impl<K: Kind> Entry for Map<K> {
    type Default = ();

    fn take(at: KeyPath, tree: Tree, (): ()) -> Self {
        Self { at, tree, kind: PhantomData }
    }

    fn shape((): ()) -> Shape {
        Shape::Map { value: K::schema(), secrecy: K::SECRECY }
    }
}
