//! `log_event` (section 7.2 of the page on events).

use std::borrow::Cow;

use super::events::{dequoted, text};
use crate::domain::errors::InfluxVersion;
use crate::domain::events::{Key, LogEvent, Pairs, Performance, Received, Source};
use crate::domain::point::{FieldValue, Point, Text};

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

/// Version 3 was given cleaned values from its first release on.
fn cleaned(value: &str, version: InfluxVersion) -> Text<'_> {
    match version {
        InfluxVersion::V3 => dequoted(value).into(),
        InfluxVersion::V1 | InfluxVersion::V2 => value.into(),
    }
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
    for (key, name) in fields(event.source, version) {
        let value = event.text(*key);
        // Version 1 never had empty texts.
        if !value.is_empty() || version != InfluxVersion::V1 {
            point = point.field(*name, text(value));
        }
    }
    point
}

/// The text fields, by the names they have in each version.
fn fields(source: Source, version: InfluxVersion) -> &'static [(Key, &'static str)] {
    use InfluxVersion::{V1, V2, V3};
    match (source, version) {
        (Source::Engine, V1) => &[(Key::Message, "message"), (Key::SessionId, "session_id")],
        // A column cannot be a tag and a field, and `session_id` is a tag of performance events.
        (Source::Engine, V2 | V3) => {
            if version == V2 {
                &ENGINE_V2
            } else {
                &ENGINE_V3
            }
        }
        (Source::Proxy | Source::Repository, V1) => &SERVICE_V1,
        (Source::Proxy | Source::Repository, V2 | V3) => &SERVICE_V2,
        (Source::Scheduler, V1 | V2) => &SCHEDULER,
        (Source::Scheduler, V3) => &SCHEDULER_V3,
        (Source::QixPerf, _) => &[],
    }
}

const SERVICE_V1: [(Key, &str); 6] = [
    (Key::Message, "message"),
    (Key::ExceptionMessage, "exception_message"),
    (Key::Command, "command"),
    (Key::ResultCode, "result_code"),
    (Key::Origin, "origin"),
    (Key::Context, "context"),
];

const SERVICE_V2: [(Key, &str); 6] = [
    (Key::Message, "message"),
    (Key::ExceptionMessage, "exception_message"),
    (Key::Command, "command"),
    (Key::ResultCode, "result_code_field"),
    (Key::Origin, "origin"),
    (Key::Context, "context"),
];

const ENGINE_V2: [(Key, &str); 7] = [
    SERVICE_V2[0],
    SERVICE_V2[1],
    SERVICE_V2[2],
    SERVICE_V2[3],
    SERVICE_V2[4],
    SERVICE_V2[5],
    (Key::SessionId, "session_id"),
];

const ENGINE_V3: [(Key, &str); 7] = [
    SERVICE_V2[0],
    SERVICE_V2[1],
    SERVICE_V2[2],
    SERVICE_V2[3],
    SERVICE_V2[4],
    SERVICE_V2[5],
    (Key::SessionId, "session_id_field"),
];

const SCHEDULER: [(Key, &str); 5] = [
    (Key::Message, "message"),
    (Key::ExceptionMessage, "exception_message"),
    (Key::AppName, "app_name"),
    (Key::AppId, "app_id"),
    (Key::ExecutionId, "execution_id"),
];

const SCHEDULER_V3: [(Key, &str); 5] = [
    SCHEDULER[0],
    SCHEDULER[1],
    (Key::AppName, "app_name_field"),
    (Key::AppId, "app_id_field"),
    SCHEDULER[4],
];

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
    let app_id = if version == InfluxVersion::V3 { "app_id_field" } else { "app_id" };
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
        .field_if(app_id, id)
        .field_if("process_time", numbers.process_time.map(FieldValue::Float))
        .field_if("work_time", numbers.work_time.map(FieldValue::Float))
        .field_if("lock_time", numbers.lock_time.map(FieldValue::Float))
        .field_if("validate_time", numbers.validate_time.map(FieldValue::Float))
        .field_if("traverse_time", numbers.traverse_time.map(FieldValue::Float))
        .field("handle", handle)
        .field("net_ram", FieldValue::Integer(numbers.net_ram))
        .field("peak_ram", FieldValue::Integer(numbers.peak_ram))
}
