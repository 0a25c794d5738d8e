//! The configuration files of a campaign.

use std::fmt::Write;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use butler_sos::demo::configuration::{Choices, of_site};
use butler_sos::demo::site::Site;

/// Servers that refuse, each asked ten times a second.
const REFUSING: usize = 40;

const SECTIONS: &str = "  logEvents:
    udpServerConfig:
      serverHost: 127.0.0.1
      portLogEvents: 0
    source:
      engine:
        enable: true
    sendToInfluxdb:
      enable: true
";

/// Where things lie.
pub(crate) struct Files {
    pub(crate) data: PathBuf,
    pub(crate) history: PathBuf,
    pub(crate) outbox: PathBuf,
    /// The configuration.
    pub(crate) config: PathBuf,
    /// That of another process which uses the same history.
    pub(crate) rival: PathBuf,
}

/// Writes both configurations. `hanging` accepts connections and says nothing.
pub(crate) fn write(folder: &Path, site: &Site, database: u16, hanging: SocketAddr) -> Files {
    let data = folder.join("data");
    let files = Files {
        history: data.join("errors.sqlite3"),
        outbox: data.join("outbox.sqlite3"),
        data,
        config: folder.join("config.yaml"),
        rival: folder.join("rival.yaml"),
    };
    let history = files.history.display().to_string();
    let tracking = format!("  errorTracking:\n    history:\n      file: {history:?}\n");
    let outbox = files.outbox.display().to_string();
    let influx = format!(
        "  influxdbConfig:
    enable: true
    host: 127.0.0.1
    port: {database}
    version: 1
    outbox: {{ file: {outbox:?}, maxSizeMiB: 4 }}
    v1Config:
      dbName: SenseOps
"
    );
    fs::write(&files.config, text(site, &format!("{tracking}{influx}{SECTIONS}"), hanging))
        .expect("the configuration can be written");
    fs::write(&files.rival, text(site, &tracking, hanging)).expect("so can the other");
    files
}

fn text(site: &Site, sections: &str, hanging: SocketAddr) -> String {
    let choices = Choices {
        interval_ms: 100,
        app_names: false,
        virtual_proxies: vec!["/"],
        sections: sections.to_owned(),
    };
    let mut text = of_site(site, 1, &choices);
    // Port 1 is refused at once; each has an address of its own, for an address is a target.
    let hosts = (1..=REFUSING).map(|number| format!("127.0.1.{number}:1"));
    for (number, host) in hosts.chain([hanging.to_string()]).enumerate() {
        // Writing to a text cannot fail.
        _ = write!(
            text,
            "      - host: {host}
        serverName: away{number}
        serverDescription: does not answer
"
        );
    }
    text
}
