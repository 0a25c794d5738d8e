//! Separators inside of texts. No field is quoted, so a `;` in a message, an exception, a context
//! or the name of a task or app moves all that follows. Of a datagram with more separators than
//! its source has fields, the split is taken in which users and result codes look like users and
//! result codes (decision V4). What that leaves open is decided by how whole the texts look, and
//! then by the rule of the page, that the surplus belongs to the message (rule LR3).

use super::layout::{MESSAGE_AT, Source};
use super::log::Fields;
use super::text;

/// Surplus separators of which every split is looked at. With more of them the rule of the page
/// decides alone: such texts are dumps, and looking would take long.
const MOST_SURPLUS: usize = 32;

/// Fields from the message to the end; the scheduler has the most.
const MOST_OPEN: usize = 10;

/// The fields from the message to the end, where some of them can be told from texts by their
/// shape; `None` where there is one text only, whose separators are all the surplus there is.
pub(super) fn open_fields(source: Source) -> Option<&'static [Shape]> {
    match source {
        Source::Proxy | Source::Repository => Some(&SERVICE),
        Source::Scheduler => Some(&SCHEDULER),
        Source::Engine | Source::QixPerf => None,
    }
}

/// What can be said of a field before it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// A text; may have separators in it.
    Text,
    /// The same, mostly a path.
    Path,
    /// Has no separators, and nothing to know it by.
    Closed,
    /// A user behind a directory: both are there, or none.
    UserId,
    /// `DIR\id`.
    UserFull,
    /// Digits.
    Number,
}

/// Message, exception, directory, user, command, result code, origin, context.
const SERVICE: [Shape; 8] = [
    Shape::Text,
    Shape::Text,
    Shape::Closed,
    Shape::UserId,
    Shape::Closed,
    Shape::Number,
    Shape::Closed,
    Shape::Path,
];

/// Message, exception, directory, user, full name, task, app, and three ids, which are the last
/// three however the rest is cut.
const SCHEDULER: [Shape; MOST_OPEN] = [
    Shape::Text,
    Shape::Text,
    Shape::Closed,
    Shape::UserId,
    Shape::UserFull,
    Shape::Text,
    Shape::Text,
    Shape::Closed,
    Shape::Closed,
    Shape::Closed,
];

/// Cuts `open`, the text from the message to the end of a datagram with surplus separators, into
/// fields of these shapes. Leaves the fields as they are where there are too many separators.
pub(super) fn fit<'a>(shapes: &[Shape], open: &'a str, fields: &mut Fields<'a>) {
    let mut parts = [Part::default(); MOST_OPEN + MOST_SURPLUS];
    let mut count = 0;
    for text in open.split(';') {
        let Some(part) = parts.get_mut(count) else { return };
        *part = Part::of(text);
        count += 1;
    }
    let parts = &parts[..count];
    let Some(surplus) = count.checked_sub(shapes.len()).filter(|it| *it <= MOST_SURPLUS) else {
        return;
    };
    let mut rest = open;
    for (field, separators) in fields[MESSAGE_AT..].iter_mut().zip(best(shapes, parts, surplus)) {
        let end = memchr::memchr_iter(b';', rest.as_bytes()).nth(separators);
        let end = end.unwrap_or(rest.len());
        *field = &rest[..end];
        rest = rest.get(end + 1..).unwrap_or_default();
    }
}

