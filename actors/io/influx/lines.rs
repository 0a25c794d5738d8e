//! Encoded lines, cut into what they are made of.

use std::ops::Range;

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
pub(super) struct Parts<'l> {
    line: &'l [u8],
    measurement_end: usize,
    fields: usize,
}

impl<'l> Parts<'l> {
    /// Finds them; `None` when there are no fields.
    pub(super) fn of(line: &'l [u8]) -> Option<Self> {
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
                    return Some(Self { line, measurement_end, fields: at + 1 });
                }
                _ => {}
            }
        }
        None
    }

    /// The measurement, as it was before it was escaped.
    pub(super) fn measurement(&self) -> Vec<u8> {
        unescape(&self.line[..self.measurement_end])
    }

    /// Where the value of a field is, its quotes included.
    pub(super) fn field(&self, name: &[u8]) -> Option<Range<usize>> {
        let line = self.line;
        let mut key = self.fields;
        loop {
            let equals = key + find_plain(&line[key..], b"=")?;
            let value = equals + 1;
            let end = value + value_len(&line[value..]);
            if unescape(&line[key..equals]) == name {
                return Some(value..end);
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

/// The stamp at the end of a line, in nanoseconds.
pub(super) fn stamp(line: &[u8]) -> Option<i64> {
    let line = line.trim_ascii_end();
    let digits = line.iter().rposition(|&byte| byte == b' ').map(|at| &line[at + 1..])?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_break_inside_a_text_does_not_end_a_line() {
        let lines: Vec<&[u8]> = split_lines(b"a,t=\"x f=\"1\n2\" 1\nb f=1 2\nc f=1 3").collect();
        assert_eq!(lines, [&b"a,t=\"x f=\"1\n2\" 1\n"[..], b"b f=1 2\n", b"c f=1 3"]);
    }

    #[test]
    fn a_stamp_is_what_follows_the_last_blank() {
        assert_eq!(
            stamp(b"a,t=x f=\"1 2\" 1795602061589538087\n"),
            Some(1_795_602_061_589_538_087)
        );
        assert_eq!(stamp(b"a f=1 -5"), Some(-5));
        assert_eq!(stamp(b"a f=1"), None);
        assert_eq!(stamp(b""), None);
    }

    #[test]
    fn parts_are_found_behind_what_is_escaped() {
        let line = br#"my\ a\,b,host=a\ b g="f=1",f=2i 7"#;
        let parts = Parts::of(line).unwrap();
        assert_eq!(parts.measurement(), b"my a,b");
        assert_eq!(&line[parts.field(b"f").unwrap()], b"2i");
        assert_eq!(&line[parts.field(b"g").unwrap()], br#""f=1""#);
        assert!(parts.field(b"h").is_none());
        assert!(Parts::of(b"nothing").is_none());
    }
}
