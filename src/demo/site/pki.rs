//! The certificates of a simulated site, made on the fly: an authority, servers, one client.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, Error, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, date_time_ymd,
};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio_rustls::TlsAcceptor;

use super::fault::BadCertificate;

/// What the client needs, as files in PEM form.
#[derive(Debug, Clone)]
pub struct ClientFiles {
    /// The client's certificate.
    pub cert: PathBuf,
    /// Its key.
    pub key: PathBuf,
    /// The authority that signed the servers.
    pub ca: PathBuf,
}

/// One TLS acceptor for each way of being a server.
pub(super) struct Acceptors {
    good: TlsAcceptor,
    refusing: TlsAcceptor,
    bad: Vec<(BadCertificate, TlsAcceptor)>,
}

impl Acceptors {
    pub(super) fn good(&self) -> &TlsAcceptor {
        &self.good
    }

    /// Asks for a client certificate of an authority that signed none.
    pub(super) fn refusing(&self) -> &TlsAcceptor {
        &self.refusing
    }

    pub(super) fn bad(&self, wanted: BadCertificate) -> &TlsAcceptor {
        self.bad.iter().find(|(bad, _)| *bad == wanted).map_or(&self.good, |(_, acceptor)| acceptor)
    }
}

struct Authority {
    certificate: Certificate,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new(name: &str) -> Result<Self, Error> {
        let mut params = params(name, &[])?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?;
        Ok(Self { certificate, issuer: Issuer::new(params, key) })
    }

    fn roots(&self) -> io::Result<RootCertStore> {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.der().clone()).map_err(io::Error::other)?;
        Ok(roots)
    }
}

fn params(common_name: &str, names: &[&str]) -> Result<CertificateParams, Error> {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.push(DnType::CommonName, common_name);
    Ok(params)
}

/// Makes everything and writes the client's files to `folder`. `names` are those that good
/// servers are known by.
pub(super) fn make(folder: &Path, names: &[&str]) -> io::Result<(ClientFiles, Acceptors)> {
    make_all(folder, names).map_err(io::Error::other)?
}

fn make_all(folder: &Path, names: &[&str]) -> Result<io::Result<(ClientFiles, Acceptors)>, Error> {
    let authority = Authority::new("Simulated Qlik Sense root CA")?;
    let stranger = Authority::new("Somebody else's CA")?;

    let client_key = KeyPair::generate()?;
    let mut client = params("QlikClient", &[])?;
    client.extended_key_usages.push(ExtendedKeyUsagePurpose::ClientAuth);
    let client = client.signed_by(&client_key, &authority.issuer)?;

    let key = KeyPair::generate()?;
    let good = params("Qlik Sense", names)?.signed_by(&key, &authority.issuer)?;
    let mut bad = Vec::new();
    for kind in BadCertificate::ALL {
        bad.push((kind, bad_certificate(kind, names, &key, &authority, &stranger)?));
    }
    let assemble = || {
        let files = ClientFiles {
            cert: folder.join("client.pem"),
            key: folder.join("client_key.pem"),
            ca: folder.join("root.pem"),
        };
        fs::write(&files.cert, client.pem())?;
        fs::write(&files.key, client_key.serialize_pem())?;
        fs::write(&files.ca, authority.certificate.pem())?;
        let roots = authority.roots()?;
        let bad = bad.iter().map(|(kind, cert)| Ok((*kind, acceptor(cert, &key, roots.clone())?)));
        let acceptors = Acceptors {
            good: acceptor(&good, &key, roots.clone())?,
            refusing: acceptor(&good, &key, stranger.roots()?)?,
            bad: bad.collect::<io::Result<_>>()?,
        };
        Ok((files, acceptors))
    };
    Ok(assemble())
}

fn bad_certificate(
    kind: BadCertificate,
    names: &[&str],
    key: &KeyPair,
    authority: &Authority,
    stranger: &Authority,
) -> Result<Certificate, Error> {
    let mut params = params("Qlik Sense", names)?;
    match kind {
        BadCertificate::UnknownAuthority => params.signed_by(key, &stranger.issuer),
        BadCertificate::Expired => {
            params.not_before = date_time_ymd(2001, 1, 1);
            params.not_after = date_time_ymd(2002, 1, 1);
            params.signed_by(key, &authority.issuer)
        }
        BadCertificate::NotYetValid => {
            params.not_before = date_time_ymd(3000, 1, 1);
            params.signed_by(key, &authority.issuer)
        }
        BadCertificate::WrongName => {
            self::params("elsewhere", &["elsewhere.example.com"])?.signed_by(key, &authority.issuer)
        }
        BadCertificate::SelfSigned => params.self_signed(key),
    }
}

fn acceptor(
    certificate: &Certificate,
    key: &KeyPair,
    clients: RootCertStore,
) -> io::Result<TlsAcceptor> {
    let provider = Arc::new(ring::default_provider());
    let clients =
        WebPkiClientVerifier::builder_with_provider(Arc::new(clients), Arc::clone(&provider))
            .build()
            .map_err(io::Error::other)?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let chain: Vec<CertificateDer<'static>> = vec![certificate.der().clone()];
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_client_cert_verifier(clients)
        .with_single_cert(chain, key)
        .map_err(io::Error::other)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
