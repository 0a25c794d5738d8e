//! `logEvents`: received by one actor, sent on by others.

use actors::config::{
    AnyKeys, Definition, Entry, Flag, Key, KeyPath, Section, SectionKeys, Sections, Shape, Switch,
    Text, Tree, Values,
};
use actors::domain::events::{Pairs, Source};
use actors::event_counter::EventCountSettings;
use actors::io::mqtt::Topic;
use actors::keys;
use actors::mqtt_publisher::LogTopics;
use actors::new_relic_poster::{LogEventPosts, LogLevels};
use actors::udp_receiver::{
    CategoriseKeys, EventTag, LogEventSettings, LogServerKeys, PerformanceKeys, event_tags,
};

use super::cross_rules::{CrossRules, Master};

keys! {
    /// `Butler-SOS.logEvents`.
    pub(super) struct LogEventsKeys {
        server: "udpServerConfig" Section<LogServerKeys>;
        /// Tags of log events
        tags: "tags" Sections<EventTag>;
        source: "source" Section<SourceKeys>;
        categorise: "categorise" Section<CategoriseKeys>;
        performance: "enginePerformanceMonitor" Section<PerformanceKeys>;
        mqtt: "sendToMQTT" Section<LogMqttKeys>;
        /// Store log events; needs influxdbConfig.enable too
        influx: "sendToInfluxdb" Switch = false;
        new_relic: "sendToNewRelic" Section<LogNewRelicKeys>;
    }
}

keys! {
    struct SourceKeys {
        /// Handle log events of the engine
        engine: "engine" Switch = false;
        /// Handle log events of the proxy
        proxy: "proxy" Switch = false;
        /// Handle log events of the repository
        repository: "repository" Switch = false;
        /// Handle log events of the scheduler
        scheduler: "scheduler" Switch = false;
        /// Handle performance events of the engine
        qix_perf: "qixPerf" Switch = false;
    }
}

keys! {
    struct LogMqttKeys {
        /// Publish log events; needs mqttConfig.enable too
        enable: "enable" Key<Flag> = false;
        /// Topic that all topics begin with
        base_topic: "baseTopic" Key<Topic> = "qliksense/logevent", masked;
        post_to: "postTo" Section<LogTopicsKeys>;
    }
}

keys! {
    struct LogTopicsKeys {
        /// Publish to that topic
        base: "baseTopic" Key<Flag> = true;
        /// Publish to a topic for each subsystem
        subsystems: "subsystemTopics" Key<Flag> = true;
    }
}

keys! {
    struct LogNewRelicKeys {
        /// Send log events; needs newRelic.enable too
        enable: "enable" Key<Flag> = false;
        /// Names of New Relic accounts
        accounts: "destinationAccount" Values<Text>;
        source: "source" Section<PostedSourcesKeys>;
    }
}

keys! {
    struct PostedSourcesKeys {
        /// Send log events of the engine
        engine: "engine" PostedSource;
        /// Send log events of the proxy
        proxy: "proxy" PostedSource;
        /// Send log events of the repository
        repository: "repository" PostedSource;
        /// Send log events of the scheduler
        scheduler: "scheduler" PostedSource;
    }
}

keys! {
    struct PostedLevelsKeys {
        /// Those of level error
        error: "error" Key<Flag> = true;
        /// Those of level warn
        warn: "warn" Key<Flag> = true;
    }
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

impl LogEventsKeys {
    /// How; `None` when no source is on. `counts` says what is counted.
    pub(super) fn check(
        &self,
        across: &CrossRules,
        counts: &EventCountSettings,
    ) -> Option<LogEvents> {
        let sources = self.source.get().check();
        if sources.is_empty() {
            return None;
        }
        let server = self.server.get();
        let udp = server.check("a log event source is on");
        across.receives(&udp, server.port_at(), server.metrics_at());
        let tags = event_tags(&self.tags);
        let categorise = self.categorise.get().check();
        let performance = self.performance.get().check(counts.rejected.is_some());
        let mqtt = self.mqtt.get();
        let topics = mqtt.enable.get().then(|| {
            across.forwards(mqtt.enable.at.clone(), Master::Mqtt);
            let base = mqtt.base_topic.get();
            let post = mqtt.post_to.get();
            LogTopics {
                base,
                to_base: post.base.get(),
                to_subsystems: post.subsystems.get(),
                tags: tags.clone(),
            }
        });
        let influx = self.influx.enable();
        let to_influx = influx.get();
        if to_influx {
            across.forwards(influx.at, Master::Influx);
        }
        let posts = self.new_relic.get().check(across, &tags);
        let count = counts.counts.is_some();
        let receiver = LogEventSettings { udp, sources, categorise, performance, count, tags };
        Some(LogEvents { receiver, to_influx, topics, posts })
    }
}

impl SourceKeys {
    fn check(&self) -> Vec<Source> {
        let sources = [
            (&self.engine, Source::Engine),
            (&self.proxy, Source::Proxy),
            (&self.repository, Source::Repository),
            (&self.scheduler, Source::Scheduler),
            (&self.qix_perf, Source::QixPerf),
        ];
        sources
            .into_iter()
            .filter_map(|(switch, source)| switch.is_on().then_some(source))
            .collect()
    }
}

impl LogNewRelicKeys {
    fn check(&self, across: &CrossRules, tags: &Pairs) -> Option<LogEventPosts> {
        if !self.enable.get() {
            return None;
        }
        across.forwards(self.enable.at.clone(), Master::NewRelic);
        let accounts = across.sends_to(self.accounts.at.clone(), self.accounts.get());
        let sources = self.source.get();
        let sources = [
            (&sources.engine, Source::Engine),
            (&sources.proxy, Source::Proxy),
            (&sources.repository, Source::Repository),
            (&sources.scheduler, Source::Scheduler),
        ];
        let sources =
            sources.into_iter().filter_map(|(posted, source)| Some((source, posted.check()?)));
        Some(LogEventPosts { accounts, sources: sources.collect(), tags: tags.clone() })
    }
}

/// A source whose events are posted, or not.
#[derive(Debug, Clone)]
struct PostedSource(Section<AnyKeys>);

impl PostedSource {
    /// Of which levels; `None` when it is switched off.
    fn check(&self) -> Option<LogLevels> {
        let keys = self.0.get();
        keys.entry::<Key<Flag>>("enable", true).get().then(|| {
            let levels = keys.entry::<Section<PostedLevelsKeys>>("logLevel", ()).get();
            LogLevels { error: levels.error.get(), warn: levels.warn.get() }
        })
    }
}

impl Entry for PostedSource {
    type Default = ();

    fn take(at: KeyPath, tree: Tree, (): ()) -> Self {
        Self(Section::take(at, tree, ()))
    }

    fn shape((): ()) -> Shape {
        let levels = Shape::Section(PostedLevelsKeys::definitions());
        Shape::Switch { on: true, more: vec![Definition::new("logLevel", "", levels)] }
    }
}
