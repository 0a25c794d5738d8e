//! Name lookup and TCP connect that remember which address was dialled, so that an error can name
//! it. The HTTP client's own connector forgets.

use std::error::Error;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};

use actix_service::{Service, fn_service};
use actix_tls::connect::{ConnectError, ConnectInfo, Connection};
use awc::http::Uri;
use tokio::net::TcpStream;

/// A connect that failed. Carried as the payload of the `io::Error` that the client passes on.
#[derive(Debug)]
pub(super) struct DialError {
    /// The address that was dialled last.
    pub(super) address: SocketAddr,
    /// What the operating system said.
    pub(super) cause: io::Error,
}

impl fmt::Display for DialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "connect to {}: {}", self.address, self.cause)
    }
}

impl Error for DialError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.cause)
    }
}

/// The TCP connector for the HTTP client.
pub(super) fn connector()
-> impl Service<ConnectInfo<Uri>, Response = Connection<Uri, TcpStream>, Error = ConnectError> + Clone
{
    fn_service(|info: ConnectInfo<Uri>| async move {
        let stream = dial(info.hostname(), info.port()).await?;
        Ok(Connection::new(info.request().clone(), stream))
    })
}

/// Tries the addresses of a host in turn; the error is that of the last one.
async fn dial(host: &str, port: u16) -> Result<TcpStream, ConnectError> {
    let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    let addresses: Vec<SocketAddr> = match literal {
        Ok(ip) => vec![SocketAddr::new(ip, port)],
        Err(_) => tokio::net::lookup_host((host, port))
            .await
            .map_err(|error| ConnectError::Resolver(Box::new(error)))?
            .collect(),
    };
    let mut last = ConnectError::NoRecords;
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                // A poll is one small write and one answer; waiting to fill packets only delays.
                _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Err(cause) => {
                let kind = cause.kind();
                let error = DialError { address, cause };
                last = ConnectError::Io(io::Error::new(kind, error));
            }
        }
    }
    Err(last)
}
