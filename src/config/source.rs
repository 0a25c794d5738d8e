//! The text of a configuration file as messages quote it: single lines, and no secret in them.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt;

use actors::config::{Problem, is_secret};
use actors::domain::secrets::MASK;
use actors::domain::text::is_invisible;
use saphyr_parser::{Marker, Span};

use super::lines::Lines;
use super::walk::{Part, walk};

/// The text of a configuration file.
#[derive(Clone, Default)]
pub struct Source {
    text: String,
    lines: Lines,
    /// Paths of keys that nobody knows and that were meant to hold a secret.
    secrets: HashSet<String>,
    /// Paths of all keys that nobody knows: what is below them is anything.
    unknown: HashSet<String>,
}

/// The text is full of secrets.
impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Source")
    }
}

/// Characters of a line that are shown.
const WIDTH: usize = 100;

/// What a token covers of a line, in characters.
struct Piece {
    begin: usize,
    end: usize,
    hidden: bool,
}

impl Source {
    /// A text that begins without a byte order mark, and where its keys are. `secrets` and
    /// `unknown` are paths of keys that nobody knows: those that were meant to hold a secret, and
    /// all of them.
    pub(super) fn new(
        text: &str,
        lines: Lines,
        secrets: HashSet<String>,
        unknown: HashSet<String>,
    ) -> Self {
        Self { text: text.to_owned(), lines, secrets, unknown }
    }

    /// Gives every problem without a line the line of the nearest key above it that is there.
    pub fn locate(&self, problems: &mut [Problem]) {
        let lines = &self.lines;
        for problem in problems.iter_mut().filter(|problem| problem.line.is_none()) {
            problem.line = Some(lines.nearest(&problem.path)).filter(|line| *line > 0);
        }
    }

    /// These lines, from 1, without comments and with every secret masked. Lines without a key or
    /// a value are left out.
    pub fn excerpts(&self, wanted: &BTreeSet<usize>) -> BTreeMap<usize, String> {
        // The parser ends a line there, we do not: none is better than a wrong one.
        if self.text.replace("\r\n", "\n").contains('\r') {
            return BTreeMap::new();
        }
        let lines: Vec<&str> = self.text.lines().collect();
        let mut pieces: BTreeMap<usize, Vec<Piece>> = BTreeMap::new();
        let mut add = |from: Marker, to: Marker, hidden: bool| {
            for line in wanted.range(from.line()..=to.line().max(from.line())) {
                let begin = if *line == from.line() { from.col() } else { 0 };
                let end = if *line == to.line() { to.col() } else { usize::MAX };
                if begin < MOST_COLUMNS {
                    pieces.entry(*line).or_default().push(Piece { begin, end, hidden });
                }
            }
        };
        let mut elsewhere = false;
        // Where the maps and lists began that are open, if they are secret.
        let mut open: Vec<Option<Marker>> = Vec::new();
        walk(&self.text, |path, part, Span { start, end }| {
            let hidden = part != Part::Key && self.hides(path);
            elsewhere |= hidden && part == Part::Reference;
            match part {
                Part::Open => open.push(hidden.then_some(start)),
                Part::Close => {
                    if let Some(began) = open.pop().flatten() {
                        add(began, start, true);
                    }
                }
                Part::Key | Part::Value | Part::Reference => {}
            }
            match part {
                Part::Key | Part::Value | Part::Reference => add(start, end, hidden),
                // Of blocks no token is to be seen.
                Part::Open | Part::Close if start.col() >= MOST_COLUMNS => {}
                Part::Open | Part::Close => {
                    let line = lines.get(start.line().saturating_sub(1)).copied().unwrap_or("");
                    if matches!(line.chars().nth(start.col()), Some('[' | ']' | '{' | '}')) {
                        add(start, after(start), hidden);
                    }
                }
            }
        });
        // A secret that is written at another place could be on any line.
        if elsewhere {
            return BTreeMap::new();
        }
        let shown = |(line, pieces): (usize, Vec<Piece>)| {
            let shown = shown(lines.get(line.checked_sub(1)?)?, &pieces);
            (!shown.is_empty()).then_some((line, shown))
        };
        pieces.into_iter().filter_map(shown).collect()
    }

    fn hides(&self, path: &str) -> bool {
        let ends = path.char_indices().filter(|(_, char)| matches!(char, '.' | '['));
        let mut above = ends.map(|(end, _)| &path[..end]);
        let below = path.strip_prefix(super::ROOT).and_then(|path| path.strip_prefix('.'));
        is_secret(path)
            || below.is_some_and(|below| super::catalog().is_secret(below))
            || self.secrets.contains(path)
            || above.any(|above| self.secrets.contains(above) || self.unknown.contains(above))
    }
}