/// How many separators each field has in the best split. Looked for from the end: what is best for
/// the fields behind depends on nothing but how much of the surplus is left for them.
fn best(shapes: &[Shape], parts: &[Part<'_>], surplus: usize) -> impl Iterator<Item = usize> {
    let mut marks = [[None; MOST_SURPLUS + 1]; MOST_OPEN + 1];
    let mut choices = [[0; MOST_SURPLUS + 1]; MOST_OPEN];
    marks[shapes.len()][surplus] = Some(0);
    for (field, shape) in shapes.iter().enumerate().rev() {
        let free = matches!(shape, Shape::Text | Shape::Path);
        for used in 0..=surplus {
            for own in 0..=if free { surplus - used } else { 0 } {
                let Some(behind) = marks[field + 1][used + own] else { continue };
                let begin = field + used;
                let mark = behind + shape.mark(&parts[..begin], &parts[begin..=begin + own]);
                // Of splits that are as good, the one with more in the field in front.
                if marks[field][used].is_none_or(|best| mark >= best) {
                    marks[field][used] = Some(mark);
                    choices[field][used] = own;
                }
            }
        }
    }
    let mut used = 0;
    let fields = shapes.len();
    choices.into_iter().take(fields).map(move |choices| {
        let own = choices[used];
        used += own;
        own
    })
}

/// A field that has its shape.
const FITS: i32 = 4_000;

/// A field of a known shape with nothing in it: likely, but less telling.
const NOTHING: i32 = 3_000;

/// Log4net's null inside of a text. It stands for a whole field.
const NULL_INSIDE: i32 = -2_000;

/// Each sign that a text was cut: these decide only between splits that fit alike.
const CUT: i32 = -1;

impl Shape {
    /// How well parts, one or several, look as a field of this shape.
    fn mark(self, before: &[Part<'_>], parts: &[Part<'_>]) -> i32 {
        let [part] = parts else { return whole(parts) + self.as_path(&parts[0]) };
        match self {
            Self::Text | Self::Path => whole(parts) + self.as_path(part),
            Self::Closed => 0,
            Self::UserId => match before.last() {
                Some(directory) if directory.null && part.null => NOTHING,
                Some(directory) if directory.null || part.null => 0,
                Some(directory) if is_name(directory.text) && is_name(part.text) => FITS,
                _ => NOTHING,
            },
            Self::UserFull => part.mark_of(is_full_name),
            Self::Number => part.mark_of(is_number),
        }
    }

    fn as_path(self, first: &Part<'_>) -> i32 {
        let path = first.null || first.text.starts_with('/') || first.text == "Not available";
        if self == Self::Path && !path { CUT } else { 0 }
    }
}

/// Whether parts together look like a text that was not cut.
fn whole(parts: &[Part<'_>]) -> i32 {
    let nulls = parts.len() > 1 && parts.iter().any(|part| part.null);
    let quotes = parts.iter().fold(false, |odd, part| odd ^ part.odd_quotes);
    let brackets: i32 = parts.iter().map(|part| part.open_brackets).sum();
    let signs = [parts[0].begins_blank, quotes, brackets != 0];
    let signs: i32 = signs.map(|sign| if sign { CUT } else { 0 }).iter().sum();
    signs + if nulls { NULL_INSIDE } else { 0 }
}

/// What stands between two separators.
#[derive(Clone, Copy, Default)]
struct Part<'a> {
    text: &'a str,
    null: bool,
    begins_blank: bool,
    odd_quotes: bool,
    /// Opened and not closed; negative where more are closed.
    open_brackets: i32,
}

impl<'a> Part<'a> {
    fn of(text: &'a str) -> Self {
        let count = |marks: [u8; 2]| {
            let found = memchr::memchr2_iter(marks[0], marks[1], text.as_bytes()).count();
            i32::try_from(found).unwrap_or(i32::MAX)
        };
        Self {
            text,
            null: text::is_nothing(text),
            begins_blank: text.starts_with(' '),
            odd_quotes: count([b'"', b'"']) % 2 == 1,
            open_brackets: count([b'(', b'[']) - count([b')', b']']),
        }
    }

    fn mark_of(&self, fits: fn(&str) -> bool) -> i32 {
        match (self.null, fits(self.text)) {
            (true, _) => NOTHING,
            (false, true) => FITS,
            (false, false) => 0,
        }
    }
}

fn is_name(text: &str) -> bool {
    !text.contains([' ', '=', '"'])
}

fn is_full_name(text: &str) -> bool {
    text.split_once('\\').is_some_and(|(directory, id)| !directory.is_empty() && !id.is_empty())
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
#[path = "split_tests.rs"]
mod tests;
