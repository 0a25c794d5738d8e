//! The keys of `influxdbConfig`, and how they are checked.

use std::path::{Path, PathBuf};

use super::{IncludeFields, InfluxSettings, InfluxTarget, address, retention};
use crate::config::{
    Flag, Key, Milliseconds, Optional, Port, SecretText, Section, Text, Whole, Within,
};
use crate::domain::places::Places;
use crate::io::outbox::{OutboxKeys, OutboxSettings};
use crate::keys;

// Until version 9.10 there was InfluxDB 1 only, and its keys stood in the section itself.
keys! {
    /// `Butler-SOS.influxdbConfig`.
    pub struct InfluxKeys {
        /// Store in InfluxDB
        enable: "enable" Key<Flag> = false, was "enableInfluxdb", example true;
        /// InfluxDB, without scheme; needed when enabled without url
        host: "host" Optional<Text>, was "hostIP", masked, example "influxdb.example.com";
        /// Its port
        port: "port" Key<Port> = 8086, was "hostPort";
        /// In place of host and port, where https or a path is needed
        url: "url" Key<Text> = "", masked;
        /// Authority of its certificate where url is https, PEM; relative: the folder of this
        /// file; empty: those of the system
        ca_file: "caFile" Key<Text> = "";
        /// Its version: 1, 2 or 3; needed when enabled
        version: "version" Optional<Whole>, example 1;
        /// Most points in one request, 1 to 10000
        max_batch_size: "maxBatchSize" Key<Within<1, 10_000>> = 1_000;
        outbox: "outbox" Section<OutboxKeys>;
        v1: "v1Config" Section<V1Keys>;
        v2: "v2Config" Section<V2Keys>;
        v3: "v3Config" Section<V3Keys>;
        include: "includeFields" Section<IncludeFieldsKeys>;
    }
}

keys! {
    struct V1Keys {
        auth: "auth" Section<AuthKeys>, was "../auth";
        /// Database, made when missing; needed for version 1
        database: "dbName" Optional<Text>, was "../dbName", example "SenseOps";
        policy: "retentionPolicy" Section<RetentionPolicyKeys>, was "../retentionPolicy";
    }
}

keys! {
    struct AuthKeys {
        /// Log in with user and password
        enable: "enable" Key<Flag> = false;
        /// User
        username: "username" Optional<Text>, masked, example "";
        /// Password
        password: "password" Optional<SecretText>, example "";
    }
}

keys! {
    struct RetentionPolicyKeys {
        /// Retention policy of a database that is made, or that has none
        name: "name" Key<Text> = "10d";
        /// How long it keeps points: 10d, 1d12h, 0 for ever; at least 1h
        duration: "duration" Key<Text> = "10d";
    }
}

keys! {
    struct V2Keys {
        /// Organisation; needed for version 2
        org: "org" Optional<Text>, masked, example "";
        /// Bucket, made when missing; needed for version 2
        bucket: "bucket" Optional<Text>, masked, example "";
        /// Description of a bucket that is made
        description: "description" Key<Text> = "";
        /// API token; needed for version 2
        token: "token" Optional<SecretText>, example "";
        /// How long a bucket that is made keeps points: 10d, 1d12h, 0 for ever; at least 1h
        retention: "retentionDuration" Key<Text> = "10d";
    }
}

keys! {
    struct V3Keys {
        /// Database; needed for version 3
        database: "database" Optional<Text>, example "";
        /// Read for compatibility
        description: "description" Key<Text> = "";
        /// API token; needed for version 3
        token: "token" Optional<SecretText>, example "";
        /// Read for compatibility
        retention: "retentionDuration" Key<Text> = "";
        /// Limit of one write in milliseconds, 1000 or more
        write_timeout: "writeTimeout" Key<Milliseconds<1_000>> = 10_000;
        /// Read for compatibility
        query_timeout: "queryTimeout" Key<Milliseconds<1_000>> = 60_000;
    }
}

keys! {
    struct IncludeFieldsKeys {
        /// Store the list of active apps beside its length
        active: "activeDocs" Key<Flag> = false;
        /// Store the list of loaded apps beside its length
        loaded: "loadedDocs" Key<Flag> = false;
        /// Store the list of in-memory apps beside its length
        in_memory: "inMemoryDocs" Key<Flag> = false;
    }
}