/// The place one character further on its line.
fn after(at: Marker) -> Marker {
    Marker::new(at.index() + 1, at.line(), at.col() + 1)
}

/// One line up to the end of its last token: what comes then is a comment.
fn shown(line: &str, pieces: &[Piece]) -> String {
    let end = pieces.iter().map(|piece| piece.end).max().unwrap_or_default();
    // The colon behind a key is no token of its own.
    let end = end.saturating_add(usize::from(line.chars().nth(end) == Some(':')));
    // A block ends behind the indentation of what comes next.
    let indentation = line.chars().take_while(|char| char.is_whitespace()).count();
    let secret = |piece: &&Piece| piece.hidden && piece.end > indentation;
    let secrets: Vec<&Piece> = pieces.iter().filter(secret).collect();
    let mut text = String::new();
    let mut masked = false;
    for (column, char) in line.chars().enumerate().take(end.min(MOST_COLUMNS)) {
        let hidden = secrets.iter().any(|piece| piece.covers(column));
        match (hidden, masked) {
            (true, true) => {}
            (true, false) => text.push_str(MASK),
            (false, _) if is_invisible(char) => {
                text.extend(char.escape_default());
            }
            (false, _) => text.push(char),
        }
        masked = hidden;
    }
    // A user and a password can stand in front of a host.
    if let Some(at) = text.find('@') {
        let begin = text[..at].rfind(char::is_whitespace).map_or(0, |blank| blank + 1);
        text.truncate(begin);
        text.push_str(MASK);
    }
    let text = text.trim_end();
    match text.char_indices().nth(WIDTH) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text.to_owned(),
    }
}

/// Nobody reads so far, and a line may be as long as the file.
const MOST_COLUMNS: usize = 1_000;

impl Piece {
    fn covers(&self, column: usize) -> bool {
        (self.begin..self.end).contains(&column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excerpts(text: &str) -> Vec<(usize, String)> {
        let secrets = HashSet::from(["R.tokn".to_owned()]);
        let unknown = HashSet::from(["R.tokn".to_owned(), "R.unknown".to_owned()]);
        let source = Source::new(text, Lines::default(), secrets, unknown);
        let wanted = (1..=text.lines().count()).collect();
        source.excerpts(&wanted).into_iter().collect()
    }

    fn lines(text: &str) -> Vec<String> {
        excerpts(text).into_iter().map(|(_, line)| line).collect()
    }

    #[test]
    fn lines_are_shown_without_comments_and_secrets() {
        for (text, shown) in [
            ("R:\r\n  port: 1 # hunter2\r\n", vec!["R:", "  port: 1"]),
            ("R:\n  password: hunter2\n", vec!["R:", "  password: **********"]),
            (
                "R: { port: 1, token: 'hunter2', b: [x, y] } # c",
                vec!["R: { port: 1, token: **********, b: [x, y] }"],
            ),
            ("R:\n  headers: { X: hunter2 }\n", vec!["R:", "  headers: **********"]),
            ("R:\n  token: [hunter2, hunter3]\n", vec!["R:", "  token: **********"]),
            ("R:\n  tokn: hunter2\n", vec!["R:", "  tokn: **********"]),
            ("R:\n  unknown: { x: hunter2 }\n", vec!["R:", "  unknown: { x: ********** }"]),
            ("R:\n  unknown: 30000\n", vec!["R:", "  unknown: 30000"]),
            ("R:\n  url: 'http://u:p@h'\n", vec!["R:", "  url: **********"]),
            ("R:\n  a: \"x\u{202e}y\"\n", vec!["R:", "  a: \"x\\u{202e}y\""]),
        ] {
            assert_eq!(lines(text), shown, "{text:?}");
        }
        let all = excerpts("R:\n  password: |\n    hunter2\n    hunter3\n  # hunter4\n  port: 1\n");
        assert!(all.iter().all(|(_, line)| !line.contains("hunter")), "{all:?}");
        assert_eq!(all.last(), Some(&(6, "  port: 1".to_owned())));
        assert!(!all.iter().any(|(line, _)| *line == 5), "a comment: {all:?}");
    }

    #[test]
    fn where_a_secret_could_be_anywhere_nothing_is_shown() {
        assert_eq!(lines("R:\n  a: &x hunter2\n  password: *x\n"), Vec::<String>::new());
        assert_eq!(lines("R:\n  a: 1\r  b: 2\n"), Vec::<String>::new());
        let long = format!("R:\n  a: {}\n", "x".repeat(5_000));
        let line = &lines(&long)[1];
        assert!(line.ends_with('…') && line.chars().count() == WIDTH + 1, "{line}");
    }
}
