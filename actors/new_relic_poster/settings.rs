//! What is posted to New Relic, where, and for which accounts: checked.

mod config;

use std::sync::Arc;
use std::time::Duration;

use crate::domain::events::{Pairs, Source};
use crate::domain::names::Secret;
use crate::io::delivery::Policy;

pub use config::{CredentialsKeys, NewRelicKeys, NewRelicSection};

/// Everything that the poster does.
#[derive(Debug, Clone, PartialEq)]
pub struct NewRelicSettings {
    /// Credentials of every account that there is.
    pub accounts: Vec<Account>,
    /// Where metrics go, those about ourselves included.
    pub metric: Endpoint,
    /// `None` when neither health nor sessions are posted.
    pub metrics: Option<MetricPosts>,
    /// `None` when memory and uptime are not posted.
    pub uptime: Option<UptimePosts>,
    /// `None` when no events are posted.
    pub events: Option<EventPosts>,
    /// How long an answer is waited for.
    pub timeouts: Timeouts,
}

/// An account of New Relic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// What the lists of destinations call it.
    pub name: String,
    /// Sent as the header `Api-Key`.
    pub key: Secret,
    /// Its number, part of the URL for events.
    pub id: String,
}

/// An address of the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Absolute.
    pub url: String,
    /// Configured headers; their values may be secrets.
    pub headers: Vec<(String, Secret)>,
}

/// `newRelic.metric`: health of engines, sessions of proxies.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricPosts {
    /// Names of accounts.
    pub accounts: Vec<String>,
    /// Which metrics of an engine.
    pub engine: EngineMetrics,
    /// Whether the number of sessions is posted.
    pub sessions: bool,
    /// Attributes that are added to those of the server.
    pub attributes: Pairs,
    /// Time between two health checks of one server.
    pub health_interval: Duration,
    /// Time between two session lists of one virtual proxy.
    pub session_interval: Duration,
    /// How many servers and virtual proxies are polled: so many posts belong together.
    pub round: usize,
}

/// `newRelic.metric.dynamic`: one switch for each group of metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the switches of the same names")]
pub struct EngineMetrics {
    pub memory: bool,
    pub cpu: bool,
    pub calls: bool,
    pub selections: bool,
    pub sessions: bool,
    pub users: bool,
    pub saturated: bool,
    pub doc_count: bool,
    pub cache: bool,
}

/// `uptimeMonitor.storeNewRelic`.
#[derive(Debug, Clone, PartialEq)]
pub struct UptimePosts {
    /// Names of accounts.
    pub accounts: Vec<String>,
    /// Whether our memory is posted.
    pub memory: bool,
    /// Whether our uptime is posted.
    pub uptime: bool,
    /// Attributes, all of them.
    pub attributes: Pairs,
    /// Time between two readings.
    pub interval: Duration,
}

/// `newRelic.event`, and which events.
#[derive(Debug, Clone, PartialEq)]
pub struct EventPosts {
    /// Where events go; the id of the account is added to its path.
    pub to: Endpoint,
    /// Attributes of every log event. User events have none, as ever.
    pub attributes: Pairs,
    /// `None` when user events are not posted.
    pub user: Option<UserEventPosts>,
    /// `None` when log events are not posted.
    pub log: Option<LogEventPosts>,
}

/// `userEvents.sendToNewRelic`.
#[derive(Debug, Clone, PartialEq)]
pub struct UserEventPosts {
    /// Names of accounts.
    pub accounts: Vec<String>,
    /// Whether names of users are scrambled.
    pub scramble: bool,
    /// `userEvents.tags`.
    pub tags: Pairs,
}

/// `logEvents.sendToNewRelic`.
#[derive(Debug, Clone, PartialEq)]
pub struct LogEventPosts {
    /// Names of accounts.
    pub accounts: Vec<String>,
    /// The sources that are posted at all.
    pub sources: Vec<(Source, LogLevels)>,
    /// `logEvents.tags`.
    pub tags: Pairs,
}

/// Which levels of one source are posted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogLevels {
    /// Errors, and what is worse than that.
    pub error: bool,
    /// Warnings.
    pub warn: bool,
}

impl LogEventPosts {
    /// Whether an event of this source and level is posted. Performance events are never listed
    /// in `sources`, and lower levels never wanted.
    pub fn wants(&self, source: Source, level: &str) -> bool {
        self.sources.iter().find(|(wanted, _)| *wanted == source).is_some_and(|(_, levels)| {
            let is = |name: &str| level.eq_ignore_ascii_case(name);
            (levels.error && (is("ERROR") || is("FATAL"))) || (levels.warn && is("WARN"))
        })
    }
}

/// How long an answer is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// Health and events.
    pub long: Duration,
    /// Sessions and uptime.
    pub short: Duration,
    /// Pause between two requests of one kind while an account takes nothing.
    pub pause: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { long: Duration::from_secs(10), short: Duration::from_secs(5), pause: Policy::PAUSE }
    }
}

/// Names and values as attributes that many bodies share.
pub fn attributes(pairs: impl IntoIterator<Item = (String, String)>) -> Pairs {
    pairs.into_iter().map(|(name, value)| (Arc::from(name), Arc::from(value))).collect()
}
