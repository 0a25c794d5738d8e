//! From a datagram to an event that somebody wants (section 3 of the page on events): one kind of
//! handling for each socket.

use super::settings::{LogEventSettings, UserEventSettings};
use crate::domain::errors::UdpModule;
use crate::domain::events::{
    EventCounts, Flaw, LogDatagram, LogEvent, ServerDirectory, Source, UNKNOWN, UserDatagram,
    UserEvent, excerpt,
};
use crate::domain::names::{Host, ServerName};
use crate::domain::telemetry::{AppNames, EventStream};
use crate::runtime::level::verbose;

/// Characters of a datagram that the debug log shows.
const VALUES: usize = 2_000;

fn log_values(prefix: &str, text: &str) {
    // At verbose the excerpt would be made and thrown away.
    if log::log_enabled!(log::Level::Debug) {
        log::debug!("{prefix}: {:?}", excerpt(text, VALUES));
    }
}

/// What becomes of a datagram (section 1.10 of the page on events).
#[derive(Debug)]
pub enum Verdict<E> {
    /// Somebody wants the event; the configured server that sent it is known, or not.
    Wanted(E, Option<ServerName>),
    /// Nobody wants it, as configured; why, for the debug log.
    Unwanted(&'static str),
    /// The kind of event is switched off.
    Disabled,
    /// Something else than an event.
    Unrecognised,
    /// An event that cannot be decoded.
    Malformed(Malformed),
}

/// A datagram of a known kind that cannot be decoded.
#[derive(Debug)]
pub struct Malformed {
    /// Which kind of event it claims to be.
    pub source: &'static str,
    /// The host that it names, if it does.
    pub host: Option<Host>,
    /// What is wrong.
    pub flaw: Flaw,
}

impl Malformed {
    fn new(source: &'static str, host: &str, flaw: Flaw) -> Self {
        Self { source, host: (!host.is_empty()).then(|| Host::of_authority(host)), flaw }
    }
}

/// How the datagrams of one socket are handled.
pub trait DatagramHandler: Unpin + 'static {
    /// What comes out.
    type Event: Clone + Send + Sync + 'static;

    /// Which socket.
    const STREAM: EventStream;

    /// Whose errors.
    const MODULE: UdpModule;

    /// Begins log lines.
    const PREFIX: &'static str;

    /// Where the socket is configured, below `Butler-SOS`.
    const SECTION: &'static str;

    /// Characters of an unrecognised datagram that are logged.
    const EXCERPT: usize;

    /// Decides about one datagram, and counts it.
    fn handle(&mut self, text: &str) -> Verdict<Self::Event>;

    /// What both kinds have.
    fn common(&mut self) -> &mut Common;
}

/// What the handling of both kinds has in common.
pub struct Common {
    /// Whether any destination is on.
    wanted: bool,
    /// Whether events are counted.
    count: bool,
    names: AppNames,
    servers: ServerDirectory,
    counts: EventCounts,
}

impl Common {
    fn new(wanted: bool, count: bool, servers: ServerDirectory) -> Self {
        let (names, counts) = (AppNames::default(), EventCounts::default());
        Self { wanted, count, names, servers, counts }
    }

    /// Counts an event; empty texts count as unknown.
    fn count(&mut self, source: &'static str, host: &str, subsystem: &str) {
        if self.count {
            self.counts.count(source, host, subsystem);
        }
    }

    /// The apps that are known from now on.
    pub fn learn(&mut self, names: AppNames) {
        self.names = names;
    }

    /// Counts since the last time.
    pub fn take_counts(&mut self) -> EventCounts {
        std::mem::take(&mut self.counts)
    }
}

/// User events.
pub struct UserDatagramHandler {
    excluded: Vec<(String, String)>,
    common: Common,
}

impl UserDatagramHandler {
    /// `wanted` says whether any destination is on.
    pub fn new(settings: &UserEventSettings, wanted: bool, servers: ServerDirectory) -> Self {
        let common = Common::new(wanted, settings.count, servers);
        Self { excluded: settings.excluded.clone(), common }
    }
}

impl DatagramHandler for UserDatagramHandler {
    type Event = UserEvent;

    const STREAM: EventStream = EventStream::User;
    const MODULE: UdpModule = UdpModule::UserEvents;
    const PREFIX: &'static str = "USER EVENT";
    const SECTION: &'static str = "userEvents.udpServerConfig";
    const EXCERPT: usize = 512;

