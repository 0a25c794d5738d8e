//! What kind of server is talked to, and keeping the TLS set-up for it up to date with its files.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::Instant;

use super::CertFiles;
use super::files::{CertFileError, read_identity};
use super::identity::Fingerprint;
use super::library::{Clients, SetUp};
use super::tls::TlsClient;
use super::verify::Verify;
use crate::domain::errors::ErrorCode;

/// What kind of server is talked to.
pub(super) enum Peers {
    /// `http` only.
    Plain,
    /// Vouched for by an authority in this PEM file, or else by one that the system trusts.
    Public(Option<PathBuf>),
    /// Qlik Sense: our certificate is shown.
    Sense(CertFiles, Verify),
}

/// What is in use, or why nothing is, and what it was made from.
pub(super) struct Current {
    made: Result<Clients, Obstacle>,
    fingerprint: Option<Fingerprint>,
    looked: Instant,
}

/// Why nothing can be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Obstacle {
    /// That of the operating system, where it says nothing about the files themselves.
    pub(super) code: Option<ErrorCode>,
    pub(super) message: String,
}

impl From<String> for Obstacle {
    fn from(message: String) -> Self {
        Self { code: None, message }
    }
}

impl From<CertFileError> for Obstacle {
    fn from(error: CertFileError) -> Self {
        Self { code: error.code(), message: error.to_string() }
    }
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
    ) -> Result<Clients, Obstacle> {
        let fresh = current.as_ref().is_some_and(|current| match self {
            Self::Plain | Self::Public(_) => current.made.is_ok(),
            Self::Sense(..) => current.looked.elapsed() < LOOK_EVERY,
        });
        if let Some(current) = current.as_ref().filter(|_| fresh) {
            return current.made.clone();
        }
        let looked = Instant::now();
        let known = current.as_ref().filter(|current| current.made.is_ok());
        let known = known.and_then(|current| current.fingerprint.clone());
        let (made, fingerprint) = match self.set_up(known).await {
            Ok((Some(set_up), fingerprint)) => (Ok(make(set_up)), fingerprint),
            Ok((None, _)) => {
                let current = current.as_mut().ok_or_else(|| NOT_READ.to_owned())?;
                current.looked = looked;
                return current.made.clone();
            }
            Err(obstacle) => (Err(obstacle), None),
        };
        *current = Some(Current { made: made.clone(), fingerprint, looked });
        made
    }

    /// A new set-up and what it was made from; none where the files are those of `known`.
    async fn set_up(
        &self,
        known: Option<Fingerprint>,
    ) -> Result<(Option<SetUp>, Option<Fingerprint>), Obstacle> {
        match self {
            Self::Plain => Ok((Some(SetUp::Plain), None)),
            Self::Public(authorities) => {
                let file = authorities.clone();
                let set_up = aside(move || public(file.as_deref())).await?;
                Ok((Some(set_up), None))
            }
            Self::Sense(files, verify) => {
                let (files, verify) = (files.clone(), *verify);
                aside(move || sense(&files, verify, known.as_ref())).await
            }
        }
    }
}

const NOT_READ: &str = "the certificates are not read";

async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Obstacle> + Send + 'static,
) -> Result<T, Obstacle> {
    let done = spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(format!("the certificates could not be read: {error}").into()))
}

fn public(authorities: Option<&Path>) -> Result<SetUp, Obstacle> {
    Ok(SetUp::Public(TlsClient::public(authorities)?))
}

/// `None` where the files are those of `known`.
fn sense(
    files: &CertFiles,
    verify: Verify,
    known: Option<&Fingerprint>,
) -> Result<(Option<SetUp>, Option<Fingerprint>), Obstacle> {
    let fingerprint = files.fingerprint();
    if known == Some(&fingerprint) {
        return Ok((None, Some(fingerprint)));
    }
    let identity = read_identity(files)?;
    let home = TlsClient::showing(&identity, files, verify)?;
    Ok((Some(SetUp::Sense(home, identity.authorities)), Some(fingerprint)))
}
