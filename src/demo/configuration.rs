//! The configuration file for a simulated site.

use std::fmt::Write;
use std::path::Path;

use super::site::{Endpoint, Site};

/// What can be chosen; everything else is as any site has it.
#[derive(Debug, Clone)]
pub struct Choices {
    /// Milliseconds between two polls of one target.
    pub interval_ms: u64,
    /// Virtual proxies of every server.
    pub virtual_proxies: Vec<&'static str>,
    /// Whether app names are fetched, where the site has a repository.
    pub app_names: bool,
    /// YAML below `Butler-SOS`, two spaces deep: `influxdbConfig` for example.
    pub sections: String,
}

impl Default for Choices {
    fn default() -> Self {
        Self {
            interval_ms: 2_000,
            virtual_proxies: vec!["/", "/hdr"],
            app_names: true,
            sections: String::new(),
        }
    }
}

/// Writes the file for the first `servers` servers of a site, called `sense1` and so on.
pub fn of_site(site: &Site, servers: usize, choices: &Choices) -> String {
    let mut text = "Butler-SOS:\n".to_owned();
    let quoted = |path: &Path| format!("{:?}", path.display().to_string());
    let interval = choices.interval_ms;
    let repository = site.address(Endpoint::Repository).filter(|_| choices.app_names);
    // Writing to a text cannot fail.
    _ = write!(
        text,
        "  fileLogging: false
  cert:
    clientCert: {}
    clientCertKey: {}
    clientCertCA: {}
  userSessions:
    enableSessionExtract: true
    pollingInterval: {interval}
  appNames:
    enableAppNameExtract: {}
    extractInterval: {interval}
    hostIP: {}
{}  serversToMonitor:
    pollingInterval: {interval}
    rejectUnauthorized: true
    servers:
",
        quoted(&site.client.cert),
        quoted(&site.client.key),
        quoted(&site.client.ca),
        repository.is_some(),
        repository.map_or_else(|| "127.0.0.1".to_owned(), |address| address.ip().to_string()),
        choices.sections,
    );
    for server in 0..servers {
        let (Some(engine), Some(proxy)) =
            (site.address(Endpoint::Engine(server)), site.address(Endpoint::Proxy(server)))
        else {
            break;
        };
        _ = write!(
            text,
            "      - host: {engine}
        serverName: sense{}
        serverDescription: simulated
        userSessions:
          enable: true
          host: {proxy}
          virtualProxies:
",
            server + 1
        );
        for prefix in &choices.virtual_proxies {
            _ = writeln!(text, "            - virtualProxy: {prefix}");
        }
    }
    text
}
