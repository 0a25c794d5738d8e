//! The ten error types of the page, the tag `error_type`.

use std::fmt;

/// What kind of work failed. Texts are those of the page's table "Error Types".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ErrorType {
    /// Health check of a Qlik Sense engine.
    HealthApi,
    /// Session list of a Qlik Sense proxy.
    ProxyApi,
    /// App list of the Qlik Sense repository.
    AppNamesExtract,
    /// Write to InfluxDB version 1.
    InfluxdbV1Write,
    /// Write to InfluxDB version 2.
    InfluxdbV2Write,
    /// Write to InfluxDB version 3.
    InfluxdbV3Write,
    /// Publication on the MQTT broker.
    MqttPublish,
    /// Post to New Relic.
    NewRelicPost,
    /// Processing of a user event received by UDP.
    UdpUserEvent,
    /// Processing of a log event received by UDP.
    UdpLogEvent,
}

impl ErrorType {
    /// All types, in the order of the page.
    pub const ALL: [Self; 10] = [
        Self::HealthApi,
        Self::ProxyApi,
        Self::AppNamesExtract,
        Self::InfluxdbV1Write,
        Self::InfluxdbV2Write,
        Self::InfluxdbV3Write,
        Self::MqttPublish,
        Self::NewRelicPost,
        Self::UdpUserEvent,
        Self::UdpLogEvent,
    ];

    /// The text on the wire and in the log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HealthApi => "HEALTH_API",
            Self::ProxyApi => "PROXY_API",
            Self::AppNamesExtract => "APP_NAMES_EXTRACT",
            Self::InfluxdbV1Write => "INFLUXDB_V1_WRITE",
            Self::InfluxdbV2Write => "INFLUXDB_V2_WRITE",
            Self::InfluxdbV3Write => "INFLUXDB_V3_WRITE",
            Self::MqttPublish => "MQTT_PUBLISH",
            Self::NewRelicPost => "NEW_RELIC_POST",
            Self::UdpUserEvent => "UDP_USER_EVENT",
            Self::UdpLogEvent => "UDP_LOG_EVENT",
        }
    }

    /// The type with this text, if there is one. Letter case matters.
    pub fn from_text(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

impl fmt::Display for ErrorType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_found_by_its_own_text() {
        for kind in ErrorType::ALL {
            assert_eq!(ErrorType::from_text(kind.as_str()), Some(kind));
        }
        assert_eq!(ErrorType::from_text("health_api"), None);
    }
}
