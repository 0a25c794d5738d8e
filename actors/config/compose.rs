//! From the events of the YAML parser to a tree: anchors, merge keys, tags, and what a
//! configuration file must not have.

use std::collections::HashMap;
use std::rc::Rc;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Tag};

use super::tree::{Pair, Tree};

/// Why a text is no document.
#[derive(Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Line and column, from 1.
    pub at: (usize, usize),
    /// What is wrong. No value of the file is in it.
    pub reason: String,
    /// Where else to look.
    pub hint: Option<String>,
}

impl Mistake {
    fn new(at: Marker, reason: impl Into<String>) -> Self {
        Self { at: (at.line(), at.col() + 1), reason: reason.into(), hint: None }
    }
}

impl From<ScanError> for Mistake {
    fn from(error: ScanError) -> Self {
        Self::new(*error.marker(), error.info())
    }
}

/// Values that references may bring in; no site has a tenth of that.
const MOST_REPEATED: usize = 200_000;

/// Maps and lists inside each other; a configuration has a dozen levels. The work of a parser may
/// grow with the square of the depth.
const DEEPEST: usize = 64;

/// The one document of a text that begins without a byte order mark; nothing when there is none.
///
/// # Errors
/// When the text is not YAML, or more than a configuration can be.
pub fn compose(text: &str) -> Result<Tree, Mistake> {
    control_characters(text)?;
    let mut composer = Composer::default();
    let mut document = None;
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| match error.info() {
            // The parser has a limit of its own for brackets.
            info if info.contains("recursion limit") => too_deep(error.marker().line()),
            _ => error.into(),
        })?;
        if matches!(event, Event::DocumentStart(_)) && document.is_some() {
            return Err(Mistake::new(
                span.start,
                "a second document begins; one is the whole file",
            ));
        }
        if let Some(value) = composer.take(event, span.start)? {
            document = Some(value);
        }
    }
    Ok(document.unwrap_or(Tree::Null))
}

fn too_deep(line: usize) -> Mistake {
    let reason = "is nested too deep to be a configuration".to_owned();
    Mistake { at: (line, 1), reason, hint: None }
}

/// YAML allows none of them (section 5.1), and they break lines of a log.
fn control_characters(text: &str) -> Result<(), Mistake> {
    let forbidden = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{85}');
    for (index, line) in text.lines().enumerate() {
        if let Some(column) = line.chars().position(forbidden) {
            let reason = "control characters are not allowed".to_owned();
            return Err(Mistake { at: (index + 1, column + 1), reason, hint: None });
        }
    }
    Ok(())
}

/// A map or list that is open.
struct Open {
    anchor: usize,
    began: Marker,
    values: Values,
    /// Values in it, itself included.
    size: usize,
}

enum Values {
    List(Vec<(usize, Tree)>),
    Map(Pairs),
}

/// A map that is open.
#[derive(Default)]
struct Pairs {
    pairs: Vec<Pair>,
    /// The key whose value comes next.
    key: Option<(Tree, Marker)>,
    /// What merge keys bring in.
    merged: Vec<Pair>,
    /// Keys that are there, with their lines.
    names: HashMap<Rc<str>, usize>,
}

#[derive(Default)]
struct Composer {
    open: Vec<Open>,
    /// What anchors stand for, with the number of values in it.
    anchors: HashMap<usize, (Tree, usize)>,
    repeated: usize,
}

impl Composer {
    /// Takes one event; the document when it is complete.
    fn take(&mut self, event: Event, mut at: Marker) -> Result<Option<Tree>, Mistake> {
        let (tree, size) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let tree = scalar(&text, style, tag.as_deref(), at)?;
                self.name(anchor, &tree, 1);
                (tree, 1)
            }
            Event::Alias(anchor) => {
                let Some((tree, size)) = self.anchors.get(&anchor).cloned() else {
                    return Err(Mistake::new(at, "a reference to what it is part of"));
                };
                self.repeated += size;
                if self.repeated > MOST_REPEATED {
                    return Err(Mistake::new(at, "repetition limit exceeded"));
                }
                (tree, size)
            }
            Event::SequenceStart(anchor, tag) => {
                collection(tag.as_deref(), "seq", at)?;
                return self.begin(anchor, Values::List(Vec::new()), at).map(|()| None);
            }
            Event::MappingStart(anchor, tag) => {
                collection(tag.as_deref(), "map", at)?;
                return self.begin(anchor, Values::Map(Pairs::default()), at).map(|()| None);
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(Open { anchor, began, values, size }) = self.open.pop() else {
                    return Ok(None);
                };
                let tree = values.close();
                at = began;
                self.name(anchor, &tree, size);
                (tree, size)
            }
            _ => return Ok(None),
        };
        let Some(inside) = self.open.last_mut() else { return Ok(Some(tree)) };
        inside.size += size;
        inside.values.add(tree, at).map_err(|mistake| self.with_path(mistake))?;
        Ok(None)
    }

    fn begin(&mut self, anchor: usize, values: Values, began: Marker) -> Result<(), Mistake> {
        if self.open.len() == DEEPEST {
            return Err(too_deep(began.line()));
        }
        self.open.push(Open { anchor, began, values, size: 1 });
        Ok(())
    }

    /// Puts the path of what is open in front of a hint.
    fn with_path(&self, mut mistake: Mistake) -> Mistake {
        if let Some(hint) = &mut mistake.hint {
            let steps = self.open.iter().rev().skip(1).filter_map(|open| open.values.step());
            for step in steps {
                let dot = if hint.starts_with('[') { "" } else { "." };
                *hint = format!("{step}{dot}{hint}");
            }
        }
        mistake
    }

    /// Remembers what an anchor stands for; 0 is none.
    fn name(&mut self, anchor: usize, tree: &Tree, size: usize) {
        if anchor > 0 {
            self.anchors.insert(anchor, (tree.clone(), size));
        }
    }
}

