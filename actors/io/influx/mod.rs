//! InfluxDB, versions 1, 2 and 3: encoding, client, and the one write path that every writer uses.

mod settings;

pub use settings::{IncludeFields, InfluxConfig, InfluxSettings, InfluxTarget};
