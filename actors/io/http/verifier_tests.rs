//! Who is trusted, with certificates made here and now.

use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::crypto::ring;

use super::*;

#[test]
fn a_wildcard_stands_for_one_label() {
    for (pattern, host, matches) in [
        ("sense1.lab.local", "SENSE1.lab.local", true),
        ("sense1", "sense2", false),
        ("*.lab.local", "sense1.lab.local", true),
        ("*.lab.local", "a.b.lab.local", false),
        ("*.lab.local", "lab.local", false),
        ("*.lab.local", ".lab.local", false),
    ] {
        assert_eq!(matches_name(pattern, host), matches, "{pattern} {host}");
    }
}

fn params(common_name: &str, names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params
}

/// An authority and a server that it signed; the server's certificate is made from `params`.
fn signed(server: &CertificateParams) -> (CertificateDer<'static>, CertificateDer<'static>) {
    let mut authority = params("CA", &[]);
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let root = authority.self_signed(&key).unwrap().der().clone();
    let issuer = Issuer::new(authority, key);
    let server = server.signed_by(&KeyPair::generate().unwrap(), &issuer).unwrap();
    (root, server.der().clone())
}

fn self_signed(server: &CertificateParams) -> CertificateDer<'static> {
    server.self_signed(&KeyPair::generate().unwrap()).unwrap().der().clone()
}

/// A day in 2026.
fn now() -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(1_790_000_000))
}

fn check(
    listed: &CertificateDer<'static>,
    server: &CertificateDer<'static>,
    verify: Verify,
    host: &str,
) -> Result<(), Error> {
    let provider = ring::default_provider();
    let verifier = SenseVerifier::new(vec![listed.clone()], verify, &provider);
    let name = ServerName::try_from(host.to_owned()).unwrap();
    verifier.verify_server_cert(server, &[], &name, &[], now()).map(|_| ())
}

#[test]
fn a_name_in_the_subject_counts_where_there_is_no_other() {
    let (root, server) = signed(&params("sense1.lab.local", &[]));
    let verify = Verify::ChainAndName;
    assert_eq!(check(&root, &server, verify, "sense1.lab.local"), Ok(()));
    assert!(check(&root, &server, verify, "sense2.lab.local").is_err());
    assert!(check(&root, &server, verify, "10.0.0.1").is_err(), "an address is never in a subject");
    assert_eq!(check(&root, &server, Verify::Chain, "10.0.0.1"), Ok(()));

    let (root, server) = signed(&params("sense1.lab.local", &["other.lab.local"]));
    assert!(check(&root, &server, verify, "sense1.lab.local").is_err());
    assert_eq!(check(&root, &server, verify, "other.lab.local"), Ok(()));
}

#[test]
fn a_server_whose_own_certificate_is_listed_is_trusted_while_it_is_valid() {
    let server = self_signed(&params("sense1", &["sense1"]));
    assert_eq!(check(&server, &server, Verify::ChainAndName, "sense1"), Ok(()));
    assert!(check(&server, &server, Verify::ChainAndName, "sense2").is_err());

    let mut old = params("sense1", &["sense1"]);
    (old.not_before, old.not_after) = (date_time_ymd(2001, 1, 1), date_time_ymd(2002, 1, 1));
    let old = self_signed(&old);
    assert_eq!(
        check(&old, &old, Verify::ChainAndName, "sense1"),
        Err(Error::InvalidCertificate(CertificateError::Expired))
    );
    let mut early = params("sense1", &["sense1"]);
    early.not_before = date_time_ymd(3000, 1, 1);
    let early = self_signed(&early);
    assert_eq!(
        check(&early, &early, Verify::Chain, "sense1"),
        Err(Error::InvalidCertificate(CertificateError::NotValidYet))
    );
}

#[test]
fn nobody_else_is_trusted_unless_nothing_is_verified() {
    let (_, server) = signed(&params("sense1", &["sense1"]));
    let stranger = self_signed(&params("stranger", &["sense1"]));
    assert!(check(&stranger, &server, Verify::Chain, "sense1").is_err());
    assert_eq!(check(&stranger, &server, Verify::Nothing, "sense9"), Ok(()));
    let selfish = self_signed(&params("sense1", &["sense1"]));
    let Err(Error::InvalidCertificate(CertificateError::Other(reason))) =
        check(&stranger, &selfish, Verify::Chain, "sense1")
    else {
        panic!("a self-signed certificate is told apart");
    };
    assert_eq!(reason.0.downcast_ref::<ChainError>(), Some(&ChainError::SelfSigned));
}
