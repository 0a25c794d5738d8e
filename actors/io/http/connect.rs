//! From a host name to a connection that HTTP can be spoken on: lookup, dial, TLS. Each step
//! remembers what an error must tell. The HTTP client's own connector forgets.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use actix_service::{Service, fn_service};
use actix_tls::connect::{ConnectError, ConnectInfo, Connection};
use awc::http::Uri;
use chrono::{DateTime, Utc};
use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::kept::{KeptConnections, Pace};
use super::tls::TlsClient;
use super::tls_error::TlsError;
use super::wire::{Stream, Wire, WireError};
use crate::io::dial::{DialError, dial};

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

/// How many handshakes are begun at once: a thousand servers that are met together would
/// otherwise all be late together.
const HANDSHAKES: usize = 50;

/// How long a handshake counts among those: servers that never answer do not hold up the others.
const COUNTED: Duration = Duration::from_millis(200);

/// When a resting connection is first asked whether it is still there, and how often it may not
/// answer: firewalls remember it, and whether it is dead is known before the next poll.
const KEEP_ALIVE: TcpKeepalive = TcpKeepalive::new()
    .with_time(Duration::from_secs(10))
    .with_interval(Duration::from_secs(3))
    .with_retries(3);

/// The connector for the HTTP client.
#[derive(Clone)]
pub(super) struct Connector(Rc<Inner>);

struct Inner {
    /// With it, every connection is secured before the client sees it, whatever the scheme that
    /// the client is told.
    tls: Option<TlsClient>,
    seen: SeenCertificates,
    kept: KeptConnections,
    pace: Pace,
    handshakes: Semaphore,
}

impl Connector {
    pub(super) fn new(
        tls: Option<TlsClient>,
        seen: SeenCertificates,
        kept: KeptConnections,
        pace: Pace,
    ) -> Self {
        let handshakes = Semaphore::new(HANDSHAKES);
        Self(Rc::new(Inner { tls, seen, kept, pace, handshakes }))
    }

    pub(super) fn service(
        self,
    ) -> impl Service<ConnectInfo<Uri>, Response = Connection<Uri, Wire>, Error = ConnectError> + Clone
    {
        fn_service(move |info: ConnectInfo<Uri>| {
            let Self(inner) = self.clone();
            async move {
                let (host, port) = (bare(info.hostname()), info.port());
                let (stream, address) =
                    dial(host, port, |_| ()).await.map_err(|error| match error {
                        DialError::Lookup(error) => ConnectError::Resolver(Box::new(error)),
                        DialError::NoAddress => ConnectError::NoRecords,
                        DialError::Refused(address, error) => {
                            failed(WireError::dial(address, error))
                        }
                    })?;
                _ = SockRef::from(&stream).set_tcp_keepalive(&KEEP_ALIVE);
                let stream = inner.secure(stream, host, port).await;
                let stream = stream.map_err(|error| failed(WireError::tls(address, error)))?;
                let retired = inner.kept.add(owner(info.request()));
                let wire = Wire::new(stream, address, inner.pace, retired);
                Ok(Connection::new(info.request().clone(), wire))
            }
        })
    }
}

impl Inner {
    async fn secure(&self, stream: TcpStream, host: &str, port: u16) -> Result<Stream, TlsError> {
        let Some(tls) = &self.tls else { return Ok(Stream::Plain(stream)) };
        // Never closed.
        let permit = self.handshakes.acquire().await.ok();
        let mut handshake = pin!(tls.secure(stream, host));
        let secured = match timeout(COUNTED, handshake.as_mut()).await {
            Ok(secured) => secured?,
            Err(_) => {
                drop(permit);
                handshake.await?
            }
        };
        self.seen.note(host, port, secured.certificate_end);
        Ok(Stream::TlsConnection(Box::new(secured.stream)))
    }
}

/// Whose connection is asked for: see [`super::library::addressed`].
fn owner(uri: &Uri) -> u32 {
    let authority = uri.authority().map(|authority| authority.as_str().split('@'));
    authority.and_then(|mut parts| parts.next()?.parse().ok()).unwrap_or_default()
}

fn failed(error: WireError) -> ConnectError {
    ConnectError::Io(io::Error::other(error))
}

/// An IPv6 address without the brackets of a URL.
fn bare(host: &str) -> &str {
    host.trim_start_matches('[').trim_end_matches(']')
}
