//! Giving a field of encoded lines another type: a column keeps the type of its first write, and
//! the server's refusal names it (decision E17).

use std::ops::Range;

use super::lines::Parts;

/// The type of a column, as InfluxDB names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ColumnType {
    Integer,
    Unsigned,
    Float,
    Text,
    Boolean,
}

impl ColumnType {
    /// The type with this name, in the words of any version.
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "integer" => Self::Integer,
            "unsigned" | "uinteger" => Self::Unsigned,
            "float" => Self::Float,
            "string" => Self::Text,
            "boolean" => Self::Boolean,
            _ => return None,
        })
    }

    /// The type of a value as it is written.
    fn of(value: &[u8]) -> Self {
        match (value.first(), value.last()) {
            (Some(b'"'), _) => Self::Text,
            (Some(b't' | b'T' | b'f' | b'F'), _) => Self::Boolean,
            (_, Some(b'i')) => Self::Integer,
            (_, Some(b'u')) => Self::Unsigned,
            _ => Self::Float,
        }
    }
}

/// A refusal because a column has another type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Conflict {
    pub(super) measurement: String,
    pub(super) field: String,
    pub(super) column: ColumnType,
}

impl Conflict {
    /// Reads `… input field "F" on measurement "M" is type T, already exists as type C …`, which
    /// versions 1 and 2 send alike.
    pub(super) fn find(message: &str) -> Option<Self> {
        let rest = &message[message.find("field type conflict")?..];
        let (field, rest) = quoted(rest, "input field ")?;
        let (measurement, rest) = quoted(rest, "on measurement ")?;
        let (_, rest) = rest.split_once("already exists as type ")?;
        let name = rest.split(|c: char| !c.is_ascii_alphabetic()).next()?;
        let column = ColumnType::named(name)?;
        Some(Self { measurement, field, column })
    }

    /// Reads version 3's `invalid column type for column 'F', expected iox::column_type::field::T,
    /// got …`; the measurement is that of `line`, the line that the server complains about.
    pub(super) fn in_line(message: &str, line: &[u8]) -> Option<Self> {
        let (_, rest) = message.split_once("invalid column type for column '")?;
        let (field, rest) = rest.split_once("', expected iox::column_type::field::")?;
        let name = rest.split(|c: char| !c.is_ascii_alphabetic()).next()?;
        let measurement = String::from_utf8(Parts::of(line)?.measurement()).ok()?;
        Some(Self { measurement, field: field.to_owned(), column: ColumnType::named(name)? })
    }

    /// The line with the field rewritten; `None` when there is nothing to rewrite, or no value of
    /// that type with the same meaning.
    pub(super) fn rewrite(&self, line: &[u8]) -> Option<Vec<u8>> {
        let at = self.value(line)?;
        let value = convert(&line[at.clone()], self.column)?;
        Some([&line[..at.start], &value, &line[at.end..]].concat())
    }

    /// Whether the line has the field with a value of another type.
    pub(super) fn concerns(&self, line: &[u8]) -> bool {
        self.value(line).is_some_and(|at| ColumnType::of(&line[at]) != self.column)
    }

    fn value(&self, line: &[u8]) -> Option<Range<usize>> {
        let parts = Parts::of(line)?;
        if parts.measurement() != self.measurement.as_bytes() {
            return None;
        }
        parts.field(self.field.as_bytes())
    }
}

/// A text in Go's quotes after `before`, and what follows it.
fn quoted<'t>(text: &'t str, before: &str) -> Option<(String, &'t str)> {
    let (_, rest) = text.split_once(before)?;
    let rest = rest.trim_start_matches('\\').strip_prefix('"')?;
    let mut value = String::new();
    let mut chars = rest.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, &rest[at + 1..])),
            // In a JSON answer that was not decoded the closing quote is escaped itself.
            '\\' if rest[at..].starts_with("\\\"") && !value.is_empty() => {
                return Some((value, &rest[at + 2..]));
            }
            '\\' => value.push(chars.next()?.1),
            c => value.push(c),
        }
    }
    None
}

