//! `udpServerConfig` and the rules of both kinds of events, as checked.

mod categorise;
mod performance;
mod server;
mod tags;

use std::time::Duration;

pub use self::categorise::CategoriseKeys;
pub use self::performance::PerformanceKeys;
pub use self::server::{LogServerKeys, UserServerKeys};
pub use self::tags::{EventTag, event_tags};

use crate::domain::events::{Categorise, Pairs, PerformanceFilter, Source};
use crate::domain::measurement_name::MeasurementName;

/// One socket and what may come in through it.
#[derive(Debug, Clone, PartialEq)]
pub struct UdpSettings {
    /// Address or name to listen on; IPv4 only.
    pub host: String,
    /// 0 lets the system choose.
    pub port: u16,
    /// How much is accepted.
    pub limits: Limits,
    /// Addresses and names of those who may send; `None` lets everybody.
    pub allowed_sources: Option<Vec<String>>,
    /// `None` when the state of the queue is not written to InfluxDB.
    pub metrics: Option<QueueMetricsSettings>,
}

/// How much is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Datagrams that wait, 1 or more.
    pub queue_size: usize,
    /// Percent of the queue at which a warning is due, 1 to 100.
    pub backpressure_percent: usize,
    /// Datagrams in each minute; `None` without limit.
    pub rate_per_minute: Option<u64>,
    /// Bytes of one datagram.
    pub max_message_size: usize,
}

/// How the state of a queue is written to InfluxDB.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueMetricsSettings {
    /// How often.
    pub every: Duration,
    /// Name of the measurement.
    pub measurement: MeasurementName,
    /// Tags of every point.
    pub tags: Pairs,
}

/// `userEvents`.
#[derive(Debug, Clone, PartialEq)]
pub struct UserEventSettings {
    /// The socket.
    pub udp: UdpSettings,
    /// Directory and id of users whose events go nowhere.
    pub excluded: Vec<(String, String)>,
    /// Whether events are counted.
    pub count: bool,
    /// `userEvents.tags`.
    pub tags: Pairs,
}

/// `logEvents`.
#[derive(Debug, Clone, PartialEq)]
pub struct LogEventSettings {
    /// The socket.
    pub udp: UdpSettings,
    /// Sources whose events are wanted.
    pub sources: Vec<Source>,
    /// `None` when events get no categories.
    pub categorise: Option<Categorise>,
    /// `None` when performance events are not wanted.
    pub performance: Option<PerformanceSettings>,
    /// Whether events are counted.
    pub count: bool,
    /// `logEvents.tags`.
    pub tags: Pairs,
}

/// `logEvents.enginePerformanceMonitor`.
#[derive(Debug, Clone, PartialEq)]
pub struct PerformanceSettings {
    /// Whether the names of apps are looked up.
    pub look_up_names: bool,
    /// Which events are kept.
    pub filter: PerformanceFilter,
    /// Whether the others are counted.
    pub count_rejected: bool,
    /// Tags of these counts.
    pub rejected_tags: Pairs,
}
