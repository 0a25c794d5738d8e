//! Which values of an event are tags. InfluxDB keeps an index entry, a series, for each combination
//! of the tags of a measurement that it was ever sent.

use super::columns::{Column, Field, Tag};

/// `qlikSenseEvents.influxdb.fewSeries`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Schema {
    /// The tags of the Node.js version: a series for almost every event.
    #[default]
    Original,
    /// Row numbers, ids and users are fields, so a series is a place where events come from.
    FewSeries,
}

/// Tags that have nearly as many values as there are events, sessions, objects, users or apps. All
/// of their values are texts, as fields too.
const MANY_VALUES: [&str; 11] = [
    // log_event
    "app_id",
    "log_row",
    "object_id",
    "proxy_session_id",
    "session_id",
    "task_id",
    "user_full",
    "user_id",
    // user_events
    "appId",
    "userFull",
    "userId",
];

impl Schema {
    /// Whether a value of an event is a tag, if it was one in the Node.js version.
    pub(super) fn is_tag(self, name: &str) -> bool {
        self == Self::Original || !MANY_VALUES.contains(&name)
    }

    /// Moves what is no tag to the fields. A field of the same name has the same value already.
    pub(super) fn move_tags(self, tags: &mut Vec<Column<Tag>>, fields: &mut Vec<Column<Field>>) {
        tags.retain(|tag| {
            let stays = self.is_tag(tag.name());
            if !stays && !fields.iter().any(|field| field.name() == tag.name()) {
                fields.extend(tag.as_field());
            }
            stays
        });
    }
}