    fn handle(&mut self, text: &str) -> Verdict<UserEvent> {
        let Some(kind) = UserDatagram::kind_of(text) else {
            self.common.count(UNKNOWN, "", "");
            return Verdict::Unrecognised;
        };
        let datagram = match UserDatagram::read(kind, text) {
            Ok(datagram) => datagram,
            Err(flaw) => {
                let host = UserDatagram::host_of(text);
                self.common.count(kind.as_str(), &host, "");
                return Verdict::Malformed(Malformed::new(kind.as_str(), &host, flaw));
            }
        };
        let host = datagram.host();
        self.common.count(kind.as_str(), &host, &datagram.origin());
        let (directory, id) = (datagram.user_directory(), datagram.user_id());
        let (prefix, kind) = (Self::PREFIX, kind.as_str());
        verbose!("{prefix}: Received {kind} from {host}, user {directory}\\{id}");
        log_values(prefix, text);
        if self.excluded.iter().any(|user| (&*user.0, &*user.1) == (&*directory, &*id)) {
            return Verdict::Unwanted("its user is excluded");
        }
        if !self.common.wanted {
            return Verdict::Unwanted("no destination is on");
        }
        let server = self.common.servers.server(&host).cloned();
        let event = datagram.event(|id| self.common.names.name(id).map(str::to_owned));
        Verdict::Wanted(event, server)
    }

    fn common(&mut self) -> &mut Common {
        &mut self.common
    }
}

/// Log events.
pub struct LogDatagramHandler {
    settings: LogEventSettings,
    common: Common,
}

impl LogDatagramHandler {
    /// `wanted` says whether any destination is on.
    pub fn new(settings: LogEventSettings, wanted: bool, servers: ServerDirectory) -> Self {
        let common = Common::new(wanted, settings.count, servers);
        Self { settings, common }
    }
}

impl DatagramHandler for LogDatagramHandler {
    type Event = LogEvent;

    const STREAM: EventStream = EventStream::Log;
    const MODULE: UdpModule = UdpModule::LogEvents;
    const PREFIX: &'static str = "LOG EVENT";
    const SECTION: &'static str = "logEvents.udpServerConfig";
    const EXCERPT: usize = 25;

    fn handle(&mut self, text: &str) -> Verdict<LogEvent> {
        let Some(source) = LogDatagram::source_of(text) else {
            self.common.count(UNKNOWN, "", "");
            return Verdict::Unrecognised;
        };
        if !self.settings.sources.contains(&source) {
            let (host, subsystem) = LogDatagram::host_and_subsystem(text);
            self.common.count(source.as_str(), &host, &subsystem);
            return Verdict::Disabled;
        }
        let datagram = match LogDatagram::read(source, text) {
            Ok(datagram) => datagram,
            Err(flaw) => {
                let (host, _) = LogDatagram::host_and_subsystem(text);
                self.common.count(source.as_str(), &host, "");
                return Verdict::Malformed(Malformed::new(source.as_str(), &host, flaw));
            }
        };
        let host = datagram.host();
        let subsystem = datagram.subsystem();
        self.common.count(source.as_str(), &host, &subsystem);
        let prefix = Self::PREFIX;
        match source {
            // Its field of the level says something else.
            Source::QixPerf => {
                verbose!("{prefix}: Received {} from {host}, {subsystem}", source.as_str());
            }
            _ => verbose!(
                "{prefix}: Received {} from {host}, level {}, {subsystem}",
                source.as_str(),
                datagram.level()
            ),
        }
        log_values(prefix, text);
        let mut app_name = "";
        if source == Source::QixPerf {
            let Some(performance) = &self.settings.performance else {
                return Verdict::Unwanted("the engine performance monitor is off");
            };
            let raw = datagram.raw();
            if performance.look_up_names {
                app_name = self.common.names.name(raw.app_id).unwrap_or_default();
            }
            if !performance.filter.accepts(&raw, app_name) {
                if performance.count_rejected {
                    self.common.counts.reject(&raw, app_name);
                }
                return Verdict::Unwanted("the filter of performance events does not accept it");
            }
        }
        let category = match &self.settings.categorise {
            None => None,
            Some(rules) => match rules.categories(&datagram.level(), &datagram.message()) {
                None => return Verdict::Unwanted("a rule says drop"),
                some => some,
            },
        };
        if !self.common.wanted {
            return Verdict::Unwanted("no destination is on");
        }
        let server = self.common.servers.server(&host).cloned();
        Verdict::Wanted(datagram.event(app_name, category), server)
    }

    fn common(&mut self) -> &mut Common {
        &mut self.common
    }
}
