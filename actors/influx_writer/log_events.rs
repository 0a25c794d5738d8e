//! `log_event` (section 7.2 of the page on events).

use std::borrow::Cow;

use super::events::{cleaned, text};
use crate::domain::errors::InfluxVersion;
use crate::domain::events::{Key, LogEvent, Pairs, Performance, Received, Source};
use crate::domain::point::{FieldValue, Point};

/// The point of an event. Categories come after the tags of the event, configured tags last; the
/// later wins.
pub fn point<'a>(
    received: &'a Received<LogEvent>,
    tags: &'a Pairs,
    version: InfluxVersion,
) -> Point<'a> {
    let event = &received.event;
    let point = Point::new("log_event", received.stamp);
    let mut point = match &event.performance {
        Some(numbers) => performance(point, event, numbers, version),
        None => service(point, event, version),
    };
    let categories = event.category.iter().flat_map(|category| category.iter());
    for (name, value) in categories.chain(tags.iter()) {
        point = point.tag(&**name, cleaned(value, version));
    }
    point.field("raw_event", text(Cow::Owned(event.to_json())))
}

/// Tags that an event of a service has when they are not empty.
fn conditional(source: Source) -> &'static [Key] {
    match source {
        Source::Engine => &[
            Key::UserFull,
            Key::UserDirectory,
            Key::UserId,
            Key::WindowsUser,
            Key::AppId,
            Key::EngineExeVersion,
        ],
        Source::Proxy | Source::Repository => {
            &[Key::UserFull, Key::UserDirectory, Key::UserId, Key::ResultCode]
        }
        Source::Scheduler => {
            &[Key::UserFull, Key::UserDirectory, Key::UserId, Key::TaskId, Key::TaskName]
        }
        Source::QixPerf => &[
            Key::UserFull,
            Key::UserDirectory,
            Key::UserId,
            Key::AppId,
            Key::AppName,
            Key::ObjectId,
        ],
    }
}

fn conditional_tags<'a>(
    mut point: Point<'a>,
    event: &'a LogEvent,
    version: InfluxVersion,
) -> Point<'a> {
    for &key in conditional(event.source) {
        let value = event.text(key);
        let value = if key == Key::UserFull { value.into() } else { cleaned(value, version) };
        point = point.tag(key.as_str(), value);
    }
    point
}

/// Engine, proxy, repository and scheduler.
fn service<'a>(point: Point<'a>, event: &'a LogEvent, version: InfluxVersion) -> Point<'a> {
    let subsystem = match event.text(Key::Subsystem) {
        "" if version == InfluxVersion::V3 => "n/a",
        subsystem => subsystem,
    };
    let point = point
        .tag("host", event.text(Key::Host))
        .tag("level", event.text(Key::Level))
        .tag("source", event.source.as_str())
        .tag("log_row", event.log_row.to_string())
        .tag("subsystem", subsystem);
    let mut point = conditional_tags(point, event, version);
    for &key in fields(event.source) {
        let value = event.text(key);
        // Version 1 never had empty texts.
        if !value.is_empty() || version != InfluxVersion::V1 {
            point = point.field(field_name(key, version), text(value));
        }
    }
    point
}

/// The text fields.
fn fields(source: Source) -> &'static [Key] {
    match source {
        // Most are empty for good; versions 2 and 3 have had them all the same.
        Source::Engine => &[
            Key::Message,
            Key::ExceptionMessage,
            Key::Command,
            Key::ResultCode,
            Key::Origin,
            Key::Context,
            Key::SessionId,
        ],
        Source::Proxy | Source::Repository => &[
            Key::Message,
            Key::ExceptionMessage,
            Key::Command,
            Key::ResultCode,
            Key::Origin,
            Key::Context,
        ],
        Source::Scheduler => {
            &[Key::Message, Key::ExceptionMessage, Key::AppName, Key::AppId, Key::ExecutionId]
        }
        Source::QixPerf => &[],
    }
}

/// The name of a text field. A column cannot be a tag and a field, so some got another name, though
/// not in every version.
fn field_name(key: Key, version: InfluxVersion) -> &'static str {
    match (key, version) {
        (Key::ResultCode, InfluxVersion::V2 | InfluxVersion::V3) => "result_code_field",
        (Key::SessionId, InfluxVersion::V3) => "session_id_field",
        (Key::AppName, InfluxVersion::V3) => "app_name_field",
        (Key::AppId, InfluxVersion::V3) => "app_id_field",
        _ => key.as_str(),
    }
}

/// What stands for an empty tag of a performance event: for texts, and for session ids. Version 2
/// leaves such a tag out.
fn stand_ins(version: InfluxVersion) -> (&'static str, &'static str) {
    match version {
        InfluxVersion::V1 => ("<Unknown>", "-1"),
        InfluxVersion::V2 => ("", ""),
        InfluxVersion::V3 => ("Unknown", "-1"),
    }
}

fn performance<'a>(
    mut point: Point<'a>,
    event: &'a LogEvent,
    numbers: &Performance,
    version: InfluxVersion,
) -> Point<'a> {
    let (no_text, no_id) = stand_ins(version);
    for key in [Key::Host, Key::Level, Key::Subsystem, Key::Method, Key::ObjectType] {
        let value = match event.text(key) {
            "" => no_text.into(),
            value => cleaned(value, version),
        };
        point = point.tag(key.as_str(), value);
    }
    for key in [Key::ProxySessionId, Key::SessionId] {
        let value = event.text(key);
        point = point.tag(key.as_str(), if value.is_empty() { no_id } else { value });
    }
    let log_row = match version {
        // A row number for each event would be more values than a tag of version 1 may have.
        InfluxVersion::V1 => "-1".to_owned(),
        InfluxVersion::V2 | InfluxVersion::V3 => event.log_row.to_string(),
    };
    let handle = match version {
        // A column of text since its first release.
        InfluxVersion::V2 => FieldValue::Text(numbers.handle.to_string().into()),
        InfluxVersion::V1 | InfluxVersion::V3 => FieldValue::Integer(numbers.handle),
    };
    let point = point
        .tag("source", event.source.as_str())
        .tag("log_row", log_row)
        .tag("event_activity_source", numbers.activity_source());
    let id = event.text(Key::AppId);
    let id = (!id.is_empty() || version != InfluxVersion::V1).then(|| text(id));
    conditional_tags(point, event, version)
        .field_if(field_name(Key::AppId, version), id)
        .field_if("process_time", numbers.process_time.map(FieldValue::Float))
        .field_if("work_time", numbers.work_time.map(FieldValue::Float))
        .field_if("lock_time", numbers.lock_time.map(FieldValue::Float))
        .field_if("validate_time", numbers.validate_time.map(FieldValue::Float))
        .field_if("traverse_time", numbers.traverse_time.map(FieldValue::Float))
        .field("handle", handle)
        .field("net_ram", FieldValue::Integer(numbers.net_ram))
        .field("peak_ram", FieldValue::Integer(numbers.peak_ram))
}
