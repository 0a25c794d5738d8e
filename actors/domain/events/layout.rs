//! Where each kind of log event has which field: the tables 1.6 to 1.9 of the page on events.

use std::borrow::Cow;

use super::text;

/// Which part of Qlik Sense wrote a log event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the services of Qlik Sense")]
pub enum Source {
    Engine,
    Proxy,
    Repository,
    Scheduler,
    QixPerf,
}

impl Source {
    /// All sources, in the order of the configuration file.
    pub const ALL: [Self; 5] =
        [Self::Engine, Self::Proxy, Self::Repository, Self::Scheduler, Self::QixPerf];

    /// The text on the wire, without slashes.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Engine => "qseow-engine",
            Self::Proxy => "qseow-proxy",
            Self::Repository => "qseow-repository",
            Self::Scheduler => "qseow-scheduler",
            Self::QixPerf => "qseow-qix-perf",
        }
    }

    /// The source whose name in slashes begins a datagram (rule LR1).
    pub fn of(first_field: &str) -> Option<Self> {
        let name = first_field.strip_prefix('/')?.strip_suffix('/')?;
        Self::ALL.into_iter().find(|source| name.eq_ignore_ascii_case(source.as_str()))
    }

    /// Whether its events have this text, be it empty.
    pub fn has(self, key: Key) -> bool {
        let performance =
            matches!(key, Key::AppName | Key::Method | Key::ObjectId | Key::ObjectType);
        key == Key::UserFull
            || self.layout().iter().any(|(found, _)| *found == key)
            || (self == Self::QixPerf && performance)
    }

    /// How many fields a datagram has (rule LR2).
    pub(super) const fn fields(self) -> usize {
        match self {
            Self::Engine => 19,
            Self::Proxy | Self::Repository => 16,
            Self::Scheduler => 18,
            Self::QixPerf => 26,
        }
    }

    /// The fields after the first two, in the order of the wire.
    pub(super) const fn layout(self) -> &'static [(Key, Rule)] {
        match self {
            Self::Engine => &ENGINE,
            Self::Proxy | Self::Repository => &SERVICE,
            Self::Scheduler => &SCHEDULER,
            Self::QixPerf => &QIX_PERF,
        }
    }
}

/// A text of a log event. Kinds have different ones; what a kind does not have is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each variant is the field of the same name in `as_str`")]
pub enum Key {
    TsIso,
    TsLocal,
    Level,
    Host,
    Subsystem,
    WindowsUser,
    Message,
    ExceptionMessage,
    UserDirectory,
    UserId,
    UserFull,
    Command,
    ResultCode,
    Origin,
    Context,
    ProxySessionId,
    EngineTs,
    ProcessId,
    EngineExeVersion,
    ServerStarted,
    EntryType,
    SessionId,
    AppId,
    AppName,
    TaskName,
    TaskId,
    ExecutionId,
    Method,
    ObjectId,
    ObjectType,
}

impl Key {
    pub(super) const COUNT: usize = Self::ObjectType as usize + 1;

    /// The name in JSON and in InfluxDB.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TsIso => "ts_iso",
            Self::TsLocal => "ts_local",
            Self::Level => "level",
            Self::Host => "host",
            Self::Subsystem => "subsystem",
            Self::WindowsUser => "windows_user",
            Self::Message => "message",
            Self::ExceptionMessage => "exception_message",
            Self::UserDirectory => "user_directory",
            Self::UserId => "user_id",
            Self::UserFull => "user_full",
            Self::Command => "command",
            Self::ResultCode => "result_code",
            Self::Origin => "origin",
            Self::Context => "context",
            Self::ProxySessionId => "proxy_session_id",
            Self::EngineTs => "engine_ts",
            Self::ProcessId => "process_id",
            Self::EngineExeVersion => "engine_exe_version",
            Self::ServerStarted => "server_started",
            Self::EntryType => "entry_type",
            Self::SessionId => "session_id",
            Self::AppId => "app_id",
            Self::AppName => "app_name",
            Self::TaskName => "task_name",
            Self::TaskId => "task_id",
            Self::ExecutionId => "execution_id",
            Self::Method => "method",
            Self::ObjectId => "object_id",
            Self::ObjectType => "object_type",
        }
    }
}

