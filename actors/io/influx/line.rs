//! Line protocol: one point, one line. Written here and not taken from a crate because the crates
//! alter backslashes and write empty tags, which InfluxDB refuses.
//!
//! <https://docs.influxdata.com/influxdb/v1/write_protocols/line_protocol_reference/>

use std::io::Write;

use crate::domain::digits::{write_float, write_integer};
use crate::domain::errors::ErrorRecord;
use crate::domain::point::{FieldValue, Point, Stamp, Text};

/// Appends a point as one line, tags and fields sorted by name; of two tags with one name the
/// later counts. Returns whether there was anything to write: a point without a field that can be
/// written is left out.
pub fn encode(mut point: Point<'_>, out: &mut Vec<u8>) -> bool {
    let begin = out.len();
    write_escaped(out, point.measurement.as_str(), in_measurement);
    point.tags.sort_by(|a, b| a.0.as_str().cmp(b.0.as_str()));
    for (i, (name, value)) in point.tags.iter().enumerate() {
        let next = point.tags.get(i + 1);
        if next.is_none_or(|next| next.0.as_str() != name.as_str()) {
            write_tag(out, name, value.as_str());
        }
    }
    point.fields.sort_by(|a, b| a.0.as_str().cmp(b.0.as_str()));
    let mut separator = b' ';
    for (name, value) in &point.fields {
        write_field(out, &mut separator, name, value);
    }
    if separator == b' ' {
        out.truncate(begin);
        return false;
    }
    write_stamp(out, point.stamp);
    true
}

/// Appends an error event as one line: tags sorted, fields in the order of the page. `collector` is
/// the tag of that name, `None` no tag.
pub fn encode_error(
    point: &impl ErrorRecord,
    measurement: &str,
    collector: Option<&str>,
    out: &mut Vec<u8>,
) {
    write_escaped(out, measurement, in_measurement);
    if let Some(collector) = collector {
        write_tag(out, &Text::Plain("collector"), collector);
    }
    point.for_each_tag(|name, value| write_tag(out, &Text::Plain(name), value));
    let mut separator = b' ';
    point
        .for_each_field(|name, value| write_field(out, &mut separator, &Text::Plain(name), &value));
    write_stamp(out, point.stamp());
}

/// Whether a byte cannot stand for itself in a measurement.
fn in_measurement(byte: u8) -> bool {
    matches!(byte, b',' | b' ' | b'\n' | b'\r' | b'\t')
}

/// The same for names of tags and fields, and for values of tags.
fn in_key(byte: u8) -> bool {
    byte == b'=' || in_measurement(byte)
}

/// Line breaks and tabs cannot be written outside of a text field and are left out. A backslash
/// at the end would escape what follows it, so it is left out too.
fn write_escaped(out: &mut Vec<u8>, text: &str, special: impl Fn(u8) -> bool) {
    let begin = out.len();
    let mut rest = text.as_bytes();
    // Folded instead of searched: so the compiler compares many bytes at once.
    if rest.iter().fold(false, |found, byte| found | special(*byte)) {
        while let Some(at) = rest.iter().position(|byte| special(*byte)) {
            out.extend_from_slice(&rest[..at]);
            if !matches!(rest[at], b'\n' | b'\r' | b'\t') {
                out.extend_from_slice(&[b'\\', rest[at]]);
            }
            rest = &rest[at + 1..];
        }
    }
    out.extend_from_slice(rest);
    while out.len() > begin && out.last() == Some(&b'\\') {
        out.pop();
    }
}

/// Names of ours are written as they are.
fn write_name(out: &mut Vec<u8>, name: &Text<'_>) {
    match name {
        Text::Plain(name) => out.extend_from_slice(name.as_bytes()),
        name => write_escaped(out, name.as_str(), in_key),
    }
}

/// A name or a value of a tag, as it is written.
pub(crate) fn write_key(out: &mut Vec<u8>, text: &str) {
    write_escaped(out, text, in_key);
}

/// An empty tag value is refused by InfluxDB and means the same as no tag (decision E2).
fn write_tag(out: &mut Vec<u8>, name: &Text<'_>, value: &str) {
    let begin = out.len();
    out.push(b',');
    write_name(out, name);
    let named = out.len() > begin + 1;
    out.push(b'=');
    let value_at = out.len();
    write_escaped(out, value, in_key);
    if out.len() == value_at || !named {
        out.truncate(begin);
    }
}

fn write_field(out: &mut Vec<u8>, separator: &mut u8, name: &Text<'_>, value: &FieldValue<'_>) {
    if matches!(value, FieldValue::Float(number) if !number.is_finite()) {
        return;
    }
    let begin = out.len();
    out.push(*separator);
    write_name(out, name);
    if out.len() == begin + 1 {
        out.truncate(begin);
        return;
    }
    out.push(b'=');
    *separator = b',';
    match value {
        FieldValue::Integer(number) => {
            write_integer(out, *number);
            out.push(b'i');
        }
        FieldValue::Unsigned(number) => _ = write!(out, "{number}u"),
        // The shortest text that reads back as the same number.
        FieldValue::Float(number) => write_float(out, *number),
        FieldValue::Boolean(truth) => {
            out.extend_from_slice(if *truth { b"true" } else { b"false" });
        }
        FieldValue::Text(text) => write_text(out, text),
    }
}

/// A text field, with its quotes.
pub(crate) fn write_text(out: &mut Vec<u8>, text: &str) {
    let text = text.as_bytes();
    out.push(b'"');
    let mut done = 0;
    for at in memchr::memchr2_iter(b'"', b'\\', text) {
        out.extend_from_slice(&text[done..at]);
        out.push(b'\\');
        done = at;
    }
    out.extend_from_slice(&text[done..]);
    out.push(b'"');
}

/// The end of a line.
pub(crate) fn write_stamp(out: &mut Vec<u8>, stamp: Stamp) {
    out.push(b' ');
    write_integer(out, stamp.0);
    out.push(b'\n');
}

#[cfg(test)]
#[path = "line_tests.rs"]
mod tests;
