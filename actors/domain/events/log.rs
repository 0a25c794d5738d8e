//! Log events (sections 1.5 to 1.9 of the page on events).

use std::borrow::Cow;

use memchr::{memchr, memrchr};

use super::layout::{Key, MESSAGE_AT, Rule, Source};
use super::texts::Texts;
use super::{Categories, text};

/// A datagram of a known source, cut into its fields.
#[derive(Debug, Clone, Copy)]
pub struct LogDatagram<'a> {
    source: Source,
    fields: [&'a str; MOST_FIELDS],
}

/// A performance event has the most.
const MOST_FIELDS: usize = 26;

impl<'a> LogDatagram<'a> {
    /// The source that a datagram claims, by its first field.
    pub fn source_of(text: &str) -> Option<Source> {
        Source::of(text.split(';').next()?)
    }

    /// Cuts a datagram into fields. Surplus semicolons belong to the message (rule LR3), or are
    /// ignored where there is none (rule LR4). `None` when there are too few (rule LR5).
    pub fn read(source: Source, text: &'a str) -> Option<Self> {
        let mut fields = [""; MOST_FIELDS];
        let expected = source.fields();
        if source == Source::QixPerf {
            let mut parts = text.split(';');
            for field in &mut fields[..expected] {
                *field = parts.next()?;
            }
        } else {
            let (mut begin, mut end) = (0, text.len());
            for field in &mut fields[..MESSAGE_AT] {
                let at = begin + memchr(b';', &text.as_bytes()[begin..])?;
                *field = &text[begin..at];
                begin = at + 1;
            }
            for field in fields[MESSAGE_AT + 1..expected].iter_mut().rev() {
                let at = begin + memrchr(b';', &text.as_bytes()[begin..end])?;
                *field = &text[at + 1..end];
                end = at;
            }
            fields[MESSAGE_AT] = &text[begin..end];
        }
        Some(Self { source, fields })
    }

    /// Host and subsystem of a datagram that may be cut short.
    pub fn host_and_subsystem(text: &str) -> (Cow<'_, str>, Cow<'_, str>) {
        let mut fields = text.split(';').skip(HOST_AT);
        let host = fields.next().unwrap_or_default();
        (text::clean(host, 100), text::clean(fields.next().unwrap_or_default(), 200))
    }

    /// Which source.
    pub fn source(&self) -> Source {
        self.source
    }

    /// Cleaned.
    pub fn host(&self) -> Cow<'a, str> {
        text::clean(self.fields[HOST_AT], 100)
    }

    /// Cleaned.
    pub fn subsystem(&self) -> Cow<'a, str> {
        text::clean(self.fields[HOST_AT + 1], 200)
    }

    /// Cleaned.
    pub fn level(&self) -> Cow<'a, str> {
        text::clean(self.fields[4], 20)
    }

    /// Cleaned; empty for a performance event, which has none (rule C7).
    pub fn message(&self) -> Cow<'a, str> {
        match self.source {
            Source::QixPerf => Cow::Borrowed(""),
            _ => text::clean(self.fields[MESSAGE_AT], 1000),
        }
    }

    /// What the filters of performance events compare, as it came.
    pub fn raw(&self) -> RawPerformance<'a> {
        RawPerformance {
            app_id: self.fields[13],
            method: self.fields[15],
            object_id: self.fields[22],
            object_type: self.fields[25],
            process_time: text::float(self.fields[16]),
        }
    }

    /// The event. `app_name` is that of a performance event's app, empty when it is not known.
    pub fn event(&self, app_name: &str, category: Option<Categories>) -> LogEvent {
        let mut texts = Texts::with_room_for(&self.fields);
        for ((key, rule), value) in self.source.layout().iter().zip(&self.fields[2..]) {
            texts.set(*key as usize, &rule.read(value));
        }
        let performance = (self.source == Source::QixPerf).then(|| {
            texts.set(Key::AppName as usize, &text::clean(app_name, 200));
            for (key, at) in [(Key::Method, 15), (Key::ObjectId, 22), (Key::ObjectType, 25)] {
                texts.set(key as usize, &Rule::Text(100).read(self.fields[at]));
            }
            Performance::read(&self.fields)
        });
        complete_user(&mut texts);
        let row = text::integer(self.fields[1]).unwrap_or(-1);
        let log_row = if self.source == Source::Engine && row <= 0 { -1 } else { row };
        LogEvent { source: self.source, log_row, texts, performance, category }
    }
}