impl InfluxKeys {
    /// The database; `None` when it is switched off, or wrong. A relative file begins in `folder`.
    pub fn check(&self, folder: &Path) -> Option<InfluxSettings> {
        if !self.enable.get() {
            return None;
        }
        let base_url = self.check_address();
        let target = self.check_target();
        let include = self.include.get();
        let include = IncludeFields {
            active: include.active.get(),
            loaded: include.loaded.get(),
            in_memory: include.in_memory.get(),
        };
        let max_batch_size = self.max_batch_size.get() as usize;
        let base_url = base_url?;
        let ca_file = self.check_ca_file(folder, &base_url);
        Some(InfluxSettings { base_url, ca_file, target: target?, max_batch_size, include })
    }

    /// Where what waits is kept; `None` when that is switched off.
    pub fn check_outbox(&self, places: &Places) -> Option<OutboxSettings> {
        self.outbox.get().check(places)
    }

    /// Whether it is switched on.
    pub fn is_enabled(&self) -> bool {
        self.enable.get()
    }

    /// Whether the file is of a time when there was one version of InfluxDB.
    fn is_of_old(&self) -> bool {
        let v1 = self.v1.get();
        let may_be_old = [
            &self.enable.at,
            &self.host.at,
            &self.port.at,
            &v1.database.at,
            &v1.auth.at,
            &v1.policy.at,
        ];
        may_be_old.iter().any(|at| at.has_old())
    }

    fn check_ca_file(&self, folder: &Path, base_url: &str) -> Option<PathBuf> {
        let (at, file) = (&self.ca_file.at, self.ca_file.filled()?);
        if !base_url.starts_with("https:") {
            at.warning("has no effect, because influxdbConfig.url does not begin with https://");
            return None;
        }
        let file = folder.join(file.trim());
        if !file.exists() {
            at.error(format!("there is no file {}", file.display()));
        }
        Some(file)
    }

    /// The address: `url` when it is set, else `host` and `port`.
    fn check_address(&self) -> Option<String> {
        if let Some(url) = self.url.filled() {
            if self.host.filled().is_some() {
                self.url.at.note("is used; host and port are not");
            }
            return address::of_url(&self.url.at, &url);
        }
        let host = self.host.needed("influxdbConfig.enable is true");
        let port = self.port.get();
        address::of_host(&self.host.at, &host?, port)
    }

    fn check_target(&self) -> Option<InfluxTarget> {
        let version = match self.version.is_absent() && self.is_of_old() {
            true => Some(1),
            false => self.version.needed("influxdbConfig.enable is true"),
        };
        match version? {
            1 => self.v1.get().check(),
            2 => self.v2.get().check(),
            3 => self.v3.get().check(),
            other => {
                self.version.at.error(format!("expected one of 1, 2, 3, found number {other}"));
                None
            }
        }
    }
}

impl V1Keys {
    fn check(&self) -> Option<InfluxTarget> {
        let database = self.database.needed(needed_by(1));
        let policy = self.policy.get();
        let auth = self.auth.get();
        let auth = if auth.enable.get() {
            let why = "v1Config.auth.enable is true";
            let (user, password) = (auth.username.needed(why), auth.password.needed(why));
            Some((user?, password?))
        } else {
            None
        };
        let duration = retention::of_policy(&policy.duration.at, &policy.duration.get());
        Some(InfluxTarget::V1 {
            database: database?,
            auth,
            policy: policy.name.get(),
            duration: duration?,
        })
    }
}

impl V2Keys {
    fn check(&self) -> Option<InfluxTarget> {
        let org = self.org.needed(needed_by(2));
        let bucket = self.bucket.needed(needed_by(2));
        let token = self.token.needed(needed_by(2));
        let description = self.description.get();
        let retention = retention::of_bucket(&self.retention.at, &self.retention.get());
        Some(InfluxTarget::V2 { org: org?, bucket: bucket?, description, token: token?, retention })
    }
}

impl V3Keys {
    fn check(&self) -> Option<InfluxTarget> {
        let database = self.database.needed(needed_by(3));
        let token = self.token.needed(needed_by(3));
        let timeout = self.write_timeout.get();
        // The write API of version 3 has no place for them.
        _ = (self.description.get(), self.retention.get(), self.query_timeout.get());
        Some(InfluxTarget::V3 { database: database?, token: token?, timeout })
    }
}

fn needed_by(version: u8) -> &'static str {
    match version {
        1 => "influxdbConfig.enable is true and version is 1",
        2 => "influxdbConfig.enable is true and version is 2",
        _ => "influxdbConfig.enable is true and version is 3",
    }
}

#[cfg(test)]
#[path = "config_tests.rs"]
mod tests;
