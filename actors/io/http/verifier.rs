//! Verifying Qlik Sense servers as Node.js does, so that no server is refused that was accepted
//! before: the name may stand in the subject only, and the server's certificate may itself be in
//! the file of authorities.

use std::fmt;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, DigitallySignedStruct, Error, OtherError, RootCertStore, SignatureScheme,
};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::parse_x509_certificate;

/// How much of a server's certificate is verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verify {
    /// Nothing: `rejectUnauthorized` is false. Our own certificate is shown all the same.
    Nothing,
    /// That it is signed by an authority of `clientCertCA`, whatever its name.
    Chain,
    /// Authority and host name.
    ChainAndName,
}

/// Why an issuer is unknown, where the TLS library says only that it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::io) enum ChainError {
    /// The server's certificate is its own issuer.
    SelfSigned,
    /// The chain that the server sent ends in an authority that is not ours.
    SelfSignedInChain,
}

impl fmt::Display for ChainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SelfSigned => "self-signed certificate",
            Self::SelfSignedInChain => "self-signed certificate in chain",
        })
    }
}

impl std::error::Error for ChainError {}

/// Verifies as much as it is told to.
#[derive(Debug)]
pub(super) struct SenseVerifier {
    verify: Verify,
    roots: RootCertStore,
    /// The same, to recognise a server whose own certificate is listed.
    listed: Vec<CertificateDer<'static>>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl SenseVerifier {
    pub(super) fn new(
        authorities: Vec<CertificateDer<'static>>,
        verify: Verify,
        provider: &CryptoProvider,
    ) -> Self {
        let mut roots = RootCertStore::empty();
        // What the library cannot use as an authority can still be recognised as a server.
        roots.add_parsable_certificates(authorities.iter().cloned());
        let algorithms = provider.signature_verification_algorithms;
        Self { verify, roots, listed: authorities, algorithms }
    }

    fn verify_chain(
        &self,
        server: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Error> {
        if self.listed.iter().any(|listed| listed == server) {
            return verify_dates(server, now);
        }
        let parsed = ParsedCertificate::try_from(server)?;
        let verified = verify_server_cert_signed_by_trust_anchor(
            &parsed,
            &self.roots,
            chain,
            now,
            self.algorithms.all,
        );
        verified.map_err(|error| match error {
            Error::InvalidCertificate(
                CertificateError::UnknownIssuer | CertificateError::Other(_),
            ) => explain(error, server, chain),
            other => other,
        })
    }
}

/// Tells a self-signed certificate from one whose issuer is merely unknown.
fn explain(error: Error, server: &CertificateDer<'_>, chain: &[CertificateDer<'_>]) -> Error {
    let self_signed = |der: &CertificateDer<'_>| {
        parse_x509_certificate(der).is_ok_and(|(_, cert)| cert.issuer() == cert.subject())
    };
    let reason = if self_signed(server) {
        ChainError::SelfSigned
    } else if chain.iter().any(self_signed) {
        ChainError::SelfSignedInChain
    } else {
        return error;
    };
    Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(reason))))
}

fn verify_dates(server: &CertificateDer<'_>, now: UnixTime) -> Result<(), Error> {
    let bad = Error::InvalidCertificate(CertificateError::BadEncoding);
    let (_, cert) = parse_x509_certificate(server).map_err(|_| bad.clone())?;
    let now = i64::try_from(now.as_secs()).map_err(|_| bad)?;
    let validity = cert.validity();
    if now < validity.not_before.timestamp() {
        Err(Error::InvalidCertificate(CertificateError::NotValidYet))
    } else if now > validity.not_after.timestamp() {
        Err(Error::InvalidCertificate(CertificateError::Expired))
    } else {
        Ok(())
    }
}

/// The name must be among the certificate's alternative names; where it has no DNS name there,
/// the common name of its subject counts.
fn verify_name(server: &CertificateDer<'_>, name: &ServerName<'_>) -> Result<(), Error> {
    let verified =
        ParsedCertificate::try_from(server).and_then(|parsed| verify_server_name(&parsed, name));
    let Err(error) = verified else { return Ok(()) };
    let (ServerName::DnsName(wanted), Ok((_, cert))) = (name, parse_x509_certificate(server))
    else {
        return Err(error);
    };
    let by_subject = !has_dns_name(&cert)
        && cert
            .subject()
            .iter_common_name()
            .filter_map(|name| name.as_str().ok())
            .any(|common_name| matches_name(common_name, wanted.as_ref()));
    if by_subject { Ok(()) } else { Err(error) }
}

fn has_dns_name(cert: &X509Certificate<'_>) -> bool {
    cert.subject_alternative_name().ok().flatten().is_some_and(|names| {
        names.value.general_names.iter().any(|name| matches!(name, GeneralName::DNSName(_)))
    })
}

/// Compares without letter case; a leading `*.` stands for exactly one label.
fn matches_name(pattern: &str, host: &str) -> bool {
    match pattern.strip_prefix("*.") {
        Some(domain) => host
            .split_once('.')
            .is_some_and(|(label, rest)| !label.is_empty() && rest.eq_ignore_ascii_case(domain)),
        None => host.eq_ignore_ascii_case(pattern),
    }
}

impl ServerCertVerifier for SenseVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if self.verify != Verify::Nothing {
            self.verify_chain(end_entity, intermediates, now)?;
        }
        if self.verify == Verify::ChainAndName {
            verify_name(end_entity, server_name)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    // Where nothing is verified, signatures are not either: old servers have certificates that
    // the library cannot read at all, and Node.js accepts them in this mode.
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        match self.verify {
            Verify::Nothing => Ok(HandshakeSignatureValid::assertion()),
            _ => rustls::crypto::verify_tls12_signature(message, cert, signature, &self.algorithms),
        }
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        match self.verify {
            Verify::Nothing => Ok(HandshakeSignatureValid::assertion()),
            _ => rustls::crypto::verify_tls13_signature(message, cert, signature, &self.algorithms),
        }
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

#[cfg(test)]
#[path = "verifier_tests.rs"]
mod tests;
