//! `udpServerConfig` of both kinds of events. They differ in the name of one key only.

use actors::domain::yaml::{Field, List, Reader, Section};
use actors::udp_receiver::{Limits, UdpSettings};
use serde::Deserialize;

use super::across::{Across, Master};
use super::shared::QueueMetricsConfig;

/// `userEvents.udpServerConfig` as written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct UserUdpConfig {
    server_host: Field<String>,
    port_user_activity_events: Field<i64>,
    message_queue: Section<MessageQueueConfig>,
    rate_limit: Section<RateLimitConfig>,
    max_message_size: Field<i64>,
    enable_source_validation: Field<bool>,
    allowed_sources: List<Field<String>>,
    queue_metrics: Section<QueueMetricsSection>,
}

impl UserUdpConfig {
    pub(super) fn check(&self, at: &Reader, why: &str, across: &Across) -> UdpSettings {
        let server = UdpServer {
            host: &self.server_host,
            port: ("portUserActivityEvents", &self.port_user_activity_events, 9997),
            queue: &self.message_queue,
            rate: &self.rate_limit,
            max_message_size: &self.max_message_size,
            validate: &self.enable_source_validation,
            sources: &self.allowed_sources,
            metrics: (&self.queue_metrics, "user_events_queue"),
        };
        server.check(at, why, across)
    }
}

/// `logEvents.udpServerConfig` as written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct LogUdpConfig {
    server_host: Field<String>,
    port_log_events: Field<i64>,
    message_queue: Section<MessageQueueConfig>,
    rate_limit: Section<RateLimitConfig>,
    max_message_size: Field<i64>,
    enable_source_validation: Field<bool>,
    allowed_sources: List<Field<String>>,
    queue_metrics: Section<QueueMetricsSection>,
}

impl LogUdpConfig {
    pub(super) fn check(&self, at: &Reader, why: &str, across: &Across) -> UdpSettings {
        let server = UdpServer {
            host: &self.server_host,
            port: ("portLogEvents", &self.port_log_events, 9996),
            queue: &self.message_queue,
            rate: &self.rate_limit,
            max_message_size: &self.max_message_size,
            validate: &self.enable_source_validation,
            sources: &self.allowed_sources,
            metrics: (&self.queue_metrics, "log_events_queue"),
        };
        server.check(at, why, across)
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct MessageQueueConfig {
    max_concurrent: Field<i64>,
    max_size: Field<i64>,
    backpressure_threshold: Field<i64>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct RateLimitConfig {
    enable: Field<bool>,
    max_messages_per_minute: Field<i64>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct QueueMetricsSection {
    influxdb: Section<QueueMetricsConfig>,
}

/// What both have.
struct UdpServer<'a> {
    host: &'a Field<String>,
    port: (&'static str, &'a Field<i64>, u16),
    queue: &'a Section<MessageQueueConfig>,
    rate: &'a Section<RateLimitConfig>,
    max_message_size: &'a Field<i64>,
    validate: &'a Field<bool>,
    sources: &'a List<Field<String>>,
    metrics: (&'a Section<QueueMetricsSection>, &'static str),
}

impl UdpServer<'_> {
    fn check(&self, at: &Reader, why: &str, across: &Across) -> UdpSettings {
        let host = at.key("serverHost").needed_host(self.host, why).unwrap_or_default();
        let (key, port, default) = self.port;
        let port = at.key(key).listener(port, default);
        across.listens(at.key(key), "UDP", host.clone(), port);
        let queue_at = at.key("messageQueue");
        let queue = queue_at.section(self.queue);
        queue_at.key("maxConcurrent").number(&queue.max_concurrent, 10, 1..=100_000);
        let size = queue_at.key("maxSize").number(&queue.max_size, 200, 1..=10_000_000);
        let percent = queue_at.key("backpressureThreshold");
        let percent = percent.number(&queue.backpressure_threshold, 80, 1..=100);
        let rate_at = at.key("rateLimit");
        let rate = rate_at.section(self.rate);
        let rate = rate_at.key("enable").or(&rate.enable, false).then(|| {
            let key = rate_at.key("maxMessagesPerMinute");
            key.number(&rate.max_messages_per_minute, 600, 1..=1_000_000_000)
        });
        let bytes = at.key("maxMessageSize").number(self.max_message_size, 65_507, 1..=65_507);
        let sources_at = at.key("allowedSources");
        let sources = sources_at.texts(self.sources);
        let validated = at.key("enableSourceValidation").or(self.validate, false);
        if validated && sources.is_empty() {
            sources_at.warning("is empty while enableSourceValidation is true: nobody may send");
        }
        let (metrics, measurement) = self.metrics;
        let metrics_at = at.key("queueMetrics");
        let influx_at = metrics_at.key("influxdb");
        let metrics = metrics_at.section(metrics);
        let metrics = influx_at.section(&metrics.influxdb).check(&influx_at, measurement);
        if metrics.is_some() {
            across.forwards(influx_at.key("enable"), Master::Influx);
        }
        // All of them are within limits that fit.
        let unsigned = |number: i64| usize::try_from(number).unwrap_or(1);
        UdpSettings {
            host,
            port,
            limits: Limits {
                queue_size: unsigned(size),
                backpressure_percent: unsigned(percent),
                rate_per_minute: rate.map(|most| u64::try_from(most).unwrap_or(1)),
                max_message_size: unsigned(bytes),
            },
            allowed_sources: validated.then_some(sources),
            metrics,
        }
    }
}
