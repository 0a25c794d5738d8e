//! `qlikSenseEvents`, `userEvents` and `logEvents`.

use std::sync::Arc;
use std::time::Duration;

use actors::domain::events::Source;
use actors::domain::yaml::{Field, List, NamedValue, Reader, Section, Switch, User};
use actors::influx_writer::Measurement;
use actors::udp_receiver::{LogEventSettings, UserEventSettings};
use serde::Deserialize;

use super::across::{Across, Master};
use super::categorise::CategoriseConfig;
use super::performance::PerformanceConfig;
use super::shared::{EventTag, event_tags, pairs};
use super::udp_server::{LogUdpConfig, UserUdpConfig};

/// `qlikSenseEvents` as written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct EventCountsConfig {
    influxdb: Section<CountsInfluxConfig>,
    event_count: Section<CountConfig>,
    rejected_event_count: Section<RejectedConfig>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct CountsInfluxConfig {
    enable: Field<bool>,
    write_frequency: Field<i64>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct CountConfig {
    enable: Field<bool>,
    influxdb: Section<MeasurementConfig>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct MeasurementConfig {
    measurement_name: Field<String>,
    tags: List<Section<NamedValue>>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct RejectedConfig {
    enable: Field<bool>,
    influxdb: Section<NameConfig>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct NameConfig {
    measurement_name: Field<String>,
}

/// `qlikSenseEvents`, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct EventCountSettings {
    /// How often counts are written to InfluxDB; `None` when they are not.
    pub every: Option<Duration>,
    /// Where counts go; `None` when events are not counted.
    pub counts: Option<Measurement>,
    /// Measurement of rejected performance events; `None` when they are not counted.
    pub rejected: Option<Arc<str>>,
}

impl EventCountsConfig {
    /// Checks the section `at`.
    pub(super) fn check(&self, at: &Reader, across: &Across) -> EventCountSettings {
        let influx_at = at.key("influxdb");
        let influx = influx_at.section(&self.influxdb);
        let every = influx_at.key("enable").or(&influx.enable, false).then(|| {
            across.forwards(influx_at.key("enable"), Master::Influx);
            influx_at.key("writeFrequency").milliseconds(&influx.write_frequency, 20_000, 100)
        });
        let count_at = at.key("eventCount");
        let count = count_at.section(&self.event_count);
        let counts = count_at.key("enable").or(&count.enable, false).then(|| {
            let at = count_at.key("influxdb");
            let influx = at.section(&count.influxdb);
            let name = at.key("measurementName").or(&influx.measurement_name, "event_count".into());
            let tags = pairs(NamedValue::list(&at.key("tags"), &influx.tags));
            Measurement { measurement: name.into(), tags }
        });
        let rejected_at = at.key("rejectedEventCount");
        let rejected = rejected_at.section(&self.rejected_event_count);
        let rejected = rejected_at.key("enable").or(&rejected.enable, false).then(|| {
            let at = rejected_at.key("influxdb");
            let name = at.section(&rejected.influxdb).measurement_name;
            at.key("measurementName").or(&name, "rejected_event_count".into()).into()
        });
        EventCountSettings { every, counts, rejected }
    }
}

/// `userEvents` as written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct UserEventsConfig {
    enable: Field<bool>,
    exclude_user: List<Section<User>>,
    udp_server_config: Section<UserUdpConfig>,
    tags: List<Section<EventTag>>,
    #[serde(rename = "sendToMQTT")]
    send_to_mqtt: Section<UserMqttConfig>,
    send_to_influxdb: Section<Switch>,
    send_to_new_relic: Section<UserNewRelicConfig>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct UserMqttConfig {
    enable: Field<bool>,
    post_to: Section<UserTopicsConfig>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct UserTopicsConfig {
    everything_topic: Section<TopicConfig>,
    session_start_topic: Section<TopicConfig>,
    session_stop_topic: Section<TopicConfig>,
    connection_open_topic: Section<TopicConfig>,
    connection_close_topic: Section<TopicConfig>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct TopicConfig {
    enable: Field<bool>,
    topic: Field<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct UserNewRelicConfig {
    enable: Field<bool>,
    destination_account: List<Field<String>>,
    scramble: Field<bool>,
}

impl UserEventsConfig {
    /// Checks the section `at`; `None` when it is switched off. `count` says whether events are
    /// counted.
    pub(super) fn check(
        &self,
        at: &Reader,
        across: &Across,
        count: bool,
    ) -> Option<UserEventSettings> {
        if !at.key("enable").or(&self.enable, false) {
            return None;
        }
        let excluded = User::list(&at.key("excludeUser"), &self.exclude_user);
        let udp_at = at.key("udpServerConfig");
        let udp = udp_at.section(&self.udp_server_config);
        let udp = udp.check(&udp_at, "userEvents.enable is true", across);
        let tags = pairs(event_tags(&at.key("tags"), &self.tags));
        let mqtt_at = at.key("sendToMQTT");
        let mqtt = mqtt_at.section(&self.send_to_mqtt);
        if mqtt_at.key("enable").or(&mqtt.enable, false) {
            across.forwards(mqtt_at.key("enable"), Master::Mqtt);
            let at = mqtt_at.key("postTo");
            at.section(&mqtt.post_to).check(&at);
        }
        let influx_at = at.key("sendToInfluxdb");
        let influx = influx_at.section(&self.send_to_influxdb);
        let to_influx = influx.is_on(&influx_at, true);
        if influx != Switch::default() && to_influx {
            across.forwards(influx_at.key("enable"), Master::Influx);
        }
        let relic_at = at.key("sendToNewRelic");
        let relic = relic_at.section(&self.send_to_new_relic);
        if relic_at.key("enable").or(&relic.enable, false) {
            across.forwards(relic_at.key("enable"), Master::NewRelic);
            let accounts_at = relic_at.key("destinationAccount");
            let accounts = accounts_at.texts(&relic.destination_account);
            across.sends_to(accounts_at, accounts);
            relic_at.key("scramble").or(&relic.scramble, true);
        }
        Some(UserEventSettings { udp, excluded, count, to_influx, tags })
    }
}

impl UserTopicsConfig {
    fn check(&self, at: &Reader) {
        for (key, section) in [
            ("everythingTopic", &self.everything_topic),
            ("sessionStartTopic", &self.session_start_topic),
            ("sessionStopTopic", &self.session_stop_topic),
            ("connectionOpenTopic", &self.connection_open_topic),
            ("connectionCloseTopic", &self.connection_close_topic),
        ] {
            let at = at.key(key);
            let topic = at.section(section);
            if at.key("enable").or(&topic.enable, true) {
                let topic_at = at.key("topic");
                let topic = topic_at.optional(&topic.topic).unwrap_or_default();
                if topic.contains(['+', '#']) {
                    topic_at.error(format!("expected a topic without + and #, found {topic:?}"));
                }
            }
        }
    }
}

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

impl LogEventsConfig {
    /// Checks the section `at`; `None` when no source is on. `counts` says what is counted.
    pub(super) fn check(
        &self,
        at: &Reader,
        across: &Across,
        counts: &EventCountSettings,
    ) -> Option<LogEventSettings> {
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
        if mqtt_at.key("enable").or(&mqtt.enable, false) {
            across.forwards(mqtt_at.key("enable"), Master::Mqtt);
            mqtt_at.key("baseTopic").optional(&mqtt.base_topic);
            let at = mqtt_at.key("postTo");
            let post = at.section(&mqtt.post_to);
            at.key("baseTopic").or(&post.base_topic, true);
            at.key("subsystemTopics").or(&post.subsystem_topics, true);
        }
        let influx_at = at.key("sendToInfluxdb");
        let to_influx = influx_at.section(&self.send_to_influxdb).is_on(&influx_at, false);
        if to_influx {
            across.forwards(influx_at.key("enable"), Master::Influx);
        }
        self.check_new_relic(&at.key("sendToNewRelic"), across);
        let count = counts.counts.is_some();
        Some(LogEventSettings { udp, sources, categorise, performance, count, to_influx, tags })
    }

    fn check_new_relic(&self, at: &Reader, across: &Across) {
        let relic = at.section(&self.send_to_new_relic);
        if !at.key("enable").or(&relic.enable, false) {
            return;
        }
        across.forwards(at.key("enable"), Master::NewRelic);
        let accounts_at = at.key("destinationAccount");
        let accounts = accounts_at.texts(&relic.destination_account);
        across.sends_to(accounts_at, accounts);
        let sources_at = at.key("source");
        let sources = sources_at.section(&relic.source);
        for (key, section) in [
            ("engine", &sources.engine),
            ("proxy", &sources.proxy),
            ("repository", &sources.repository),
            ("scheduler", &sources.scheduler),
        ] {
            let at = sources_at.key(key);
            let source = at.section(section);
            if at.key("enable").or(&source.enable, true) {
                let at = at.key("logLevel");
                let level = at.section(&source.log_level);
                at.key("error").or(&level.error, true);
                at.key("warn").or(&level.warn, true);
            }
        }
    }
}
