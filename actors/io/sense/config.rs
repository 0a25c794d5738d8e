//! `serversToMonitor`, `userSessions`, `appNames` and `cert`: their keys and checks.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::settings::{AppNamesPolling, SenseSettings, SessionPolling, Sessions, Target};
use crate::config::{
    Any, AnyText, Flag, Key, KeyPath, Map, Milliseconds, Optional, SecretText, Section, Sections,
    Text, User, Values, is_host, without_login,
};
use crate::domain::names::{Host, MonitoredServer, VirtualProxy};
use crate::io::http::CertFiles;
use crate::keys;

keys! {
    /// `Butler-SOS.serversToMonitor`.
    pub struct ServersKeys {
        /// Milliseconds between two health checks of a server
        interval: "pollingInterval" Key<Milliseconds<100>> = 30_000;
        /// Verify certificates and names of the servers
        reject_unauthorized: "rejectUnauthorized" Key<Flag> = true,
            was "../cert.rejectUnauthorized";
        /// Names of the tags that every server has
        tags_definition: "serverTagsDefinition" Values<Text>;
        /// The servers
        servers: "servers" Sections<ServerKeys>, required;
    }
}

keys! {
    struct ServerKeys {
        /// Name and port of the engine; no port means 443
        host: "host" Optional<Text>, masked, example "sense1.example.com:4747";
        /// What the server is called everywhere, unique
        name: "serverName" Optional<Text>, example "sense1";
        /// Tag server_description
        description: "serverDescription" Key<Text> = "";
        sessions: "userSessions" Section<ServerSessionsKeys>;
        /// Names and values of its tags
        tags: "serverTags" Map<Any>;
        /// HTTP headers of its health check, treated as secrets
        headers: "headers" Map<SecretText>;
        /// Not used any more
        log_db_host: "logDbHost" Optional<Text>, retired;
    }
}

keys! {
    struct ServerSessionsKeys {
        /// Ask its proxy for sessions; needs userSessions too
        enable: "enable" Key<Flag> = false;
        /// Name and port of the proxy; needed when enabled
        host: "host" Optional<Text>, masked, example "sense1.example.com:4243";
        /// Its virtual proxies
        virtual_proxies: "virtualProxies" Sections<VirtualProxyKeys>;
    }
}

keys! {
    struct VirtualProxyKeys {
        /// Prefix: /prefix, or / for the default one; empty asks the default one too, and leaves
        /// its tag out
        prefix: "virtualProxy" Optional<Text>, masked, example "/";
    }
}

keys! {
    /// `Butler-SOS.userSessions`.
    pub struct UserSessionsKeys {
        /// Ask proxies for their sessions
        enable: "enableSessionExtract" Key<Flag> = false;
        /// Milliseconds between two polls of a virtual proxy
        interval: "pollingInterval" Key<Milliseconds<100>> = 30_000;
        /// Users whose sessions are counted but not stored one by one
        excluded: "excludeUser" Sections<User>;
    }
}

keys! {
    /// `Butler-SOS.appNames`.
    pub struct AppNamesKeys {
        /// Fetch the names of all apps
        enable: "enableAppNameExtract" Key<Flag> = false;
        /// Milliseconds between two fetches
        interval: "extractInterval" Key<Milliseconds<100>> = 60_000;
        /// Host of the Qlik Sense repository, without port; needed when enabled
        host: "hostIP" Optional<Text>, masked, example "sense1.example.com";
    }
}

keys! {
    /// `Butler-SOS.cert`.
    pub struct CertKeys {
        /// Client certificate, PEM; relative: working directory, then the folder of this file
        cert: "clientCert" Optional<Text>, masked, example "certificates/client.pem";
        /// Its key
        key: "clientCertKey" Optional<Text>, masked, example "certificates/client_key.pem";
        /// Authority that signed the certificates of Qlik Sense
        ca: "clientCertCA" Optional<Text>, masked, example "certificates/root.pem";
        /// Passphrase of an encrypted key
        passphrase: "clientCertPassphrase" Optional<SecretText>;
    }
}

/// The four sections that describe a site.
#[derive(Debug, Clone, Copy)]
pub struct SenseKeys<'a> {
    /// `serversToMonitor`.
    pub servers: &'a Section<ServersKeys>,
    /// `userSessions`.
    pub sessions: &'a Section<UserSessionsKeys>,
    /// `appNames`.
    pub app_names: &'a Section<AppNamesKeys>,
    /// `cert`.
    pub cert: &'a Section<CertKeys>,
}

impl SenseKeys<'_> {
    /// The site. Relative certificate paths are looked for in the working directory, then in
    /// `config_dir`, the folder of the configuration file.
    pub fn check(&self, config_dir: &Path) -> SenseSettings {
        let site = self.servers.get();
        let sessions = self.sessions.get().check();
        let targets = site.check_servers(sessions.is_some());
        let app_names = self.app_names.get().check(&targets);
        if site.servers.is_empty() {
            match sessions.is_some() {
                true => site.servers.at.warning("is empty, so there are no sessions to ask for"),
                false => site.servers.at.note("is empty, so no server is polled"),
            }
        }
        let reject_unauthorized = site.reject_unauthorized.get();
        let needed = !targets.is_empty() || app_names.is_some();
        SenseSettings {
            health_interval: site.interval.get(),
            reject_unauthorized,
            certificate: needed.then(|| self.cert.get().check(config_dir)).flatten(),
            targets,
            sessions,
            app_names,
        }
    }
}

