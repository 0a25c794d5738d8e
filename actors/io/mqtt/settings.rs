//! `mqttConfig`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use super::message::can_be_in_topic;
use crate::config::{
    Flag, Host as HostText, Key, KeyPath, Kind, Number, Optional, Port, SecretText, Text, Tree,
};
use crate::domain::names::{Host, Secret};
use crate::keys;

keys! {
    /// `Butler-SOS.mqttConfig`.
    pub struct MqttKeys {
        /// Publish to an MQTT broker
        enable: "enable" Key<Flag> = false, was "enableMQTT";
        /// Broker; needed when enabled
        broker: "brokerHost" Optional<HostText>, was "brokerIP", masked, example "mqtt.example.com";
        /// Its port
        port: "brokerPort" Key<Port> = 1883;
        /// Beginning of the topics of health and sessions
        base_topic: "baseTopic" Key<Text> = "butler-sos/";
        /// User to log in as; empty: nobody
        username: "username" Key<Text> = "", masked;
        /// Their password
        password: "password" Optional<SecretText>;
        /// Talk TLS; the broker's certificate and name are verified
        tls: "tls" Key<Flag> = false;
        /// Authority of that certificate, PEM; relative: the folder of this file; empty: those of
        /// the system
        ca_file: "caFile" Key<Text> = "";
        /// Our certificate for the broker, PEM, issuers behind it; empty: none is shown
        cert_file: "certFile" Key<Text> = "";
        /// Its key, PEM, without passphrase
        key_file: "keyFile" Key<Text> = "";
        /// Name at the broker, unique there; empty: made up at each start
        client_id: "clientId" Key<Text> = "";
        /// Seconds of silence before the connection is tried; 0: never
        keep_alive: "keepAlive" Key<Number<0, 65_535>> = 60;
        /// 0: sent once; 1: sent until the broker confirms, a failure without it is counted
        qos: "qos" Key<Number<0, 1>> = 0;
    }
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

impl MqttKeys {
    /// The broker; `None` when it is switched off, or not named. A relative file begins in
    /// `folder`.
    pub fn check(&self, folder: &Path) -> Option<MqttSettings> {
        if !self.enable.get() {
            return None;
        }
        let broker = self.broker.needed("mqttConfig.enable is true");
        let base_topic = self.base_topic.get();
        if !base_topic.ends_with('/') {
            self.base_topic.at.warning(format!(
                "{base_topic:?} does not end with /: topics and host names run together"
            ));
        }
        check_characters(&self.base_topic.at, &base_topic);
        let qos = match self.qos.get() {
            1 => MqttQos::AtLeastOnce,
            _ => MqttQos::AtMostOnce,
        };
        Some(MqttSettings {
            port: self.port.get(),
            login: self.login(),
            tls: self.tls(folder),
            client_id: Some(self.client_id.get()).filter(|id| !id.is_empty()),
            keep_alive: Duration::from_secs(self.keep_alive.get().into()),
            broker: Host::of_authority(&broker?),
            base_topic,
            qos,
        })
    }

    fn login(&self) -> Option<(String, Secret)> {
        let user = Some(self.username.get()).filter(|user| !user.is_empty());
        let password = self.password.filled();
        if user.is_none() && password.is_some() {
            self.password.at.warning("has no effect without mqttConfig.username");
        }
        Some((user?, password.unwrap_or_else(|| "".into())))
    }

    fn tls(&self, folder: &Path) -> Option<MqttTls> {
        let is_on = self.tls.get();
        let file = |key: &Key<Text>| {
            let file = key.filled()?;
            if !is_on {
                key.at.warning("has no effect, because mqttConfig.tls is false");
                return None;
            }
            let file = folder.join(file.trim());
            if !file.exists() {
                key.at.error(format!("there is no file {}", file.display()));
            }
            Some(file)
        };
        let ca_file = file(&self.ca_file);
        let client = match (file(&self.cert_file), file(&self.key_file)) {
            (Some(certificate), Some(key)) => Some(ClientFiles { certificate, key }),
            (Some(_), None) => {
                self.key_file.at.error("is missing: mqttConfig.certFile has a certificate");
                None
            }
            (None, Some(_)) => {
                self.cert_file.at.error("is missing: mqttConfig.keyFile has a key");
                None
            }
            (None, None) => None,
        };
        is_on.then_some(MqttTls { ca_file, client })
    }
}

/// A topic to publish to (MQTT 3.1.1, section 4.7): brokers end the connection of whoever
/// publishes to one that cannot be.
#[derive(Debug, Clone, Copy)]
pub struct Topic;

impl Kind for Topic {
    type Value = String;
    type Literal = &'static str;

    fn known(literal: &'static str) -> String {
        literal.to_owned()
    }

    fn read(at: &KeyPath, tree: &Tree, default: Option<&'static str>) -> Option<String> {
        let topic = Text::read(at, tree, default)?;
        if topic.is_empty() {
            at.error("is empty, and a topic has at least one character");
        }
        check_characters(at, &topic);
        Some(topic)
    }

    fn schema() -> Value {
        Text::schema()
    }
}

fn check_characters(at: &KeyPath, topic: &str) {
    if !topic.chars().all(can_be_in_topic) {
        at.error(format!("expected a topic without +, # and control characters, found {topic:?}"));
    }
}
