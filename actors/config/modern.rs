//! Files of older versions: each value is put where it belongs now, so that nobody who reads it
//! needs to know where it was.

use super::catalog::{Catalog, OldSpelling};
use super::key_path::KeyPath;
use super::problems::{Problem, Severity};
use super::tree::{Pair, Tree};

/// The tree below `root` with every old spelling at its new place too. What is to be told about
/// each is told when somebody asks for the key.
pub fn modern(catalog: &Catalog, tree: &Tree, root: &KeyPath) -> Tree {
    catalog.old.iter().fold(tree.clone(), |tree, OldSpelling { from, to }| {
        let from: Vec<&str> = from.split('.').collect();
        let to: Vec<&str> = to.split('.').collect();
        moved(&tree, &from, &to, root).unwrap_or(tree)
    })
}

/// The tree with one value at a second place; `None` when nothing is to be moved.
fn moved(tree: &Tree, from: &[&str], to: &[&str], at: &KeyPath) -> Option<Tree> {
    let (first, same) = (from.first()?, from.len() > 1 && from.first() == to.first());
    if !same {
        return move_here(tree, from, to, at);
    }
    let (from, to) = (&from[1..], &to[1..]);
    let Some(list) = first.strip_suffix("[]") else {
        let below = moved(tree.get(first)?, from, to, &at.key(first))?;
        return Some(with(tree, first, 0, below));
    };
    let at = at.key(list);
    let Tree::List(items) = tree.get(list)? else { return None };
    let mut any = false;
    let mut item = |(index, (line, item)): (usize, &(usize, Tree))| {
        let moved = moved(item, from, to, &at.item(index));
        any |= moved.is_some();
        (*line, moved.unwrap_or_else(|| item.clone()))
    };
    let items: Vec<(usize, Tree)> = items.iter().enumerate().map(&mut item).collect();
    any.then(|| with(tree, list, 0, Tree::List(items.into())))
}

fn move_here(tree: &Tree, from: &[&str], to: &[&str], at: &KeyPath) -> Option<Tree> {
    let (line, value) = find(tree, from).filter(|(_, value)| !is_nothing(value))?;
    let (old, new) = (at.key(&from.join(".")), at.key(&to.join(".")));
    let taken = find(tree, to).is_some_and(|(_, value)| !is_nothing(value));
    let moved = if taken { None } else { put(tree, to, line, value) };
    let message = match moved {
        Some(_) => format!("old spelling, read as {}", new.path()),
        None => format!("old spelling, ignored because {} is there", new.path()),
    };
    let path = old.path().to_owned();
    let problem = Problem { severity: Severity::Warning, path, line: None, message };
    at.problems().keep(new.path().to_owned(), problem, moved.is_some());
    moved
}

/// Nothing, or a section without anything in it.
fn is_nothing(tree: &Tree) -> bool {
    match tree {
        Tree::Null => true,
        Tree::Map(pairs) => pairs.iter().all(|pair| is_nothing(&pair.value)),
        _ => false,
    }
}

/// The value at the end of some steps, with the line of its key.
fn find<'t>(tree: &'t Tree, steps: &[&str]) -> Option<(usize, &'t Tree)> {
    let (first, rest) = steps.split_first()?;
    let (line, _, value) = tree.entries().find(|(_, name, _)| name == first)?;
    if rest.is_empty() { Some((line, value)) } else { find(value, rest) }
}

/// The tree with a value at the end of some steps; `None` where something else is in the way.
fn put(tree: &Tree, steps: &[&str], line: usize, value: &Tree) -> Option<Tree> {
    let Some((first, rest)) = steps.split_first() else { return Some(value.clone()) };
    if !matches!(tree, Tree::Null | Tree::Map(_)) {
        return None;
    }
    let below = put(tree.get(first).unwrap_or(&Tree::Null), rest, line, value)?;
    Some(with(tree, first, line, below))
}

/// The map with another value for a key, which is added if it is not there.
fn with(tree: &Tree, name: &str, line: usize, value: Tree) -> Tree {
    let mut pairs = tree.pairs().to_vec();
    match pairs.iter_mut().find(|pair| pair.key.text() == Some(name)) {
        Some(pair) => pair.value = value,
        None => pairs.push(Pair { line, key: Tree::Text(name.into()), value }),
    }
    Tree::Map(pairs.into())
}
