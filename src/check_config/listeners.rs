//! Every listener that a start would bind: bound and released. Two on one address and port are
//! told before anything is bound.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener, ToSocketAddrs, UdpSocket};

use actors::config::{Problem, Severity};
use actors::health_endpoint::HealthSockets;
use actors::udp_receiver::UdpSettings;

use crate::config::Settings;
use crate::sockets::cannot_listen;

/// A listener that the configuration asks for.
struct Listener {
    /// Section and key of the port, below `Butler-SOS`.
    key: (&'static str, &'static str),
    protocol: Protocol,
    host: String,
    /// 0 lets the system choose.
    port: u16,
    /// Whether the start ends where it cannot be bound. Else it is tried again every 10 s.
    needed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Protocol {
    Tcp,
    Udp,
    /// TCP on the loopback interface, over IPv4 and, where there is any, over IPv6.
    Health,
}

/// A bound socket, until all are.
#[expect(dead_code, reason = "held, so that no two get the same address")]
enum Bound {
    Tcp(TcpListener),
    Udp(UdpSocket),
    Health(HealthSockets),
}

/// Adds what stands in the way of listening; whether the program would start.
pub(super) fn check(settings: &Settings, problems: &mut Vec<Problem>) -> bool {
    let mut starts = true;
    // The same in the words of a start, which does not look names up.
    problems.retain(|problem| !problem.message.starts_with("listens on "));
    let mut held = Vec::new();
    let mut before: Vec<(Listener, Vec<SocketAddr>)> = Vec::new();
    for listener in wanted(settings) {
        // What stands there is a default, and not what is meant.
        if problems.iter().any(|it| it.severity == Severity::Error && listener.is_meant_by(it)) {
            continue;
        }
        let path = listener.path();
        let addresses = match listener.addresses() {
            Ok(addresses) => addresses,
            Err(error) => {
                starts &= !listener.needed;
                let message = cannot_listen(&listener.address(), &error);
                problems.push(listener.problem(message));
                continue;
            }
        };
        let same = |(other, at): &&(Listener, Vec<SocketAddr>)| {
            other.protocol.is_udp() == listener.protocol.is_udp() && meet(at, &addresses)
        };
        if let Some((other, _)) = before.iter().find(same) {
            // A host with several addresses listens on the first that it can have.
            match listener.bind(&addresses) {
                Ok(bound) => held.push(bound),
                Err(_) => starts &= !(listener.needed || other.needed),
            }
            let message = format!(
                "listens on {} as {} does; give one of them another port",
                listener.address(),
                other.path()
            );
            problems.push(Problem { severity: Severity::Error, path, line: None, message });
            continue;
        }
        match listener.bind(&addresses) {
            Ok(bound) => held.push(bound),
            Err(error) => {
                starts &= !listener.needed;
                problems.push(listener.problem(cannot_listen(&listener.address(), &error)));
            }
        }
        before.push((listener, addresses));
    }
    starts
}

/// Section, key of the port, and settings of the receivers that are switched on.
pub(super) fn receivers(settings: &Settings) -> Vec<(&'static str, &'static str, &UdpSettings)> {
    let user = settings
        .user_events
        .as_ref()
        .map(|on| ("userEvents", "udpServerConfig.portUserActivityEvents", &on.receiver.udp));
    let log = settings
        .log_events
        .as_ref()
        .map(|on| ("logEvents", "udpServerConfig.portLogEvents", &on.receiver.udp));
    user.into_iter().chain(log).collect()
}

/// All listeners, in the order of a start.
fn wanted(settings: &Settings) -> Vec<Listener> {
    let tcp = |key, host: &str, port, needed| {
        let (protocol, host) = (Protocol::Tcp, host.to_owned());
        Listener { key, protocol, host, port, needed }
    };
    let mut all = Vec::new();
    if let Some(check) = settings.health_check {
        let (key, host) = (("dockerHealthCheck", "port"), "127.0.0.1".to_owned());
        let (protocol, port) = (Protocol::Health, check.port);
        all.push(Listener { key, protocol, host, port, needed: true });
    }
    if let Some(page) = &settings.page {
        all.push(tcp(("configVisualisation", "port"), &page.at.host, page.at.port, true));
    }
    if let Some(prometheus) = &settings.prometheus {
        let (own, sense) = (&prometheus.own, &prometheus.sense);
        all.push(tcp(("prometheus", "nodeMetricsPort"), &own.host, own.port, true));
        all.push(tcp(("prometheus", "port"), &sense.host, sense.port, false));
    }
    all.extend(receivers(settings).into_iter().map(|(section, key, udp)| Listener {
        key: (section, key),
        protocol: Protocol::Udp,
        host: udp.host.clone(),
        port: udp.port,
        needed: false,
    }));
    all
}

impl Listener {
    fn path(&self) -> String {
        format!("Butler-SOS.{}.{}", self.key.0, self.key.1)
    }

