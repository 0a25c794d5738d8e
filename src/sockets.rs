//! Sockets that there are before any actor starts. Those of the endpoints for operators are bound before any actor starts, because a port
//! that is taken ends the start.

use std::io;
use std::net::TcpListener;

use actors::health_endpoint::HealthSockets;

use crate::config::Settings;
use crate::handed::EventSockets;

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
    /// Those that were handed over, for events. Receivers bind the others.
    pub events: EventSockets,
}

impl Sockets {
    /// Binds what is switched on.
    ///
    /// # Errors
    /// The key and the address that cannot be listened on.
    pub fn bind(settings: &Settings) -> Result<Self, String> {
        let cannot = |key: &str, address: &str, error: io::Error| {
            format!("Butler-SOS.{key}: {}", cannot_listen(address, &error))
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
            events: EventSockets::default(),
        })
    }
}

/// Why an address cannot be listened on, and what helps.
pub fn cannot_listen(address: &str, error: &io::Error) -> String {
    let cure = match error.kind() {
        io::ErrorKind::AddrInUse => {
            "; stop what listens there, or choose another port (if that is Butler SOS with this \
             very file, all is well)"
        }
        io::ErrorKind::PermissionDenied => {
            "; choose a port above 1023, or allow this program to use a lower one"
        }
        io::ErrorKind::AddrNotAvailable => "; name an address of this machine, or 0.0.0.0 for all",
        _ => "",
    };
    format!("cannot listen on {address}: {error}{cure}")
}
