//! InfluxDB, versions 1, 2 and 3: encoding, client, and how a batch is stored.
//!
//! ```text
//! line.rs       a point becomes a line; lines.rs takes lines apart again
//! retype.rs     a line gets another field type, where a column already has one
//! client.rs     one request, for each version
//! verdict.rs    what an answer means: stored, refused, away; refusal.rs reads a refusal
//! set_up.rs     database or bucket is created when missing
//! transport.rs  one batch, until the server has answered for every line of it
//! settings.rs   influxdbConfig
//! ```

mod client;
mod line;
mod lines;
mod refusal;
mod retype;
mod set_up;
mod settings;
mod transport;
mod verdict;

pub use line::{encode, encode_error};
pub(crate) use line::{write_key, write_stamp, write_text};
pub use settings::{IncludeFields, InfluxKeys, InfluxSettings, InfluxTarget};
pub use transport::{InfluxTransport, Look};
