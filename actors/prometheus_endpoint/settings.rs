//! `prometheus`: as written and as checked; and which server tags can be labels.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::sense::OWN_LABELS;
use crate::domain::metrics::is_label;
use crate::domain::names::MonitoredServer;
use crate::domain::yaml::{Field, List, Reader};

/// `Butler-SOS.prometheus` as written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PrometheusConfig {
    enable: Field<bool>,
    host: Field<String>,
    port: Field<i64>,
    node_metrics_host: Field<String>,
    node_metrics_port: Field<i64>,
    host_names: List<Field<String>>,
}

/// Where Prometheus may scrape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrometheusSettings {
    /// Metrics of Qlik Sense.
    pub sense: Listen,
    /// Metrics of this program.
    pub own: Listen,
    /// By which further names both may be called.
    pub host_names: Vec<String>,
}

/// An address to listen on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listen {
    /// Host name or address; an IPv6 address without brackets.
    pub host: String,
    /// Port; 0 lets the system choose.
    pub port: u16,
}

impl std::fmt::Display for Listen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { host, port } = self;
        if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
    }
}

impl PrometheusConfig {
    /// Checks the section `at`; `None` when it is switched off.
    pub fn check(&self, at: &Reader) -> Option<PrometheusSettings> {
        let listen = |host_key, host: &Field<String>, port_key, port: &Field<i64>, default| {
            let host = at.key(host_key).host(host, "0.0.0.0");
            let host = host.trim_matches(['[', ']']).to_owned();
            Listen { host, port: at.key(port_key).listener(port, default) }
        };
        let on = at.key("enable").or(&self.enable, false);
        on.then(|| PrometheusSettings {
            sense: listen("host", &self.host, "port", &self.port, 9842),
            own: listen(
                "nodeMetricsHost",
                &self.node_metrics_host,
                "nodeMetricsPort",
                &self.node_metrics_port,
                9001,
            ),
            host_names: at.key("hostNames").texts(&self.host_names),
        })
    }
}

/// Warns at the definition of server tags, `at`, about every tag of a server that Prometheus cannot
/// have as a label.
pub fn check_labels<'a>(at: &Reader, servers: impl IntoIterator<Item = &'a MonitoredServer>) {
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
    use crate::domain::yaml::Problems;

    fn check(text: &str) -> Option<PrometheusSettings> {
        let config: PrometheusConfig = serde_yaml::from_str(text).unwrap();
        let problems = Problems::default();
        let settings = config.check(&problems.reader("prometheus"));
        assert_eq!(problems.take(), []);
        settings
    }

    #[test]
    fn both_listeners_have_defaults_and_follow_their_own_keys() {
        let listen = |host: &str, port| Listen { host: host.to_owned(), port };
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
        check_labels(&problems.reader("definition"), &servers);
        let said: Vec<String> = problems.take().into_iter().map(|p| p.message).collect();
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(said[0].contains("\"engine_version\" gives way"), "{said:?}");
        assert!(said[1].contains("\"my-tag\" is left out"), "{said:?}");
    }
}
