//! The columns of a log event's line: put together once for each source, so that of each event
//! only its values are written.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

use super::events::cleaned;
use crate::domain::digits::{write_float, write_integer};
use crate::domain::errors::InfluxVersion;
use crate::domain::events::{Key, LogEvent, Pairs, Performance, Specials};
use crate::io::influx::{write_key, write_text};

/// Tags and fields of the events of one source, each sorted by name.
pub(super) struct Columns {
    tags: Vec<Column<Tag>>,
    fields: Vec<Column<Field>>,
    version: InfluxVersion,
}

/// A tag or a field.
pub(super) struct Column<V> {
    name: Cow<'static, str>,
    /// What its value follows: a comma, its name, and an equals sign.
    head: Vec<u8>,
    value: V,
}

/// Where the value of a tag comes from. One that is empty is left out.
pub(super) enum Tag {
    /// A text of the event, and what stands for it while it is empty.
    Text(Key, &'static str),
    /// The same, without the characters that version 3 was never given.
    Cleaned(Key, &'static str),
    /// The sequence number of the appender.
    LogRow,
    /// A number that stands for it.
    NoLogRow,
    /// Whether a user caused it.
    Activity,
    /// A text that all events have.
    Constant(&'static str),
    /// A tag of the configuration, which wins over all others; its head has its value.
    Configured,
}

/// Where the value of a field comes from.
pub(super) enum Field {
    /// A text of the event, be it empty: else the last value of a query would be that of an older
    /// event.
    Text(Key),
    /// A text that could be a tag, and what stands for it while it is empty; left out as a tag
    /// would be.
    FormerTag(Key, &'static str),
    /// The sequence number of the appender, which could be a tag too.
    LogRow,
    /// A time, left out where there is none.
    Time(fn(&Performance) -> Option<f64>),
    /// A whole number.
    Integer(fn(&Performance) -> i64),
    /// A whole number in a column of text.
    IntegerText(fn(&Performance) -> i64),
    /// The whole event as JSON.
    Event,
}

impl Field {
    /// Whether a tag of the same name takes its place.
    fn was_tag(&self) -> bool {
        matches!(self, Self::FormerTag(..) | Self::LogRow)
    }
}

impl<V> Column<V> {
    pub(super) fn new(name: &'static str, value: V) -> Self {
        Self { name: name.into(), head: [",", name, "="].concat().into_bytes(), value }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

impl Column<Tag> {
    /// The same as a field; `None` where the tag has few values and stays.
    pub(super) fn as_field(&self) -> Option<Column<Field>> {
        let value = match self.value {
            Tag::Text(key, instead) | Tag::Cleaned(key, instead) => Field::FormerTag(key, instead),
            Tag::LogRow | Tag::NoLogRow => Field::LogRow,
            Tag::Activity | Tag::Constant(_) | Tag::Configured => return None,
        };
        Some(Column { name: self.name.clone(), head: self.head.clone(), value })
    }
}

impl Columns {
    /// Of these columns, and of tags of the configuration, the last of which wins.
    pub(super) fn new(
        mut tags: Vec<Column<Tag>>,
        mut fields: Vec<Column<Field>>,
        configured: &Pairs,
        version: InfluxVersion,
    ) -> Self {
        for (name, value) in configured.iter() {
            tags.retain(|tag| tag.name != **name);
            fields.retain(|field| field.name != **name || !field.value.was_tag());
            let mut head = Vec::new();
            write_pair(&mut head, name, value, version);
            tags.push(Column { name: name.to_string().into(), head, value: Tag::Configured });
        }
        tags.sort_by(|a, b| a.name.cmp(&b.name));
        fields.sort_by(|a, b| a.name.cmp(&b.name));
        Self { tags, fields, version }
    }

    /// Appends tags and fields of an event, the first comma included.
    pub(super) fn write(&self, event: &LogEvent, out: &mut Vec<u8>) {
        let categories = event.category.as_deref().unwrap_or_default();
        if categories.is_empty() {
            self.tags.iter().for_each(|tag| write_tag(tag, event, out));
        } else {
            self.write_tags_with(categories, event, out);
        }
        let fields_at = out.len();
        for field in &self.fields {
            let taken =
                field.value.was_tag() && categories.iter().any(|(name, _)| **name == *field.name);
            if !taken {
                write_field(field, event, out);
            }
        }
        // A line has the whole event at least.
        if let Some(comma) = out.get_mut(fields_at) {
            *comma = b' ';
        }
    }

    /// Tags with categories among them, sorted by name; a category wins over a tag of the event.
    fn write_tags_with(&self, categories: &[Category], event: &LogEvent, out: &mut Vec<u8>) {
        let mut few = [&categories[0]; FEW];
        let mut many: Vec<&Category>;
        let sorted = match few.get_mut(..categories.len()) {
            Some(few) => {
                few.iter_mut().zip(categories).for_each(|(place, category)| *place = category);
                few
            }
            None => {
                many = categories.iter().collect();
                &mut many[..]
            }
        };
        sorted.sort_by(|a, b| a.0.cmp(&b.0));
        let mut sorted = sorted.chunk_by(|a, b| a.0 == b.0).filter_map(<[_]>::last);
        let mut next = sorted.next();
        for tag in &self.tags {
            let mut overruled = false;
            while let Some((name, value)) = next {
                let order = order(name, &tag.name);
                if order == Ordering::Greater {
                    break;
                }
                let configured = matches!(tag.value, Tag::Configured);
                if order == Ordering::Less || !configured {
                    write_pair(out, name, value, self.version);
                }
                overruled = order == Ordering::Equal && !configured;
                next = sorted.next();
            }
            if !overruled {
                write_tag(tag, event, out);
            }
        }
        for (name, value) in next.into_iter().chain(sorted) {
            write_pair(out, name, value, self.version);
        }
    }
}

type Category = (Arc<str>, Arc<str>);

/// The first letters decide nearly always.
fn order(a: &str, b: &str) -> Ordering {
    a.as_bytes().first().cmp(&b.as_bytes().first()).then_with(|| a.cmp(b))
}

/// Categories that are sorted without an allocation.
const FEW: usize = 8;

/// A tag of the administrator; without a name or a value it is none.
fn write_pair(out: &mut Vec<u8>, name: &str, value: &str, version: InfluxVersion) {
    let begin = out.len();
    out.push(b',');
    write_key(out, name);
    let named = out.len() > begin + 1;
    out.push(b'=');
    let value_at = out.len();
    write_key(out, cleaned(value, version).as_str());
    if out.len() == value_at || !named {
        out.truncate(begin);
    }
}

fn write_tag(tag: &Column<Tag>, event: &LogEvent, out: &mut Vec<u8>) {
    let begin = out.len();
    out.extend_from_slice(&tag.head);
    let value_at = out.len();
    match tag.value {
        Tag::Configured => return,
        Tag::Text(key, instead) => match event.text_with_specials(key) {
            ("", _) => out.extend_from_slice(instead.as_bytes()),
            (text, specials) if specials.separator() => write_key(out, text),
            (text, specials) => {
                // A backslash at the end would escape what follows it.
                let text = if specials.quote() { text.trim_end_matches('\\') } else { text };
                out.extend_from_slice(text.as_bytes());
            }
        },
        Tag::Cleaned(key, instead) => match event.text(key) {
            "" => out.extend_from_slice(instead.as_bytes()),
            text => write_key(out, cleaned(text, InfluxVersion::V3).as_str()),
        },
        Tag::LogRow => write_integer(out, event.log_row),
        Tag::NoLogRow => out.extend_from_slice(b"-1"),
        Tag::Constant(text) => out.extend_from_slice(text.as_bytes()),
        Tag::Activity => {
            let text = event.performance.as_ref().map_or("", Performance::activity_source);
            out.extend_from_slice(text.as_bytes());
        }
    }
    if out.len() == value_at {
        out.truncate(begin);
    }
}

fn write_field(field: &Column<Field>, event: &LogEvent, out: &mut Vec<u8>) {
    let begin = out.len();
    out.extend_from_slice(&field.head);
    let value_at = out.len();
    let numbers = event.performance.as_ref();
    match field.value {
        Field::Text(key) => write_quoted(event.text_with_specials(key), out),
        Field::FormerTag(key, instead) => match event.text_with_specials(key) {
            ("", _) if instead.is_empty() => {}
            ("", _) => write_text(out, instead),
            text => write_quoted(text, out),
        },
        Field::LogRow => write_quoted_integer(event.log_row, out),
        Field::Time(time) => {
            if let Some(time) = numbers.and_then(time) {
                write_float(out, time);
            }
        }
        Field::Integer(number) => {
            if let Some(numbers) = numbers {
                write_integer(out, number(numbers));
                out.push(b'i');
            }
        }
        Field::IntegerText(number) => {
            if let Some(numbers) = numbers {
                write_quoted_integer(number(numbers), out);
            }
        }
        Field::Event => {
            out.push(b'"');
            event.write_quoted_json(out);
            out.push(b'"');
        }
    }
    if out.len() == value_at {
        out.truncate(begin);
    }
}

fn write_quoted((text, specials): (&str, Specials), out: &mut Vec<u8>) {
    if specials.quote() {
        write_text(out, text);
    } else {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    }
}

fn write_quoted_integer(number: i64, out: &mut Vec<u8>) {
    out.push(b'"');
    write_integer(out, number);
    out.push(b'"');
}