    /// Whether a problem is about host or port.
    fn is_meant_by(&self, problem: &Problem) -> bool {
        let path = self.path();
        let above = path.rsplit_once('.').map_or("", |(above, _)| above);
        problem.path == path
            || ["host", "serverHost", "nodeMetricsHost"]
                .iter()
                .any(|key| problem.path == format!("{above}.{key}"))
    }

    /// `host:port`, and the protocol where it is not TCP.
    fn address(&self) -> String {
        let (host, port) = (self.host.trim_matches(['[', ']']), self.port);
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let protocol = if self.protocol.is_udp() { "/udp" } else { "" };
        format!("{host}:{port}{protocol}")
    }

    fn addresses(&self) -> io::Result<Vec<SocketAddr>> {
        let all: Vec<SocketAddr> = (self.host.as_str(), self.port).to_socket_addrs()?.collect();
        if !self.protocol.is_udp() {
            return Ok(all);
        }
        let first = all.into_iter().find(SocketAddr::is_ipv4).ok_or_else(|| {
            io::Error::new(io::ErrorKind::AddrNotAvailable, "the host has no IPv4 address")
        })?;
        Ok(vec![first])
    }

    fn bind(&self, addresses: &[SocketAddr]) -> io::Result<Bound> {
        match self.protocol {
            Protocol::Tcp => TcpListener::bind(addresses).map(Bound::Tcp),
            Protocol::Udp => UdpSocket::bind(addresses).map(Bound::Udp),
            Protocol::Health => HealthSockets::bind(self.port).map(Bound::Health),
        }
    }

    /// As bad as it is at a start.
    fn problem(&self, message: String) -> Problem {
        let (severity, message) = match self.needed {
            true => (Severity::Error, message),
            false => (
                Severity::Warning,
                format!("{message}. The program would start and try again every 10 s"),
            ),
        };
        Problem { severity, path: self.path(), line: None, message }
    }
}

impl Protocol {
    fn is_udp(self) -> bool {
        self == Self::Udp
    }
}

/// Whether two listeners would have an address and port in common.
fn meet(these: &[SocketAddr], those: &[SocketAddr]) -> bool {
    let any = |address: &IpAddr| address.is_unspecified();
    these.iter().any(|this| {
        those.iter().any(|that| {
            let (here, there) = (this.ip().to_canonical(), that.ip().to_canonical());
            let one_family = here.is_ipv4() == there.is_ipv4();
            // The unspecified address of IPv6 stands for those of IPv4 too.
            let all = |address: &IpAddr| any(address) && (one_family || address.is_ipv6());
            this.port() != 0
                && this.port() == that.port()
                && (here == there || all(&here) || all(&there))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listeners_are_compared_as_addresses() {
        for (this, that, same) in [
            ("127.0.0.1:9", "127.0.0.1:9", true),
            ("127.0.0.1:9", "127.0.0.1:8", false),
            ("127.0.0.1:9", "127.0.0.2:9", false),
            ("127.0.0.1:9", "0.0.0.0:9", true),
            ("0.0.0.0:9", "[::1]:9", false),
            ("[::]:9", "10.1.1.1:9", true),
            ("[::ffff:127.0.0.1]:9", "127.0.0.1:9", true),
            ("127.0.0.1:0", "127.0.0.1:0", false),
        ] {
            let (a, b): (SocketAddr, SocketAddr) = (this.parse().unwrap(), that.parse().unwrap());
            assert_eq!((meet(&[a], &[b]), meet(&[b], &[a])), (same, same), "{this} {that}");
        }
    }
}
