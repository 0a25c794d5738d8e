//! Certificates, keys and how servers are verified.

use std::fmt;

use rustls::ClientConfig;

use super::CertFiles;

/// How much of a server's certificate is verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verify {
    /// Nothing.
    Nothing,
    /// The chain.
    Chain,
    /// The chain and the name.
    ChainAndName,
}

/// Why a chain was refused, where rustls says only "unknown issuer".
#[derive(Debug)]
pub(super) enum ChainError {
    SelfSigned,
    SelfSignedInChain,
}

impl fmt::Display for ChainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}
impl std::error::Error for ChainError {}

pub(super) fn client_config(
    _files: &CertFiles,
    _verify: Verify,
) -> Result<ClientConfig, std::io::Error> {
    Err(std::io::Error::other("wip"))
}
