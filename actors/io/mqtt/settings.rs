//! `mqttConfig` as written and as checked.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use super::message::can_be_in_topic;
use crate::domain::names::{Host, Secret};
use crate::domain::yaml::{Field, Reader};

/// `Butler-SOS.mqttConfig` as written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MqttConfig {
    enable: Field<bool>,
    broker_host: Field<String>,
    broker_port: Field<i64>,
    base_topic: Field<String>,
    username: Field<String>,
    password: Field<String>,
    tls: Field<bool>,
    ca_file: Field<String>,
    cert_file: Field<String>,
    key_file: Field<String>,
    client_id: Field<String>,
    keep_alive: Field<i64>,
    qos: Field<i64>,
    // Spellings of the files of version 5, which the original read until 9.10.
    #[serde(rename = "enableMQTT")]
    enable_mqtt: Field<bool>,
    #[serde(rename = "brokerIP")]
    broker_ip: Field<String>,
}

/// How long an attempt to connect may take.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// The broker, and how it is talked to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MqttSettings {
    /// Name or address; an IPv6 address without brackets.
    pub broker: Host,
    /// TCP port.
    pub port: u16,
    /// Beginning of the topics of health and sessions, used as it is.
    pub base_topic: String,
    /// User and password; `None` logs in as nobody.
    pub login: Option<(String, Secret)>,
    /// `None` talks in clear.
    pub tls: Option<MqttTls>,
    /// `None` makes one up at each start.
    pub client_id: Option<String>,
    /// Longest silence before the connection is tried; zero tries never.
    pub keep_alive: Duration,
    /// How much the broker confirms.
    pub qos: MqttQos,
}

/// Whom a TLS connection to the broker trusts, and what it shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MqttTls {
    /// PEM file with authorities; `None` trusts those of the operating system.
    pub ca_file: Option<PathBuf>,
    /// `None` shows no certificate.
    pub client: Option<ClientFiles>,
}

/// The certificate that is shown to the broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientFiles {
    /// PEM file with the certificate, and those of its issuers behind it.
    pub certificate: PathBuf,
    /// PEM file with its private key, not encrypted.
    pub key: PathBuf,
}

/// Quality of service of each message (MQTT 3.1.1, section 4.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MqttQos {
    /// 0: done when written to the connection.
    AtMostOnce,
    /// 1: done when the broker has confirmed it.
    AtLeastOnce,
}

#[cfg(test)]
impl MqttSettings {
    /// A broker on this machine, and the defaults.
    pub(crate) fn for_tests(port: u16) -> Self {
        Self {
            broker: "127.0.0.1".into(),
            port,
            base_topic: "butler-sos/".to_owned(),
            login: None,
            tls: None,
            client_id: None,
            keep_alive: Duration::from_secs(60),
            qos: MqttQos::AtMostOnce,
        }
    }
}

impl MqttConfig {
    /// Checks the section `at`; `None` when it is switched off, or when the broker is not named.
    /// A relative file begins in `folder`.
    pub fn check(&self, at: &Reader, folder: &Path) -> Option<MqttSettings> {
        let enable = at.moved_field("enableMQTT", &self.enable_mqtt, "enable", &self.enable);
        if !at.key("enable").or(enable, false) {
            return None;
        }
        let broker = at.moved_field("brokerIP", &self.broker_ip, "brokerHost", &self.broker_host);
        let broker = at.key("brokerHost").needed_host(broker, "mqttConfig.enable is true");
        let port = at.key("brokerPort").port(&self.broker_port, 1883);
        let topic_at = at.key("baseTopic");
        let base_topic = topic_at.or(&self.base_topic, "butler-sos/".to_owned());
        if !base_topic.ends_with('/') {
            topic_at.warning(format!(
                "{base_topic:?} does not end with /: topics and host names run together"
            ));
        }
        check_characters(&topic_at, &base_topic);
        let keep_alive = at.key("keepAlive").number(&self.keep_alive, 60, 0..=65_535);
        let qos = match at.key("qos").number(&self.qos, 0, 0..=1) {
            1 => MqttQos::AtLeastOnce,
            _ => MqttQos::AtMostOnce,
        };
        Some(MqttSettings {
            login: self.login(at),
            tls: self.tls(at, folder),
            client_id: at.key("clientId").optional(&self.client_id).filter(|id| !id.is_empty()),
            keep_alive: Duration::from_secs(keep_alive.unsigned_abs()),
            broker: Host::of_authority(&broker?),
            port,
            base_topic,
            qos,
        })
    }

    fn login(&self, at: &Reader) -> Option<(String, Secret)> {
        let user = at.key("username").optional(&self.username).filter(|user| !user.is_empty());
        let password_at = at.key("password");
        let password = password_at.secret(&self.password);
        if user.is_none() && password.is_some() {
            password_at.warning("has no effect without mqttConfig.username");
        }
        Some((user?, password.unwrap_or_else(|| "".into())))
    }

    fn tls(&self, at: &Reader, folder: &Path) -> Option<MqttTls> {
        let is_on = at.key("tls").or(&self.tls, false);
        let file = |name, field: &Field<String>| {
            let file_at = at.key(name);
            let file = file_at.optional(field).filter(|file| !file.trim().is_empty())?;
            if !is_on {
                file_at.warning("has no effect, because mqttConfig.tls is false");
                return None;
            }
            let file = folder.join(file.trim());
            if !file.exists() {
                file_at.error(format!("there is no file {}", file.display()));
            }
            Some(file)
        };
        let ca_file = file("caFile", &self.ca_file);
        let client = match (file("certFile", &self.cert_file), file("keyFile", &self.key_file)) {
            (Some(certificate), Some(key)) => Some(ClientFiles { certificate, key }),
            (Some(_), None) => {
                at.key("keyFile").error("is missing: mqttConfig.certFile has a certificate");
                None
            }
            (None, Some(_)) => {
                at.key("certFile").error("is missing: mqttConfig.keyFile has a key");
                None
            }
            (None, None) => None,
        };
        is_on.then_some(MqttTls { ca_file, client })
    }
}

/// A topic of the configuration, or `default` (MQTT 3.1.1, section 4.7): brokers end the connection
/// of whoever publishes to one that cannot be.
pub fn check_topic(at: &Reader, topic: &Field<String>, default: &str) -> String {
    let topic = at.or(topic, default.to_owned());
    if topic.is_empty() {
        at.error("is empty, and a topic has at least one character");
    }
    check_characters(at, &topic);
    topic
}

fn check_characters(at: &Reader, topic: &str) {
    if !topic.chars().all(can_be_in_topic) {
        at.error(format!("expected a topic without +, # and control characters, found {topic:?}"));
    }
}
