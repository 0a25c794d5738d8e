//! `udpServerConfig` of both kinds of events. They differ in the name of one key and in two
//! defaults only.

use super::{Limits, QueueMetricsSettings, UdpSettings};
use crate::config::{
    Flag, Host, Key, KeyPath, Listener, Measurement, Milliseconds, NamedValue, Number, Optional,
    Section, Sections, Text, Values,
};
use crate::domain::events::pairs;
use crate::keys;

/// The keys of one socket, and of what is written about its queue.
macro_rules! server_keys {
    ($section:literal, $Server:ident, $port_key:literal, $port:literal,
     $Queue:ident, $Influx:ident, $measurement:literal) => {
        keys! {
            #[doc = concat!("`Butler-SOS.", $section, ".udpServerConfig`.")]
            pub struct $Server {
                /// Address to listen on; needed when the events are on
                host: "serverHost" Optional<Host>, masked, example "0.0.0.0";
                /// UDP port
                port: $port_key Key<Listener> = $port;
                queue: "messageQueue" Section<MessageQueueKeys>;
                rate: "rateLimit" Section<RateLimitKeys>;
                /// Largest message in bytes, 1 to 65507
                max_message_size: "maxMessageSize" Key<Number<1, 65_507>> = 65_507;
                /// Accept messages of allowedSources only
                validate: "enableSourceValidation" Key<Flag> = false;
                /// Addresses or names that may send
                sources: "allowedSources" Values<Text>;
                metrics: "queueMetrics" Section<$Queue>;
            }
        }

        keys! {
            struct $Queue {
                influx: "influxdb" Section<$Influx>;
            }
        }

        keys! {
            struct $Influx {
                /// Store figures of the queue in InfluxDB
                enable: "enable" Key<Flag> = false;
                /// Milliseconds between two writes
                every: "writeFrequency" Key<Milliseconds<100>> = 20_000;
                /// Measurement of those figures
                measurement: "measurementName" Key<Measurement> = $measurement;
                /// Tags of those figures
                tags: "tags" Sections<NamedValue>;
            }
        }

        impl $Server {
            /// The socket. It must be there, because of `why`.
            pub fn check(&self, why: &str) -> UdpSettings {
                let host = self.host.needed(why).unwrap_or_default();
                let port = self.port.get();
                let queue = self.queue.get();
                // Read for the files that have it: events are handled one after the other.
                queue.max_concurrent.get();
                let queue_size = queue.max_size.get() as usize;
                let backpressure_percent = queue.backpressure.get() as usize;
                let rate = self.rate.get();
                let rate_per_minute = rate.enable.get().then(|| rate.most.get().into());
                let max_message_size = self.max_message_size.get() as usize;
                let sources = self.sources.get();
                let validated = self.validate.get();
                if validated && sources.is_empty() {
                    let said = "is empty while enableSourceValidation is true: nobody may send";
                    self.sources.at.warning(said);
                }
                let influx = self.metrics.get().influx.get();
                let metrics = influx.enable.get().then(|| QueueMetricsSettings {
                    every: influx.every.get(),
                    measurement: influx.measurement.get(),
                    tags: pairs(NamedValue::pairs(&influx.tags)),
                });
                let limits =
                    Limits { queue_size, backpressure_percent, rate_per_minute, max_message_size };
                let allowed_sources = validated.then_some(sources);
                UdpSettings { host, port, limits, allowed_sources, metrics }
            }

            /// Where the port is.
            pub fn port_at(&self) -> &KeyPath {
                &self.port.at
            }

            /// Where the figures of the queue are switched on.
            pub fn metrics_at(&self) -> KeyPath {
                self.metrics.get().influx.get().enable.at
            }
        }
    };
}

server_keys!(
    "userEvents",
    UserServerKeys,
    "portUserActivityEvents",
    9997,
    UserQueueKeys,
    UserInfluxKeys,
    "user_events_queue"
);

server_keys!(
    "logEvents",
    LogServerKeys,
    "portLogEvents",
    9996,
    LogQueueKeys,
    LogInfluxKeys,
    "log_events_queue"
);

keys! {
    struct MessageQueueKeys {
        /// No effect: one event is handled after the other, which is faster
        max_concurrent: "maxConcurrent" Key<Number<1, 100_000>> = 10;
        /// Messages that may wait
        max_size: "maxSize" Key<Number<1, 10_000_000>> = 200;
        /// Percent of the queue from which a warning is given
        backpressure: "backpressureThreshold" Key<Number<1, 100>> = 80;
    }
}

keys! {
    struct RateLimitKeys {
        /// Limit the messages of a minute
        enable: "enable" Key<Flag> = false;
        /// That limit
        most: "maxMessagesPerMinute" Key<Number<1, 1_000_000_000>> = 600;
    }
}
