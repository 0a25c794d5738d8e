//! The sentence about a certificate that is not trusted: which one, what is wrong with it, and
//! what to do. The certificate's own texts are quoted and bounded.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use openssl::nid::Nid;
use openssl::x509::{X509NameRef, X509Ref, X509VerifyResult};

use super::dates::{begin_of, end_of};
use crate::domain::errors::CertificateVerdict;
use crate::io::quoted::quotable;

/// Whose authorities are trusted, for the cure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TrustAnchors {
    /// Those of `clientCertCA`.
    ClientCertCa,
    /// Those of the operating system.
    System,
    /// Those of a file, the key `caFile`.
    CaFile,
}

/// A certificate that is not trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rejection {
    pub(super) verdict: CertificateVerdict,
    /// Which certificate, what is wrong, what to do.
    pub(super) sentence: String,
}

/// Something wrong in a chain, with what a person must know of the certificate.
#[derive(Debug, Clone)]
pub(super) struct Flaw {
    result: X509VerifyResult,
    /// 0 is the server's own certificate.
    depth: u32,
    subject: String,
    issuer: String,
    begin: Option<DateTime<Utc>>,
    end: Option<DateTime<Utc>>,
}

impl Flaw {
    /// What OpenSSL said of the certificate at a depth of the chain.
    pub(super) fn new(result: X509VerifyResult, depth: u32, certificate: Option<&X509Ref>) -> Self {
        let name = |name: fn(&X509Ref) -> &X509NameRef| {
            certificate.map_or_else(|| "?".to_owned(), |certificate| short_name(name(certificate)))
        };
        Self {
            result,
            depth,
            subject: name(X509Ref::subject_name),
            issuer: name(X509Ref::issuer_name),
            begin: certificate.and_then(begin_of),
            end: certificate.and_then(end_of),
        }
    }
}

impl Rejection {
    pub(super) fn none_sent() -> Self {
        Self {
            verdict: CertificateVerdict::Unspecified,
            sentence: "the server sent no certificate".to_owned(),
        }
    }

    /// The certificate is good, and for another host.
    pub(super) fn wrong_name(certificate: &X509Ref, host: &str) -> Self {
        let names = names_of(certificate);
        let subject = short_name(certificate.subject_name());
        let sentence = format!(
            "the server's certificate \"{subject}\" is for {names}, and the server is asked for as \
             \"{host}\". Give it in the configuration under a name of the certificate, or have it \
             issued for this one"
        );
        Self { verdict: CertificateVerdict::NameMismatch, sentence }
    }

    pub(super) fn of_flaw(flaw: &Flaw, trusted: TrustAnchors) -> Self {
        let Flaw { result, depth, subject, issuer, .. } = flaw;
        let whose = match depth {
            0 => format!("the server's certificate \"{subject}\""),
            _ => format!("the certificate of the authority \"{subject}\""),
        };
        let day = |date: Option<DateTime<Utc>>| {
            date.map_or_else(
                || "an unreadable date".to_owned(),
                |date| date.date_naive().to_string(),
            )
        };
        let export = match trusted {
            TrustAnchors::ClientCertCa => {
                "Export the certificates of this site again from the Qlik Management Console and \
                 check clientCertCA"
            }
            TrustAnchors::System => {
                "Install its authority on this machine, or look for a proxy that answers in its \
                 place"
            }
            TrustAnchors::CaFile => "Check that caFile has the authority that signed it",
        };
        let renew = match depth {
            0 => "Renew it on the server",
            _ => "Renew it, then what it has signed, and export clientCertCA again",
        };
        let list = match trusted {
            TrustAnchors::ClientCertCa => "clientCertCA",
            TrustAnchors::System => "the list of the operating system",
            TrustAnchors::CaFile => "caFile",
        };
        let verdict = CertificateVerdict::from_number(result.as_raw());
        let (what, cure) = match verdict {
            CertificateVerdict::HasExpired => (format!("has expired on {}", day(flaw.end)), renew),
            CertificateVerdict::NotYetValid => (
                format!("is not valid before {}", day(flaw.begin)),
                "Compare the clocks of this machine and of the server",
            ),
            CertificateVerdict::DepthZeroSelfSigned => {
                (format!("is signed by itself, and is not in {list}"), export)
            }
            CertificateVerdict::SelfSignedInChain => {
                ("is that of an authority which ".to_owned() + list + " does not have", export)
            }
            CertificateVerdict::UnableToGetIssuer
            | CertificateVerdict::UnableToGetIssuerLocally
            | CertificateVerdict::UnableToVerifyLeafSignature => (
                format!(
                    "is signed by an authority that is not trusted: {list} has no \"{issuer}\""
                ),
                export,
            ),
            CertificateVerdict::SignatureFailure | CertificateVerdict::UnableToDecryptSignature => {
                (
                    format!("is not signed by the \"{issuer}\" of {list}: the signature is wrong"),
                    export,
                )
            }
            CertificateVerdict::InvalidPurpose if *depth == 0 => (
                "may not be used by a server (extended key usage)".to_owned(),
                "Have it issued with the purpose server authentication",
            ),
            CertificateVerdict::InvalidPurpose | CertificateVerdict::InvalidCa => {
                ("is not that of an authority (basic constraints, key usage)".to_owned(), export)
            }
            _ => (format!("is not accepted: {}", result.error_string()), "Have it issued anew"),
        };
        Self { verdict, sentence: format!("{whose} {what}. {cure}") }
    }
}

/// Characters of a text in a certificate that are shown at most.
const LONGEST: usize = 64;

/// Names that a certificate is for, at most this many.
const MOST_NAMES: usize = 5;

fn names_of(certificate: &X509Ref) -> String {
    let alternative = certificate.subject_alt_names();
    let mut names: Vec<String> = alternative
        .iter()
        .flatten()
        .filter_map(|name| {
            let address = |bytes: &[u8]| match *bytes {
                [a, b, c, d] => Some(IpAddr::from([a, b, c, d]).to_string()),
                _ => <[u8; 16]>::try_from(bytes).ok().map(|ip| IpAddr::from(ip).to_string()),
            };
            name.dnsname()
                .map(|name| quotable(name, LONGEST))
                .or_else(|| name.ipaddress().and_then(address))
        })
        .collect();
    if names.is_empty() {
        names.push(common_name(certificate.subject_name()).unwrap_or_else(|| "no name".into()));
    }
    let more = names.len().saturating_sub(MOST_NAMES);
    names.truncate(MOST_NAMES);
    let quoted: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    quoted.join(", ") + &more
}

/// The common name, or the organisation where there is none.
fn short_name(name: &X509NameRef) -> String {
    common_name(name).unwrap_or_else(|| "without a name".to_owned())
}

fn common_name(name: &X509NameRef) -> Option<String> {
    [Nid::COMMONNAME, Nid::ORGANIZATIONNAME].into_iter().find_map(|nid| {
        let text = name.entries_by_nid(nid).next()?.data().to_string().ok()?;
        Some(quotable(&text, LONGEST))
    })
}
