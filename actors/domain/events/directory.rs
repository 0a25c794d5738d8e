//! Which configured server a host name in an event belongs to (decision E12): text from the
//! network never becomes a server name.

use std::net::IpAddr;
use std::sync::Arc;

use hashbrown::HashMap;

use crate::domain::names::{Host, ServerName};

/// The configured servers by every name that an event may call them.
#[derive(Debug, Clone, Default)]
pub struct ServerDirectory(Arc<HashMap<Box<str>, ServerName>>);

/// No host of an event is longer.
const LONGEST: usize = 300;

impl ServerDirectory {
    /// A directory of servers with the hosts they have. Of two servers with one name the first
    /// counts.
    pub fn new<'a>(servers: impl IntoIterator<Item = (&'a ServerName, Vec<Host>)>) -> Self {
        let mut names: HashMap<Box<str>, ServerName> = HashMap::new();
        for (server, hosts) in servers {
            let mut add = |name: &str| {
                if !name.is_empty() {
                    let name = name.to_ascii_lowercase().into_boxed_str();
                    names.entry(name).or_insert_with(|| server.clone());
                }
            };
            for host in &hosts {
                let host = host.as_str();
                add(host);
                let is_address = host.starts_with('[') || host.parse::<IpAddr>().is_ok();
                if !is_address {
                    add(host.split('.').next().unwrap_or_default());
                }
            }
            add(server.as_str());
        }
        Self(Arc::new(names))
    }

    /// The server that a host name means; letter case does not matter.
    pub fn server(&self, host: &str) -> Option<&ServerName> {
        let mut lower = [0; LONGEST];
        let lower = lower.get_mut(..host.len())?;
        lower.copy_from_slice(host.as_bytes());
        lower.make_ascii_lowercase();
        self.0.get(std::str::from_utf8(lower).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_found_by_host_by_label_and_by_name() {
        let (first, second) = (ServerName::from("Central"), ServerName::from("10"));
        let directory = ServerDirectory::new([
            (&first, vec![Host::from("Sense1.example.com")]),
            (&second, vec![Host::from("192.168.1.7"), Host::from("sense1.other.org")]),
        ]);
        for (host, server) in [
            ("sense1.EXAMPLE.com", Some("Central")),
            ("SENSE1", Some("Central")),
            ("central", Some("Central")),
            ("192.168.1.7", Some("10")),
            ("192", None),
            ("sense1.other.org", Some("10")),
            ("10", Some("10")),
            ("elsewhere", None),
            ("", None),
        ] {
            assert_eq!(directory.server(host).map(ServerName::as_str), server, "{host}");
        }
    }
}