/// Index of the host; the subsystem follows it.
const HOST_AT: usize = 5;

/// See [`LogDatagram::raw`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[expect(missing_docs, reason = "the fields of the same names")]
pub struct RawPerformance<'a> {
    pub app_id: &'a str,
    pub method: &'a str,
    pub object_id: &'a str,
    pub object_type: &'a str,
    /// Milliseconds.
    pub process_time: Option<f64>,
}

/// A log event, decoded.
#[derive(Debug, Clone, PartialEq)]
pub struct LogEvent {
    /// Who wrote it.
    pub source: Source,
    /// Sequence number of the appender, -1 when there is none.
    pub log_row: i64,
    texts: Texts<{ Key::COUNT }>,
    /// Only for [`Source::QixPerf`].
    pub performance: Option<Performance>,
    /// `None` while events are not categorised.
    pub category: Option<Categories>,
}

impl LogEvent {
    /// A text of the event; empty when it has none.
    pub fn text(&self, key: Key) -> &str {
        self.texts.get(key as usize)
    }
}

/// The numbers of a performance event. Times in milliseconds, memory in bytes.
#[derive(Debug, Clone, Copy, PartialEq)]
#[expect(missing_docs, reason = "the fields of the same names")]
pub struct Performance {
    /// -99 when there is none.
    pub request_id: i64,
    pub process_time: Option<f64>,
    pub work_time: Option<f64>,
    pub lock_time: Option<f64>,
    pub validate_time: Option<f64>,
    pub traverse_time: Option<f64>,
    /// -99 when there is none.
    pub handle: i64,
    /// -1 when there is none.
    pub net_ram: i64,
    /// -1 when there is none.
    pub peak_ram: i64,
    /// Whether a user caused it, and not the system itself.
    pub by_user: bool,
}

impl Performance {
    fn read(fields: &[&str; MOST_FIELDS]) -> Self {
        let natural = |at: usize| text::integer(fields[at]).filter(|number| *number >= 0);
        Self {
            request_id: natural(14).unwrap_or(-99),
            process_time: text::float(fields[16]),
            work_time: text::float(fields[17]),
            lock_time: text::float(fields[18]),
            validate_time: text::float(fields[19]),
            traverse_time: text::float(fields[20]),
            handle: text::integer(fields[21]).unwrap_or(-99),
            net_ram: natural(23).unwrap_or(-1),
            peak_ram: natural(24).unwrap_or(-1),
            by_user: fields[8] != "0",
        }
    }

    /// The text of the tag `event_activity_source`.
    pub fn activity_source(&self) -> &'static str {
        if self.by_user { "user" } else { "non-user" }
    }
}

/// DR10: the full name from directory and id, or these from the full name.
fn complete_user(texts: &mut Texts<{ Key::COUNT }>) {
    let [directory, id, full] =
        [Key::UserDirectory, Key::UserId, Key::UserFull].map(|key| key as usize);
    match (texts.get(directory).is_empty(), texts.get(id).is_empty()) {
        (false, false) => {
            let name = [texts.get(directory), "\\", texts.get(id)].concat();
            texts.set(full, &name);
        }
        (true, true) => match texts.get(full).split_once('\\') {
            Some((dir, rest)) => {
                let user = rest.split('\\').next().unwrap_or_default();
                let (dir, user) = (dir.len(), user.len());
                texts.set_part(directory, full, 0, dir);
                texts.set_part(id, full, dir + 1, user);
            }
            None => texts.set(full, ""),
        },
        _ => texts.set(full, ""),
    }
}
