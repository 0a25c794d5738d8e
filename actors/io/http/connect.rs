//! From a host name to a connection that HTTP can be spoken on: lookup, dial, TLS. Each step
//! remembers what an error must tell. The HTTP client's own connector forgets.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;

use actix_service::{Service, fn_service};
use actix_tls::connect::{ConnectError, ConnectInfo, Connection};
use awc::http::Uri;
use chrono::{DateTime, Utc};
use tokio::net::TcpStream;

use super::tls::TlsClient;
use super::wire::{Wire, WireError};

/// Until when the certificates are valid that servers have shown.
#[derive(Clone, Default)]
pub(super) struct SeenCertificates(Rc<RefCell<Ends>>);

/// By host and port.
type Ends = HashMap<(String, u16), DateTime<Utc>>;

impl SeenCertificates {
    /// The end of the certificate that this server showed last.
    pub(super) fn end_of(&self, host: &str, port: u16) -> Option<DateTime<Utc>> {
        self.0.borrow().get(&(bare(host).to_owned(), port)).copied()
    }

    fn note(&self, host: &str, port: u16, end: Option<DateTime<Utc>>) {
        let mut seen = self.0.borrow_mut();
        match end {
            Some(end) => _ = seen.insert((host.to_owned(), port), end),
            None => _ = seen.remove(&(host.to_owned(), port)),
        }
    }
}

/// The connector for the HTTP client. With `tls`, every connection is secured before the client
/// sees it, whatever the scheme that the client is told.
pub(super) fn connector(
    tls: Option<TlsClient>,
    seen: SeenCertificates,
) -> impl Service<ConnectInfo<Uri>, Response = Connection<Uri, Wire>, Error = ConnectError> + Clone
{
    fn_service(move |info: ConnectInfo<Uri>| {
        let (tls, seen) = (tls.clone(), seen.clone());
        async move {
            let (host, port) = (bare(info.hostname()), info.port());
            let (stream, address) = dial(host, port).await?;
            let wire = match tls {
                None => Wire::plain(stream, address),
                Some(tls) => match tls.secure(stream, host).await {
                    Ok(secured) => {
                        seen.note(host, port, secured.certificate_end);
                        Wire::secured(secured.stream, address)
                    }
                    Err(error) => return Err(failed(WireError::tls(address, error))),
                },
            };
            Ok(Connection::new(info.request().clone(), wire))
        }
    })
}

fn failed(error: WireError) -> ConnectError {
    ConnectError::Io(io::Error::other(error))
}

/// An IPv6 address without the brackets of a URL.
fn bare(host: &str) -> &str {
    host.trim_start_matches('[').trim_end_matches(']')
}

/// Tries the addresses of a host in turn; the error is that of the last one.
async fn dial(host: &str, port: u16) -> Result<(TcpStream, SocketAddr), ConnectError> {
    let addresses: Vec<SocketAddr> = match host.parse::<IpAddr>() {
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
                return Ok((stream, address));
            }
            Err(error) => last = failed(WireError::dial(address, error)),
        }
    }
    Err(last)
}
