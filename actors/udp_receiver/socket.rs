//! The socket: bound with a receive buffer in which a burst can wait (decision V1), or handed over
//! by who started the program.

use std::io;
use std::net::{SocketAddr, SocketAddrV4, UdpSocket};

use socket2::{Domain, Protocol, SockRef, Socket, Type};

use crate::domain::errors::ErrorCode;

/// Bytes asked for; the operating system may grant less.
const BUFFER: usize = 8 << 20;

/// A socket that is bound, and never blocks.
pub(super) struct Listener {
    pub(super) socket: UdpSocket,
    /// Bytes of its receive buffer.
    pub(super) buffer: usize,
    pub(super) owner: Owner,
}

/// Whose socket it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    /// It ends with the program.
    Program,
    /// It outlives the program: what is not read waits there for the next start.
    ServiceManager,
}

/// The first IPv4 address of a host.
pub(super) async fn address_of(host: &str, port: u16) -> io::Result<SocketAddrV4> {
    let addresses = tokio::net::lookup_host((host, port)).await?;
    let mut addresses = addresses.filter_map(|address| match address {
        SocketAddr::V4(address) => Some(address),
        SocketAddr::V6(_) => None,
    });
    addresses.next().ok_or_else(|| {
        io::Error::new(io::ErrorKind::AddrNotAvailable, "the host has no IPv4 address")
    })
}

impl Listener {
    pub(super) fn bind(address: SocketAddrV4) -> io::Result<Self> {
        let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
        // Smaller is better than nothing.
        _ = socket.set_recv_buffer_size(BUFFER);
        socket.bind(&SocketAddr::V4(address).into())?;
        Self::of(socket.into(), Owner::Program)
    }

    pub(super) fn handed(socket: UdpSocket) -> io::Result<Self> {
        let at = SockRef::from(&socket);
        // A service manager may have granted more than we can ask for; that would shrink it.
        if at.recv_buffer_size()? < most_granted() {
            _ = at.set_recv_buffer_size(BUFFER);
        }
        Self::of(socket, Owner::ServiceManager)
    }

    fn of(socket: UdpSocket, owner: Owner) -> io::Result<Self> {
        let buffer = SockRef::from(&socket).recv_buffer_size()?;
        socket.set_nonblocking(true)?;
        Ok(Self { socket, buffer, owner })
    }

    /// Where a socket that was handed over listens, if that is not what the configuration says.
    pub(super) fn elsewhere(&self, configured: SocketAddrV4) -> Option<SocketAddr> {
        let at = self.socket.local_addr().ok().filter(|_| self.owner == Owner::ServiceManager)?;
        let (there, here) = (at.ip().to_canonical(), *configured.ip());
        // The unspecified address of IPv6 stands for those of IPv4 too.
        let same_host = there == here || (there.is_unspecified() && here.is_unspecified());
        let same_port = configured.port() == 0 || configured.port() == at.port();
        (!same_host || !same_port).then_some(at)
    }
}

/// The size of a receive buffer, as the operating system tells it, after [`BUFFER`] was asked for.
#[cfg(target_os = "linux")]
fn most_granted() -> usize {
    let limit = std::fs::read_to_string("/proc/sys/net/core/rmem_max").unwrap_or_default();
    // Linux doubles what it is asked for, for its own needs, and tells that.
    limit.trim().parse().unwrap_or(0).min(BUFFER) * 2
}

/// See the other one; too much is an error that changes nothing.
#[cfg(not(target_os = "linux"))]
fn most_granted() -> usize {
    BUFFER
}

/// Datagrams that the operating system dropped because the receive buffer was full, since the
/// socket was bound; `None` where it does not tell.
#[cfg(target_os = "linux")]
pub(super) fn kernel_drops(socket: &UdpSocket) -> Option<u64> {
    use std::os::fd::AsRawFd;

    // `socket:[12345]`; the table has the number in its tenth column and the drops in its last.
    let link = std::fs::read_link(format!("/proc/self/fd/{}", socket.as_raw_fd())).ok()?;
    let link = link.to_str()?;
    let inode = link.strip_prefix("socket:[")?.strip_suffix(']')?;
    // One that was handed over may be of IPv6.
    ["/proc/self/net/udp", "/proc/self/net/udp6"].iter().find_map(|table| {
        let table = std::fs::read_to_string(table).ok()?;
        let mut rows = table.lines().skip(1).map(|row| row.split_whitespace().collect::<Vec<_>>());
        rows.find(|row| row.get(9) == Some(&inode))?.last()?.parse().ok()
    })
}

/// See the other one.
#[cfg(not(target_os = "linux"))]
pub(super) fn kernel_drops(_: &UdpSocket) -> Option<u64> {
    None
}

/// The code of a failure to bind or to read.
pub(super) fn code_of(error: &io::Error) -> ErrorCode {
    match error.kind() {
        io::ErrorKind::PermissionDenied => ErrorCode::PermissionDenied,
        io::ErrorKind::AddrNotAvailable => ErrorCode::AddressNotAvailable,
        io::ErrorKind::AddrInUse => ErrorCode::AddressInUse,
        _ => ErrorCode::Unnamed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `None` for IPv6 on a machine without it.
    fn listener(at: &str) -> Option<Listener> {
        match UdpSocket::bind(at) {
            Err(_) if at.starts_with('[') => None,
            socket => Some(Listener::handed(socket.unwrap()).unwrap()),
        }
    }

    #[test]
    fn a_socket_that_listens_elsewhere_is_told_from_one_that_listens_where_it_should() {
        for (at, configured) in
            [("127.0.0.1:0", "127.0.0.1"), ("0.0.0.0:0", "0.0.0.0"), ("[::]:0", "0.0.0.0")]
        {
            let Some(listener) = listener(at) else { continue };
            let here = listener.socket.local_addr().unwrap();
            let configured = |port| SocketAddrV4::new(configured.parse().unwrap(), port);
            assert_eq!(listener.elsewhere(configured(here.port())), None, "{at}");
            assert_eq!(listener.elsewhere(configured(0)), None, "{at}");
            assert_eq!(listener.elsewhere(configured(here.port() ^ 1)), Some(here), "{at}");
        }
        let open = listener("0.0.0.0:0").unwrap();
        let here = open.socket.local_addr().unwrap();
        let configured = SocketAddrV4::new("127.0.0.1".parse().unwrap(), here.port());
        assert_eq!(open.elsewhere(configured), Some(here), "more can send than was meant");
    }

    #[test]
    fn a_receive_buffer_that_was_handed_over_never_shrinks() {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let before = SockRef::from(&socket).recv_buffer_size().unwrap();
        let granted = Listener::handed(socket.try_clone().unwrap()).unwrap().buffer;
        assert!(granted >= before, "{before} before, {granted} now");
        assert_eq!(Listener::handed(socket).unwrap().buffer, granted, "a second start");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn drops_of_the_system_are_read_for_both_families() {
        for at in ["127.0.0.1:0", "[::1]:0"] {
            let Some(listener) = listener(at) else { continue };
            assert_eq!(kernel_drops(&listener.socket), Some(0), "{at}");
        }
    }
}