/// How a field is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// DR3, with the longest length.
    Text(usize),
    /// DR7.
    Uuid,
    /// DR8.
    IsoTime,
    /// DR9.
    LocalTime,
}

impl Rule {
    pub(super) fn read(self, value: &str) -> Cow<'_, str> {
        match self {
            Self::Text(most) => text::clean(value, most),
            Self::Uuid => text::uuid(value),
            Self::IsoTime => Cow::Borrowed(text::iso_time(value)),
            Self::LocalTime => Cow::Borrowed(text::local_time(value)),
        }
    }
}

/// Index of the message, the only field that may contain semicolons (rule LR3).
pub(super) const MESSAGE_AT: usize = 8;

const ENGINE: [(Key, Rule); 17] = [
    (Key::TsIso, Rule::IsoTime),
    (Key::TsLocal, Rule::LocalTime),
    (Key::Level, Rule::Text(20)),
    (Key::Host, Rule::Text(100)),
    (Key::Subsystem, Rule::Text(200)),
    (Key::WindowsUser, Rule::Text(100)),
    (Key::Message, Rule::Text(1000)),
    (Key::ProxySessionId, Rule::Uuid),
    (Key::UserDirectory, Rule::Text(100)),
    (Key::UserId, Rule::Text(100)),
    (Key::EngineTs, Rule::Text(50)),
    (Key::ProcessId, Rule::Uuid),
    (Key::EngineExeVersion, Rule::Text(50)),
    (Key::ServerStarted, Rule::Text(50)),
    (Key::EntryType, Rule::Text(50)),
    (Key::SessionId, Rule::Uuid),
    (Key::AppId, Rule::Uuid),
];

const SERVICE: [(Key, Rule); 14] = [
    (Key::TsIso, Rule::IsoTime),
    (Key::TsLocal, Rule::LocalTime),
    (Key::Level, Rule::Text(20)),
    (Key::Host, Rule::Text(100)),
    (Key::Subsystem, Rule::Text(200)),
    (Key::WindowsUser, Rule::Text(100)),
    (Key::Message, Rule::Text(1000)),
    (Key::ExceptionMessage, Rule::Text(1000)),
    (Key::UserDirectory, Rule::Text(100)),
    (Key::UserId, Rule::Text(100)),
    (Key::Command, Rule::Text(200)),
    (Key::ResultCode, Rule::Text(50)),
    (Key::Origin, Rule::Text(200)),
    (Key::Context, Rule::Text(200)),
];

const SCHEDULER: [(Key, Rule); 16] = [
    (Key::TsIso, Rule::IsoTime),
    (Key::TsLocal, Rule::LocalTime),
    (Key::Level, Rule::Text(20)),
    (Key::Host, Rule::Text(100)),
    (Key::Subsystem, Rule::Text(200)),
    (Key::WindowsUser, Rule::Text(100)),
    (Key::Message, Rule::Text(1000)),
    (Key::ExceptionMessage, Rule::Text(1000)),
    (Key::UserDirectory, Rule::Text(100)),
    (Key::UserId, Rule::Text(100)),
    (Key::UserFull, Rule::Text(200)),
    (Key::TaskName, Rule::Text(200)),
    (Key::AppName, Rule::Text(200)),
    (Key::TaskId, Rule::Uuid),
    (Key::AppId, Rule::Uuid),
    (Key::ExecutionId, Rule::Uuid),
];

/// The texts up to the first number; the fields after it are in `log.rs`.
const QIX_PERF: [(Key, Rule); 12] = [
    (Key::TsIso, Rule::Text(50)),
    (Key::TsLocal, Rule::Text(50)),
    (Key::Level, Rule::Text(20)),
    (Key::Host, Rule::Text(100)),
    (Key::Subsystem, Rule::Text(200)),
    (Key::WindowsUser, Rule::Text(100)),
    (Key::ProxySessionId, Rule::Uuid),
    (Key::UserDirectory, Rule::Text(100)),
    (Key::UserId, Rule::Text(100)),
    (Key::EngineTs, Rule::Text(50)),
    (Key::SessionId, Rule::Uuid),
    (Key::AppId, Rule::Uuid),
];
