//! Private keys in every form that OpenSSL reads (decision C3).

use std::fmt;

use openssl::pkey::{PKey, Private};

use super::pem::{self, PemError, Wanted};
use crate::domain::names::Secret;

/// A private key that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyError {
    Pem(PemError),
    NoPassphrase,
    WrongPassphrase,
    Unsupported,
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pem(error) => return error.fmt(f),
            Self::NoPassphrase => {
                "the key is encrypted and no passphrase is given. Set clientCertPassphrase"
            }
            Self::WrongPassphrase => "the passphrase does not open the key",
            Self::Unsupported => {
                "the key is encrypted in a way that is not supported. Convert it with: openssl \
                 pkcs8 -topk8 -v2 aes-256-cbc -in OLD.pem -out NEW.pem (OpenSSL 3 needs -provider \
                 legacy -provider default for the oldest forms)"
            }
        })
    }
}

/// Reads the first private key of a PEM file. Decrypting may take a good part of a second.
pub(super) fn read_key(
    bytes: &[u8],
    passphrase: Option<&Secret>,
) -> Result<PKey<Private>, KeyError> {
    let text = pem::text(bytes, Wanted::Key).map_err(KeyError::Pem)?;
    let mut asked = false;
    // Without a callback OpenSSL would ask at the terminal.
    let key = PKey::private_key_from_pem_callback(text, |buffer| {
        asked = true;
        let secret = passphrase.map_or("", Secret::reveal).as_bytes();
        // One that does not fit opens nothing.
        let fits = buffer.get_mut(..secret.len()).map(|room| room.copy_from_slice(secret));
        Ok(fits.map_or(0, |()| secret.len()))
    });
    key.map_err(|error| {
        let unsupported = || {
            // A wrong passphrase that happens to leave the right padding gives a key that no
            // decoder knows; it is not the cipher that is unknown.
            let of_cipher = |error: &&openssl::error::Error| {
                error.library().is_none_or(|library| !library.starts_with("DECODER"))
            };
            error.errors().iter().filter(of_cipher).any(|error| {
                error.reason().is_some_and(|reason| {
                    ["unsupported", "unknown", "not found"].iter().any(|it| reason.contains(it))
                })
            })
        };
        match (asked, passphrase) {
            (true, None) => KeyError::NoPassphrase,
            (true, Some(_)) if unsupported() => KeyError::Unsupported,
            (true, Some(_)) => KeyError::WrongPassphrase,
            (false, _) if unsupported() && is_encrypted(text) => KeyError::Unsupported,
            (false, _) => KeyError::Pem(PemError::Damaged(Wanted::Key)),
        }
    })
}

fn is_encrypted(text: &[u8]) -> bool {
    memchr::memmem::find(text, b"ENCRYPTED").is_some()
}

#[cfg(test)]
#[path = "keys_tests.rs"]
mod tests;
