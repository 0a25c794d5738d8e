//! An InfluxDB to write to, as checked.

mod address;
mod config;
mod retention;

use std::path::PathBuf;
use std::time::Duration;

use crate::domain::errors::{DestinationHost, InfluxVersion};
use crate::domain::names::Secret;

pub use config::InfluxKeys;
pub(super) use retention::duration;

/// An InfluxDB to write to.
#[derive(Debug, Clone, PartialEq)]
pub struct InfluxSettings {
    /// `http://host:port`, or what the key `url` says; no trailing slash, no credentials.
    pub base_url: String,
    /// PEM file with the authorities that vouch for it over `https`; `None` trusts those of the
    /// operating system.
    pub ca_file: Option<PathBuf>,
    /// Database or bucket, and the keys to it.
    pub target: InfluxTarget,
    /// Most points in one request, 1 to 10,000.
    pub max_batch_size: usize,
    /// Which lists of apps are written.
    pub include: IncludeFields,
}

/// What is written to, one variant for each write API.
#[derive(Debug, Clone, PartialEq)]
pub enum InfluxTarget {
    /// InfluxDB 1.
    V1 {
        /// Database, created when missing.
        database: String,
        /// User and password; `None` sends no credentials.
        auth: Option<(String, Secret)>,
        /// Name of the retention policy, made with the database.
        policy: String,
        /// Its duration, as InfluxQL takes it.
        duration: String,
    },
    /// InfluxDB 2.
    V2 {
        /// Organisation by name.
        org: String,
        /// Bucket, created when missing.
        bucket: String,
        /// Given to the bucket when it is created.
        description: String,
        /// API token.
        token: Secret,
        /// Retention of the bucket when it is created; `None` keeps points for ever.
        retention: Option<Duration>,
    },
    /// InfluxDB 3.
    V3 {
        /// Database; the server makes it at the first write.
        database: String,
        /// API token.
        token: Secret,
        /// Limit of one write.
        timeout: Duration,
    },
}

/// `includeFields`: which lists of apps are written, beside their counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct IncludeFields {
    /// `activeDocs`.
    pub active: bool,
    /// `loadedDocs`.
    pub loaded: bool,
    /// `inMemoryDocs`.
    pub in_memory: bool,
}

impl InfluxSettings {
    /// Which write API is spoken.
    pub fn version(&self) -> InfluxVersion {
        match self.target {
            InfluxTarget::V1 { .. } => InfluxVersion::V1,
            InfluxTarget::V2 { .. } => InfluxVersion::V2,
            InfluxTarget::V3 { .. } => InfluxVersion::V3,
        }
    }

    /// The tag `destination_host` of write errors.
    pub fn destination(&self) -> DestinationHost {
        DestinationHost::of_url(&self.base_url)
    }

    /// The key with which the program logs in.
    pub(super) fn login_key(&self) -> &'static str {
        match self.target {
            InfluxTarget::V1 { .. } => "influxdbConfig.v1Config.auth",
            InfluxTarget::V2 { .. } => "influxdbConfig.v2Config.token",
            InfluxTarget::V3 { .. } => "influxdbConfig.v3Config.token",
        }
    }

    /// Limit of one write (section 4 of the page on InfluxDB).
    pub fn timeout(&self) -> Duration {
        match self.target {
            InfluxTarget::V1 { .. } => Duration::from_secs(30),
            InfluxTarget::V2 { .. } => Duration::from_secs(10),
            InfluxTarget::V3 { timeout, .. } => timeout,
        }
    }
}
