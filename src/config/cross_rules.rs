//! Rules about keys of different sections (section 5 of the page on operations).

use std::cell::RefCell;

use actors::config::KeyPath;
use actors::udp_receiver::UdpSettings;

/// What sections note about themselves for the rules.
#[derive(Default)]
pub(super) struct CrossRules {
    /// The account that is meant where none is named.
    only_account: Option<&'static str>,
    accounts: RefCell<Vec<(KeyPath, Vec<String>)>>,
    listeners: RefCell<Vec<Listener>>,
    forwarders: RefCell<Vec<(KeyPath, Master)>>,
}

struct Listener {
    at: KeyPath,
    protocol: &'static str,
    host: String,
    port: u16,
}

/// A destination with a switch of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Master {
    Influx,
    Mqtt,
    NewRelic,
}

/// Which destinations are switched on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Masters {
    pub(super) influx: bool,
    pub(super) mqtt: bool,
    pub(super) new_relic: bool,
}

impl CrossRules {
    /// Where features that name no New Relic account mean `only_account`, if there is one.
    pub(super) fn new(only_account: Option<&'static str>) -> Self {
        Self { only_account, ..Self::default() }
    }

    /// A feature sends to these New Relic accounts; those that it really means.
    pub(super) fn sends_to(&self, at: KeyPath, mut accounts: Vec<String>) -> Vec<String> {
        if accounts.is_empty() {
            accounts.extend(self.only_account.map(str::to_owned));
        }
        self.accounts.borrow_mut().push((at, accounts.clone()));
        accounts
    }

    /// A feature listens.
    pub(super) fn listens(&self, at: KeyPath, protocol: &'static str, host: String, port: u16) {
        self.listeners.borrow_mut().push(Listener { at, protocol, host, port });
    }

    /// A feature listens for events; `metrics` is what switches the figures of its queue on.
    pub(super) fn receives(&self, udp: &UdpSettings, port: &KeyPath, metrics: KeyPath) {
        self.listens(port.clone(), "UDP", udp.host.clone(), udp.port);
        if udp.metrics.is_some() {
            self.forwards(metrics, Master::Influx);
        }
    }

    /// A feature is on whose destination must be on too.
    pub(super) fn forwards(&self, at: KeyPath, to: Master) {
        self.forwarders.borrow_mut().push((at, to));
    }

    /// Applies the rules. `accounts` are the names that there are.
    pub(super) fn check(&self, masters: Masters, accounts: &[String]) {
        for (at, used) in self.accounts.borrow().iter() {
            if used.is_empty() {
                at.warning("is empty, so nothing is sent to New Relic");
            }
            for name in used.iter().filter(|name| !accounts.contains(name)) {
                at.warning(format!(
                    "{name:?} is no accountName of Butler-SOS.thirdPartyToolsCredentials.newRelic"
                ));
            }
        }
        let listeners = self.listeners.borrow();
        for (index, listener) in listeners.iter().enumerate() {
            let same = |other: &&Listener| {
                listener.port != 0
                    && (other.port, other.protocol) == (listener.port, listener.protocol)
                    && (other.host == listener.host || any(&other.host) || any(&listener.host))
            };
            if let Some(other) = listeners[..index].iter().find(same) {
                listener.at.warning(format!(
                    "listens on {} port {} as {} does",
                    listener.protocol,
                    listener.port,
                    other.at.path()
                ));
            }
        }
        for (at, master) in self.forwarders.borrow().iter() {
            let (on, key) = match master {
                Master::Influx => (masters.influx, "influxdbConfig"),
                Master::Mqtt => (masters.mqtt, "mqttConfig"),
                Master::NewRelic => (masters.new_relic, "newRelic"),
            };
            if !on {
                at.note(format!(
                    "is true without effect, because Butler-SOS.{key}.enable is false"
                ));
            }
        }
    }
}

/// An address that stands for all.
fn any(host: &str) -> bool {
    matches!(host, "0.0.0.0" | "::" | "[::]")
}
