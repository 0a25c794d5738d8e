//! `user_events` (section 7.1 of the page on events).

use super::events::{cleaned, text};
use super::schema::Schema;
use crate::domain::errors::InfluxVersion;
use crate::domain::events::{Pairs, Received, UserEvent, UserKey};
use crate::domain::point::{Point, Text};

/// The point of an event; `None` when it says neither where nor what.
pub fn point<'a>(
    received: &'a Received<UserEvent>,
    tags: &'a Pairs,
    version: InfluxVersion,
    schema: Schema,
) -> Option<Point<'a>> {
    let event = &received.event;
    if [UserKey::Host, UserKey::Command].iter().any(|key| event.text(*key).is_empty()) {
        return None;
    }
    // All values but one; see `cleaned`.
    let clean = |value: &'a str| cleaned(value, version);
    let mut point = Point::new("user_events", received.stamp);
    let [id, name, browser, browser_major, os, os_version] = event.details();
    // Sorted by name already, which is how they are written.
    let values = [
        id,
        name,
        ("event_action", event.text(UserKey::Command)),
        ("host", event.text(UserKey::Host)),
        ("origin", event.text(UserKey::Origin)),
        browser_major,
        browser,
        os,
        os_version,
        ("userDirectory", event.text(UserKey::UserDirectory)),
        ("userFull", event.text(UserKey::UserFull)),
        ("userId", event.text(UserKey::UserId)),
    ];
    for (name, value) in values {
        if schema.is_tag(name) {
            let value = if name == "userFull" { value.into() } else { clean(value) };
            point.add_tag(Text::Plain(name), value);
        }
    }
    for (name, value) in tags.iter() {
        point.add_tag(clean(name), clean(value));
    }
    let names = match version {
        InfluxVersion::V1 => ["userFull", "userId", "appId", "appName"],
        InfluxVersion::V2 => ["userFull", "userId", "appId_field", "appName_field"],
        InfluxVersion::V3 => ["userFull_field", "userId_field", "appId_field", "appName_field"],
    };
    let keys = [UserKey::UserFull, UserKey::UserId, UserKey::AppId, UserKey::AppName];
    let known = if event.text(UserKey::AppId).is_empty() { 2 } else { 4 };
    for (name, key) in names.into_iter().zip(keys).take(known) {
        point.add_field(Text::Plain(name), text(event.text(key)));
    }
    for (name, value) in values {
        let new = !value.is_empty()
            && !schema.is_tag(name)
            && !point.fields.iter().any(|(field, _)| field.as_str() == name)
            && !tags.iter().any(|(tag, _)| **tag == *name);
        if new {
            point.add_field(Text::Plain(name), text(value));
        }
    }
    Some(point)
}
