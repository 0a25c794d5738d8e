//! The one way to an MQTT broker: every publisher has a connection of its own.
//!
//! ```text
//! publication ──transport.rs──> connection.rs ──> client library ──dial.rs──> broker
//!                                   ├─ keeping.rs: made again whenever it ends
//!                                   │    └─ closures.rs: is somebody in the way?
//!                                   ├─ ledger.rs: written? confirmed? failed?
//!                                   └─ failure.rs: every error of the library becomes a Failure
//! ```
//!
//! What cannot be published is dropped and told, never kept for later: old news on MQTT are worse
//! than none.

mod closures;
mod connection;
mod dial;
mod event;
mod failure;
mod keeping;
mod ledger;
mod message;
mod options;
mod settings;
mod tls;
mod transport;

use tokio::time::Instant;

use crate::domain::errors::{Category, Failure};
use crate::domain::metrics::{Destination, Family};
use crate::io::delivery::{Delivery, Stats};

pub use connection::Connection;
pub use event::Event;
pub use message::{Message, can_be_in_topic, pack};
pub use settings::{ClientFiles, MqttKeys, MqttQos, MqttSettings, MqttTls, Topic};
pub use transport::MqttTransport;

/// The counters of a stream to the broker as the numbers of a destination called `name`; `up` is
/// whether there is a connection. Whatever is not published has failed.
pub fn families(name: &'static str, stats: &Stats, up: bool) -> Vec<Family> {
    let failed = stats.dropped_away + stats.dropped_refused + stats.dropped_overflow;
    let destination = Destination {
        name,
        writes: stats.requests,
        retries: 0,
        points: stats.written,
        dropped: &[("failed", failed)],
        waiting: stats.waiting,
        capacity: connection::CAPACITY,
        up,
    };
    destination.families()
}

/// Waits until nothing is under way, at most until `until`. Nothing is published afterwards; what
/// is not done has failed.
pub async fn finish(connection: &Connection, stream: &Delivery<MqttTransport>, until: Instant) {
    connection.finish();
    stream.flush(until).await;
    connection.leave(until).await;
    let reason = "the program ended before the mqtt broker had the message";
    stream.give_up(&Failure::local(Category::MqttError, reason));
}
