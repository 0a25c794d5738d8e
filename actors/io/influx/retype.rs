//! Giving a field of encoded lines another type: a column keeps the type of its first write, and
//! the server's refusal names it (decision E17).

/// The type of a column, as InfluxDB names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ColumnType {
    Integer,
    Unsigned,
    Float,
    Text,
    Boolean,
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
        let column = match name {
            "integer" => ColumnType::Integer,
            "unsigned" => ColumnType::Unsigned,
            "float" => ColumnType::Float,
            "string" => ColumnType::Text,
            "boolean" => ColumnType::Boolean,
            _ => return None,
        };
        Some(Self { measurement, field, column })
    }

    /// Rewrites the field in all lines of the measurement; `None` when no line changes.
    pub(super) fn apply(&self, lines: &[u8]) -> Option<Vec<u8>> {
        let mut out = Vec::with_capacity(lines.len());
        let mut changed = false;
        for line in split_lines(lines) {
            match self.rewrite(line) {
                Some(rewritten) => {
                    changed = true;
                    out.extend_from_slice(&rewritten);
                }
                None => out.extend_from_slice(line),
            }
        }
        changed.then_some(out)
    }

    fn rewrite(&self, line: &[u8]) -> Option<Vec<u8>> {
        let parts = Parts::of(line)?;
        if unescape(&line[..parts.measurement_end]) != self.measurement.as_bytes() {
            return None;
        }
        let (from, to) = parts.field(line, self.field.as_bytes())?;
        let value = convert(&line[from..to], self.column)?;
        Some([&line[..from], &value, &line[to..]].concat())
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

/// Lines with their line break. A line break inside a text field does not end a line.
pub(super) fn split_lines(lines: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = lines;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = line_end(rest);
        let (line, after) = rest.split_at(end);
        rest = after;
        Some(line)
    })
}

fn line_end(text: &[u8]) -> usize {
    // Quotes mean something only after the first unescaped blank, where the fields begin.
    let (mut in_fields, mut in_text, mut escaped) = (false, false, false);
    for (at, &byte) in text.iter().enumerate() {
        if escaped {
            escaped = false;
            continue;
        }
        match byte {
            b'\\' => escaped = true,
            b' ' => in_fields = true,
            b'"' if in_fields => in_text = !in_text,
            b'\n' if !in_text => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Where the parts of a line are.
struct Parts {
    measurement_end: usize,
    fields: usize,
}

impl Parts {
    fn of(line: &[u8]) -> Option<Self> {
        let (mut measurement_end, mut escaped) = (None, false);
        for (at, &byte) in line.iter().enumerate() {
            if escaped {
                escaped = false;
                continue;
            }
            match byte {
                b'\\' => escaped = true,
                b',' if measurement_end.is_none() => measurement_end = Some(at),
                b' ' => {
                    let measurement_end = measurement_end.unwrap_or(at);
                    return Some(Self { measurement_end, fields: at + 1 });
                }
                _ => {}
            }
        }
        None
    }

    /// Begin and end of the value of a field.
    fn field(&self, line: &[u8], name: &[u8]) -> Option<(usize, usize)> {
        let mut key = self.fields;
        loop {
            let equals = key + find_plain(&line[key..], b"=")?;
            let value = equals + 1;
            let end = value + value_len(&line[value..]);
            if unescape(&line[key..equals]) == name {
                return Some((value, end));
            }
            if line.get(end) != Some(&b',') {
                return None;
            }
            key = end + 1;
        }
    }
}

/// The first of `wanted` that is not escaped.
fn find_plain(text: &[u8], wanted: &[u8]) -> Option<usize> {
    let mut escaped = false;
    text.iter().position(|&byte| {
        let found = !escaped && wanted.contains(&byte);
        escaped = !escaped && byte == b'\\';
        found
    })
}

fn value_len(text: &[u8]) -> usize {
    if text.first() == Some(&b'"') {
        find_plain(&text[1..], b"\"").map_or(text.len(), |at| at + 2)
    } else {
        text.iter().position(|byte| matches!(byte, b',' | b' ')).unwrap_or(text.len())
    }
}

fn unescape(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match bytes.peek() {
            Some(&next) if byte == b'\\' && matches!(next, b',' | b'=' | b' ') => {
                out.push(next);
                bytes.next();
            }
            _ => out.push(byte),
        }
    }
    out
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

    #[test]
    fn only_the_named_field_of_the_named_measurement_changes() {
        let conflict = Conflict::find(V1).unwrap();
        let lines = "butler_sos_errors,host=a\\ b error_count=1i,note=\"request_timeout_ms=5i, \\\"x\\\" \n y\",request_timeout_ms=5000i 7\n\
                     other request_timeout_ms=5000i 8\n\
                     butler_sos_errors error_count=1i 9\n";
        let expected = lines.replacen("request_timeout_ms=5000i 7", "request_timeout_ms=5000 7", 1);
        assert_eq!(String::from_utf8(conflict.apply(lines.as_bytes()).unwrap()).unwrap(), expected);
        assert_eq!(conflict.apply(expected.as_bytes()), None);
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

    #[test]
    fn a_line_break_inside_a_text_does_not_end_a_line() {
        let lines: Vec<&[u8]> = split_lines(b"a,t=\"x f=\"1\n2\" 1\nb f=1 2\nc f=1 3").collect();
        assert_eq!(lines, [&b"a,t=\"x f=\"1\n2\" 1\n"[..], b"b f=1 2\n", b"c f=1 3"]);
    }
}
