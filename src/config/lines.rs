//! On which line of the file each key stands.

use std::collections::HashMap;

use actors::config::Tree;

/// Keys whose lines are remembered; a file with more is not written by a person.
const MOST_KEYS: usize = 100_000;

/// Lines of keys, by dotted path.
#[derive(Debug, Clone, Default)]
pub(super) struct Lines(HashMap<String, usize>);

impl Lines {
    /// The lines of all keys and items of a document.
    pub(super) fn of(tree: &Tree) -> Self {
        let mut lines = Self::default();
        lines.add("", tree);
        lines
    }

    fn add(&mut self, path: &str, tree: &Tree) {
        if let Tree::List(items) = tree {
            for (index, (line, item)) in items.iter().enumerate() {
                self.put(&format!("{path}[{index}]"), *line, item);
            }
        }
        for (line, key, value) in tree.entries() {
            let path = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
            self.put(&path, line, value);
        }
    }

    fn put(&mut self, path: &str, line: usize, below: &Tree) {
        if self.0.len() < MOST_KEYS {
            self.0.insert(path.to_owned(), line);
            self.add(path, below);
        }
    }

    /// The line of a key.
    pub(super) fn line(&self, path: &str) -> Option<usize> {
        self.0.get(path).copied()
    }

    /// The path of a key that stands on a line.
    pub(super) fn path_of(&self, line: usize, key: &str) -> Option<&str> {
        let paths = self.0.iter().filter(|(_, at)| **at == line).map(|(path, _)| path.as_str());
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

#[cfg(test)]
mod tests {
    use actors::config::compose;

    use super::*;

    #[test]
    fn keys_are_found_in_maps_lists_and_flow_style() {
        let text = "a:\r\n  b: 1\r\n  list:\r\n    - x: 1\r\n      y: &z {q: 2}\r\n    - *z\r\n    - three\r\n  c: [4,\r\n    5]\r\n";
        let lines = Lines::of(&compose(text).unwrap());
        for (path, line) in [
            ("a", Some(1)),
            ("a.b", Some(2)),
            ("a.list", Some(3)),
            ("a.list[0].x", Some(4)),
            ("a.list[0].y.q", Some(5)),
            // What is written elsewhere is there.
            ("a.list[1].q", Some(5)),
            ("a.list[2]", Some(7)),
            ("a.c[1]", Some(9)),
            ("a.d", None),
        ] {
            assert_eq!(lines.line(path), line, "{path}");
        }
        assert_eq!(lines.nearest("a.list[0].missing.too"), 4);
        assert_eq!(lines.nearest("elsewhere"), 0);
    }
}
