//! The client library below, set up for each kind of origin that a request can lead to.

use std::rc::Rc;
use std::time::Duration;

use openssl::x509::X509;
use url::{Position, Url};

use super::connect::{Connector, SeenCertificates};
use super::kept::{KeptConnections, Pace};
use super::tls::TlsClient;
use super::verify::Verify;

/// Makes clients of the library.
pub(super) struct Library {
    /// The limit of the requests.
    pub(super) timeout: Duration,
    pub(super) pace: Pace,
    pub(super) seen: SeenCertificates,
    pub(super) kept: KeptConnections,
}

/// TLS for whom a request is meant, and for where a redirect may lead.
pub(super) enum SetUp {
    /// None: `http` only.
    Plain,
    /// The same for everybody.
    Public(TlsClient),
    /// Our certificate for Qlik Sense; a redirect elsewhere is verified against these authorities.
    Sense(TlsClient, Vec<X509>),
}

/// The clients for one set-up. Dropping them closes their connections.
#[derive(Clone)]
pub(super) struct Clients {
    /// `https` to whom the request was made for; `None` where TLS is not set up.
    home: Option<awc::Client>,
    /// `https` to anybody else: without our certificate.
    guest: Guest,
    plain: awc::Client,
}

/// Redirects to another server are rare, and setting TLS up takes milliseconds: it waits until
/// there is one.
#[derive(Clone)]
enum Guest {
    None,
    Ready(awc::Client),
    Due(Rc<[X509]>),
}

impl Library {
    pub(super) fn clients(&self, set_up: SetUp) -> Clients {
        let (home, guest) = match set_up {
            SetUp::Plain => (None, Guest::None),
            SetUp::Public(tls) => {
                let home = self.client(Some(tls.clone()), true);
                (Some(home), Guest::Ready(self.client(Some(tls), false)))
            }
            SetUp::Sense(tls, authorities) => {
                (Some(self.client(Some(tls), true)), Guest::Due(authorities.into()))
            }
        };
        Clients { home, guest, plain: self.client(None, true) }
    }

    /// The client for `url`; `at_home` where that is whom the request was made for. `None` for
    /// `https` without TLS.
    pub(super) fn choose(
        &self,
        clients: &Clients,
        url: &Url,
        at_home: bool,
        verify: Verify,
    ) -> Result<Option<awc::Client>, String> {
        Ok(match (url.scheme(), &clients.guest) {
            ("https", _) if at_home => clients.home.clone(),
            ("https", Guest::None) => None,
            ("https", Guest::Ready(client)) => Some(client.clone()),
            ("https", Guest::Due(authorities)) => {
                let tls = TlsClient::anonymous(authorities, verify)?;
                Some(self.client(Some(tls), false))
            }
            _ => Some(clients.plain.clone()),
        })
    }

    fn client(&self, tls: Option<TlsClient>, remembers: bool) -> awc::Client {
        // Whoever redirects could name any number of hosts.
        let seen = if remembers { self.seen.clone() } else { SeenCertificates::default() };
        let kept = if remembers { self.kept.clone() } else { KeptConnections::default() };
        let (rest, life) = self.pace.pool_times();
        let connector = awc::Connector::new()
            .connector(Connector::new(tls, seen, kept, self.pace).service())
            // Only ever the request's own limit decides, so that every wait has one name.
            .timeout(self.timeout * 2)
            .conn_keep_alive(rest)
            .conn_lifetime(life)
            .limit(0);
        let client =
            awc::Client::builder().connector(connector).disable_redirects().disable_timeout();
        client.no_default_headers().finish()
    }
}

/// What the library is told: its own TLS would forget what an error must tell, so it is always
/// asked for `http`, and the connector secures the connection. It keeps connections apart by what
/// stands before the path, so the owner of the connection stands there as well; that part is
/// never sent. And the `Host` header, which has the port only where it is not the scheme's own
/// (RFC 9110, section 7.2).
pub(super) fn addressed(url: &Url, owner: u32) -> (String, String) {
    let host = url.host_str().unwrap_or_default();
    let port = url.port_or_known_default().unwrap_or_default();
    let path = &url[Position::BeforePath..Position::AfterQuery];
    let header = match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    };
    (format!("http://{owner}@{host}:{port}{path}"), header)
}
