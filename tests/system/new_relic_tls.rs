//! New Relic by `https`: the authorities of the system decide whom to trust.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{CertificateParams, DnType, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use test_support::{Program, until};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::common::BINARY;
use crate::new_relic_service::Service;

/// Speaks TLS in front of a server that does not; the file with its certificate, and its port.
fn tls_before(server: SocketAddr, folder: &Path) -> (PathBuf, u16) {
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    // Two of them must not be taken for each other.
    params.distinguished_name.push(DnType::CommonName, folder.display().to_string());
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let file = folder.join("authority.pem");
    fs::write(&file, certificate.pem()).unwrap();
    let chain: Vec<CertificateDer<'static>> = vec![certificate.der().clone()];
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = TcpListener::from_std(listener).unwrap();
            while let Ok((client, _)) = listener.accept().await {
                // One after the other: each answer is awaited here. A handshake that the client
                // breaks off is what one of the tests is about.
                let Ok(mut client) = acceptor.accept(client).await else { continue };
                let mut server = TcpStream::connect(server).await.unwrap();
                _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            }
        });
    });
    (file, port)
}

/// Posts its uptime every second to `localhost`, trusting the authorities of `file` only.
fn start(file: &Path, port: u16, folder: &Path) -> Program {
    let config = folder.join("config.yaml");
    let text = format!(
        "Butler-SOS:
  fileLogging: false
  errorTracking: {{ history: {{ file: {:?} }} }}
  thirdPartyToolsCredentials:
    newRelic: [{{ accountName: a, insertApiKey: k, accountId: 1 }}]
  newRelic: {{ metric: {{ url: \"https://localhost:{port}/metric/v1\" }} }}
  uptimeMonitor:
    frequency: every 1 second
    storeNewRelic: {{ enable: true, destinationAccount: [a] }}
",
        folder.join("errors.sqlite3").display().to_string(),
    );
    fs::write(&config, text).unwrap();
    let trusted = format!("SSL_CERT_FILE={}", file.display());
    let config = config.display().to_string();
    Program::start("env", &["-u", "SSL_CERT_DIR", &trusted, BINARY, "-c", &config, "-l", "debug"])
}

#[test]
fn a_server_that_the_system_vouches_for_gets_posts() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::healthy();
    let (file, port) = tls_before(service.address(), folder.path());
    let mut program = start(&file, port, folder.path());
    until("a post", || {
        service.seen().iter().any(|seen| seen.text().contains("qs_butlerSosUptime")).then_some(())
    });
    program.line_with("NEW RELIC: account \"a\", uptime: posted");
    program.terminate();
    assert_eq!(program.wait(), Some(0));
    assert!(!program.lines().iter().any(|line| line.contains("NEW_RELIC_POST")));
}

#[test]
fn another_server_gets_none() {
    let folder = tempfile::tempdir().unwrap();
    let other = tempfile::tempdir().unwrap();
    let service = Service::healthy();
    let (_, port) = tls_before(service.address(), folder.path());
    let (file_of_another, _) = tls_before(service.address(), other.path());
    let mut program = start(&file_of_another, port, folder.path());
    program.line_with("is signed by itself, and is not in the list of the operating system");
    program.terminate();
    assert_eq!(program.wait(), Some(0));
    assert_eq!(categories(folder.path()), ["certificate_error DEPTH_ZERO_SELF_SIGNED_CERT"]);
    assert_eq!(service.seen(), []);
}

#[test]
fn nobody_is_trusted_where_there_are_no_authorities() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::healthy();
    let (_, port) = tls_before(service.address(), folder.path());
    let mut program = start(Path::new("/nonexistent/authorities.pem"), port, folder.path());
    program.line_with("uptime: not posted: the certificates of the system's authorities cannot be");
    program.terminate();
    assert_eq!(program.wait(), Some(0));
    assert_eq!(categories(folder.path()), ["certificate_error "]);
}

/// What the history holds, each once.
fn categories(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let reader = actors::io::error_log::ErrorReader::open(&folder.join("errors.sqlite3")).unwrap();
    let all = actors::io::error_log::Filter::default();
    reader
        .for_each(&all, None, |row| {
            assert_eq!(row.module.as_deref(), Some("UPTIME_NEW_RELIC"));
            found.push(format!("{} {}", row.error_category, row.error_code));
        })
        .unwrap();
    found.dedup();
    found
}
