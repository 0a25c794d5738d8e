//! What stands where in the text of a file, for messages that quote it.

use saphyr_parser::{Event, Parser, Span};

/// A map or list that is open.
struct Open {
    path: String,
    /// In a map: the key whose value comes next. In a list: unused.
    key: Option<String>,
    /// In a list: the index of the next item; `None` is a map.
    next: Option<usize>,
}

impl Open {
    /// The path of the value that comes next; `None` when it is a key.
    fn value_path(&mut self) -> Option<String> {
        match &mut self.next {
            Some(next) => {
                *next += 1;
                Some(format!("{}[{}]", self.path, *next - 1))
            }
            None => self.key.take().map(|key| join(&self.path, &key)),
        }
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// What stands at a place of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Key,
    Value,
    /// A value that is somewhere else in the text.
    Reference,
    /// A map or list begins.
    Open,
    /// It ends.
    Close,
}

/// Goes over a text: path, part and place of everything in it. What comes
/// after a syntax error is not known.
pub(super) fn walk(text: &str, mut visit: impl FnMut(&str, Part, Span)) {
    let mut open: Vec<Open> = Vec::new();
    for event in Parser::new_from_str(text) {
        let Ok((event, span)) = event else { return };
        let inside = open.last_mut();
        let (path, part) = match event {
            Event::MappingStart(..) | Event::SequenceStart(..) => {
                let path = inside.and_then(Open::value_path).unwrap_or_default();
                let next = matches!(event, Event::SequenceStart(..)).then_some(0);
                open.push(Open { path: path.clone(), key: None, next });
                (path, Part::Open)
            }
            Event::MappingEnd | Event::SequenceEnd => {
                (open.pop().map(|open| open.path).unwrap_or_default(), Part::Close)
            }
            Event::Scalar(text, ..) => {
                let Some(inside) = inside else { continue };
                if inside.next.is_none() && inside.key.is_none() {
                    let path = join(&inside.path, &text);
                    inside.key = Some(text.into_owned());
                    (path, Part::Key)
                } else {
                    let Some(path) = inside.value_path() else { continue };
                    (path, Part::Value)
                }
            }
            Event::Alias(_) => {
                let Some(path) = inside.and_then(Open::value_path) else { continue };
                (path, Part::Reference)
            }
            _ => continue,
        };
        visit(&path, part, span);
    }
}
