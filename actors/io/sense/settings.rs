//! A Qlik Sense site as checked: what is polled, how often, and with which certificate.

use std::sync::Arc;
use std::time::Duration;

use crate::domain::names::{Host, MonitoredServer, ServerName, VirtualProxy};
use crate::io::http::CertFiles;

/// A Qlik Sense site as the pollers need it.
#[derive(Debug, Clone)]
pub struct SenseSettings {
    /// The monitored servers, in configured order.
    pub targets: Vec<Target>,
    /// Time between two health checks of one server, at least 100 ms.
    pub health_interval: Duration,
    /// Whether certificate and name of the servers are verified.
    pub reject_unauthorized: bool,
    /// The client certificate; `None` only when there is nothing to poll.
    pub certificate: Option<CertFiles>,
    /// `None` when session extraction is off.
    pub sessions: Option<SessionPolling>,
    /// `None` when app name extraction is off.
    pub app_names: Option<AppNamesPolling>,
}

/// One monitored server.
#[derive(Debug, Clone)]
pub struct Target {
    /// How measurements and errors call it.
    pub server: Arc<MonitoredServer>,
    /// `name[:port]` of the engine as configured.
    pub authority: Arc<str>,
    /// Sent with the health check only. May carry secrets: never logged.
    pub headers: Vec<(String, String)>,
    /// `None` when its sessions are not polled.
    pub sessions: Option<Sessions>,
}

/// Where a server's sessions are asked for.
#[derive(Debug, Clone)]
pub struct Sessions {
    /// `name[:port]` of the proxy as configured.
    pub authority: Arc<str>,
    /// At least one.
    pub virtual_proxies: Vec<VirtualProxy>,
}

/// How sessions are polled.
#[derive(Debug, Clone)]
pub struct SessionPolling {
    /// Time between two answers of one virtual proxy, at least 100 ms.
    pub interval: Duration,
    /// Directory and id of users without detail points.
    pub excluded: Arc<[(String, String)]>,
}

/// How app names are fetched.
#[derive(Debug, Clone)]
pub struct AppNamesPolling {
    /// Time between two fetches, at least 100 ms.
    pub interval: Duration,
    /// The repository host, no port.
    pub host: Host,
    /// The monitored server on that host, if there is one (decision E13).
    pub server: Option<ServerName>,
}
