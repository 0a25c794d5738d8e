//! Sockets of the endpoints for operators. They are bound before any actor starts, because a port
//! that is taken ends the start.

use std::net::TcpListener;

use actors::health_endpoint::HealthSockets;

use crate::config::Settings;

/// Bound sockets; `None` where an endpoint is switched off.
#[derive(Default)]
pub struct Sockets {
    /// Health checks.
    pub health: Option<HealthSockets>,
    /// The configuration page.
    pub page: Option<TcpListener>,
    /// Metrics of this program. The port for metrics of Qlik Sense is no reason not to start, so
    /// its actor binds that one.
    pub own_metrics: Option<TcpListener>,
}

impl Sockets {
    /// Binds what is switched on.
    ///
    /// # Errors
    /// The key and the address that cannot be listened on.
    pub fn bind(settings: &Settings) -> Result<Self, String> {
        let cannot = |key: &str, address: &str, error: std::io::Error| {
            format!("Butler-SOS.{key}: cannot listen on {address}: {error}")
        };
        let health = settings.health_check.map(|check| {
            HealthSockets::bind(check.port)
                .map_err(|error| cannot("dockerHealthCheck.port", &check.port.to_string(), error))
        });
        let page = settings.page.as_ref().map(|page| {
            let (host, port) = (page.at.host.as_str(), page.at.port);
            TcpListener::bind((host, port)).map_err(|error| {
                cannot("configVisualisation.port", &format!("{host}:{port}"), error)
            })
        });
        let own_metrics = settings.prometheus.as_ref().map(|prometheus| {
            let at = &prometheus.own;
            TcpListener::bind((at.host.as_str(), at.port))
                .map_err(|error| cannot("prometheus.nodeMetricsPort", &at.to_string(), error))
        });
        Ok(Self {
            health: health.transpose()?,
            page: page.transpose()?,
            own_metrics: own_metrics.transpose()?,
        })
    }
}
