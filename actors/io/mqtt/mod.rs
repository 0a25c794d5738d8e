//! The one way to an MQTT broker: every publisher has a connection of its own.
//!
//! ```text
//! publication ──connection.rs──> client library ──dial.rs──> broker
//!                    ├─ keeping.rs: made again whenever it ends
//!                    │    └─ closures.rs: is somebody in the way?
//!                    ├─ ledger.rs: written? confirmed? failed?
//!                    └─ failure.rs: every error of the library becomes a Failure
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

pub use connection::Connection;
pub use event::Event;
pub use message::{Message, can_be_in_topic};
pub use settings::{ClientFiles, MqttConfig, MqttQos, MqttSettings, MqttTls, check_topic};
