//! Bodies for the Metric API (section 5.3 of the page on events): pure.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Map, Number, Value, json};

use super::settings::{EngineMetrics, MetricPosts, UptimePosts};
use crate::domain::names::MonitoredServer;
use crate::domain::telemetry::{DocList, EngineHealth, HealthMetrics, OwnMemory, ProxySessions};

/// Engine health; `None` when there is nothing to post.
pub(super) fn health(
    posts: &MetricPosts,
    metrics: &HealthMetrics,
    now: DateTime<Utc>,
) -> Option<String> {
    let mut attributes = of_server(&metrics.server);
    add(&mut attributes, &posts.attributes);
    body(now, posts.health_interval, &attributes, &of_engine(posts.engine, &metrics.health))
}

/// The number of sessions of a virtual proxy; `None` when it is not wanted.
pub(super) fn sessions(
    posts: &MetricPosts,
    sessions: &ProxySessions,
    now: DateTime<Utc>,
) -> Option<String> {
    let mut attributes = of_server(&sessions.server);
    let proxy = sessions.virtual_proxy.as_str();
    attributes.insert("user_session_virtual_proxy".to_owned(), proxy.into());
    attributes.insert("user_session_host".to_owned(), (*sessions.session_host).into());
    add(&mut attributes, &posts.attributes);
    let count = posts.sessions.then(|| ("qs_proxySessions", length(&sessions.sessions)));
    body(now, posts.session_interval, &attributes, count.as_slice())
}

/// Our own memory and uptime; `None` when neither is wanted.
pub(super) fn uptime(
    posts: &UptimePosts,
    memory: &OwnMemory,
    now: DateTime<Utc>,
) -> Option<String> {
    let mut attributes = Map::new();
    add(&mut attributes, &posts.attributes);
    let mut gauges = Vec::new();
    if posts.memory {
        gauges.extend([
            ("qs_butlerSosHeapUsed", float(memory.heap_used)),
            ("qs_butlerSosHeapTotal", float(memory.heap_total)),
            ("qs_butlerSosExternalMem", float(memory.external)),
            ("qs_butlerSosProcessMem", float(memory.process_memory)),
        ]);
    }
    if posts.uptime {
        gauges.push(("qs_butlerSosUptimeMillisec", milliseconds(memory.uptime)));
    }
    body(now, posts.interval, &attributes, &gauges)
}

type Gauge = (&'static str, f64);

/// What no gauge can have as its value is left out.
fn body(
    now: DateTime<Utc>,
    interval: Duration,
    attributes: &Map<String, Value>,
    gauges: &[Gauge],
) -> Option<String> {
    let metrics: Vec<Value> = gauges
        .iter()
        .filter_map(|(name, value)| {
            Some(json!({ "name": name, "type": "gauge", "value": number(*value)? }))
        })
        .collect();
    let common = json!({
        "timestamp": now.timestamp_millis(),
        "interval.ms": number(milliseconds(interval)),
        "attributes": attributes,
    });
    let body = json!({ "common": common, "metrics": metrics });
    (!metrics.is_empty()).then(|| body.to_string())
}

/// A number as JSON, whole numbers without a point; `None` for what JSON has no number for.
fn number(value: f64) -> Option<Number> {
    /// Beyond this not every whole number has a float of its own.
    const LARGEST: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() <= LARGEST {
        #[expect(clippy::cast_possible_truncation, reason = "whole and within the limit")]
        let whole = value as i64;
        return Some(whole.into());
    }
    Number::from_f64(value)
}

fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1_000.0).round()
}

#[expect(clippy::cast_precision_loss, reason = "sizes and counts are far below 2^53")]
fn float(number: u64) -> f64 {
    number as f64
}

fn length<T>(list: &[T]) -> f64 {
    float(list.len() as u64)
}

/// The tags of a server, which configured ones may replace.
fn of_server(server: &MonitoredServer) -> Map<String, Value> {
    let mut attributes = Map::new();
    for (name, value) in [
        ("host", server.host.as_str()),
        ("server_name", server.name.as_str()),
        ("server_description", &server.description),
    ] {
        attributes.insert(name.to_owned(), value.into());
    }
    add(&mut attributes, &server.tags);
    attributes
}

fn add(attributes: &mut Map<String, Value>, pairs: &[(Arc<str>, Arc<str>)]) {
    for (name, value) in pairs {
        attributes.insert(String::from(&**name), (**value).into());
    }
}

/// The wanted metrics of an engine, without those that it left out.
fn of_engine(wanted: EngineMetrics, health: &EngineHealth) -> Vec<Gauge> {
    let apps = &health.apps;
    let bytes = |megabytes: Option<f64>| megabytes.map(|megabytes| megabytes * 1_048_576.0);
    let count = |list: &Option<DocList>| list.as_ref().map(|list| length(&list.ids));
    let saturated = health.saturated.map(|saturated| f64::from(u8::from(saturated)));
    [
        // Spelt as the dashboards know them, here and in the cache.
        (wanted.memory, "qs_memCommited", bytes(health.mem_committed)),
        (wanted.memory, "qs_memAllocated", bytes(health.mem_allocated)),
        (wanted.memory, "qs_memFree", bytes(health.mem_free)),
        (wanted.cpu, "qs_cpuTotal", health.cpu_total),
        (wanted.calls, "qs_engineCalls", apps.calls),
        (wanted.selections, "qs_engineSelections", apps.selections),
        (wanted.sessions, "qs_engineSessionsActive", health.session_active),
        (wanted.sessions, "qs_engineSessionsTotal", health.session_total),
        (wanted.users, "qs_engineUsersActive", health.users_active),
        (wanted.users, "qs_engineUsersTotal", health.users_total),
        (wanted.saturated, "qs_engineSaturated", saturated),
        (wanted.doc_count, "qs_docsActiveCount", count(&apps.active)),
        (wanted.doc_count, "qs_docsLoadedCount", count(&apps.loaded)),
        (wanted.doc_count, "qs_docsInMemoryCount", count(&apps.in_memory)),
        (wanted.cache, "qs_cacheHits", health.cache_hits),
        (wanted.cache, "qs_cacheLookups", health.cache_lookups),
        (wanted.cache, "qs_cacheaAdded", health.cache_added),
        (wanted.cache, "qs_cacheReplaced", health.cache_replaced),
        (wanted.cache, "qs_cacheBytesAdded", health.cache_bytes_added),
    ]
    .into_iter()
    .filter_map(|(wanted, name, value)| Some((name, value.filter(|_| wanted)?)))
    .collect()
}
