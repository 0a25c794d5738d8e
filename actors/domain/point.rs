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

/// Text that is mostly known at compile time, else shared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Text {
    /// A name of ours.
    Static(&'static str),
    /// A configured or received text.
    Shared(Arc<str>),
}

impl Text {
    /// The text.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Static(text) => text,
            Self::Shared(text) => text,
        }
    }
}

impl From<&'static str> for Text {
    fn from(text: &'static str) -> Self {
        Self::Static(text)
    }
}

impl From<Arc<str>> for Text {
    fn from(text: Arc<str>) -> Self {
        Self::Shared(text)
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::Shared(text.into())
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
pub struct Point {
    /// Table it belongs to.
    pub measurement: Text,
    /// Indexed names and values. A repeated name means: the later value wins.
    pub tags: Vec<(Text, Text)>,
    /// Values; a point without any cannot be written.
    pub fields: Vec<(Text, FieldValue<'static>)>,
    /// When.
    pub stamp: Stamp,
}

impl Point {
    /// A point without tags and fields yet.
    pub fn new(measurement: impl Into<Text>, stamp: Stamp) -> Self {
        Self { measurement: measurement.into(), tags: Vec::new(), fields: Vec::new(), stamp }
    }

    /// Adds a tag.
    #[must_use]
    pub fn tag(mut self, name: impl Into<Text>, value: impl Into<Text>) -> Self {
        self.tags.push((name.into(), value.into()));
        self
    }

    /// Adds a field.
    #[must_use]
    pub fn field(mut self, name: impl Into<Text>, value: FieldValue<'static>) -> Self {
        self.fields.push((name.into(), value));
        self
    }

    /// Adds a field where a value is known.
    #[must_use]
    pub fn field_if(self, name: impl Into<Text>, value: Option<FieldValue<'static>>) -> Self {
        match value {
            Some(value) => self.field(name, value),
            None => self,
        }
    }
}
