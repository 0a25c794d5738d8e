//! Real servers and stand-ins that the tests talk to. Everything listens on the loopback
//! interface, on ports that the system chose, with a temporary folder of its own, and ends with
//! the value that started it.

mod child;
mod http;
mod influx_3;
mod influxd;
mod mosquitto;
mod nginx;
mod openssl;
mod program;
mod prometheus;
mod stand_in;
mod victoria;
mod wait;

pub use child::Child;
pub use http::{Reply, get, post};
pub use influx_3::Influx3;
pub use influxd::Influxd;
pub use mosquitto::{Mosquitto, Subscriber};
pub use nginx::Nginx;
pub use openssl::{Authority, OpensslServer, openssl};
pub use program::{Program, run_to_end};
pub use prometheus::{Prometheus, promtool_remarks};
pub use stand_in::{Answer, RecordedRequest, StandIn};
pub use victoria::Victoria;
pub use wait::{PATIENCE, until, until_async};
