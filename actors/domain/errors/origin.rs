//! Where an error comes from. One variant for each error type, carrying exactly the tags that the
//! page gives that type: a virtual proxy on a health error cannot be written down.

use std::fmt;
use std::sync::Arc;

use url::Url;

use super::{ErrorType, InfluxModule, Module, MqttModule, NewRelicModule, UdpModule};
use crate::domain::names::{Host, ServerName, VirtualProxy};

/// What failed, with the tags of that kind of work.
#[derive(Debug, Clone, PartialEq)]
pub enum Origin {
    /// A health check.
    HealthApi {
        /// The server asked.
        server: ServerName,
        /// Its host.
        host: Host,
    },
    /// A session list.
    ProxyApi {
        /// The server asked.
        server: ServerName,
        /// Host of its proxy.
        host: Host,
        /// The virtual proxy asked for.
        virtual_proxy: VirtualProxy,
    },
    /// The list of apps.
    AppNamesExtract {
        /// The monitored server that the repository host is, if it is one (decision E13).
        server: Option<ServerName>,
        /// Host of the repository.
        host: Host,
    },
    /// A write to InfluxDB.
    InfluxWrite {
        /// Which write API.
        version: InfluxVersion,
        /// What was written.
        module: InfluxModule,
        /// The server it was about, if about one.
        server: Option<ServerName>,
        /// Where to.
        to: DestinationHost,
    },
    /// A publication on MQTT.
    MqttPublish {
        /// What was published.
        module: MqttModule,
        /// The server it was about, if about one.
        server: Option<ServerName>,
        /// The broker.
        broker: Host,
        /// Only for [`MqttModule::ProxySessions`]; left out on the wire for the others.
        virtual_proxy: Option<VirtualProxy>,
    },
    /// A post to New Relic.
    NewRelicPost {
        /// What was posted.
        module: NewRelicModule,
        /// The server it was about, if about one.
        server: Option<ServerName>,
        /// Where to.
        to: DestinationHost,
    },
    /// An event received by UDP.
    UdpEvent {
        /// Which handler.
        module: UdpModule,
        /// The configured server that sent it, if one did (decision E12).
        server: Option<ServerName>,
        /// The host that a malformed datagram names.
        host: Option<Host>,
    },
}

/// Which InfluxDB write API is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InfluxVersion {
    /// `/write`, InfluxQL databases.
    V1,
    /// `/api/v2/write`, buckets.
    V2,
    /// `/api/v2/write` of version 3, databases.
    V3,
}

impl fmt::Display for InfluxVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V1 => "1",
            Self::V2 => "2",
            Self::V3 => "3",
        })
    }
}

/// Scheme, host and non-default port of a destination, the tag `destination_host`
/// (decision E4): `http://influx.example.com:8086`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DestinationHost(Arc<str>);

impl DestinationHost {
    /// The origin of a URL: what follows the authority and any credentials are cut off, and so is
    /// a port that is the default of its scheme. Empty where the URL is none.
    pub fn of_url(url: &str) -> Self {
        let origin = Url::parse(url).map(|url| url.origin().ascii_serialization());
        Self(origin.unwrap_or_default().into())
    }

    /// The text on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Origin {
    /// The tag `error_type`.
    pub fn error_type(&self) -> ErrorType {
        match self {
            Self::HealthApi { .. } => ErrorType::HealthApi,
            Self::ProxyApi { .. } => ErrorType::ProxyApi,
            Self::AppNamesExtract { .. } => ErrorType::AppNamesExtract,
            Self::InfluxWrite { version, .. } => match version {
                InfluxVersion::V1 => ErrorType::InfluxdbV1Write,
                InfluxVersion::V2 => ErrorType::InfluxdbV2Write,
                InfluxVersion::V3 => ErrorType::InfluxdbV3Write,
            },
            Self::MqttPublish { .. } => ErrorType::MqttPublish,
            Self::NewRelicPost { .. } => ErrorType::NewRelicPost,
            Self::UdpEvent { module: UdpModule::UserEvents, .. } => ErrorType::UdpUserEvent,
            Self::UdpEvent { module: UdpModule::LogEvents, .. } => ErrorType::UdpLogEvent,
        }
    }

    /// The tag `server_name`; `None` is the page's `''`.
    pub fn server(&self) -> Option<&ServerName> {
        match self {
            Self::HealthApi { server, .. } | Self::ProxyApi { server, .. } => Some(server),
            Self::AppNamesExtract { server, .. }
            | Self::InfluxWrite { server, .. }
            | Self::MqttPublish { server, .. }
            | Self::NewRelicPost { server, .. }
            | Self::UdpEvent { server, .. } => server.as_ref(),
        }
    }

    /// The tag `host`, of a Qlik Sense server or the MQTT broker.
    pub fn host(&self) -> Option<&Host> {
        match self {
            Self::HealthApi { host, .. }
            | Self::ProxyApi { host, .. }
            | Self::AppNamesExtract { host, .. } => Some(host),
            Self::MqttPublish { broker, .. } => Some(broker),
            Self::UdpEvent { host, .. } => host.as_ref(),
            Self::InfluxWrite { .. } | Self::NewRelicPost { .. } => None,
        }
    }

    /// The tag `virtual_proxy`.
    pub fn virtual_proxy(&self) -> Option<&VirtualProxy> {
        match self {
            Self::ProxyApi { virtual_proxy, .. } => Some(virtual_proxy),
            Self::MqttPublish { module: MqttModule::ProxySessions, virtual_proxy, .. } => {
                virtual_proxy.as_ref()
            }
            _ => None,
        }
    }

    /// The tag `destination_host`.
    pub fn destination_host(&self) -> Option<&DestinationHost> {
        match self {
            Self::InfluxWrite { to, .. } | Self::NewRelicPost { to, .. } => Some(to),
            _ => None,
        }
    }

    /// The tag `module`.
    pub fn module(&self) -> Option<Module> {
        match self {
            Self::HealthApi { .. } | Self::ProxyApi { .. } | Self::AppNamesExtract { .. } => None,
            Self::InfluxWrite { module, .. } => Some(Module::Influx(*module)),
            Self::MqttPublish { module, .. } => Some(Module::Mqtt(*module)),
            Self::NewRelicPost { module, .. } => Some(Module::NewRelic(*module)),
            Self::UdpEvent { module, .. } => Some(Module::Udp(*module)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_destination_is_its_origin_only() {
        for (url, origin) in [
            ("https://metric-api.newrelic.com/metric/v1", "https://metric-api.newrelic.com"),
            ("http://influx:8086/write?db=x&p=secret", "http://influx:8086"),
            ("https://user:pass@host:443/x", "https://host"),
            ("http://host:80", "http://host"),
            ("https://host:80", "https://host:80"),
        ] {
            assert_eq!(DestinationHost::of_url(url).as_str(), origin);
        }
    }
}
