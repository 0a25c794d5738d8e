//! `prometheus`; and which server tags can be labels.

use std::collections::BTreeSet;

use super::sense::OWN_LABELS;
use crate::config::{Flag, Host, Key, KeyPath, Listener, Text, Values};
use crate::domain::metrics::is_label;
use crate::domain::names::MonitoredServer;
use crate::keys;

keys! {
    /// `Butler-SOS.prometheus`.
    pub struct PrometheusKeys {
        /// Let Prometheus scrape this program
        enable: "enable" Key<Flag> = false;
        /// Address for metrics of Qlik Sense
        host: "host" Key<Host> = "0.0.0.0", masked;
        /// Port for metrics of Qlik Sense
        port: "port" Key<Listener> = 9842;
        /// Address for metrics of this program
        own_host: "nodeMetricsHost" Key<Host> = "0.0.0.0", masked;
        /// Port for metrics of this program
        own_port: "nodeMetricsPort" Key<Listener> = 9001;
        /// Further names by which browsers may call both pages; Prometheus itself needs none where
        /// they are open to the network
        host_names: "hostNames" Values<Text>;
    }
}

/// Where Prometheus may scrape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrometheusSettings {
    /// Metrics of Qlik Sense.
    pub sense: ListenAddress,
    /// Metrics of this program.
    pub own: ListenAddress,
    /// By which further names both may be called.
    pub host_names: Vec<String>,
}

/// An address to listen on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListenAddress {
    /// Host name or address; an IPv6 address without brackets.
    pub host: String,
    /// Port; 0 lets the system choose.
    pub port: u16,
}

impl std::fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { host, port } = self;
        if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
    }
}

impl PrometheusKeys {
    /// Where; `None` when it is switched off.
    pub fn check(&self) -> Option<PrometheusSettings> {
        let listen = |host: &Key<Host>, port: &Key<Listener>| {
            let host = host.get().trim_matches(['[', ']']).to_owned();
            ListenAddress { host, port: port.get() }
        };
        self.enable.get().then(|| PrometheusSettings {
            sense: listen(&self.host, &self.port),
            own: listen(&self.own_host, &self.own_port),
            host_names: self.host_names.get(),
        })
    }

    /// Where the ports are: of metrics of Qlik Sense, and of this program.
    pub fn ports_at(&self) -> [&KeyPath; 2] {
        [&self.port.at, &self.own_port.at]
    }
}

/// Warns at the definition of server tags, `at`, about every tag of a server that Prometheus cannot
/// have as a label.
pub fn check_labels<'a>(at: &KeyPath, servers: impl IntoIterator<Item = &'a MonitoredServer>) {
    let tags: BTreeSet<_> =
        servers.into_iter().flat_map(|server| &server.tags).map(|(tag, _)| tag).collect();
    for tag in tags {
        if !is_label(tag) {
            at.warning(format!(
                "server tag {tag:?} is left out of what Prometheus gets: the name of a label \
                 consists of letters, digits and underscores, and begins with no digit and not \
                 with two underscores"
            ));
        } else if OWN_LABELS.contains(&&**tag) {
            at.warning(format!(
                "server tag {tag:?} gives way to the label of this name where Prometheus gets both"
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Problems;
    use crate::config::testing::section;

    fn check(text: &str) -> Option<PrometheusSettings> {
        let (keys, problems) = section::<PrometheusKeys>("prometheus", text);
        let settings = keys.check();
        assert_eq!(problems.take(), []);
        settings
    }

    #[test]
    fn both_listeners_have_defaults_and_follow_their_own_keys() {
        let listen = |host: &str, port| ListenAddress { host: host.to_owned(), port };
        for (text, expected) in [
            ("{}", None),
            ("enable: false", None),
            ("enable: true", Some((listen("0.0.0.0", 9842), listen("0.0.0.0", 9001)))),
            (
                "{enable: true, host: 127.0.0.1, port: 0}",
                Some((listen("127.0.0.1", 0), listen("0.0.0.0", 9001))),
            ),
            (
                "{enable: true, nodeMetricsHost: '[::1]', nodeMetricsPort: 9100}",
                Some((listen("0.0.0.0", 9842), listen("::1", 9100))),
            ),
        ] {
            let expected = expected.map(|(sense, own)| PrometheusSettings {
                sense,
                own,
                host_names: Vec::new(),
            });
            assert_eq!(check(text), expected, "{text}");
        }
        assert_eq!(listen("::1", 9100).to_string(), "[::1]:9100");
        assert_eq!(listen("localhost", 0).to_string(), "localhost:0");
    }

    #[test]
    fn tags_that_cannot_be_labels_are_told_once() {
        let server = |tags: &[&str]| MonitoredServer {
            name: "a".into(),
            host: "a".into(),
            description: "".into(),
            tags: tags.iter().map(|tag| ((*tag).into(), "x".into())).collect(),
        };
        let servers = [server(&["good_1", "my-tag"]), server(&["my-tag", "engine_version"])];
        let problems = Problems::default();
        check_labels(&problems.at("definition"), &servers);
        let said: Vec<String> = problems.take().into_iter().map(|p| p.message).collect();
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(said[0].contains("\"engine_version\" gives way"), "{said:?}");
        assert!(said[1].contains("\"my-tag\" is left out"), "{said:?}");
    }
}
