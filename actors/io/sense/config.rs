//! `serversToMonitor`, `userSessions`, `appNames` and `cert` as written, and their checks.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;

use super::settings::{AppNamesPolling, SenseSettings, SessionPolling, Sessions, Target};
use crate::domain::names::{Host, MonitoredServer, Secret, VirtualProxy};
use crate::domain::yaml::{
    AnyText, Field, List, Names, Reader, Section, User, is_host, without_login,
};
use crate::io::http::CertFiles;

/// `Butler-SOS.serversToMonitor` as written.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServersConfig {
    polling_interval: Field<f64>,
    reject_unauthorized: Field<bool>,
    server_tags_definition: List<Field<String>>,
    servers: List<Section<ServerConfig>>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ServerConfig {
    host: Field<String>,
    server_name: Field<String>,
    server_description: Field<String>,
    user_sessions: Section<ServerSessionsConfig>,
    server_tags: Names<AnyText>,
    headers: Names,
    log_db_host: Field<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ServerSessionsConfig {
    enable: Field<bool>,
    host: Field<String>,
    virtual_proxies: List<Section<VirtualProxyConfig>>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct VirtualProxyConfig {
    virtual_proxy: Field<String>,
}

/// `Butler-SOS.userSessions` as written.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct UserSessionsConfig {
    enable_session_extract: Field<bool>,
    polling_interval: Field<f64>,
    exclude_user: List<Section<User>>,
}

/// `Butler-SOS.appNames` as written.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AppNamesConfig {
    enable_app_name_extract: Field<bool>,
    extract_interval: Field<f64>,
    #[serde(rename = "hostIP")]
    host_ip: Field<String>,
}

/// `Butler-SOS.cert` as written.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CertConfig {
    client_cert: Field<String>,
    client_cert_key: Field<String>,
    #[serde(rename = "clientCertCA")]
    client_cert_ca: Field<String>,
    client_cert_passphrase: Field<String>,
    /// Stood here before it was a key of `serversToMonitor`.
    reject_unauthorized: Field<bool>,
}

/// The four sections that describe a site, as written.
#[derive(Debug, Clone, Copy)]
pub struct SenseConfig<'a> {
    /// `serversToMonitor`.
    pub servers: &'a Section<ServersConfig>,
    /// `userSessions`.
    pub sessions: &'a Section<UserSessionsConfig>,
    /// `appNames`.
    pub app_names: &'a Section<AppNamesConfig>,
    /// `cert`.
    pub cert: &'a Section<CertConfig>,
}

