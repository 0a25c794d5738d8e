//! `log_event` (section 7.2 of the page on events).

use super::columns::{Column, Columns, Field, Tag};
use super::schema::Schema;
use crate::domain::errors::InfluxVersion;
use crate::domain::events::{Key, LogEvent, Pairs, Received, Source};
use crate::io::influx::write_stamp;

/// Makes lines of log events.
pub struct LogEventLines([Columns; Source::ALL.len()]);

impl LogEventLines {
    /// For one version of the database. Categories come after the tags of the event, configured
    /// tags last; the later wins.
    pub fn new(configured: &Pairs, version: InfluxVersion, schema: Schema) -> Self {
        Self(Source::ALL.map(|source| {
            let (mut tags, mut fields) = match source {
                Source::QixPerf => performance(version),
                _ => service(source, version),
            };
            tags.extend(conditional(source).iter().map(|key| match (key, version) {
                (Key::UserFull, _) | (_, InfluxVersion::V1 | InfluxVersion::V2) => {
                    Column::new(key.as_str(), Tag::Text(*key, ""))
                }
                (_, InfluxVersion::V3) => Column::new(key.as_str(), Tag::Cleaned(*key, "")),
            }));
            fields.push(Column::new("raw_event", Field::Event));
            schema.move_tags(&mut tags, &mut fields);
            Columns::new(tags, fields, configured, version)
        }))
    }

    /// Appends the line of an event.
    pub fn write(&self, received: &Received<LogEvent>, out: &mut Vec<u8>) {
        out.extend_from_slice(b"log_event");
        self.0[received.event.source as usize].write(&received.event, out);
        write_stamp(out, received.stamp);
    }
}

type Lists = (Vec<Column<Tag>>, Vec<Column<Field>>);

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

/// Engine, proxy, repository and scheduler.
fn service(source: Source, version: InfluxVersion) -> Lists {
    let no_subsystem = match version {
        InfluxVersion::V1 | InfluxVersion::V2 => "",
        InfluxVersion::V3 => "n/a",
    };
    let tags = vec![
        Column::new("host", Tag::Text(Key::Host, "")),
        Column::new("level", Tag::Text(Key::Level, "")),
        Column::new("log_row", Tag::LogRow),
        Column::new("source", Tag::Constant(source.as_str())),
        Column::new("subsystem", Tag::Text(Key::Subsystem, no_subsystem)),
    ];
    let fields = texts(source).iter().filter(|key| {
        // Version 1 never had texts that a source does not have.
        version != InfluxVersion::V1 || source.has(**key)
    });
    let fields = fields.map(|key| Column::new(field_name(*key, version), Field::Text(*key)));
    (tags, fields.collect())
}

/// The text fields.
fn texts(source: Source) -> &'static [Key] {
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

fn performance(version: InfluxVersion) -> Lists {
    let (no_text, no_id) = stand_ins(version);
    let text = |key: Key| {
        let value = match version {
            InfluxVersion::V1 | InfluxVersion::V2 => Tag::Text(key, no_text),
            InfluxVersion::V3 => Tag::Cleaned(key, no_text),
        };
        Column::new(key.as_str(), value)
    };
    let log_row = match version {
        // A row number for each event would be more values than a tag of version 1 may have.
        InfluxVersion::V1 => Tag::NoLogRow,
        InfluxVersion::V2 | InfluxVersion::V3 => Tag::LogRow,
    };
    let handle = match version {
        // A column of text since its first release.
        InfluxVersion::V2 => Field::IntegerText(|numbers| numbers.handle),
        InfluxVersion::V1 | InfluxVersion::V3 => Field::Integer(|numbers| numbers.handle),
    };
    let mut tags = [Key::Host, Key::Level, Key::Method, Key::ObjectType, Key::Subsystem]
        .map(text)
        .into_iter()
        .collect::<Vec<_>>();
    let ids = [Key::ProxySessionId, Key::SessionId];
    tags.extend(ids.map(|key| Column::new(key.as_str(), Tag::Text(key, no_id))));
    tags.extend([
        Column::new("source", Tag::Constant(Source::QixPerf.as_str())),
        Column::new("log_row", log_row),
        Column::new("event_activity_source", Tag::Activity),
    ]);
    let fields = vec![
        Column::new(field_name(Key::AppId, version), Field::Text(Key::AppId)),
        Column::new("process_time", Field::Time(|numbers| numbers.process_time)),
        Column::new("work_time", Field::Time(|numbers| numbers.work_time)),
        Column::new("lock_time", Field::Time(|numbers| numbers.lock_time)),
        Column::new("validate_time", Field::Time(|numbers| numbers.validate_time)),
        Column::new("traverse_time", Field::Time(|numbers| numbers.traverse_time)),
        Column::new("handle", handle),
        Column::new("net_ram", Field::Integer(|numbers| numbers.net_ram)),
        Column::new("peak_ram", Field::Integer(|numbers| numbers.peak_ram)),
    ];
    (tags, fields)
}
