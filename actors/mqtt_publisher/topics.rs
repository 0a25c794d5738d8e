//! Topics of events, as other sections of the configuration name them.

use crate::domain::events::Pairs;

/// Topics of events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventTopics {
    /// `None` when user events are not published.
    pub user: Option<UserTopics>,
    /// `None` when log events are not published.
    pub log: Option<LogTopics>,
}

/// `userEvents.sendToMQTT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserTopics {
    /// Topic of every event.
    pub everything: Option<String>,
    /// Commands and their topics.
    pub by_command: Vec<(&'static str, String)>,
    /// `userEvents.tags`.
    pub tags: Pairs,
}

/// `logEvents.sendToMQTT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogTopics {
    /// Topic that all topics begin with.
    pub base: String,
    /// Whether that topic gets every event.
    pub to_base: bool,
    /// Whether each subsystem has a topic.
    pub to_subsystems: bool,
    /// `logEvents.tags`.
    pub tags: Pairs,
}