/// A value of another type with the same meaning, where there is one.
fn convert(value: &[u8], to: ColumnType) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(value).ok()?;
    let number = text.strip_suffix(['i', 'u']).unwrap_or(text);
    let is_number = number.parse::<f64>().is_ok();
    let whole = || {
        let parsed: f64 = number.parse().ok()?;
        parsed.is_finite().then(|| format!("{:.0}", parsed.floor()))
    };
    let converted = match to {
        ColumnType::Float if is_number => number.to_owned(),
        ColumnType::Integer if is_number => format!("{}i", whole()?),
        ColumnType::Unsigned if is_number && !number.starts_with('-') => format!("{}u", whole()?),
        ColumnType::Text if value.first() != Some(&b'"') => format!("\"{number}\""),
        _ => return None,
    };
    (converted.as_bytes() != value).then(|| converted.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::influx::lines::split_lines;

    const V1: &str = r#"partial write: field type conflict: input field "request_timeout_ms" on measurement "butler_sos_errors" is type integer, already exists as type float dropped=2"#;

    #[test]
    fn the_answer_of_the_server_names_field_and_type() {
        let conflict = Conflict::find(V1).unwrap();
        assert_eq!(conflict.measurement, "butler_sos_errors");
        assert_eq!(conflict.field, "request_timeout_ms");
        assert_eq!(conflict.column, ColumnType::Float);
        assert_eq!(Conflict::find("partial write: points beyond retention policy dropped=1"), None);
        assert_eq!(Conflict::find("field type conflict: input field \"x"), None);
    }

    /// All lines with the field rewritten; `None` when no line changes.
    fn apply(conflict: &Conflict, lines: &str) -> Option<Vec<u8>> {
        let mut changed = false;
        let lines = split_lines(lines.as_bytes()).map(|line| match conflict.rewrite(line) {
            Some(rewritten) => {
                changed = true;
                rewritten
            }
            None => line.to_vec(),
        });
        let lines = lines.collect::<Vec<_>>().concat();
        changed.then_some(lines)
    }

    #[test]
    fn version_3_names_the_column_and_the_line() {
        let message = "invalid column type for column 'f', expected \
                       iox::column_type::field::integer, got iox::column_type::field::float";
        let line = b"my\\ m,t=a f=1.5 17953440\n";
        let conflict = Conflict::in_line(message, line).unwrap();
        assert_eq!(
            (&*conflict.measurement, &*conflict.field, conflict.column),
            ("my m", "f", ColumnType::Integer)
        );
        assert_eq!(conflict.rewrite(line).unwrap(), b"my\\ m,t=a f=1i 17953440\n");
        let tag = message.replace("field::integer", "tag");
        assert_eq!(Conflict::in_line(&tag, line), None, "a tag is no field");
        assert_eq!(Conflict::in_line("No fields were provided", line), None);
    }

    #[test]
    fn only_the_named_field_of_the_named_measurement_changes() {
        let conflict = Conflict::find(V1).unwrap();
        let lines = "butler_sos_errors,host=a\\ b error_count=1i,note=\"request_timeout_ms=5i, \\\"x\\\" \n y\",request_timeout_ms=5000i 7\n\
                     other request_timeout_ms=5000i 8\n\
                     butler_sos_errors error_count=1i 9\n";
        let expected = lines.replacen("request_timeout_ms=5000i 7", "request_timeout_ms=5000 7", 1);
        assert_eq!(String::from_utf8(apply(&conflict, lines).unwrap()).unwrap(), expected);
        assert_eq!(apply(&conflict, &expected), None);
        let concerned: Vec<bool> =
            split_lines(lines.as_bytes()).map(|line| conflict.concerns(line)).collect();
        assert_eq!(concerned, [true, false, false]);
        assert!(!split_lines(expected.as_bytes()).any(|line| conflict.concerns(line)));
    }

    #[test]
    fn values_keep_their_meaning() {
        for (value, to, expected) in [
            ("5i", ColumnType::Float, Some("5")),
            ("5u", ColumnType::Integer, Some("5i")),
            ("71.9", ColumnType::Integer, Some("71i")),
            ("-1i", ColumnType::Unsigned, None),
            ("5i", ColumnType::Text, Some("\"5\"")),
            ("\"text\"", ColumnType::Integer, None),
            ("true", ColumnType::Float, None),
            ("5", ColumnType::Float, None),
        ] {
            let converted = convert(value.as_bytes(), to);
            assert_eq!(converted.as_deref(), expected.map(str::as_bytes), "{value}");
        }
    }
}
