//! `user_events` (section 7.1 of the page on events).

use super::events::{cleaned, text};
use crate::domain::errors::InfluxVersion;
use crate::domain::events::{Pairs, Received, UserEvent};
use crate::domain::point::Point;

/// The point of an event; `None` when it says neither where nor what.
pub fn point<'a>(
    received: &'a Received<UserEvent>,
    tags: &'a Pairs,
    version: InfluxVersion,
) -> Option<Point<'a>> {
    let event = &received.event;
    if event.host.is_empty() || event.command.is_empty() {
        return None;
    }
    // All values but one; see `cleaned`.
    let clean = |value: &'a str| cleaned(value, version);
    let mut point = Point::new("user_events", received.stamp)
        .tag("host", clean(&event.host))
        .tag("event_action", clean(&event.command))
        .tag("userFull", &*event.user_full)
        .tag("userDirectory", clean(&event.user_directory))
        .tag("userId", clean(&event.user_id))
        .tag("origin", clean(&event.origin));
    for (name, value) in event.details() {
        point = point.tag(name, clean(value));
    }
    for (name, value) in tags.iter() {
        point = point.tag(clean(name), clean(value));
    }
    let names = match version {
        InfluxVersion::V1 => ["userFull", "userId", "appId", "appName"],
        InfluxVersion::V2 => ["userFull", "userId", "appId_field", "appName_field"],
        InfluxVersion::V3 => ["userFull_field", "userId_field", "appId_field", "appName_field"],
    };
    point = point.field(names[0], text(&*event.user_full)).field(names[1], text(&*event.user_id));
    if let Some((id, name)) = &event.app {
        point = point.field(names[2], text(&**id)).field(names[3], text(&**name));
    }
    Some(point)
}
