//! Which values of events are tags. InfluxDB keeps a series for each set of them, so a tag that
//! differs from event to event makes a series of each.

use std::borrow::Cow;

use crate::domain::point::{FieldValue, Point, Text};

/// What becomes of tags that differ from event to event.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Series {
    /// Tags, as the original has them.
    #[default]
    AsOriginal,
    /// Text fields of the same names, so that there are few series.
    Few,
}

/// Tags of `log_event` and `user_events` with about as many values as there are events, users or
/// sessions; sorted.
pub(super) const MANY_VALUES: [&str; 11] = [
    "appId",
    "app_id",
    "log_row",
    "object_id",
    "proxy_session_id",
    "session_id",
    "task_id",
    "userFull",
    "userId",
    "user_full",
    "user_id",
];

impl Series {
    /// Makes fields of the tags that a point has so far; one whose name is that of a field goes.
    pub(super) fn apply(self, point: &mut Point<'_>) {
        if self == Self::AsOriginal {
            return;
        }
        let is_many = |(name, _): &mut (Text<'_>, _)| MANY_VALUES.contains(&name.as_str());
        for (name, value) in point.tags.extract_if(.., is_many) {
            let there = point.fields.iter().any(|(field, _)| field.as_str() == name.as_str());
            // An empty tag is none, too.
            if !there && !value.as_str().is_empty() {
                point.fields.push((name, FieldValue::Text(owned(value))));
            }
        }
    }
}

fn owned(text: Text<'_>) -> Cow<'_, str> {
    match text {
        Text::Plain(text) | Text::Borrowed(text) => text.into(),
        Text::Shared(text) => text.to_string().into(),
        Text::Owned(text) => text.into(),
    }
}
