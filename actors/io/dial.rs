//! From a host name to a connection: lookup, and its addresses in turn.

use std::io;
use std::net::{IpAddr, SocketAddr};

use tokio::net::TcpStream;

use crate::domain::errors::Stage;

/// Why there is no connection.
#[derive(Debug)]
pub(in crate::io) enum DialError {
    /// The name was not found.
    Lookup(io::Error),
    /// The name has no address.
    NoAddress,
    /// The address that was tried last.
    Refused(SocketAddr, io::Error),
}

/// Looks a host up and tries its addresses in turn; the error is that of the last one. An IPv6
/// address has no brackets. `on` is told of each step before it is taken.
pub(in crate::io) async fn dial(
    host: &str,
    port: u16,
    mut on: impl FnMut(Stage),
) -> Result<(TcpStream, SocketAddr), DialError> {
    on(Stage::Lookup);
    let addresses: Vec<SocketAddr> = match host.parse::<IpAddr>() {
        Ok(ip) => vec![SocketAddr::new(ip, port)],
        Err(_) => tokio::net::lookup_host((host, port)).await.map_err(DialError::Lookup)?.collect(),
    };
    let mut last = DialError::NoAddress;
    for address in addresses {
        on(Stage::Dial(address));
        match TcpStream::connect(address).await {
            Ok(stream) => {
                // What is sent is small, and waiting to fill packets only delays it.
                _ = stream.set_nodelay(true);
                return Ok((stream, address));
            }
            Err(error) => last = DialError::Refused(address, error),
        }
    }
    Err(last)
}
