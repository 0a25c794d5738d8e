//! The modules of the page, the tag `module`: one enum for each destination, so that an InfluxDB
//! write cannot be tagged with an MQTT module.

/// What was being written to InfluxDB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InfluxModule {
    /// Engine health, eight measurements.
    HealthMetrics,
    /// Proxy sessions, three measurements.
    ProxySessions,
    /// Log events.
    LogEvents,
    /// User events.
    UserEvents,
    /// Counts of received events.
    EventCounts,
    /// Counts of rejected events.
    RejectedEventCounts,
    /// State of the event queues.
    QueueMetrics,
    /// Our own memory.
    ButlerMemory,
}

/// What was being published on the MQTT broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MqttModule {
    /// Engine health.
    HealthMetrics,
    /// Proxy sessions.
    ProxySessions,
    /// User events.
    UserEvents,
    /// Log events.
    LogEvents,
}

/// What was being posted to New Relic. The two event modules are decision E14.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NewRelicModule {
    /// Engine health.
    HealthMetrics,
    /// Proxy sessions.
    ProxySessions,
    /// Our own uptime and memory.
    Uptime,
    /// User events.
    UserEvents,
    /// Log events.
    LogEvents,
}

/// Which UDP handler failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UdpModule {
    /// Handler of user events.
    UserEvents,
    /// Handler of log events.
    LogEvents,
}

/// Any of the modules, as a tag value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Module {
    /// Writing to InfluxDB.
    Influx(InfluxModule),
    /// Publishing on MQTT.
    Mqtt(MqttModule),
    /// Posting to New Relic.
    NewRelic(NewRelicModule),
    /// Receiving by UDP.
    Udp(UdpModule),
}

impl Module {
    /// All modules.
    pub const ALL: [Self; 19] = [
        Self::Influx(InfluxModule::HealthMetrics),
        Self::Influx(InfluxModule::ProxySessions),
        Self::Influx(InfluxModule::LogEvents),
        Self::Influx(InfluxModule::UserEvents),
        Self::Influx(InfluxModule::EventCounts),
        Self::Influx(InfluxModule::RejectedEventCounts),
        Self::Influx(InfluxModule::QueueMetrics),
        Self::Influx(InfluxModule::ButlerMemory),
        Self::Mqtt(MqttModule::HealthMetrics),
        Self::Mqtt(MqttModule::ProxySessions),
        Self::Mqtt(MqttModule::UserEvents),
        Self::Mqtt(MqttModule::LogEvents),
        Self::NewRelic(NewRelicModule::HealthMetrics),
        Self::NewRelic(NewRelicModule::ProxySessions),
        Self::NewRelic(NewRelicModule::Uptime),
        Self::NewRelic(NewRelicModule::UserEvents),
        Self::NewRelic(NewRelicModule::LogEvents),
        Self::Udp(UdpModule::UserEvents),
        Self::Udp(UdpModule::LogEvents),
    ];

    /// The module with this text, exactly as it is on the wire.
    pub fn from_text(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|module| module.as_str() == text)
    }

    /// The text on the wire, from the page's table "Module Context Values".
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Influx(InfluxModule::HealthMetrics) => "HEALTH_METRICS",
            Self::Influx(InfluxModule::ProxySessions) => "PROXY_SESSIONS",
            Self::Influx(InfluxModule::LogEvents) => "LOG_EVENTS",
            Self::Influx(InfluxModule::UserEvents) => "USER_EVENTS",
            Self::Influx(InfluxModule::EventCounts) => "EVENT_COUNTS",
            Self::Influx(InfluxModule::RejectedEventCounts) => "REJECTED_EVENT_COUNTS",
            Self::Influx(InfluxModule::QueueMetrics) => "QUEUE_METRICS",
            Self::Influx(InfluxModule::ButlerMemory) => "BUTLER_MEMORY",
            Self::Mqtt(MqttModule::HealthMetrics) => "HEALTH_METRICS_MQTT",
            Self::Mqtt(MqttModule::ProxySessions) => "PROXY_SESSIONS_MQTT",
            Self::Mqtt(MqttModule::UserEvents) => "USER_EVENTS_MQTT",
            Self::Mqtt(MqttModule::LogEvents) => "LOG_EVENTS_MQTT",
            Self::NewRelic(NewRelicModule::HealthMetrics) => "HEALTH_METRICS_NEW_RELIC",
            Self::NewRelic(NewRelicModule::ProxySessions) => "PROXY_SESSIONS_NEW_RELIC",
            Self::NewRelic(NewRelicModule::Uptime) => "UPTIME_NEW_RELIC",
            Self::NewRelic(NewRelicModule::UserEvents) => "USER_EVENTS_NEW_RELIC",
            Self::NewRelic(NewRelicModule::LogEvents) => "LOG_EVENTS_NEW_RELIC",
            Self::Udp(UdpModule::UserEvents) => "UDP_USER_EVENTS",
            Self::Udp(UdpModule::LogEvents) => "UDP_LOG_EVENTS",
        }
    }
}
