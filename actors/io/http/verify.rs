//! What is verified of a server's certificate, and what was found wrong: by OpenSSL's rules, taken
//! down in the way of Node.js, so that every verdict has the code that users of the original know.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use openssl::error::ErrorStack;
use openssl::ssl::{SslRef, SslVerifyMode};
use openssl::x509::X509StoreContextRef;
use openssl::x509::verify::X509CheckFlags;

use super::rejection::{Flaw, Rejection, TrustAnchors};
use crate::domain::errors::CertificateVerdict;

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

/// What the checks of one connection found. OpenSSL's callback fills it during the handshake.
#[derive(Clone, Default)]
pub(super) struct Findings(Arc<Mutex<Found>>);

#[derive(Default)]
struct Found {
    /// The server has sent a certificate.
    certificate: bool,
    /// The last flaw of the chain, as Node.js reports it: that of the leaf wins.
    flaw: Option<Flaw>,
    wrong_name: bool,
    /// The connection was accepted. From now on a renegotiation is refused at its first flaw.
    accepted: bool,
}

impl Findings {
    /// Has OpenSSL check the certificate that comes, for a server asked for as `host`.
    pub(super) fn watch(
        &self,
        ssl: &mut SslRef,
        verify: Verify,
        host: &str,
    ) -> Result<(), ErrorStack> {
        let mode = match verify {
            // The certificate still passes the callback, which then takes everything.
            Verify::Nothing => SslVerifyMode::NONE,
            Verify::Chain | Verify::ChainAndName => SslVerifyMode::PEER,
        };
        if verify == Verify::ChainAndName {
            let param = ssl.param_mut();
            // As in Node.js: no name of more than one label is hidden behind a star.
            param.set_hostflags(X509CheckFlags::NO_PARTIAL_WILDCARDS);
            match host.parse::<IpAddr>() {
                Ok(ip) => param.set_ip(ip)?,
                Err(_) => param.set_host(host)?,
            }
        }
        let findings = self.clone();
        ssl.set_verify_callback(mode, move |fine, context| {
            let taken = findings.note(fine, context);
            taken || verify == Verify::Nothing
        });
        Ok(())
    }

    fn note(&self, fine: bool, context: &X509StoreContextRef) -> bool {
        let mut found = self.lock();
        found.certificate = true;
        if fine {
            return true;
        }
        let result = context.error();
        if CertificateVerdict::from_number(result.as_raw()) == CertificateVerdict::NameMismatch {
            found.wrong_name = true;
        } else {
            let certificate = context.current_cert();
            found.flaw = Some(Flaw::new(result, context.error_depth(), certificate));
        }
        // The handshake goes on, so that the last flaw is known, and is judged at its end.
        !found.accepted
    }

    /// Judges at the end of the handshake. Nothing was sent to the server but our certificate.
    pub(super) fn verdict(
        &self,
        ssl: &SslRef,
        verify: Verify,
        host: &str,
        trusted: TrustAnchors,
    ) -> Result<(), Rejection> {
        let mut found = self.lock();
        if verify != Verify::Nothing {
            if let Some(flaw) = found.flaw.take() {
                return Err(Rejection::of_flaw(&flaw, trusted));
            }
            let certificate = ssl.peer_certificate();
            let Some(certificate) = certificate else {
                return Err(Rejection::none_sent());
            };
            if found.wrong_name {
                return Err(Rejection::wrong_name(&certificate, host));
            }
        }
        found.accepted = true;
        Ok(())
    }

    /// Whether the server has sent a certificate.
    pub(super) fn certificate_came(&self) -> bool {
        self.lock().certificate
    }

    fn lock(&self) -> MutexGuard<'_, Found> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
