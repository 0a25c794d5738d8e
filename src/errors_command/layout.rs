//! Laying out a table: which columns there are, how wide they are, and where sentences wrap.

use std::collections::HashMap;

use actors::domain::text::is_invisible;
use actors::io::error_log::HistoryRow;

/// A heading and what stands below it for each row.
pub(super) struct Column {
    pub(super) heading: &'static str,
    pub(super) cells: Vec<String>,
}

/// What stands in one column for a row.
type CellOf = fn(&HistoryRow) -> &str;

impl Column {
    fn new(heading: &'static str, rows: &[HistoryRow], of: CellOf) -> Self {
        Self { heading, cells: rows.iter().map(|row| name(of(row))).collect() }
    }

    /// Characters of the widest cell.
    pub(super) fn width(&self) -> usize {
        let widths = self.cells.iter().map(|cell| cell.chars().count());
        widths.max().unwrap_or(0).max(self.heading.chars().count())
    }
}

/// The columns before the sentence: those that every table has, and those that tell rows apart
/// which are alike otherwise.
pub(super) fn columns(rows: &[HistoryRow]) -> Vec<Column> {
    let times = rows.iter().map(|row| row.stamp.to_utc().format("%Y-%m-%d %H:%M:%S").to_string());
    let mut columns = vec![
        Column { heading: "Time (UTC)", cells: times.collect() },
        Column::new("Type", rows, |row| &row.error_type),
        Column::new("Server", rows, |row| &row.server_name),
    ];
    let category = Column::new("Category", rows, |row| &row.error_category);
    // All rows are different at their times.
    let mut keys: Vec<String> = (0..rows.len())
        .map(|row| [&columns[1], &columns[2], &category].map(|c| c.cells[row].clone()).join("\0"))
        .collect();
    let optional: [(&'static str, CellOf); 5] = [
        ("Virtual proxy", |row| text(row.virtual_proxy.as_ref())),
        ("Module", |row| text(row.module.as_ref())),
        ("Destination", |row| text(row.destination_host.as_ref())),
        ("Host", |row| text(row.host.as_ref())),
        ("Address", |row| text(row.remote_address.as_ref())),
    ];
    for (heading, of) in optional {
        let column = Column::new(heading, rows, of);
        if tells_apart(&keys, &column.cells) {
            for (key, cell) in keys.iter_mut().zip(&column.cells) {
                key.push('\0');
                key.push_str(cell);
            }
            columns.push(column);
        }
    }
    columns.push(category);
    columns
}

/// Whether two rows with the same key have different cells.
fn tells_apart(keys: &[String], cells: &[String]) -> bool {
    let mut first = HashMap::new();
    keys.iter().zip(cells).any(|(key, cell)| *first.entry(key).or_insert(cell) != cell)
}

fn text(text: Option<&String>) -> &str {
    text.map_or("", String::as_str)
}

fn name(text: &str) -> String {
    if text.is_empty() { "-".to_owned() } else { printable(text) }
}

/// Text that moves no cursor and turns no direction: it may come from the network.
pub(super) fn printable(text: &str) -> String {
    text.chars().map(|c| if is_invisible(c) { '?' } else { c }).collect()
}

/// The lines of a sentence that are at most so wide, as long as its words are.
pub(super) fn wrap(sentence: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in sentence.split_whitespace() {
        let long = word.chars().count();
        if used > 0 && used + 1 + long > width {
            lines.push(String::new());
            used = 0;
        }
        if let Some(line) = lines.last_mut() {
            if used > 0 {
                line.push(' ');
                used += 1;
            }
            line.push_str(word);
            used += long;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_wrap_and_words_do_not() {
        assert_eq!(wrap("", 10), [""]);
        assert_eq!(wrap("one two", 7), ["one two"]);
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(
            wrap("see https://a.very.long.name/ there", 8),
            ["see", "https://a.very.long.name/", "there"]
        );
        assert_eq!(wrap("ü ü ü", 3), ["ü ü", "ü"]);
    }

    #[test]
    fn a_column_is_needed_where_rows_with_one_key_differ() {
        let texts =
            |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let keys = texts(&["a", "a", "b"]);
        assert!(tells_apart(&keys, &texts(&["/", "/hdr", "/"])));
        assert!(!tells_apart(&keys, &texts(&["/", "/", "/hdr"])), "the key tells them apart");
        assert!(!tells_apart(&[], &[]));
    }

    #[test]
    fn nothing_moves_the_cursor_or_turns_the_text() {
        assert_eq!(printable("a\u{1b}[1m\u{202e}ü\u{85}"), "a?[1m?ü?");
    }
}
