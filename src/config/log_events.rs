//! `logEvents`: received by one actor, sent on by others.

use actors::domain::events::{Pairs, Source};
use actors::domain::yaml::{Field, List, Reader, Section, Switch};
use actors::io::mqtt::check_topic;
use actors::mqtt_publisher::LogTopics;
use actors::new_relic_poster::{LogEventPosts, LogLevels};
use actors::udp_receiver::LogEventSettings;
use serde::Deserialize;

use super::across::{Across, Master};
use super::categorise::CategoriseConfig;
use super::event_counts::EventCountSettings;
use super::performance::PerformanceConfig;
use super::shared::{EventTag, event_tags, pairs};
use super::udp_server::LogUdpConfig;

/// `logEvents` as written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct LogEventsConfig {
    udp_server_config: Section<LogUdpConfig>,
    tags: List<Section<EventTag>>,
    source: Section<SourceConfig>,
    categorise: Section<CategoriseConfig>,
    engine_performance_monitor: Section<PerformanceConfig>,
    #[serde(rename = "sendToMQTT")]
    send_to_mqtt: Section<LogMqttConfig>,
    send_to_influxdb: Section<Switch>,
    send_to_new_relic: Section<LogNewRelicConfig>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct SourceConfig {
    engine: Section<Switch>,
    proxy: Section<Switch>,
    repository: Section<Switch>,
    scheduler: Section<Switch>,
    qix_perf: Section<Switch>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct LogMqttConfig {
    enable: Field<bool>,
    base_topic: Field<String>,
    post_to: Section<LogTopicsConfig>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct LogTopicsConfig {
    base_topic: Field<bool>,
    subsystem_topics: Field<bool>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct LogNewRelicConfig {
    enable: Field<bool>,
    destination_account: List<Field<String>>,
    source: Section<NewRelicSourcesConfig>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct NewRelicSourcesConfig {
    engine: Section<NewRelicSourceConfig>,
    proxy: Section<NewRelicSourceConfig>,
    repository: Section<NewRelicSourceConfig>,
    scheduler: Section<NewRelicSourceConfig>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct NewRelicSourceConfig {
    enable: Field<bool>,
    log_level: Section<NewRelicLevelsConfig>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct NewRelicLevelsConfig {
    error: Field<bool>,
    warn: Field<bool>,
}

/// `logEvents`, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct LogEvents {
    /// How they are received.
    pub receiver: LogEventSettings,
    /// Whether InfluxDB gets them.
    pub to_influx: bool,
    /// `None` when they are not published on MQTT.
    pub topics: Option<LogTopics>,
    /// `None` when they are not posted to New Relic.
    pub posts: Option<LogEventPosts>,
}

impl LogEventsConfig {
    /// Checks the section `at`; `None` when no source is on. `counts` says what is counted.
    pub(super) fn check(
        &self,
        at: &Reader,
        across: &Across,
        counts: &EventCountSettings,
    ) -> Option<LogEvents> {
        let source_at = at.key("source");
        let source = source_at.section(&self.source);
        let sources: Vec<Source> = [
            ("engine", &source.engine, Source::Engine),
            ("proxy", &source.proxy, Source::Proxy),
            ("repository", &source.repository, Source::Repository),
            ("scheduler", &source.scheduler, Source::Scheduler),
            ("qixPerf", &source.qix_perf, Source::QixPerf),
        ]
        .into_iter()
        .filter_map(|(key, section, source)| {
            let at = source_at.key(key);
            at.section(section).is_on(&at, false).then_some(source)
        })
        .collect();
        if sources.is_empty() {
            return None;
        }
        let udp_at = at.key("udpServerConfig");
        let udp = udp_at.section(&self.udp_server_config);
        let udp = udp.check(&udp_at, "a log event source is on", across);
        let tags = pairs(event_tags(&at.key("tags"), &self.tags));
        let categorise_at = at.key("categorise");
        let categorise = categorise_at.section(&self.categorise).check(&categorise_at);
        let performance_at = at.key("enginePerformanceMonitor");
        let performance = performance_at.section(&self.engine_performance_monitor);
        let performance = performance.check(&performance_at, counts.rejected.is_some());
        let mqtt_at = at.key("sendToMQTT");
        let mqtt = mqtt_at.section(&self.send_to_mqtt);
        let topics = mqtt_at.key("enable").or(&mqtt.enable, false).then(|| {
            across.forwards(mqtt_at.key("enable"), Master::Mqtt);
            let base_at = mqtt_at.key("baseTopic");
            let base = check_topic(&base_at, &mqtt.base_topic, "qliksense/logevent");
            let at = mqtt_at.key("postTo");
            let post = at.section(&mqtt.post_to);
            LogTopics {
                base,
                to_base: at.key("baseTopic").or(&post.base_topic, true),
                to_subsystems: at.key("subsystemTopics").or(&post.subsystem_topics, true),
                tags: tags.clone(),
            }
        });
        let influx_at = at.key("sendToInfluxdb");
        let to_influx = influx_at.section(&self.send_to_influxdb).is_on(&influx_at, false);
        if to_influx {
            across.forwards(influx_at.key("enable"), Master::Influx);
        }
        let posts = self.check_new_relic(&at.key("sendToNewRelic"), across, &tags);
        let count = counts.counts.is_some();
        let receiver = LogEventSettings { udp, sources, categorise, performance, count, tags };
        Some(LogEvents { receiver, to_influx, topics, posts })
    }

    fn check_new_relic(&self, at: &Reader, across: &Across, tags: &Pairs) -> Option<LogEventPosts> {
        let relic = at.section(&self.send_to_new_relic);
        if !at.key("enable").or(&relic.enable, false) {
            return None;
        }
        across.forwards(at.key("enable"), Master::NewRelic);
        let accounts_at = at.key("destinationAccount");
        let accounts = accounts_at.texts(&relic.destination_account);
        let accounts = across.sends_to(accounts_at, accounts);
        let sources_at = at.key("source");
        let sources = sources_at.section(&relic.source);
        let sources = [
            ("engine", &sources.engine, Source::Engine),
            ("proxy", &sources.proxy, Source::Proxy),
            ("repository", &sources.repository, Source::Repository),
            ("scheduler", &sources.scheduler, Source::Scheduler),
        ];
        let sources = sources.into_iter().filter_map(|(key, section, source)| {
            let at = sources_at.key(key);
            let section = at.section(section);
            at.key("enable").or(&section.enable, true).then(|| {
                let at = at.key("logLevel");
                let level = at.section(&section.log_level);
                let error = at.key("error").or(&level.error, true);
                let warn = at.key("warn").or(&level.warn, true);
                (source, LogLevels { error, warn })
            })
        });
        Some(LogEventPosts { accounts, sources: sources.collect(), tags: tags.clone() })
    }
}
