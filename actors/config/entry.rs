//! What stands behind a name in a section: a value, or a section.

use super::definition::{Definition, Shape};
use super::key_path::KeyPath;
use super::kind::Kind;
use super::tree::Tree;

/// What stands behind a name in a section. Nothing is judged until somebody asks for it.
pub trait Entry: Sized {
    /// What a definition says of the default: a literal, or `()`.
    type Default;

    /// Takes what stands there.
    fn take(at: KeyPath, tree: Tree, default: Self::Default) -> Self;

    /// What may stand there.
    fn shape(default: Self::Default) -> Shape;
}

/// The keys of a section, as [`keys!`](crate::keys) defines them.
pub trait SectionKeys: Sized {
    /// Takes what stands in a map; all keys are absent when it is something else.
    fn take(at: KeyPath, tree: &Tree) -> Self;

    /// The keys that there are, in the order in which people should see them.
    fn definitions() -> Vec<Definition>;
}

/// A value that has a default.
#[derive(Debug, Clone)]
pub struct Key<K: Kind> {
    /// Where it is.
    pub at: KeyPath,
    tree: Tree,
    default: K::Literal,
}

impl<K: Kind> Key<K> {
    /// The value; the default when it is absent, or wrong, which is told.
    pub fn get(&self) -> K::Value {
        self.at.note_old_spelling();
        let read = match &self.tree {
            Tree::Null => None,
            tree => K::read(&self.at, tree, Some(self.default)),
        };
        read.unwrap_or_else(|| K::known(self.default))
    }

    /// The value, unless somebody wrote nothing between quotes.
    pub fn filled(&self) -> Option<K::Value> {
        Some(self.get()).filter(|value| !K::is_empty(value))
    }

    /// Whether nothing is written.
    pub fn is_absent(&self) -> bool {
        self.tree == Tree::Null
    }
}

impl<K: Kind> Entry for Key<K> {
    type Default = K::Literal;

    fn take(at: KeyPath, tree: Tree, default: K::Literal) -> Self {
        Self { at, tree, default }
    }

    fn shape(default: K::Literal) -> Shape {
        Shape::Value { schema: K::schema(), default: Some(default.into()), secrecy: K::SECRECY }
    }
}

/// A value without default.
#[derive(Debug, Clone)]
pub struct Optional<K: Kind> {
    /// Where it is.
    pub at: KeyPath,
    tree: Tree,
    kind: std::marker::PhantomData<K>,
}

impl<K: Kind> Optional<K> {
    /// The value; `None` when it is absent, or wrong, which is told.
    pub fn get(&self) -> Option<K::Value> {
        self.at.note_old_spelling();
        if self.is_absent() { None } else { K::read(&self.at, &self.tree, None) }
    }

    /// The value, if it is more than nothing between quotes.
    pub fn filled(&self) -> Option<K::Value> {
        self.get().filter(|value| !K::is_empty(value))
    }

    /// A value that must be there, because of `why`. An empty text counts as there and is warned
    /// about.
    pub fn needed(&self, why: &str) -> Option<K::Value> {
        if self.is_absent() {
            self.at.error(format!("is missing; needed because {why}"));
            return None;
        }
        let value = self.get()?;
        if K::is_empty(&value) {
            self.at.warning("is an empty text");
        }
        Some(value)
    }

    /// Whether nothing is written.
    pub fn is_absent(&self) -> bool {
        self.tree == Tree::Null
    }
}

impl<K: Kind> Entry for Optional<K> {
    type Default = ();

    fn take(at: KeyPath, tree: Tree, (): ()) -> Self {
        Self { at, tree, kind: std::marker::PhantomData }
    }

    fn shape((): ()) -> Shape {
        Shape::Value { schema: K::schema(), default: None, secrecy: K::SECRECY }
    }
}

/// A section below a section.
#[derive(Debug, Clone)]
pub struct Section<T> {
    /// Where it is.
    pub at: KeyPath,
    tree: Tree,
    keys: std::marker::PhantomData<T>,
}

impl<T: SectionKeys> Section<T> {
    /// Its keys; all absent when there is something else than a map, which is told.
    pub fn get(&self) -> T {
        self.at.note_old_spelling();
        section(&self.at, &self.tree)
    }

    /// Whether there is none, or one without anything in it.
    pub fn is_absent(&self) -> bool {
        match &self.tree {
            Tree::Map(pairs) => pairs.iter().all(|pair| pair.value == Tree::Null),
            tree => *tree == Tree::Null,
        }
    }
}

/// The keys of a section; something else than a map is told.
pub(super) fn section<T: SectionKeys>(at: &KeyPath, tree: &Tree) -> T {
    if !matches!(tree, Tree::Null | Tree::Map(_)) {
        at.expected("a map of keys", tree);
    }
    T::take(at.clone(), tree)
}

impl<T: SectionKeys> Entry for Section<T> {
    type Default = ();

    fn take(at: KeyPath, tree: Tree, (): ()) -> Self {
        Self { at, tree, keys: std::marker::PhantomData }
    }

    fn shape((): ()) -> Shape {
        Shape::Section(T::definitions())
    }
}
