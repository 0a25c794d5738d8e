//! `prometheus`: checked, though nothing is served there yet.

use actors::domain::yaml::{Field, Reader};
use serde::Deserialize;

use super::across::Across;

/// `prometheus` as written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct PrometheusConfig {
    enable: Field<bool>,
    host: Field<String>,
    port: Field<i64>,
    node_metrics_host: Field<String>,
    node_metrics_port: Field<i64>,
}

impl PrometheusConfig {
    /// Checks the section `at`; whether it is on.
    pub(super) fn check(&self, at: &Reader, across: &Across) -> bool {
        let on = at.key("enable").or(&self.enable, false);
        if on {
            let host = at.key("host").host(&self.host, "0.0.0.0");
            let port = at.key("port").listener(&self.port, 9842);
            across.listens(at.key("port"), "TCP", host, port);
            let host = at.key("nodeMetricsHost").host(&self.node_metrics_host, "0.0.0.0");
            let port = at.key("nodeMetricsPort").listener(&self.node_metrics_port, 9001);
            across.listens(at.key("nodeMetricsPort"), "TCP", host, port);
        }
        on
    }
}