impl Values {
    fn add(&mut self, tree: Tree, at: Marker) -> Result<(), Mistake> {
        match self {
            Self::List(items) => items.push((at.line(), tree)),
            Self::Map(map) => match map.key.take() {
                None => map.key = Some((tree, at)),
                Some((key, key_at)) => map.add(key, key_at, tree)?,
            },
        }
        Ok(())
    }

    /// The step of a path to what is read now.
    fn step(&self) -> Option<String> {
        match self {
            Self::List(items) => Some(format!("[{}]", items.len())),
            Self::Map(map) => map.key.as_ref().and_then(|(key, _)| key.text()).map(str::to_owned),
        }
    }

    fn close(self) -> Tree {
        match self {
            Self::List(items) => Tree::List(items.into()),
            Self::Map(map) => Tree::Map(map.close().into()),
        }
    }
}

impl Pairs {
    fn add(&mut self, key: Tree, at: Marker, value: Tree) -> Result<(), Mistake> {
        if let Some(name) = key.text()
            && let Some(first) = self.names.insert(name.into(), at.line())
        {
            let reason = format!("duplicate entry with key {name:?}");
            let hint = Some(format!("{name} stands on lines {first} and {}", at.line()));
            return Err(Mistake { hint, ..Mistake::new(at, reason) });
        }
        match (&key, &value) {
            (Tree::Plain(name), Tree::Map(pairs)) if &**name == "<<" => {
                self.merged.extend_from_slice(pairs);
            }
            (Tree::Plain(name), Tree::List(maps)) if &**name == "<<" => {
                for (_, map) in &**maps {
                    let Tree::Map(pairs) = map else { return Err(not_a_map(at)) };
                    self.merged.extend_from_slice(pairs);
                }
            }
            (Tree::Plain(name), _) if &**name == "<<" => return Err(not_a_map(at)),
            _ => self.pairs.push(Pair { line: at.line(), key, value }),
        }
        Ok(())
    }

    /// Own keys win over merged ones, earlier merged ones over later ones.
    fn close(mut self) -> Vec<Pair> {
        for pair in self.merged {
            let new = |name: &str| self.names.insert(name.into(), pair.line).is_none();
            if pair.key.text().is_some_and(new) {
                self.pairs.push(pair);
            }
        }
        self.pairs
    }
}

fn not_a_map(at: Marker) -> Mistake {
    Mistake::new(at, "a merge key << takes a map, or a list of maps")
}

/// A scalar with its tag, if it has one of the core schema.
fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>, at: Marker) -> Result<Tree, Mistake> {
    match tag {
        None if style == ScalarStyle::Plain => Ok(Tree::plain(text)),
        None => Ok(Tree::Text(text.into())),
        // `!` alone means that it is a text.
        Some(tag) if tag.handle.is_empty() && tag.suffix == "!" => Ok(Tree::Text(text.into())),
        Some(tag) if tag.is_yaml_core_schema() => match tag.suffix.as_str() {
            "str" => Ok(Tree::Text(text.into())),
            "int" | "float" | "bool" | "null" => Ok(Tree::plain(text)),
            _ => Err(unknown_tag(at)),
        },
        Some(_) => Err(unknown_tag(at)),
    }
}

fn collection(tag: Option<&Tag>, kind: &str, at: Marker) -> Result<(), Mistake> {
    match tag {
        Some(tag) if !tag.is_yaml_core_schema() || tag.suffix != kind => Err(unknown_tag(at)),
        _ => Ok(()),
    }
}

/// Its name is not told: it can be the beginning of a secret that has no quotes.
fn unknown_tag(at: Marker) -> Mistake {
    Mistake::new(at, "a tag that is not known: a word that begins with !")
}

#[cfg(test)]
#[path = "compose_tests.rs"]
mod tests;
