//! Topics and payloads (sections 4.2 and 4.3 of the page on events): pure, byte for byte.

use super::topics::{LogTopics, UserTopics};
use crate::domain::events::{Key, LogEvent, UserEvent, UserKey};
use crate::domain::names::Host;
use crate::domain::telemetry::{EngineHealth, HealthMetrics, ProxySessions};
use crate::io::mqtt::{Message, can_be_in_topic};

/// Engine health: a topic for each number, those that the engine left out excepted.
pub(super) fn health(base_topic: &str, metrics: &HealthMetrics) -> Vec<Message> {
    let host = metrics.server.host.as_str();
    let message =
        |(leaf, payload)| Message { topic: format!("{base_topic}{host}/{leaf}"), payload };
    leaves(&metrics.health).into_iter().map(message).collect()
}

fn leaves(health: &EngineHealth) -> Vec<(&'static str, String)> {
    let apps = &health.apps;
    let number = |value: Option<f64>| value.map(|value| value.to_string());
    let lists = [
        ("apps/active_docs", &apps.active),
        ("apps/loaded_docs", &apps.loaded),
        ("apps/in_memory_docs", &apps.in_memory),
    ];
    let lists = lists.map(|(leaf, docs)| (leaf, docs.as_ref().map(|docs| docs.ids.join(","))));
    let others = [
        ("version", health.version.clone()),
        ("started", health.started.clone()),
        // Spelt as the dashboards know it.
        ("mem/comitted", number(health.mem_committed)),
        ("mem/allocated", number(health.mem_allocated)),
        ("mem/free", number(health.mem_free)),
        ("cpu/total", number(health.cpu_total)),
        ("session/active", number(health.session_active)),
        ("session/total", number(health.session_total)),
        ("apps/calls", number(apps.calls)),
        ("apps/selections", number(apps.selections)),
        ("users/active", number(health.users_active)),
        ("users/total", number(health.users_total)),
        ("cache/hits", number(health.cache_hits)),
        ("cache/lookups", number(health.cache_lookups)),
        ("cache/added", number(health.cache_added)),
        ("cache/replaced", number(health.cache_replaced)),
        ("cache/bytes_added", number(health.cache_bytes_added)),
        ("cache/hit_ratio", number(hit_ratio(health))),
        ("saturated", health.saturated.map(|saturated| saturated.to_string())),
    ];
    let all = others.into_iter().chain(lists);
    all.filter_map(|(leaf, payload)| Some((leaf, payload?))).collect()
}

/// Whole percent; `None` before the first lookup.
fn hit_ratio(health: &EngineHealth) -> Option<f64> {
    let (hits, lookups) = (health.cache_hits?, health.cache_lookups?);
    (lookups > 0.0).then(|| (hits / lookups * 100.0).floor())
}

/// The session list as the proxy sent it, indented.
pub(super) fn sessions(base_topic: &str, sessions: &ProxySessions) -> Vec<Message> {
    let host = Host::of_authority(&sessions.session_host);
    let topic = format!("{base_topic}{host}/usersession{}", sessions.virtual_proxy);
    vec![Message { topic, payload: format!("{:#}", sessions.answer) }]
}

/// A user event, for everybody and for those who wait for its command.
pub(super) fn user_event(topics: &UserTopics, event: &UserEvent) -> Vec<Message> {
    let commands =
        topics.by_command.iter().filter(|(command, _)| *command == event.text(UserKey::Command));
    let all = topics.everything.iter().chain(commands.map(|(_, topic)| topic));
    same(all.cloned().collect(), || event.to_json(&topics.tags))
}

/// A log event, for everybody and for those who watch its subsystem.
pub(super) fn log_event(topics: &LogTopics, event: &LogEvent) -> Vec<Message> {
    let mut all = Vec::with_capacity(2);
    let levels = levels(event.text(Key::Subsystem));
    if topics.to_base || (topics.to_subsystems && levels.is_empty()) {
        all.push(topics.base.clone());
    }
    if topics.to_subsystems && !levels.is_empty() {
        all.push(format!("{}/{levels}", topics.base.trim_end_matches('/')));
    }
    same(all, || event.to_json_with(&topics.tags))
}

/// A subsystem as levels of a topic. It comes from the network, so what a topic cannot have is
/// taken out.
fn levels(subsystem: &str) -> String {
    let parts = subsystem.split(['.', '/']).map(|level| {
        let kept: String = level.chars().filter(|c| can_be_in_topic(*c)).collect();
        kept.to_lowercase()
    });
    parts.filter(|level| !level.is_empty()).collect::<Vec<_>>().join("/")
}

/// One payload to several topics.
fn same(topics: Vec<String>, payload: impl FnOnce() -> String) -> Vec<Message> {
    if topics.is_empty() {
        return Vec::new();
    }
    let payload = payload();
    topics.into_iter().map(|topic| Message { topic, payload: payload.clone() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_the_network_makes_a_topic_or_nothing() {
        for (subsystem, topic) in [
            ("System.Engine.Engine", "system/engine/engine"),
            ("a..b/.c", "a/b/c"),
            ("+.#.x+y\0z", "xyz"),
            ("a\u{9f}\n\u{fdd0}\u{ffff}\u{1fffe}b.\u{7}", "ab"),
            ("$SYS", "$sys"),
            ("", ""),
            ("...", ""),
        ] {
            assert_eq!(levels(subsystem), topic);
        }
    }

    #[test]
    fn a_ratio_needs_lookups() {
        let health = |hits, lookups| EngineHealth {
            cache_hits: hits,
            cache_lookups: lookups,
            ..EngineHealth::default()
        };
        assert_eq!(hit_ratio(&health(Some(2.0), Some(3.0))), Some(66.0));
        assert_eq!(hit_ratio(&health(Some(2.0), Some(0.0))), None);
        assert_eq!(hit_ratio(&health(None, Some(3.0))), None);
    }
}