impl SenseConfig<'_> {
    /// Checks the sections below `root`. Relative certificate paths are looked for in the working
    /// directory, then in `config_dir`, the folder of the configuration file.
    pub fn check(&self, root: &Reader, config_dir: &Path) -> SenseSettings {
        let at = root.key("serversToMonitor");
        let config = at.section(self.servers);
        let definition = tag_definition(&at.key("serverTagsDefinition"), &config);
        let sessions = self.check_sessions(root);
        let mut targets: Vec<Target> = Vec::new();
        for (at, server) in at.key("servers").items(&config.servers) {
            let server = at.section(server);
            if let Some(target) = server.check(&at, &definition, sessions.is_some()) {
                if targets.iter().any(|other| other.server.name == target.server.name) {
                    at.key("serverName").warning(format!(
                        "{:?} is the name of another server too; their errors are counted together",
                        target.server.name.as_str()
                    ));
                }
                targets.push(target);
            }
        }
        let app_names = self.check_app_names(root, &targets);
        if config.servers == List::default() {
            let at = at.key("servers");
            match sessions.is_some() {
                true => at.warning("is empty, so there are no sessions to ask for"),
                false => at.note("is empty, so no server is polled"),
            }
        }
        let needed = !targets.is_empty() || app_names.is_some();
        let reject_unauthorized = self.reject_unauthorized(root, &config);
        SenseSettings {
            health_interval: at.key("pollingInterval").milliseconds(
                &config.polling_interval,
                30_000,
                100,
            ),
            reject_unauthorized,
            certificate: needed.then(|| self.check_cert(root, config_dir)).flatten(),
            targets,
            sessions,
            app_names,
        }
    }

    fn reject_unauthorized(&self, root: &Reader, config: &ServersConfig) -> bool {
        let old = match self.cert {
            Section::Keys(cert) => &cert.reject_unauthorized,
            Section::Wrong(_) => &Field::Absent,
        };
        let (old_key, new_key) = ("cert.rejectUnauthorized", "serversToMonitor.rejectUnauthorized");
        let field = root.moved_field(old_key, old, new_key, &config.reject_unauthorized);
        root.key(new_key).or(field, true)
    }

    fn check_sessions(&self, root: &Reader) -> Option<SessionPolling> {
        let at = root.key("userSessions");
        let config = at.section(self.sessions);
        if !at.key("enableSessionExtract").or(&config.enable_session_extract, false) {
            return None;
        }
        let excluded = User::list(&at.key("excludeUser"), &config.exclude_user).into();
        let interval =
            at.key("pollingInterval").milliseconds(&config.polling_interval, 30_000, 100);
        Some(SessionPolling { interval, excluded })
    }

    fn check_app_names(&self, root: &Reader, targets: &[Target]) -> Option<AppNamesPolling> {
        let at = root.key("appNames");
        let config = at.section(self.app_names);
        if !at.key("enableAppNameExtract").or(&config.enable_app_name_extract, false) {
            return None;
        }
        let interval =
            at.key("extractInterval").milliseconds(&config.extract_interval, 60_000, 100);
        let why = "appNames.enableAppNameExtract is true";
        let host = Host::of_authority(&authority(&at.key("hostIP"), &config.host_ip, why)?);
        let server = targets
            .iter()
            .find(|target| target.server.host.as_str().eq_ignore_ascii_case(host.as_str()))
            .map(|target| target.server.name.clone());
        Some(AppNamesPolling { interval, host, server })
    }

    fn check_cert(&self, root: &Reader, config_dir: &Path) -> Option<CertFiles> {
        let at = root.key("cert");
        let config = at.section(self.cert);
        let file = |key: &str, field: &Field<String>| -> Option<PathBuf> {
            let path = at.key(key).needed(field, "Qlik Sense asks for a client certificate")?;
            Some(find(Path::new(path.trim()), config_dir))
        };
        let cert = file("clientCert", &config.client_cert);
        let key = file("clientCertKey", &config.client_cert_key);
        let ca = file("clientCertCA", &config.client_cert_ca);
        let passphrase: Option<Secret> =
            at.key("clientCertPassphrase").secret(&config.client_cert_passphrase);
        Some(CertFiles { cert: cert?, key: key?, ca: ca?, passphrase })
    }
}

impl ServerConfig {
    fn check(&self, at: &Reader, definition: &[String], poll_sessions: bool) -> Option<Target> {
        let why = "every monitored server has one";
        if self.log_db_host != Field::Absent {
            at.key("logDbHost").warning("is not used any more, ignored");
        }
        let authority = authority(&at.key("host"), &self.host, why);
        let name = at.key("serverName").needed(&self.server_name, why);
        let description = at.key("serverDescription").or(&self.server_description, String::new());
        let sessions_at = at.key("userSessions");
        let sessions = sessions_at.section(&self.user_sessions);
        let wanted = sessions_at.key("enable").or(&sessions.enable, false);
        let sessions = (wanted && poll_sessions).then(|| sessions.check(&sessions_at)).flatten();
        let headers = at.key("headers").pairs(&self.headers);
        let (authority, name) = (authority?, name?);
        let tags_at = at.key("serverTags");
        let tags = tags_at.pairs(&self.server_tags).into_iter();
        let tags: Vec<(String, String)> = tags.map(|(tag, AnyText(text))| (tag, text)).collect();
        check_tags(&tags_at, definition, &tags, &name);
        if let Names::Pairs(pairs) = &self.server_tags {
            for (tag, _) in pairs.iter().filter(|(_, value)| *value == Field::Absent) {
                let said = format!("Server tag \"{tag}\" for server \"{name}\" has no value");
                tags_at.key(tag).warning(said);
            }
        }
        Some(Target {
            server: Arc::new(MonitoredServer {
                name: name.as_str().into(),
                host: Host::of_authority(&authority),
                description: description.into(),
                tags: tags.into_iter().map(|(tag, value)| (tag.into(), value.into())).collect(),
            }),
            authority,
            headers,
            sessions,
        })
    }
}

