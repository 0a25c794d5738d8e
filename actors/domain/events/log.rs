//! Log events (sections 1.5 to 1.9 of the page on events).

use std::borrow::Cow;

use memchr::{memchr, memrchr};

use super::flaw::Flaw;
use super::layout::{Key, MESSAGE_AT, Rule, Source};
use super::numbers::{self, Performance};
use super::specials::Specials;
use super::texts::Texts;
use super::{Categories, split, text};

/// A datagram of a known source, cut into its fields.
#[derive(Debug, Clone, Copy)]
pub struct LogDatagram<'a> {
    source: Source,
    fields: Fields<'a>,
    /// Only for [`Source::QixPerf`].
    performance: Option<Performance>,
}

/// As they came; those that a source does not have are empty.
pub(super) type Fields<'a> = [&'a str; MOST_FIELDS];

/// A performance event has the most.
pub(super) const MOST_FIELDS: usize = 26;

impl<'a> LogDatagram<'a> {
    /// The source that a datagram claims, by its first field.
    pub fn source_of(text: &str) -> Option<Source> {
        Source::of(text.split(';').next()?)
    }

    /// Cuts a datagram into fields; `text` has no line end. For surplus separators see `split.rs`;
    /// those of a performance event are ignored (rule LR4).
    ///
    /// # Errors
    /// When there are too few fields (rule LR5), or a time or an amount of memory is no number.
    pub fn read(source: Source, text: &'a str) -> Result<Self, Flaw> {
        let mut datagram = Self { source, fields: [""; MOST_FIELDS], performance: None };
        if source == Source::QixPerf {
            datagram.performance = Some(numbers::read(text, &mut datagram.fields)?);
        } else if cut(source, text, &mut datagram.fields).is_none() {
            return Err(Flaw::too_few_fields(source.fields(), text));
        }
        Ok(datagram)
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

    /// What the filters of performance events compare, as it came; log4net's null is nothing.
    pub fn raw(&self) -> RawPerformance<'a> {
        let raw = |at: usize| if text::is_nothing(self.fields[at]) { "" } else { self.fields[at] };
        RawPerformance {
            app_id: raw(13),
            method: raw(15),
            object_id: raw(22),
            object_type: raw(25),
            process_time: self.performance.and_then(|numbers| numbers.process_time),
        }
    }

    /// The event. `app_name` is that of a performance event's app, empty when it is not known.
    pub fn event(&self, app_name: &str, category: Option<Categories>) -> LogEvent {
        let mut texts = Texts::with_room_for(&self.fields);
        let mut set = |key: Key, rule: Rule, value: &str| {
            let (value, specials) = rule.read(value);
            texts.set_known(key as usize, &value, specials);
        };
        for ((key, rule), value) in self.source.layout().iter().zip(&self.fields[2..]) {
            set(*key, *rule, value);
        }
        if self.performance.is_some() {
            set(Key::AppName, Rule::Text(200), app_name);
            for (key, at) in [(Key::Method, 15), (Key::ObjectId, 22), (Key::ObjectType, 25)] {
                set(key, Rule::Text(100), self.fields[at]);
            }
        }
        complete_user(&mut texts);
        let row = text::integer(self.fields[1]).unwrap_or(-1);
        let log_row = if self.source == Source::Engine && row <= 0 { -1 } else { row };
        LogEvent { source: self.source, log_row, texts, performance: self.performance, category }
    }
}

/// Cuts a text into fields: surplus separators are given to the message, then moved to where they
/// fit. `None` when there are too few fields.
fn cut<'a>(source: Source, text: &'a str, fields: &mut Fields<'a>) -> Option<()> {
    let expected = source.fields();
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
    if let Some(shapes) = split::open_fields(source)
        && memchr(b';', fields[MESSAGE_AT].as_bytes()).is_some()
    {
        split::fit(shapes, &text[begin..], fields);
    }
    Some(())
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

    /// A text with what may have to be escaped in it.
    pub fn text_with_specials(&self, key: Key) -> (&str, Specials) {
        self.texts.get_with_specials(key as usize)
    }
}

/// DR10: the full name from directory and id, or these from the full name.
fn complete_user(texts: &mut Texts<{ Key::COUNT }>) {
    let [directory, id, full] =
        [Key::UserDirectory, Key::UserId, Key::UserFull].map(|key| key as usize);
    match (texts.get(directory).is_empty(), texts.get(id).is_empty()) {
        (false, false) => texts.set_joined(full, [directory, id]),
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
