//! TLS by OpenSSL: what is offered, what is shown, and the handshake. It connects wherever the
//! original connects, and refuses where that refuses (decision C10; `docs/TLS.md`).

use std::net::IpAddr;
use std::path::Path;
use std::pin::Pin;

use chrono::{DateTime, Utc};
use openssl::error::ErrorStack;
use openssl::ssl::{
    Ssl, SslContext, SslContextBuilder, SslMethod, SslMode, SslOptions, SslVersion,
};
use openssl::x509::X509;
use openssl::x509::store::X509StoreBuilder;
use tokio::net::TcpStream;
use tokio_openssl::SslStream;

use super::CertFiles;
use super::dates::end_of;
use super::files::{CertFileError, Identity};
use super::rejection::TrustAnchors;
use super::tls_error::{TlsError, reason};
use super::verify::{Findings, Verify};
use crate::io::system_authorities;

/// The cipher suites up to TLS 1.2 that Node.js 24 offers, in its order. Those of TLS 1.3 are
/// OpenSSL's own.
const CIPHERS: &str = "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256:\
    ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES256-GCM-SHA384:DHE-RSA-AES128-GCM-SHA256:\
    ECDHE-RSA-AES128-SHA256:DHE-RSA-AES128-SHA256:ECDHE-RSA-AES256-SHA384:\
    DHE-RSA-AES256-SHA384:ECDHE-RSA-AES256-SHA256:DHE-RSA-AES256-SHA256:HIGH:!aNULL:!eNULL:\
    !EXPORT:!DES:!RC4:!MD5:!PSK:!SRP:!CAMELLIA";

/// The key exchange groups of OpenSSL 3.6, with a share for the one that every server knows: the
/// default computes one for ML-KEM as well at each connection, which Windows does not take yet. A
/// server that wants another group asks for it (RFC 8446, section 4.1.4).
const GROUPS: &str =
    "*X25519:secp256r1:X448:secp384r1:secp521r1:ffdhe2048:ffdhe3072:X25519MLKEM768";

/// OpenSSL's measure of what is too weak, as in Node.js 24: RSA from 2048 bits, no SHA-1.
const SECURITY_LEVEL: u32 = 2;

/// Makes TLS connections of one kind.
#[derive(Clone)]
pub(super) struct TlsClient {
    context: SslContext,
    verify: Verify,
    trusted: TrustAnchors,
}

/// A connection after its handshake.
pub(super) struct TlsConnection {
    pub(super) stream: SslStream<TcpStream>,
    /// Until when the server's certificate is valid.
    pub(super) certificate_end: Option<DateTime<Utc>>,
}

impl TlsClient {
    /// Shows the certificate of `identity`, which was read from `files`, and verifies against its
    /// authorities.
    pub(super) fn showing(
        identity: &Identity,
        files: &CertFiles,
        verify: Verify,
    ) -> Result<Self, CertFileError> {
        let refused = |error: ErrorStack| CertFileError::refused(files, &reason(&error));
        let mut builder = builder(&identity.authorities).map_err(refused)?;
        let mut chain = identity.chain.iter();
        if let Some(leaf) = chain.next() {
            builder.set_certificate(leaf).map_err(refused)?;
        }
        for issuer in chain {
            builder.add_extra_chain_cert(issuer.clone()).map_err(refused)?;
        }
        builder.set_private_key(&identity.key).map_err(|_| CertFileError::mismatch(files))?;
        builder.check_private_key().map_err(|_| CertFileError::mismatch(files))?;
        Ok(Self { context: builder.build(), verify, trusted: TrustAnchors::ClientCertCa })
    }

    /// Shows nothing, and verifies against the authorities of Qlik Sense: for where one of its
    /// servers redirects to.
    pub(super) fn anonymous(authorities: &[X509], verify: Verify) -> Result<Self, String> {
        Self::trusting(authorities, verify, TrustAnchors::ClientCertCa)
    }

    /// Shows nothing, and verifies against the authorities of the system, or of a PEM file.
    pub(super) fn public(authorities: Option<&Path>) -> Result<Self, String> {
        let found = system_authorities::authorities(authorities)?;
        // Systems carry authorities that are too old to be read; the others are enough.
        let usable: Vec<X509> = found.iter().filter_map(|der| X509::from_der(der).ok()).collect();
        if usable.is_empty() {
            return Err(system_authorities::NO_AUTHORITY.to_owned());
        }
        let trusted =
            if authorities.is_some() { TrustAnchors::CaFile } else { TrustAnchors::System };
        Self::trusting(&usable, Verify::ChainAndName, trusted)
    }

    fn trusting(
        authorities: &[X509],
        verify: Verify,
        trusted: TrustAnchors,
    ) -> Result<Self, String> {
        let builder = builder(authorities)
            .map_err(|error| format!("TLS cannot be set up: {}", reason(&error)))?;
        Ok(Self { context: builder.build(), verify, trusted })
    }

    /// Makes a connection secure. `host` is a name, or an address without brackets.
    pub(super) async fn secure(
        &self,
        stream: TcpStream,
        host: &str,
    ) -> Result<TlsConnection, TlsError> {
        let findings = Findings::default();
        let ssl = self.ssl(host, &findings).map_err(|error| TlsError::setup(&reason(&error)))?;
        let mut stream =
            SslStream::new(ssl, stream).map_err(|error| TlsError::setup(&reason(&error)))?;
        Pin::new(&mut stream)
            .connect()
            .await
            .map_err(|error| TlsError::in_handshake(error, findings.certificate_came()))?;
        findings
            .verdict(stream.ssl(), self.verify, host, self.trusted)
            .map_err(TlsError::Rejected)?;
        let certificate_end = stream.ssl().peer_certificate().and_then(|leaf| end_of(&leaf));
        Ok(TlsConnection { stream, certificate_end })
    }

    fn ssl(&self, host: &str, findings: &Findings) -> Result<Ssl, ErrorStack> {
        let mut ssl = Ssl::new(&self.context)?;
        // An address is no server name (RFC 6066, section 3).
        if host.parse::<IpAddr>().is_err() {
            ssl.set_hostname(host)?;
        }
        findings.watch(&mut ssl, self.verify, host)?;
        Ok(ssl)
    }
}

/// No protocol is offered beside HTTP/1.1: the client must never be talked into HTTP/2.
fn builder(authorities: &[X509]) -> Result<SslContextBuilder, ErrorStack> {
    let mut builder = SslContext::builder(SslMethod::tls_client())?;
    builder.set_min_proto_version(Some(SslVersion::TLS1_2))?;
    builder.set_security_level(SECURITY_LEVEL);
    builder.set_cipher_list(CIPHERS)?;
    builder.set_groups_list(GROUPS)?;
    // Servers close without a farewell. Whether an answer is whole is known by its length.
    builder.set_options(SslOptions::IGNORE_UNEXPECTED_EOF | SslOptions::NO_COMPRESSION);
    builder.set_mode(SslMode::RELEASE_BUFFERS | SslMode::AUTO_RETRY);
    let mut store = X509StoreBuilder::new()?;
    for authority in authorities {
        store.add_cert(authority.clone())?;
    }
    builder.set_cert_store(store.build());
    Ok(builder)
}
