//! `user_events` (section 7.1 of the page on events).

use super::events::{cleaned, text};
use super::series::Series;
use crate::domain::errors::InfluxVersion;
use crate::domain::events::{Pairs, Received, UserEvent, UserKey};
use crate::domain::point::{Point, Text};

/// The point of an event; `None` when it says neither where nor what.
pub fn point<'a>(
    received: &'a Received<UserEvent>,
    tags: &'a Pairs,
    version: InfluxVersion,
    series: Series,
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
    for (name, value) in [id, name] {
        point.add_tag(Text::Plain(name), clean(value));
    }
    point.add_tag(Text::Plain("event_action"), clean(event.text(UserKey::Command)));
    point.add_tag(Text::Plain("host"), clean(event.text(UserKey::Host)));
    point.add_tag(Text::Plain("origin"), clean(event.text(UserKey::Origin)));
    for (name, value) in [browser_major, browser, os, os_version] {
        point.add_tag(Text::Plain(name), clean(value));
    }
    point.add_tag(Text::Plain("userDirectory"), clean(event.text(UserKey::UserDirectory)));
    point.add_tag(Text::Plain("userFull"), event.text(UserKey::UserFull));
    point.add_tag(Text::Plain("userId"), clean(event.text(UserKey::UserId)));
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
    series.apply(&mut point);
    for (name, value) in tags.iter() {
        point.add_tag(clean(name), clean(value));
    }
    Some(point)
}
