//! `influxdbConfig` as written, and how it is checked.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{IncludeFields, InfluxSettings, InfluxTarget, address, retention};
use crate::domain::places::Places;
use crate::domain::yaml::{Field, Reader, Section};
use crate::io::outbox::{OutboxConfig, OutboxSettings};

/// `Butler-SOS.influxdbConfig` as written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct InfluxConfig {
    enable: Field<bool>,
    host: Field<String>,
    url: Field<String>,
    ca_file: Field<String>,
    port: Field<i64>,
    version: Field<i64>,
    max_batch_size: Field<i64>,
    v1_config: Section<V1Config>,
    v2_config: Section<V2Config>,
    v3_config: Section<V3Config>,
    include_fields: Section<IncludeFieldsConfig>,
    outbox: Section<OutboxConfig>,
    // Until version 9.10 there was InfluxDB 1 only, and its keys stood here.
    enable_influxdb: Field<bool>,
    #[serde(rename = "hostIP")]
    host_ip: Field<String>,
    host_port: Field<i64>,
    auth: Section<AuthConfig>,
    db_name: Field<String>,
    retention_policy: Section<RetentionPolicyConfig>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct V1Config {
    auth: Section<AuthConfig>,
    db_name: Field<String>,
    retention_policy: Section<RetentionPolicyConfig>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct AuthConfig {
    enable: Field<bool>,
    username: Field<String>,
    password: Field<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct RetentionPolicyConfig {
    name: Field<String>,
    duration: Field<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct V2Config {
    org: Field<String>,
    bucket: Field<String>,
    description: Field<String>,
    token: Field<String>,
    retention_duration: Field<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct V3Config {
    database: Field<String>,
    description: Field<String>,
    token: Field<String>,
    retention_duration: Field<String>,
    write_timeout: Field<f64>,
    query_timeout: Field<f64>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct IncludeFieldsConfig {
    active_docs: Field<bool>,
    loaded_docs: Field<bool>,
    in_memory_docs: Field<bool>,
}

impl InfluxConfig {
    /// Checks the section `at`; `None` when it is switched off, or wrong. A relative file begins in
    /// `folder`.
    pub fn check(&self, at: &Reader, folder: &Path) -> Option<InfluxSettings> {
        let (old, new) = (&self.enable_influxdb, &self.enable);
        let enable = at.moved_field("enableInfluxdb", old, "enable", new);
        if !at.key("enable").or(enable, false) {
            return None;
        }
        self.modern(at).check_modern(at, folder)
    }

    /// Checks where what waits is kept; `None` when that is switched off.
    pub fn check_outbox(&self, at: &Reader, places: &Places) -> Option<OutboxSettings> {
        let at = at.key("outbox");
        at.section(&self.outbox).check(&at, places)
    }

    /// Whether it is switched on, without a word about how that is written.
    pub fn is_enabled(&self) -> bool {
        let enable =
            if self.enable == Field::Absent { &self.enable_influxdb } else { &self.enable };
        matches!(enable, Field::Value(true) | Field::Unusual(true, _))
    }

    /// The same with every old spelling at its new place.
    fn modern(&self, at: &Reader) -> Self {
        let mut new = self.clone();
        let mut v1 = at.key("v1Config").section(&self.v1_config);
        new.host = at.moved_field("hostIP", &self.host_ip, "host", &self.host).clone();
        new.port = at.moved_field("hostPort", &self.host_port, "port", &self.port).clone();
        v1.db_name =
            at.moved_field("dbName", &self.db_name, "v1Config.dbName", &v1.db_name).clone();
        v1.auth = at.moved_section("auth", &self.auth, "v1Config.auth", &v1.auth).clone();
        let (old, to) = (&self.retention_policy, "v1Config.retentionPolicy");
        v1.retention_policy =
            at.moved_section("retentionPolicy", old, to, &v1.retention_policy).clone();
        if self.is_of_old() && self.version == Field::Absent {
            new.version = Field::Value(1);
        }
        new.v1_config = Section::Keys(v1);
        new
    }

    fn is_of_old(&self) -> bool {
        self.enable_influxdb != Field::Absent
            || self.host_ip != Field::Absent
            || self.host_port != Field::Absent
            || self.db_name != Field::Absent
            || self.auth != Section::default()
            || self.retention_policy != Section::default()
    }

    fn check_modern(&self, at: &Reader, folder: &Path) -> Option<InfluxSettings> {
        let base_url = self.check_address(at);
        let target = self.check_target(at);
        let include_at = at.key("includeFields");
        let include = include_at.section(&self.include_fields);
        let include = IncludeFields {
            active: include_at.key("activeDocs").or(&include.active_docs, false),
            loaded: include_at.key("loadedDocs").or(&include.loaded_docs, false),
            in_memory: include_at.key("inMemoryDocs").or(&include.in_memory_docs, false),
        };
        let max_batch_size = self.check_batch_size(&at.key("maxBatchSize"));
        let base_url = base_url?;
        let ca_file = self.check_ca_file(&at.key("caFile"), folder, &base_url);
        Some(InfluxSettings { base_url, ca_file, target: target?, max_batch_size, include })
    }

    fn check_ca_file(&self, at: &Reader, folder: &Path, base_url: &str) -> Option<PathBuf> {
        let file = at.optional(&self.ca_file).filter(|file| !file.trim().is_empty())?;
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
    fn check_address(&self, at: &Reader) -> Option<String> {
        let url_at = at.key("url");
        let url = url_at.or(&self.url, String::new());
        if !url.trim().is_empty() {
            if at.key("host").optional(&self.host).is_some_and(|host| !host.trim().is_empty()) {
                url_at.note("is used; host and port are not");
            }
            return address::of_url(&url_at, &url);
        }
        let host = at.key("host").needed(&self.host, "influxdbConfig.enable is true");
        let port = at.key("port").port(&self.port, 8086);
        address::of_host(&at.key("host"), &host?, port)
    }

    fn check_target(&self, at: &Reader) -> Option<InfluxTarget> {
        let version_at = at.key("version");
        match version_at.optional(&self.version) {
            Some(1) => self.check_v1(&at.key("v1Config")),
            Some(2) => self.check_v2(&at.key("v2Config")),
            Some(3) => self.check_v3(&at.key("v3Config")),
            Some(other) => {
                version_at.error(format!("expected one of 1, 2, 3, found number {other}"));
                None
            }
            None if self.version == Field::Absent => {
                version_at.error("is missing; needed because influxdbConfig.enable is true");
                None
            }
            None => None,
        }
    }

    fn check_batch_size(&self, at: &Reader) -> usize {
        let size = at.or(&self.max_batch_size, 1000);
        match usize::try_from(size) {
            Ok(size @ 1..=10_000) => size,
            _ => {
                at.warning(format!("expected 1 to 10000, found number {size}; 1000 is used"));
                1000
            }
        }
    }

    fn check_v1(&self, at: &Reader) -> Option<InfluxTarget> {
        let config = at.section(&self.v1_config);
        let database = at.key("dbName").needed(&config.db_name, needed_by(1));
        let policy_at = at.key("retentionPolicy");
        let policy = policy_at.section(&config.retention_policy);
        let auth_at = at.key("auth");
        let auth = auth_at.section(&config.auth);
        let auth = if auth_at.key("enable").or(&auth.enable, false) {
            let why = "v1Config.auth.enable is true";
            let user = auth_at.key("username").needed(&auth.username, why);
            let password = auth_at.key("password").needed_secret(&auth.password, why);
            Some((user?, password?))
        } else {
            None
        };
        let ten_days = || "10d".to_owned();
        let duration_at = policy_at.key("duration");
        let duration = duration_at.or(&policy.duration, ten_days());
        let duration = retention::of_policy(&duration_at, &duration);
        Some(InfluxTarget::V1 {
            database: database?,
            auth,
            policy: policy_at.key("name").or(&policy.name, ten_days()),
            duration: duration?,
        })
    }

    fn check_v2(&self, at: &Reader) -> Option<InfluxTarget> {
        let config = at.section(&self.v2_config);
        let org = at.key("org").needed(&config.org, needed_by(2));
        let bucket = at.key("bucket").needed(&config.bucket, needed_by(2));
        let token = at.key("token").needed_secret(&config.token, needed_by(2));
        let description = at.key("description").or(&config.description, String::new());
        let retention_at = at.key("retentionDuration");
        let retention = retention_at.or(&config.retention_duration, "10d".to_owned());
        let retention = retention::of_bucket(&retention_at, &retention);
        Some(InfluxTarget::V2 { org: org?, bucket: bucket?, description, token: token?, retention })
    }

    fn check_v3(&self, at: &Reader) -> Option<InfluxTarget> {
        let config = at.section(&self.v3_config);
        let database = at.key("database").needed(&config.database, needed_by(3));
        let token = at.key("token").needed_secret(&config.token, needed_by(3));
        let timeout = at.key("writeTimeout").milliseconds(&config.write_timeout, 10_000, 1_000);
        // Kept for the files that have them; the write API of version 3 has no place for them.
        at.key("description").optional(&config.description);
        at.key("retentionDuration").optional(&config.retention_duration);
        at.key("queryTimeout").milliseconds(&config.query_timeout, 60_000, 1_000);
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
