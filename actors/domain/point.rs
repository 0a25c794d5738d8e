//! A point as a time series database stores it, before any encoding.

use std::borrow::Cow;
use std::sync::Arc;

/// Nanoseconds since 1970-01-01T00:00:00Z. Two stamps of one [`crate::runtime::clock::Clock`]
/// are never equal, so no two points can overwrite each other (decision E15).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp(pub i64);

impl Stamp {
    /// The stamp as date and time in UTC.
    pub fn to_utc(self) -> chrono::DateTime<chrono::Utc> {
        chrono::DateTime::from_timestamp_nanos(self.0)
    }
}

/// Text that is mostly known at compile time or belongs to an event, else shared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Text<'a> {
    /// A name of ours, in which nothing needs to be escaped anywhere.
    Plain(&'static str),
    /// A name of ours, or a text of what the point is about.
    Borrowed(&'a str),
    /// A configured text.
    Shared(Arc<str>),
    /// A text made for this point.
    Owned(String),
}

impl Text<'_> {
    /// The text.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Plain(text) => text,
            Self::Borrowed(text) => text,
            Self::Shared(text) => text,
            Self::Owned(text) => text,
        }
    }
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Self::Borrowed(text)
    }
}

impl From<Arc<str>> for Text<'_> {
    fn from(text: Arc<str>) -> Self {
        Self::Shared(text)
    }
}

impl<'a> From<Cow<'a, str>> for Text<'a> {
    fn from(text: Cow<'a, str>) -> Self {
        match text {
            Cow::Borrowed(text) => Self::Borrowed(text),
            Cow::Owned(text) => Self::Owned(text),
        }
    }
}

impl From<String> for Text<'_> {
    fn from(text: String) -> Self {
        Self::Owned(text)
    }
}

/// A field value with the type that its column keeps for good.
#[derive(Debug, Clone, PartialEq)]
pub enum FieldValue<'a> {
    /// Signed integer, suffix `i`.
    Integer(i64),
    /// Unsigned integer, suffix `u` (InfluxDB 2 only).
    Unsigned(u64),
    /// Floating point; a value that is not finite cannot be written and is left out.
    Float(f64),
    /// Text in quotes.
    Text(Cow<'a, str>),
    /// `true` or `false`.
    Boolean(bool),
}

/// One point: measurement, tags, fields, stamp.
#[derive(Debug, Clone, PartialEq)]
pub struct Point<'a> {
    /// Table it belongs to.
    pub measurement: Text<'a>,
    /// Indexed names and values. A repeated name means: the later value wins.
    pub tags: Vec<(Text<'a>, Text<'a>)>,
    /// Values; a point without any cannot be written.
    pub fields: Vec<(Text<'a>, FieldValue<'a>)>,
    /// When.
    pub stamp: Stamp,
}

impl<'a> Point<'a> {
    /// A point without tags and fields yet.
    pub fn new(measurement: impl Into<Text<'a>>, stamp: Stamp) -> Self {
        // Enough for most points without growing.
        let (tags, fields) = (Vec::with_capacity(16), Vec::with_capacity(8));
        Self { measurement: measurement.into(), tags, fields, stamp }
    }

    /// Adds a tag.
    #[must_use]
    pub fn tag(mut self, name: impl Into<Text<'a>>, value: impl Into<Text<'a>>) -> Self {
        self.add_tag(name, value);
        self
    }

    /// As [`Point::tag`], for points that are made by the thousand.
    pub fn add_tag(&mut self, name: impl Into<Text<'a>>, value: impl Into<Text<'a>>) {
        self.tags.push((name.into(), value.into()));
    }

    /// As [`Point::field`], likewise.
    pub fn add_field(&mut self, name: impl Into<Text<'a>>, value: FieldValue<'a>) {
        let value = match value {
            // Adding zero takes the sign from a zero, and only from that: nobody wants to read -0.
            FieldValue::Float(number) => FieldValue::Float(number + 0.0),
            value => value,
        };
        self.fields.push((name.into(), value));
    }

    /// Adds a field.
    #[must_use]
    pub fn field(mut self, name: impl Into<Text<'a>>, value: FieldValue<'a>) -> Self {
        self.add_field(name, value);
        self
    }

    /// Adds a field where a value is known.
    #[must_use]
    pub fn field_if(self, name: impl Into<Text<'a>>, value: Option<FieldValue<'a>>) -> Self {
        match value {
            Some(value) => self.field(name, value),
            None => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zero_has_no_sign() {
        let point = Point::new("m", Stamp(1)).field("a", FieldValue::Float(-0.0));
        let FieldValue::Float(number) = point.fields[0].1 else { panic!("a float") };
        assert!(number.is_sign_positive());
    }
}
