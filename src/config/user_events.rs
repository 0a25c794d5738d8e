//! `userEvents`: received by one actor, sent on by others.

use actors::config::{
    AnyKeys, Definition, Entry, Flag, Key, KeyPath, Section, Sections, Shape, Switch, Text, Tree,
    User, Values,
};
use actors::io::mqtt::Topic;
use actors::keys;
use actors::mqtt_publisher::UserTopics;
use actors::new_relic_poster::UserEventPosts;
use actors::udp_receiver::{EventTag, UserEventSettings, UserServerKeys, event_tags};

use super::cross_rules::{CrossRules, Master};

keys! {
    /// `Butler-SOS.userEvents`.
    pub(super) struct UserEventsKeys {
        /// Receive user events of Qlik Sense
        enable: "enable" Key<Flag> = false;
        /// Users whose events are dropped
        excluded: "excludeUser" Sections<User>;
        server: "udpServerConfig" Section<UserServerKeys>;
        /// Tags of user events
        tags: "tags" Sections<EventTag>;
        mqtt: "sendToMQTT" Section<UserMqttKeys>;
        /// Store user events; needs influxdbConfig.enable too
        influx: "sendToInfluxdb" Switch = true;
        new_relic: "sendToNewRelic" Section<UserNewRelicKeys>;
    }
}

keys! {
    struct UserMqttKeys {
        /// Publish user events; needs mqttConfig.enable too
        enable: "enable" Key<Flag> = false;
        post_to: "postTo" Section<UserTopicsKeys>;
    }
}

keys! {
    struct UserTopicsKeys {
        /// Publish every event
        everything: "everythingTopic" SwitchedTopic =
            ("qliksense/userevent", Some("../../topic"));
        /// Publish started sessions
        session_start: "sessionStartTopic" SwitchedTopic =
            ("qliksense/userevent/session/start", None);
        /// Publish stopped sessions
        session_stop: "sessionStopTopic" SwitchedTopic =
            ("qliksense/userevent/session/stop", None);
        /// Publish opened connections
        connection_open: "connectionOpenTopic" SwitchedTopic =
            ("qliksense/userevent/connection/open", None);
        /// Publish closed connections
        connection_close: "connectionCloseTopic" SwitchedTopic =
            ("qliksense/userevent/connection/close", None);
    }
}

keys! {
    struct UserNewRelicKeys {
        /// Send user events; needs newRelic.enable too
        enable: "enable" Key<Flag> = false;
        /// Names of New Relic accounts
        accounts: "destinationAccount" Values<Text>;
        /// Scramble user names
        scramble: "scramble" Key<Flag> = true;
    }
}

/// `userEvents`, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct UserEvents {
    /// How they are received.
    pub receiver: UserEventSettings,
    /// Whether InfluxDB gets them.
    pub to_influx: bool,
    /// `None` when they are not published on MQTT.
    pub topics: Option<UserTopics>,
    /// `None` when they are not posted to New Relic.
    pub posts: Option<UserEventPosts>,
}

impl UserEventsKeys {
    /// How; `None` when they are switched off. `count` says whether events are counted.
    pub(super) fn check(&self, across: &CrossRules, count: bool) -> Option<UserEvents> {
        if !self.enable.get() {
            return None;
        }
        let excluded = User::pairs(&self.excluded);
        let server = self.server.get();
        let udp = server.check("userEvents.enable is true");
        across.receives(&udp, server.port_at(), server.metrics_at());
        let tags = event_tags(&self.tags);
        let mqtt = self.mqtt.get();
        let topics = mqtt.enable.get().then(|| {
            across.forwards(mqtt.enable.at.clone(), Master::Mqtt);
            let (everything, by_command) = mqtt.post_to.get().check();
            UserTopics { everything, by_command, tags: tags.clone() }
        });
        let influx = self.influx.enable();
        let to_influx = influx.get();
        if to_influx && !influx.is_absent() {
            across.forwards(influx.at, Master::Influx);
        }
        let relic = self.new_relic.get();
        let posts = relic.enable.get().then(|| {
            across.forwards(relic.enable.at.clone(), Master::NewRelic);
            UserEventPosts {
                accounts: across.sends_to(relic.accounts.at.clone(), relic.accounts.get()),
                scramble: relic.scramble.get(),
                tags: tags.clone(),
            }
        });
        let receiver = UserEventSettings { udp, excluded, count, tags };
        Some(UserEvents { receiver, to_influx, topics, posts })
    }

    /// `sendToNewRelic.destinationAccount`, whatever is switched on: metrics go there when they
    /// have no accounts of their own.
    pub(super) fn new_relic_accounts(&self) -> Values<Text> {
        self.new_relic.get().accounts
    }
}

impl UserTopicsKeys {
    /// The topic of every event, and those of events with certain commands. Files of the time when
    /// there was one topic knew no others: where nothing is said about these, they are off.
    fn check(&self) -> (Option<String>, Vec<(&'static str, String)>) {
        let by_command = [
            ("Start session", &self.session_start),
            ("Stop session", &self.session_stop),
            ("Open connection", &self.connection_open),
            ("Close connection", &self.connection_close),
        ];
        let everything = self.everything.check();
        let alone = by_command.iter().all(|(_, topic)| topic.section.is_absent());
        if alone && self.everything.is_old() {
            return (everything, Vec::new());
        }
        let checked = |(command, topic): (_, &SwitchedTopic)| Some((command, topic.check()?));
        (everything, by_command.into_iter().filter_map(checked).collect())
    }
}

/// A topic that can be switched off.
#[derive(Debug, Clone)]
struct SwitchedTopic {
    section: Section<AnyKeys>,
    default: &'static str,
}

impl SwitchedTopic {
    fn check(&self) -> Option<String> {
        let keys = self.section.get();
        let topic: Key<Topic> = keys.entry("topic", self.default);
        keys.entry::<Key<Flag>>("enable", true).get().then(|| topic.get())
    }

    /// Whether nothing is written but the topic, and that as in older files.
    fn is_old(&self) -> bool {
        let keys = self.section.get();
        keys.entry::<Key<Topic>>("topic", self.default).at.is_old()
            && keys.entry::<Key<Flag>>("enable", true).is_absent()
    }
}

impl Entry for SwitchedTopic {
    /// The topic, and how its key was written in older files.
    type Default = (&'static str, Option<&'static str>);

    fn take(at: KeyPath, tree: Tree, (default, _): Self::Default) -> Self {
        Self { section: Section::take(at, tree, ()), default }
    }

    fn shape((default, was): Self::Default) -> Shape {
        let topic =
            Definition::new("topic", "Topic, without + and #", Key::<Topic>::shape(default));
        let topic = topic.masked();
        let topic = was.into_iter().fold(topic, Definition::was);
        Shape::Switch { on: true, more: vec![topic] }
    }
}
