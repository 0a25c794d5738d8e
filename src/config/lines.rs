//! On which line of the file each key stands.

use std::collections::HashMap;
use std::ops::ControlFlow;

use saphyr_parser::{Event, Parser, Span};

/// Keys whose lines are remembered; a file with more is not written by a person.
const MOST_KEYS: usize = 100_000;

/// Lines of keys, by dotted path.
#[derive(Debug, Default)]
pub(super) struct Lines {
    lines: HashMap<String, usize>,
    /// A key that stands twice in one map: its path and both lines.
    pub(super) twice: Option<(String, usize, usize)>,
}

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

/// Goes over a text: path, part and place of everything in it, until `visit` breaks. What comes
/// after a syntax error is not known.
pub(super) fn walk(text: &str, mut visit: impl FnMut(&str, Part, Span) -> ControlFlow<()>) {
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
        if visit(&path, part, span).is_break() {
            return;
        }
    }
}

impl Lines {
    /// Looks at a text; what comes after a syntax error is not known.
    pub(super) fn of(text: &str) -> Self {
        let mut lines = Self::default();
        walk(text, |path, part, span| {
            let line = span.start.line();
            match part {
                Part::Key => lines.add(path.to_owned(), line),
                Part::Value | Part::Open => {
                    lines.lines.entry(path.to_owned()).or_insert(line);
                }
                Part::Reference | Part::Close => {}
            }
            match lines.lines.len() < MOST_KEYS {
                true => ControlFlow::Continue(()),
                false => ControlFlow::Break(()),
            }
        });
        lines
    }

    fn add(&mut self, path: String, line: usize) {
        match self.lines.get(&path) {
            Some(first) if self.twice.is_none() => self.twice = Some((path, *first, line)),
            _ => _ = self.lines.insert(path, line),
        }
    }

    /// The line of a key.
    pub(super) fn line(&self, path: &str) -> Option<usize> {
        self.lines.get(path).copied()
    }

    /// The path of a key that stands on a line.
    pub(super) fn path_of(&self, line: usize, key: &str) -> Option<&str> {
        let paths = self.lines.iter().filter(|(_, at)| **at == line).map(|(path, _)| path.as_str());
        paths.into_iter().find(|path| path.rsplit('.').next() == Some(key))
    }

    /// The line of a key, or of the nearest key above it.
    pub(super) fn nearest(&self, path: &str) -> usize {
        let mut path = path;
        loop {
            match (self.line(path), path.rfind(['.', '['])) {
                (Some(line), _) => return line,
                (None, Some(end)) => path = &path[..end],
                (None, None) => return 0,
            }
        }
    }
}

/// Maps and lists inside each other; a configuration has a dozen levels.
const DEEPEST: usize = 64;

/// The line on which a text is nested too deep to be read: the work of a parser may grow with the
/// square of the depth.
pub(super) fn too_deep(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for event in Parser::new_from_str(text) {
        match event {
            Ok((Event::MappingStart(..) | Event::SequenceStart(..), span)) => {
                depth += 1;
                if depth > DEEPEST {
                    return Some(span.start.line());
                }
            }
            Ok((Event::MappingEnd | Event::SequenceEnd, _)) => depth = depth.saturating_sub(1),
            Ok(_) => {}
            // The parser has a limit of its own for brackets. Anything else that is wrong is told
            // by whoever reads the text.
            Err(error) => {
                let limit = error.info().contains("recursion limit");
                return limit.then(|| error.marker().line());
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_in_maps_lists_and_flow_style() {
        let text = "\u{feff}a:\r\n  b: 1\r\n  list:\r\n    - x: 1\r\n      y: &z {q: 2}\r\n    - *z\r\n    - three\r\n  c: [4,\r\n    5]\r\n";
        let lines = Lines::of(text.trim_start_matches('\u{feff}'));
        for (path, line) in [
            ("a", Some(1)),
            ("a.b", Some(2)),
            ("a.list", Some(3)),
            ("a.list[0].x", Some(4)),
            ("a.list[0].y.q", Some(5)),
            ("a.list[2]", Some(7)),
            ("a.c[1]", Some(9)),
            ("a.d", None),
        ] {
            assert_eq!(lines.line(path), line, "{path}");
        }
        assert_eq!(lines.nearest("a.list[0].missing.too"), 4);
        assert_eq!(lines.nearest("elsewhere"), 0);
    }

    #[test]
    fn what_is_nested_without_end_is_found_soon() {
        let nested = |depth: usize| format!("a:\n  b: {}{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(too_deep(&nested(60)), None);
        assert_eq!(too_deep(&nested(70)), Some(2));
        assert_eq!(too_deep(&"[".repeat(1 << 20)), Some(1));
    }

    #[test]
    fn a_key_that_stands_twice_is_found_with_both_lines() {
        let lines = Lines::of("a:\n  b: 1\n  c: 2\n  b: 3\n");
        assert_eq!(lines.twice, Some(("a.b".to_owned(), 2, 4)));
        assert_eq!(Lines::of("a: {b: 1}\nc: {b: 1}\n").twice, None);
    }
}