impl ServerSessionsConfig {
    fn check(&self, at: &Reader) -> Option<Sessions> {
        let why = "userSessions.enable of this server is true";
        let authority = authority(&at.key("host"), &self.host, why);
        let list_at = at.key("virtualProxies");
        let virtual_proxies: Vec<VirtualProxy> = list_at
            .items(&self.virtual_proxies)
            .into_iter()
            .filter_map(|(at, entry)| {
                let entry = at.section(entry);
                let (at, why) = (at.key("virtualProxy"), "every entry is a virtual proxy");
                // An empty one is the default virtual proxy too.
                let prefix = match &entry.virtual_proxy {
                    Field::Absent => at.needed(&entry.virtual_proxy, why),
                    prefix => at.optional(prefix),
                };
                Some(VirtualProxy::from(prefix?.trim()))
            })
            .collect();
        if virtual_proxies.is_empty() {
            list_at.error(format!("needs at least one virtual proxy, because {why}"));
            return None;
        }
        Some(Sessions { authority: authority?, virtual_proxies })
    }
}

/// A `name[:port]` that can stand in a URL.
fn authority(at: &Reader, field: &Field<String>, why: &str) -> Option<Arc<str>> {
    let text = at.needed(field, why)?;
    let text = text.trim();
    if !is_host(text) {
        let host = Host::of_authority(text);
        let port = text.strip_prefix(host.as_str()).and_then(|rest| rest.strip_prefix(':'));
        let expected = match port {
            Some(_) if is_host(host.as_str()) => "a port number 1-65535 behind the host",
            _ => "a host name or address",
        };
        let shown = without_login(text);
        at.error(format!("expected {expected}, found string {shown:?}"));
        return None;
    }
    // The original runs such a file; every poll of this server fails there, too.
    if text.ends_with(":0") && Host::of_authority(text).as_str() != text {
        at.warning(format!("nothing can be reached at port 0 of {text:?}; every poll will fail"));
    }
    Some(text.into())
}

fn tag_definition(at: &Reader, config: &ServersConfig) -> Vec<String> {
    at.items(&config.server_tags_definition)
        .into_iter()
        .filter_map(|(at, name)| at.optional(name))
        .collect()
}

/// Rules 2 to 4 of section 5: what the original stops at is a warning in its words.
fn check_tags(at: &Reader, definition: &[String], tags: &[(String, String)], server: &str) {
    for tag in definition {
        if !tags.iter().any(|(name, _)| name == tag) {
            at.warning(format!("Server tag \"{tag}\" is not defined for server \"{server}\""));
        }
    }
    for (tag, _) in tags {
        if !definition.contains(tag) {
            at.warning(format!(
                "Server tag \"{tag}\" for server \"{server}\" is not defined in \
                 Butler-SOS.serversToMonitor.serverTagsDefinition"
            ));
        }
    }
}

/// The first place where a relative path exists; the working directory when none does.
fn find(path: &Path, config_dir: &Path) -> PathBuf {
    let beside = config_dir.join(path);
    if path.is_relative() && !path.exists() && beside.exists() { beside } else { path.to_owned() }
}
