//! By which names a listener may be called: the header `Host`.
//!
//! A page of a stranger that a browser shows can let its own name point to our address, and then
//! read what we answer (DNS rebinding). The name in the request is still the stranger's.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// The names and addresses of one listener.
#[derive(Debug, Clone)]
pub struct Hosts {
    bound: Arc<[SocketAddr]>,
    names: Arc<[String]>,
    open: bool,
    /// The key for further names, for whoever is refused; `None` when there is none.
    key: Option<&'static str>,
}

/// What a request says about itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Caller<'r> {
    /// `Host`, with a port or without.
    pub(super) host: &'r str,
    /// Whether a browser asks.
    pub(super) is_browser: bool,
}

impl Hosts {
    /// Only names of this machine, those of `configured`, and addresses that are listened on.
    pub fn strict<T: Into<String>>(
        bound: Vec<SocketAddr>,
        configured: impl IntoIterator<Item = T>,
    ) -> Self {
        let own = gethostname::gethostname().to_string_lossy().into_owned();
        let names = configured.into_iter().map(Into::into).chain([own, "localhost".to_owned()]);
        let names = names.map(|name| bare(&name).to_owned()).filter(|name| !name.is_empty());
        Self { bound: bound.into(), names: names.collect(), open: false, key: None }
    }

    /// Whatever name a program calls that is no browser, unless only this machine can call.
    #[must_use]
    pub fn open_to_programs(self) -> Self {
        let open = !self.bound.iter().all(|at| at.ip().is_loopback());
        Self { open, ..self }
    }

    /// Whoever is refused is told of this key, which takes further names.
    #[must_use]
    pub fn with_key(self, key: &'static str) -> Self {
        Self { key: Some(key), ..self }
    }

    /// What to tell whoever is refused.
    pub(super) fn cure(&self) -> String {
        match self.key {
            Some(key) => format!("add the name to {key}, or use the address"),
            None => "use localhost or the address".to_owned(),
        }
    }

    pub(super) fn accept(&self, caller: Caller<'_>) -> bool {
        let Some(host) = without_port(caller.host) else { return false };
        if let Ok(address) = host.trim_matches(['[', ']']).parse::<IpAddr>() {
            return self.is_bound_to(address) || (self.open && !caller.is_browser);
        }
        let host = bare(host);
        let known = self.names.iter().any(|name| name.eq_ignore_ascii_case(host));
        known || (self.open && !caller.is_browser && !host.is_empty())
    }

    fn is_bound_to(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.bound.iter().any(|at| {
            let bound = at.ip().to_canonical();
            bound.is_unspecified()
                || bound == address
                || (bound.is_loopback() && address.is_loopback())
        })
    }
}

/// Without brackets, and without the dot that ends an absolute name.
fn bare(name: &str) -> &str {
    let name = name.trim().trim_matches(['[', ']']);
    name.strip_suffix('.').unwrap_or(name)
}

/// `None` when what is behind the name is no port.
fn without_port(host: &str) -> Option<&str> {
    let name_end = host.rfind(']').map_or(0, |at| at + 1);
    match host[name_end..].split_once(':') {
        None => Some(host),
        Some((name, port)) => {
            let is_port = port.bytes().all(|byte| byte.is_ascii_digit());
            is_port.then(|| &host[..name_end + name.len()])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(bound: &str) -> Hosts {
        Hosts::strict(vec![bound.parse().unwrap()], ["Sos.example.com"])
    }

    fn accepted(hosts: &Hosts, host: &str, is_browser: bool) -> bool {
        hosts.accept(Caller { host, is_browser })
    }

    #[test]
    fn a_strict_listener_knows_its_own_names_and_addresses_only() {
        let own = gethostname::gethostname().to_string_lossy().into_owned();
        let local = hosts("127.0.0.1:3100");
        for host in [
            "localhost",
            "LOCALHOST:3100",
            "localhost.",
            "127.0.0.1:3100",
            "[::1]:3100",
            "sos.example.com:80",
            &own,
        ] {
            assert!(accepted(&local, host, true), "{host}");
        }
        for host in [
            "evil.example",
            "evil.example:3100",
            "localhost.evil.example",
            "10.0.0.1",
            "",
            ":3100",
            "localhost:3100:1",
            "localhost:http",
            "127.0.0.1.evil.example",
        ] {
            assert!(!accepted(&local, host, false), "{host}");
        }
        let one = hosts("10.0.0.1:3100");
        assert!(accepted(&one, "10.0.0.1", true) && !accepted(&one, "10.0.0.2", true));
        let any = hosts("0.0.0.0:3100");
        assert!(accepted(&any, "10.0.0.2:3100", true), "no name, so nobody's name");
        assert!(!accepted(&any, "evil.example", false));
    }

    #[test]
    fn an_open_listener_takes_any_name_from_programs_and_its_own_from_browsers() {
        let open = hosts("0.0.0.0:9842").open_to_programs();
        for (host, is_browser, expected) in [
            ("metrics.corp.example:9842", false, true),
            ("metrics.corp.example:9842", true, false),
            ("sos.example.com:9842", true, true),
            ("10.0.0.2:9842", true, true),
            ("", false, false),
        ] {
            assert_eq!(accepted(&open, host, is_browser), expected, "{host}");
        }
        let local = hosts("127.0.0.1:9842").open_to_programs();
        assert!(!accepted(&local, "metrics.corp.example", false), "this machine has no such name");
    }
}
