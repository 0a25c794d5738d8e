//! Certificate files as administrators have them: PEM with a byte order mark is read, and what is
//! no PEM is named for what it is, with the command that converts it.

use std::fmt;

use openssl::pkcs12::Pkcs12;
use openssl::x509::X509;

/// What a file should hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Certificate,
    Key,
}

/// Why a file does not hold what was wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PemError {
    Empty,
    Utf16,
    Pfx,
    DerCertificate,
    DerOther,
    Pkcs7,
    OpenSshKey,
    PublicKey,
    /// A key where a certificate belongs.
    OnlyKey,
    /// A certificate where a key belongs.
    OnlyCertificate,
    Request,
    LineEndsLost,
    NoPem(Wanted),
    Damaged(Wanted),
}

impl fmt::Display for PemError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "the file is empty",
            Self::Utf16 => {
                "the file is text in UTF-16. Save it as UTF-8 or ANSI, in PowerShell: (Get-Content \
                 OLD.pem) | Set-Content -Encoding ascii NEW.pem"
            }
            Self::Pfx => {
                "this is a PFX file (PKCS#12), which holds certificate and key together. Convert \
                 it with: openssl pkcs12 -in OLD.pfx -clcerts -nokeys -out client.pem, and: \
                 openssl pkcs12 -in OLD.pfx -nocerts -nodes -out client_key.pem. Or export again \
                 from the Qlik Management Console in PEM format"
            }
            Self::DerCertificate => {
                "this is a certificate in DER form. Convert it with: openssl x509 -inform der -in \
                 OLD.cer -out NEW.pem"
            }
            Self::DerOther => {
                "this is a binary file (DER). A key is converted with: openssl pkey -inform der \
                 -in OLD.key -out NEW.pem"
            }
            Self::Pkcs7 => {
                "this is a PKCS#7 bundle. Convert it with: openssl pkcs7 -print_certs -in OLD.p7b \
                 -out NEW.pem"
            }
            Self::OpenSshKey => {
                "this is a key of OpenSSH, not of a certificate. Export the certificate with its \
                 key from the Qlik Management Console"
            }
            Self::PublicKey => "this is a public key; the private key is needed",
            Self::OnlyKey => {
                "it holds a private key, not a certificate: were clientCert and clientCertKey \
                 given the wrong way round?"
            }
            Self::OnlyCertificate => {
                "it holds a certificate, not a private key: were clientCert and clientCertKey \
                 given the wrong way round?"
            }
            Self::Request => {
                "it holds a request for a certificate, not the certificate that was issued for it"
            }
            Self::LineEndsLost => {
                "the line ends are lost, everything is on one line. PEM has lines of 64 \
                 characters; copy the file instead of its text, or break it after \
                 \"-----BEGIN ...-----\" and before \"-----END ...-----\""
            }
            Self::NoPem(Wanted::Certificate) => {
                "no certificate in it. Expected PEM text with \"-----BEGIN CERTIFICATE-----\""
            }
            Self::NoPem(Wanted::Key) => {
                "no private key in it. Expected PEM text with \"-----BEGIN PRIVATE KEY-----\" or \
                 one of its older forms"
            }
            Self::Damaged(Wanted::Certificate) => {
                "not a valid PEM certificate: the text between \"-----BEGIN CERTIFICATE-----\" and \
                 \"-----END CERTIFICATE-----\" is damaged or cut"
            }
            Self::Damaged(Wanted::Key) => "the private key is damaged or cut",
        })
    }
}

/// The PEM text of a file, without byte order mark.
///
/// # Errors
/// What the file is instead.
pub(super) fn text(bytes: &[u8], wanted: Wanted) -> Result<&[u8], PemError> {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if text.is_empty() {
        return Err(PemError::Empty);
    }
    if text.starts_with(b"\xff\xfe") || text.starts_with(b"\xfe\xff") || text[0] == 0 {
        return Err(PemError::Utf16);
    }
    if text[0] == 0x30 && text.get(1).is_some_and(|length| length & 0x80 != 0) {
        return Err(der(text));
    }
    let has = |needle: &str| find(text, needle.as_bytes()).is_some();
    let (certificate, key) = (has("CERTIFICATE-----"), has("PRIVATE KEY-----"));
    if one_line(text) {
        return Err(PemError::LineEndsLost);
    }
    match wanted {
        _ if has("-----BEGIN PKCS7") => Err(PemError::Pkcs7),
        Wanted::Certificate
            if has("-----BEGIN CERTIFICATE REQUEST")
                || has("-----BEGIN NEW CERTIFICATE REQUEST") =>
        {
            Err(PemError::Request)
        }
        Wanted::Certificate if certificate => Ok(text),
        Wanted::Certificate if key => Err(PemError::OnlyKey),
        Wanted::Key if has("OPENSSH PRIVATE KEY") => Err(PemError::OpenSshKey),
        Wanted::Key if key => Ok(text),
        Wanted::Key if has("PUBLIC KEY-----") => Err(PemError::PublicKey),
        Wanted::Key if certificate => Err(PemError::OnlyCertificate),
        _ => Err(PemError::NoPem(wanted)),
    }
}

fn der(bytes: &[u8]) -> PemError {
    if X509::from_der(bytes).is_ok() {
        PemError::DerCertificate
    } else if Pkcs12::from_der(bytes).is_ok() {
        PemError::Pfx
    } else {
        PemError::DerOther
    }
}

/// Whether a block begins and ends on the same line.
fn one_line(text: &[u8]) -> bool {
    text.split(|byte| matches!(byte, b'\n' | b'\r'))
        .any(|line| find(line, b"-----BEGIN ").is_some() && find(line, b"-----END ").is_some())
}

fn find(text: &[u8], needle: &[u8]) -> Option<usize> {
    memchr::memmem::find(text, needle)
}
