//! Private keys: plain, PKCS#8 encrypted, and in OpenSSL's old encrypted form (decision C3).

use std::fmt;

use aes::{Aes128, Aes192, Aes256};
use cbc::Decryptor;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, KeyIvInit};
use des::{Des, TdesEde3};
use md5::{Digest, Md5};
use pem::Pem;
use pkcs8::EncryptedPrivateKeyInfoRef;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs1KeyDer, PrivatePkcs8KeyDer, PrivateSec1KeyDer};

use crate::domain::names::Secret;

/// A private key that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum KeyError {
    NoKey,
    NoPassphrase,
    WrongPassphrase,
    Unsupported,
    Malformed,
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoKey => {
                "no private key in it. Expected PEM text with \"-----BEGIN PRIVATE KEY-----\" or \
                 one of its older forms"
            }
            Self::NoPassphrase => {
                "the key is encrypted and no passphrase is given. Set clientCertPassphrase"
            }
            Self::WrongPassphrase => "the passphrase does not open the key",
            Self::Unsupported => {
                "the key is encrypted in a way that is not supported. Convert it with: openssl \
                 pkcs8 -topk8 -v2 aes-256-cbc -in OLD.pem -out NEW.pem"
            }
            Self::Malformed => "the private key is damaged",
        })
    }
}

/// Reads the first private key of a PEM text.
pub(super) fn read_key(
    text: &[u8],
    passphrase: Option<&Secret>,
) -> Result<PrivateKeyDer<'static>, KeyError> {
    // An exported file may hold certificates beside the key.
    let parts = pem::parse_many(text).map_err(|_| KeyError::Malformed)?;
    let part = parts
        .into_iter()
        .find(|part| part.tag().ends_with("PRIVATE KEY"))
        .ok_or(KeyError::NoKey)?;
    let passphrase = passphrase.map(|secret| secret.reveal().as_bytes());
    if part.tag() == "ENCRYPTED PRIVATE KEY" {
        return decrypt_pkcs8(&part, passphrase.ok_or(KeyError::NoPassphrase)?);
    }
    if part.headers().get("Proc-Type").is_some_and(|value| value.contains("ENCRYPTED")) {
        return decrypt_legacy(&part, passphrase.ok_or(KeyError::NoPassphrase)?);
    }
    PrivateKeyDer::from_pem_slice(text).map_err(|_| KeyError::Malformed)
}

fn decrypt_pkcs8(part: &Pem, passphrase: &[u8]) -> Result<PrivateKeyDer<'static>, KeyError> {
    let encrypted =
        EncryptedPrivateKeyInfoRef::try_from(part.contents()).map_err(|_| KeyError::Unsupported)?;
    if encrypted.encryption_algorithm.pbes2().is_none() {
        return Err(KeyError::Unsupported);
    }
    let plain = encrypted.decrypt(passphrase).map_err(|_| KeyError::WrongPassphrase)?;
    Ok(PrivatePkcs8KeyDer::from(plain.as_bytes().to_vec()).into())
}

/// OpenSSL's form before PKCS#8: `DEK-Info: <cipher>,<initial vector in hex>`.
fn decrypt_legacy(part: &Pem, passphrase: &[u8]) -> Result<PrivateKeyDer<'static>, KeyError> {
    let info = part.headers().get("DEK-Info").ok_or(KeyError::Malformed)?;
    let (cipher, vector) = info.split_once(',').ok_or(KeyError::Malformed)?;
    let vector = from_hex(vector.trim()).ok_or(KeyError::Malformed)?;
    let data = part.contents();
    let plain = match cipher.trim() {
        "AES-128-CBC" => decrypt::<Decryptor<Aes128>>(passphrase, &vector, 16, data),
        "AES-192-CBC" => decrypt::<Decryptor<Aes192>>(passphrase, &vector, 24, data),
        "AES-256-CBC" => decrypt::<Decryptor<Aes256>>(passphrase, &vector, 32, data),
        "DES-EDE3-CBC" => decrypt::<Decryptor<TdesEde3>>(passphrase, &vector, 24, data),
        "DES-CBC" => decrypt::<Decryptor<Des>>(passphrase, &vector, 8, data),
        _ => Err(KeyError::Unsupported),
    }?;
    // A wrong passphrase leaves valid padding behind once in 256 times; ASN.1 does not.
    if plain.first() != Some(&0x30) {
        return Err(KeyError::WrongPassphrase);
    }
    match part.tag() {
        "RSA PRIVATE KEY" => Ok(PrivatePkcs1KeyDer::from(plain).into()),
        "EC PRIVATE KEY" => Ok(PrivateSec1KeyDer::from(plain).into()),
        "PRIVATE KEY" => Ok(PrivatePkcs8KeyDer::from(plain).into()),
        _ => Err(KeyError::Unsupported),
    }
}

fn decrypt<D: KeyIvInit + BlockModeDecrypt>(
    passphrase: &[u8],
    vector: &[u8],
    key_len: usize,
    data: &[u8],
) -> Result<Vec<u8>, KeyError> {
    let salt = vector.get(..8).ok_or(KeyError::Malformed)?;
    let key = derive(passphrase, salt, key_len);
    D::new_from_slices(&key, vector)
        .map_err(|_| KeyError::Malformed)?
        .decrypt_padded_vec::<Pkcs7>(data)
        .map_err(|_| KeyError::WrongPassphrase)
}

/// OpenSSL's `EVP_BytesToKey` with MD5 and one round.
fn derive(passphrase: &[u8], salt: &[u8], key_len: usize) -> Vec<u8> {
    let mut key = Vec::new();
    let mut block: Vec<u8> = Vec::new();
    while key.len() < key_len {
        let mut hash = Md5::new();
        hash.update(&block);
        hash.update(passphrase);
        hash.update(salt);
        block = hash.finalize().to_vec();
        key.extend_from_slice(&block);
    }
    key.truncate(key_len);
    key
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let bytes = text.as_bytes();
    bytes
        .chunks(2)
        .map(|pair| {
            let pair = std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?;
            u8::from_str_radix(pair, 16).ok()
        })
        .collect()
}

#[cfg(test)]
#[path = "keys_tests.rs"]
mod tests;
