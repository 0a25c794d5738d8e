//! `log_event` (section 7.2 of the page on events).

use super::events::{cleaned, text};
use super::series::Series;
use crate::domain::errors::InfluxVersion;
use crate::domain::events::{Key, LogEvent, Pairs, Performance, Received, Source};
use crate::domain::point::{FieldValue, Point, Text};

/// The point of an event. Categories come after the tags of the event, configured tags last; the
/// later wins.
pub fn point<'a>(
    received: &'a Received<LogEvent>,
    tags: &'a Pairs,
    version: InfluxVersion,
    series: Series,
) -> Point<'a> {
    let event = &received.event;
    let mut point = Point::new("log_event", received.stamp);
    match &event.performance {
        Some(numbers) => performance(&mut point, event, numbers, version),
        None => service(&mut point, event, version),
    }
    series.apply(&mut point);
    let categories = event.category.iter().flat_map(|category| category.iter());
    for (name, value) in categories.chain(tags.iter()) {
        point.add_tag(&**name, cleaned(value, version));
    }
    point.add_field(Text::Plain("raw_event"), FieldValue::QuotedText(event.to_quoted_json()));
    point
}

/// Tags that an event of a service has when they are not empty.
fn conditional(source: Source) -> &'static [Key] {
    match source {
        Source::Engine => &[
            Key::AppId,
            Key::EngineExeVersion,
            Key::UserDirectory,
            Key::UserFull,
            Key::UserId,
            Key::WindowsUser,
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

fn conditional_tags<'a>(point: &mut Point<'a>, event: &'a LogEvent, version: InfluxVersion) {
    for &key in conditional(event.source) {
        let value = event.text(key);
        let value = if key == Key::UserFull { value.into() } else { cleaned(value, version) };
        point.add_tag(Text::Plain(key.as_str()), value);
    }
}

/// Engine, proxy, repository and scheduler.
fn service<'a>(point: &mut Point<'a>, event: &'a LogEvent, version: InfluxVersion) {
    let subsystem = match event.text(Key::Subsystem) {
        "" if version == InfluxVersion::V3 => "n/a",
        subsystem => subsystem,
    };
    point.add_tag(Text::Plain("host"), event.text(Key::Host));
    point.add_tag(Text::Plain("level"), event.text(Key::Level));
    point.add_tag(Text::Plain("log_row"), event.log_row.to_string());
    point.add_tag(Text::Plain("source"), event.source.as_str());
    point.add_tag(Text::Plain("subsystem"), subsystem);
    conditional_tags(point, event, version);
    for &key in fields(event.source) {
        // Empty ones too, else the last value of a query would be that of an older event. Version
        // 1 never had texts that a source does not have.
        if version != InfluxVersion::V1 || event.source.has(key) {
            point.add_field(Text::Plain(field_name(key, version)), text(event.text(key)));
        }
    }
}

/// The text fields, sorted by name as they are written.
fn fields(source: Source) -> &'static [Key] {
    match source {
        // Most are empty for good; versions 2 and 3 have had them all the same.
        Source::Engine => &[
            Key::Command,
            Key::Context,
            Key::ExceptionMessage,
            Key::Message,
            Key::Origin,
            Key::ResultCode,
            Key::SessionId,
        ],
        Source::Proxy | Source::Repository => &[
            Key::Command,
            Key::Context,
            Key::ExceptionMessage,
            Key::Message,
            Key::Origin,
            Key::ResultCode,
        ],
        Source::Scheduler => {
            &[Key::AppId, Key::AppName, Key::ExceptionMessage, Key::ExecutionId, Key::Message]
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
    point: &mut Point<'a>,
    event: &'a LogEvent,
    numbers: &Performance,
    version: InfluxVersion,
) {
    let (no_text, no_id) = stand_ins(version);
    for key in [Key::Host, Key::Level, Key::Method, Key::ObjectType, Key::Subsystem] {
        let value = match event.text(key) {
            "" => no_text.into(),
            value => cleaned(value, version),
        };
        point.add_tag(Text::Plain(key.as_str()), value);
    }
    for key in [Key::ProxySessionId, Key::SessionId] {
        let value = event.text(key);
        point.add_tag(Text::Plain(key.as_str()), if value.is_empty() { no_id } else { value });
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
    point.add_tag(Text::Plain("source"), event.source.as_str());
    point.add_tag(Text::Plain("log_row"), log_row);
    point.add_tag(Text::Plain("event_activity_source"), numbers.activity_source());
    conditional_tags(point, event, version);
    point.add_field(Text::Plain(field_name(Key::AppId, version)), text(event.text(Key::AppId)));
    for (name, time) in [
        ("process_time", numbers.process_time),
        ("work_time", numbers.work_time),
        ("lock_time", numbers.lock_time),
        ("validate_time", numbers.validate_time),
        ("traverse_time", numbers.traverse_time),
    ] {
        if let Some(time) = time {
            point.add_field(Text::Plain(name), FieldValue::Float(time));
        }
    }
    point.add_field(Text::Plain("handle"), handle);
    point.add_field(Text::Plain("net_ram"), FieldValue::Integer(numbers.net_ram));
    point.add_field(Text::Plain("peak_ram"), FieldValue::Integer(numbers.peak_ram));
}
