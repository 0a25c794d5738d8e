//! `userEvents`: received by one actor, sent on by others.

use actors::domain::yaml::{Field, List, Reader, Section, Switch, User};
use actors::io::mqtt::check_topic;
use actors::mqtt_publisher::UserTopics;
use actors::new_relic_poster::UserEventPosts;
use actors::udp_receiver::UserEventSettings;
use serde::Deserialize;

use super::across::{Across, Master};
use super::shared::{EventTag, event_tags, pairs};
use super::udp_server::UserUdpConfig;

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
    /// The one topic of files before there were several.
    topic: Field<String>,
    post_to: Section<UserTopicsConfig>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct UserTopicsConfig {
    everything_topic: Section<TopicConfig>,
    session_start_topic: Section<TopicConfig>,
    session_stop_topic: Section<TopicConfig>,
    connection_open_topic: Section<TopicConfig>,
    connection_close_topic: Section<TopicConfig>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
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

impl UserEventsConfig {
    /// Checks the section `at`; `None` when it is switched off. `count` says whether events are
    /// counted.
    pub(super) fn check(&self, at: &Reader, across: &Across, count: bool) -> Option<UserEvents> {
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
        let topics = mqtt_at.key("enable").or(&mqtt.enable, false).then(|| {
            across.forwards(mqtt_at.key("enable"), Master::Mqtt);
            let at = mqtt_at.key("postTo");
            let topics = at.section(&mqtt.post_to).with_old(&mqtt_at, &mqtt.topic);
            let (everything, by_command) = topics.check(&at);
            UserTopics { everything, by_command, tags: tags.clone() }
        });
        let influx_at = at.key("sendToInfluxdb");
        let influx = influx_at.section(&self.send_to_influxdb);
        let to_influx = influx.is_on(&influx_at, true);
        if influx != Switch::default() && to_influx {
            across.forwards(influx_at.key("enable"), Master::Influx);
        }
        let relic_at = at.key("sendToNewRelic");
        let relic = relic_at.section(&self.send_to_new_relic);
        let posts = relic_at.key("enable").or(&relic.enable, false).then(|| {
            across.forwards(relic_at.key("enable"), Master::NewRelic);
            let accounts_at = relic_at.key("destinationAccount");
            let accounts = accounts_at.texts(&relic.destination_account);
            UserEventPosts {
                accounts: across.sends_to(accounts_at, accounts),
                scramble: relic_at.key("scramble").or(&relic.scramble, true),
                tags: tags.clone(),
            }
        });
        let receiver = UserEventSettings { udp, excluded, count, tags };
        Some(UserEvents { receiver, to_influx, topics, posts })
    }

    /// `sendToNewRelic.destinationAccount`, whatever is switched on: metrics go there when they
    /// have no accounts of their own.
    pub(super) fn new_relic_accounts(&self, at: &Reader) -> Vec<String> {
        let at = at.key("sendToNewRelic");
        let accounts_at = at.key("destinationAccount");
        accounts_at.texts(&at.section(&self.send_to_new_relic).destination_account)
    }
}

impl UserTopicsConfig {
    /// The same with the topic that stood beside `postTo`, which is that of every event. Where
    /// nothing is said about the others, they are off: files of that time knew none.
    fn with_old(self, at: &Reader, topic: &Field<String>) -> Self {
        let Section::Keys(mut everything) = self.everything_topic.clone() else { return self };
        let new_key = "postTo.everythingTopic.topic";
        let chosen = at.moved_field("topic", topic, new_key, &everything.topic).clone();
        if chosen == everything.topic {
            return self;
        }
        everything.topic = chosen;
        let off = TopicConfig { enable: Field::Value(false), topic: Field::Absent };
        let alone = self == Self::default();
        let other = |section: Section<TopicConfig>| match alone {
            true => Section::Keys(off.clone()),
            false => section,
        };
        Self {
            everything_topic: Section::Keys(everything),
            session_start_topic: other(self.session_start_topic),
            session_stop_topic: other(self.session_stop_topic),
            connection_open_topic: other(self.connection_open_topic),
            connection_close_topic: other(self.connection_close_topic),
        }
    }

    /// The topic of every event, and those of events with certain commands.
    fn check(&self, at: &Reader) -> (Option<String>, Vec<(&'static str, String)>) {
        let topic = |key: &str, section: &Section<TopicConfig>, default: &str| {
            let at = at.key(key);
            let topic = at.section(section);
            let on = at.key("enable").or(&topic.enable, true);
            on.then(|| check_topic(&at.key("topic"), &topic.topic, default))
        };
        let everything = topic("everythingTopic", &self.everything_topic, "qliksense/userevent");
        let by_command = [
            ("Start session", "sessionStartTopic", &self.session_start_topic, "session/start"),
            ("Stop session", "sessionStopTopic", &self.session_stop_topic, "session/stop"),
            (
                "Open connection",
                "connectionOpenTopic",
                &self.connection_open_topic,
                "connection/open",
            ),
            (
                "Close connection",
                "connectionCloseTopic",
                &self.connection_close_topic,
                "connection/close",
            ),
        ];
        let by_command = by_command.into_iter().filter_map(|(command, key, section, default)| {
            let default = format!("qliksense/userevent/{default}");
            Some((command, topic(key, section, &default)?))
        });
        (everything, by_command.collect())
    }
}
