//! The socket: bound with a receive buffer in which a burst can wait (decision V1).

use std::io;
use std::net::{SocketAddr, SocketAddrV4};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;

use crate::domain::errors::ErrorCode;

/// Bytes asked for; the operating system may grant less.
const BUFFER: usize = 8 << 20;

/// A bound socket and the bytes of its receive buffer.
pub(super) struct Bound {
    pub(super) socket: UdpSocket,
    pub(super) buffer: usize,
}

/// Binds to the first IPv4 address of a host.
pub(super) async fn bind(host: &str, port: u16) -> io::Result<Bound> {
    let addresses: Vec<SocketAddr> = tokio::net::lookup_host((host, port)).await?.collect();
    let address = addresses.into_iter().find_map(|address| match address {
        SocketAddr::V4(address) => Some(address),
        SocketAddr::V6(_) => None,
    });
    let address = address.ok_or_else(|| {
        io::Error::new(io::ErrorKind::AddrNotAvailable, "the host has no IPv4 address")
    })?;
    open(address)
}

fn open(address: SocketAddrV4) -> io::Result<Bound> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    // Smaller is better than nothing.
    _ = socket.set_recv_buffer_size(BUFFER);
    let buffer = socket.recv_buffer_size()?;
    socket.set_nonblocking(true)?;
    socket.bind(&SocketAddr::V4(address).into())?;
    Ok(Bound { socket: UdpSocket::from_std(socket.into())?, buffer })
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
    let table = std::fs::read_to_string("/proc/self/net/udp").ok()?;
    let row = table.lines().skip(1).map(|row| row.split_whitespace().collect::<Vec<_>>());
    row.into_iter().find(|row| row.get(9) == Some(&inode))?.last()?.parse().ok()
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