impl ServersKeys {
    fn check_servers(&self, poll_sessions: bool) -> Vec<Target> {
        let definition = self.tags_definition.get();
        let mut targets: Vec<Target> = Vec::new();
        for server in self.servers.items() {
            let Some(target) = server.check(&definition, poll_sessions) else { continue };
            if targets.iter().any(|other| other.server.name == target.server.name) {
                server.name.at.warning(format!(
                    "{:?} is the name of another server too; their errors are counted together",
                    target.server.name.as_str()
                ));
            }
            targets.push(target);
        }
        targets
    }

    /// Where the names of tags are.
    pub fn tags_definition_at(&self) -> &KeyPath {
        &self.tags_definition.at
    }
}

impl UserSessionsKeys {
    fn check(&self) -> Option<SessionPolling> {
        self.enable.get().then(|| SessionPolling {
            excluded: User::pairs(&self.excluded).into(),
            interval: self.interval.get(),
        })
    }
}

impl AppNamesKeys {
    fn check(&self, targets: &[Target]) -> Option<AppNamesPolling> {
        if !self.enable.get() {
            return None;
        }
        let interval = self.interval.get();
        let why = "appNames.enableAppNameExtract is true";
        let host = Host::of_authority(&authority(&self.host, why)?);
        let server = targets
            .iter()
            .find(|target| target.server.host.as_str().eq_ignore_ascii_case(host.as_str()))
            .map(|target| target.server.name.clone());
        Some(AppNamesPolling { interval, host, server })
    }
}

impl CertKeys {
    fn check(&self, config_dir: &Path) -> Option<CertFiles> {
        let file = |key: &Optional<Text>| {
            let path = key.needed("Qlik Sense asks for a client certificate")?;
            Some(find(Path::new(path.trim()), config_dir))
        };
        let (cert, key, ca) = (file(&self.cert), file(&self.key), file(&self.ca));
        let passphrase = self.passphrase.filled();
        Some(CertFiles { cert: cert?, key: key?, ca: ca?, passphrase })
    }
}

impl ServerKeys {
    fn check(&self, definition: &[String], poll_sessions: bool) -> Option<Target> {
        let why = "every monitored server has one";
        if !self.log_db_host.is_absent() {
            self.log_db_host.at.warning("is not used any more, ignored");
        }
        let authority = authority(&self.host, why);
        let name = self.name.needed(why);
        let description = self.description.get();
        let sessions = self.sessions.get();
        let wanted = sessions.enable.get();
        let sessions = (wanted && poll_sessions).then(|| sessions.check()).flatten();
        let headers = self.headers.get();
        let headers = headers.into_iter().map(|(name, value)| (name, value.reveal().to_owned()));
        let headers = headers.collect();
        let (authority, name) = (authority?, name?);
        let tags = self.tags.get().into_iter();
        let tags: Vec<(String, String)> = tags.map(|(tag, AnyText(text))| (tag, text)).collect();
        check_tags(&self.tags.at, definition, &tags, &name);
        for (tag, value) in self.tags.entries() {
            if value.is_absent() {
                let said = format!("Server tag \"{tag}\" for server \"{name}\" has no value");
                value.at.warning(said);
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

impl ServerSessionsKeys {
    fn check(&self) -> Option<Sessions> {
        let why = "userSessions.enable of this server is true";
        let authority = authority(&self.host, why);
        let prefix = |entry: VirtualProxyKeys| {
            // An empty one is the default virtual proxy too.
            let prefix = match entry.prefix.is_absent() {
                true => entry.prefix.needed("every entry is a virtual proxy"),
                false => entry.prefix.get(),
            };
            Some(VirtualProxy::from(prefix?.trim()))
        };
        let proxies = self.virtual_proxies.items();
        let virtual_proxies: Vec<VirtualProxy> = proxies.into_iter().filter_map(prefix).collect();
        if virtual_proxies.is_empty() {
            let at = &self.virtual_proxies.at;
            at.error(format!("needs at least one virtual proxy, because {why}"));
            return None;
        }
        Some(Sessions { authority: authority?, virtual_proxies })
    }
}

/// A `name[:port]` that can stand in a URL.
fn authority(key: &Optional<Text>, why: &str) -> Option<Arc<str>> {
    let text = key.needed(why)?;
    let text = text.trim();
    if !is_host(text) {
        let host = Host::of_authority(text);
        let port = text.strip_prefix(host.as_str()).and_then(|rest| rest.strip_prefix(':'));
        let expected = match port {
            Some(_) if is_host(host.as_str()) => "a port number 1-65535 behind the host",
            _ => "a host name or address",
        };
        let shown = without_login(text);
        key.at.error(format!("expected {expected}, found string {shown:?}"));
        return None;
    }
    // The original runs such a file; every poll of this server fails there, too.
    if text.ends_with(":0") && Host::of_authority(text).as_str() != text {
        key.at
            .warning(format!("nothing can be reached at port 0 of {text:?}; every poll will fail"));
    }
    Some(text.into())
}

/// Rules 2 to 4 of section 5: what the original stops at is a warning in its words.
fn check_tags(at: &KeyPath, definition: &[String], tags: &[(String, String)], server: &str) {
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
