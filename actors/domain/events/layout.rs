//! Where each kind of log event has which field: the tables 1.6 to 1.9 of the page on events.

use std::borrow::Cow;

use super::specials::Specials;
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
}

/// Names of keys, and what is made of a name when the program is compiled.
macro_rules! names {
    ($($key:ident $name:literal)*) => {
        impl Key {
            /// The name in JSON and in InfluxDB.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$key => $name,)*
                }
            }

            /// A comma, the name and the quote in front of a text, as members of a JSON object
            /// have them, or with a backslash before each quote.
            pub(super) const fn member(self, quoted: bool) -> &'static str {
                match (self, quoted) {
                    $(
                        (Self::$key, false) => concat!(",\"", $name, "\":\""),
                        (Self::$key, true) => concat!(",\\\"", $name, "\\\":\\\""),
                    )*
                }
            }
        }
    };
}

names! {
    TsIso "ts_iso"
    TsLocal "ts_local"
    Level "level"
    Host "host"
    Subsystem "subsystem"
    WindowsUser "windows_user"
    Message "message"
    ExceptionMessage "exception_message"
    UserDirectory "user_directory"
    UserId "user_id"
    UserFull "user_full"
    Command "command"
    ResultCode "result_code"
    Origin "origin"
    Context "context"
    ProxySessionId "proxy_session_id"
    EngineTs "engine_ts"
    ProcessId "process_id"
    EngineExeVersion "engine_exe_version"
    ServerStarted "server_started"
    EntryType "entry_type"
    SessionId "session_id"
    AppId "app_id"
    AppName "app_name"
    TaskName "task_name"
    TaskId "task_id"
    ExecutionId "execution_id"
    Method "method"
    ObjectId "object_id"
    ObjectType "object_type"
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
    /// What a field says, and what may have to be escaped in it.
    pub(super) fn read(self, value: &str) -> (Cow<'_, str>, Specials) {
        match self {
            Self::Text(most) => {
                let specials = Specials::of(value);
                (text::clean_of(value, specials, most), specials.without_controls())
            }
            Self::Uuid => (text::uuid(value), Specials::NONE),
            Self::IsoTime => (text::iso_time(value).into(), Specials::NONE),
            Self::LocalTime => (text::local_time(value).into(), Specials::SEPARATORS),
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
