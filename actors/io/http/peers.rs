//! What kind of server is talked to, and keeping the TLS set-up for it up to date with its files.

use std::path::PathBuf;
use std::time::Duration;

use openssl::x509::X509;
use tokio::task::spawn_blocking;
use tokio::time::Instant;

use super::CertFiles;
use super::client::Clients;
use super::files::read_identity;
use super::identity::Fingerprint;
use super::tls::TlsClient;
use super::verify::Verify;

/// What kind of server is talked to.
pub(super) enum Peers {
    /// `http` only.
    Plain,
    /// Vouched for by an authority in this PEM file, or else by one that the system trusts.
    Public(Option<PathBuf>),
    /// Qlik Sense: our certificate is shown.
    Sense(CertFiles, Verify),
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

/// What is in use, and what it was made from.
pub(super) struct Current {
    clients: Clients,
    fingerprint: Option<Fingerprint>,
    looked: Instant,
}

/// How long files may have changed before that is noticed. A look at them must not be part of
/// each of a thousand polls a second.
const LOOK_EVERY: Duration = Duration::from_secs(1);

impl Peers {
    /// How much of a server's certificate is verified.
    pub(super) fn verify(&self) -> Verify {
        match self {
            Self::Sense(_, verify) => *verify,
            Self::Plain | Self::Public(_) => Verify::ChainAndName,
        }
    }

    /// Brings `current` up to date. Files are looked at and keys decrypted on a thread of their
    /// own, for both can take long and polls share one.
    ///
    /// # Errors
    /// Why there is no set-up; tried again at the next call.
    pub(super) async fn refresh(
        &self,
        current: &mut Option<Current>,
        make: impl FnOnce(SetUp) -> Clients,
    ) -> Result<Clients, String> {
        let fresh = match self {
            Self::Plain | Self::Public(_) => true,
            Self::Sense(..) => {
                current.as_ref().is_some_and(|current| current.looked.elapsed() < LOOK_EVERY)
            }
        };
        if let Some(current) = current.as_ref().filter(|_| fresh) {
            return Ok(current.clients.clone());
        }
        let looked = Instant::now();
        let (set_up, fingerprint) = match self {
            Self::Plain => (SetUp::Plain, None),
            Self::Public(authorities) => {
                let file = authorities.clone();
                (aside(move || Ok(SetUp::Public(TlsClient::public(file.as_deref())?))).await?, None)
            }
            Self::Sense(files, verify) => {
                let (files, verify) = (files.clone(), *verify);
                let known = current.as_ref().and_then(|current| current.fingerprint.clone());
                match aside(move || sense(&files, verify, known.as_ref())).await? {
                    (None, _) => {
                        let current = current.as_mut().ok_or("the certificates are not read")?;
                        current.looked = looked;
                        return Ok(current.clients.clone());
                    }
                    (Some(set_up), fingerprint) => (set_up, Some(fingerprint)),
                }
            }
        };
        let clients = make(set_up);
        *current = Some(Current { clients: clients.clone(), fingerprint, looked });
        Ok(clients)
    }
}

async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, String> {
    let done = spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(format!("the certificates could not be read: {error}")))
}

/// `None` where the files are those of `known`.
fn sense(
    files: &CertFiles,
    verify: Verify,
    known: Option<&Fingerprint>,
) -> Result<(Option<SetUp>, Fingerprint), String> {
    let fingerprint = files.fingerprint();
    if known == Some(&fingerprint) {
        return Ok((None, fingerprint));
    }
    let identity = read_identity(files).map_err(|error| error.to_string())?;
    let home = TlsClient::showing(&identity, files, verify).map_err(|error| error.to_string())?;
    Ok((Some(SetUp::Sense(home, identity.authorities)), fingerprint))
}
