//! InfluxDB, versions 1, 2 and 3: encoding, client, and the one write path that every writer uses.
//!
//! ```text
//! line.rs       a point becomes a line; lines.rs takes lines apart again
//! retype.rs     a line gets another field type, where a column already has one
//! client.rs     one request, for each version
//! verdict.rs    what an answer means: stored, refused, away; refusal.rs reads a refusal
//! set_up.rs     database or bucket is created when missing
//! queue.rs      what waits, bounded
//! delivery.rs   the write path: batches, back-off, backlog, reports
//! settings.rs   influxdbConfig
//! ```

mod client;
mod delivery;
mod line;
mod lines;
mod queue;
mod refusal;
mod retype;
mod set_up;
mod settings;
mod verdict;

pub use delivery::{Delivery, DropReason, Event, Fate, Leftover, Look, Stats, Style};
pub use line::{encode, encode_error};
pub use queue::WriteJob;
pub use settings::{IncludeFields, InfluxConfig, InfluxSettings, InfluxTarget};
