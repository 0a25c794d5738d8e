//! TLS as Windows and others speak it, against OpenSSL's own server. The expected column is what
//! Node.js 24 did in front of the same servers, with an agent as the original builds it.

use std::io::Write;
use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use actors::domain::errors::{Category, ErrorCode, Failure};
use actors::io::http::{Answer, CertFiles, HttpClient, Limits, Request, Verify};
use test_support::{Authority, OpensslServer, openssl, until_async};

const NAMES: &str = "subjectAltName=DNS:localhost,IP:127.0.0.1\n";

/// What the server sends, once a client certificate of the site was shown.
const ANSWER: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\
                      Connection: close\r\n\r\n{}";

/// A site: an authority, a client certificate, and servers of all sorts.
fn site(folder: &Path) -> Authority {
    let root = Authority::new(folder, "root");
    root.sign("client", "rsa:2048", "extendedKeyUsage=clientAuth\n", "");
    root.sign("server", "rsa:2048", &format!("{NAMES}extendedKeyUsage=serverAuth\n"), "");
    std::fs::create_dir_all(folder.join("engine")).unwrap();
    std::fs::write(folder.join("engine/healthcheck"), ANSWER).unwrap();
    root
}

fn files(folder: &Path, ca: &str) -> CertFiles {
    CertFiles {
        cert: folder.join("client.pem"),
        key: folder.join("client_key.pem"),
        ca: folder.join(ca),
        passphrase: None,
    }
}

fn limits() -> Limits {
    Limits { timeout: Duration::from_secs(30), max_body: 1 << 20, redirects: 5 }
}

fn client(folder: &Path, ca: &str, verify: Verify) -> HttpClient {
    HttpClient::with_certificate(files(folder, ca), verify, limits(), Duration::from_secs(1))
}

/// Serves one file as a whole answer, to clients with a certificate of the site.
fn serve(folder: &Path, certificate: &str, options: &str) -> OpensslServer {
    let (certificate, chain) = certificate.split_once(' ').unwrap_or((certificate, ""));
    let key = if folder.join(format!("{certificate}_key.pem")).exists() {
        format!("{certificate}_key.pem")
    } else {
        "server_key.pem".to_owned()
    };
    let arguments = format!(
        "-cert {certificate}.pem -key {key} -CAfile root.pem -Verify 2 -verify_return_error -HTTP \
         {chain} {options}"
    );
    OpensslServer::start(folder, &arguments)
}

async fn ask(client: &HttpClient, port: u16) -> Result<Answer, Failure> {
    client.send(Request::get(format!("https://127.0.0.1:{port}/engine/healthcheck"))).await
}

/// What came of it: `200`, or the code.
fn outcome(answer: Result<Answer, Failure>) -> (String, Option<Failure>) {
    match answer {
        Ok(answer) => (answer.status.to_string(), None),
        Err(failure) => {
            let code = failure.code().map_or("", ErrorCode::as_str).to_owned();
            (code, Some(failure))
        }
    }
}

/// Suites of Windows Server 2012 R2 in its own order, as far as OpenSSL still knows them.
const WINDOWS_2012_R2: &str = "ECDHE-RSA-AES256-SHA384:ECDHE-RSA-AES128-SHA256:\
    ECDHE-RSA-AES256-SHA:ECDHE-RSA-AES128-SHA:AES256-GCM-SHA384:AES128-GCM-SHA256:AES256-SHA256:\
    AES128-SHA256:AES256-SHA:AES128-SHA";

#[actix::test]
async fn versions_and_suites_are_those_of_the_original() {
    let folder = tempfile::tempdir().unwrap();
    site(folder.path());
    let client = client(folder.path(), "root.pem", Verify::ChainAndName);
    let windows = format!("-tls1_2 -no_dhe -cipher {WINDOWS_2012_R2}");
    for (options, expected) in [
        ("-tls1_2 -cipher ECDHE-RSA-AES256-GCM-SHA384", "200"),
        ("-tls1_3", "200"),
        (&*windows, "200"),
        ("-tls1_2 -cipher AES128-GCM-SHA256", "200"),
        ("-tls1_2 -cipher ECDHE-RSA-AES256-SHA384", "200"),
        ("-tls1_2 -cipher ECDHE-RSA-AES256-SHA", "200"),
        ("-tls1_2 -cipher AES256-SHA", "200"),
        ("-tls1_2 -no_dhe -cipher DHE-RSA-AES256-GCM-SHA384", "EPROTO"),
        ("-tls1 -cipher ALL:@SECLEVEL=0", "EPROTO"),
        ("-tls1_1 -cipher ALL:@SECLEVEL=0", "EPROTO"),
        ("-no_tls1_3 -cipher ALL:@SECLEVEL=0", "200"),
    ] {
        let server = serve(folder.path(), "server", options);
        let (code, failure) = outcome(ask(&client, server.port()).await);
        assert_eq!(code, expected, "{options}: {failure:?}");
        if let Some(failure) = failure {
            assert_eq!(failure.category(), Category::CertificateError, "{options}");
            assert_eq!(failure.remote().map(|address| address.port()), Some(server.port()));
            let said = failure.message();
            let explained = said.contains("no common TLS version") || said.contains("before 1.2");
            assert!(explained, "{options}: {said}");
        }
    }
}

#[actix::test]
async fn certificates_get_the_verdicts_that_users_of_the_original_know() {
    let folder = tempfile::tempdir().unwrap();
    let root = site(folder.path());
    let full = format!("{NAMES}extendedKeyUsage=serverAuth\n");
    std::fs::write(folder.path().join("rsa8192_key.pem"), include_str!("keys/rsa_8192.pem"))
        .unwrap();
    openssl(folder.path(), "req -new -key rsa8192_key.pem -subj /CN=big -out rsa8192.csr");
    root.issue("rsa8192", "rsa8192.csr", &full, "");
    for (name, key, extensions, options) in [
        ("rsa3072", "rsa:3072", &*full, ""),
        ("rsa4096", "rsa:4096", &full, ""),
        ("p256", "ec -pkeyopt ec_paramgen_curve:P-256", &full, ""),
        ("p384", "ec -pkeyopt ec_paramgen_curve:P-384", &full, ""),
        ("p521", "ec -pkeyopt ec_paramgen_curve:P-521", &full, ""),
        ("sha512", "rsa:2048", &full, "-sha512"),
        ("noeku", "rsa:2048", NAMES, ""),
        ("leafca", "rsa:2048", &format!("{full}basicConstraints=critical,CA:TRUE\n"), ""),
        ("sha1", "rsa:2048", &full, "-sha1"),
        ("rsa1024", "rsa:1024", &full, ""),
        ("clientku", "rsa:2048", &format!("{NAMES}extendedKeyUsage=clientAuth\n"), ""),
        ("expired", "rsa:2048", &full, "-days -1"),
        ("othername", "rsa:2048", "subjectAltName=DNS:elsewhere.lab,IP:10.0.0.9\n", ""),
    ] {
        root.sign(name, key, extensions, options);
    }
    let other = Authority::new(folder.path(), "other");
    other.issue("stranger", "server.csr", &full, "");
    openssl(
        folder.path(),
        "req -x509 -key server_key.pem -out selfsigned.pem -subj /CN=self -addext \
         subjectAltName=IP:127.0.0.1",
    );
    let client = client(folder.path(), "root.pem", Verify::ChainAndName);
    for (certificate, expected, says) in [
        ("rsa3072", "200", ""),
        ("rsa4096", "200", ""),
        ("rsa8192", "200", ""),
        ("p256", "200", ""),
        ("p384", "200", ""),
        ("p521", "200", ""),
        ("sha512", "200", ""),
        ("noeku", "200", ""),
        ("leafca", "200", ""),
        ("sha1", "UNSPECIFIED", "too weak"),
        ("rsa1024", "UNSPECIFIED", "too weak"),
        ("clientku", "INVALID_PURPOSE", "\"sense-clientku\" may not be used by a server"),
        ("expired", "CERT_HAS_EXPIRED", "\"sense-expired\" has expired on 20"),
        (
            "othername",
            "ERR_TLS_CERT_ALTNAME_INVALID",
            "is for \"elsewhere.lab\", \"10.0.0.9\", and the server is asked for as \"127.0.0.1\"",
        ),
        ("stranger", "UNABLE_TO_VERIFY_LEAF_SIGNATURE", "clientCertCA has no \"Lab-other\""),
        (
            "stranger -cert_chain other.pem",
            "SELF_SIGNED_CERT_IN_CHAIN",
            "\"Lab-other\" is that of an authority",
        ),
        ("selfsigned", "DEPTH_ZERO_SELF_SIGNED_CERT", "\"self\" is signed by itself"),
    ] {
        let server = serve(folder.path(), certificate, "-cipher ALL:@SECLEVEL=0");
        let (code, failure) = outcome(ask(&client, server.port()).await);
        assert_eq!(code, expected, "{certificate}: {failure:?}");
        if let Some(failure) = failure {
            assert_eq!(failure.category(), Category::CertificateError, "{certificate}");
            assert_eq!(failure.syscall(), Some("read"), "{certificate}");
            assert!(failure.message().contains(says), "{certificate}: {}", failure.message());
        }
        // Nothing of it matters to who verifies nothing.
        let careless = self::client(folder.path(), "root.pem", Verify::Nothing);
        let answer = ask(&careless, server.port()).await;
        let code = outcome(answer).0;
        assert_eq!(code, "200", "{certificate}, not verified");
    }
    // The chain alone is what counts for the repository (decision C2).
    let server = serve(folder.path(), "othername", "");
    let by_chain = self::client(folder.path(), "root.pem", Verify::Chain);
    assert_eq!(outcome(ask(&by_chain, server.port()).await).0, "200");
    assert!(by_chain.certificate_end(&format!("https://127.0.0.1:{}/", server.port())).is_some());
}

#[actix::test]
async fn a_name_in_the_subject_counts_where_there_is_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let root = site(folder.path());
    for (name, subject, extensions) in [
        // Version 1: no extensions at all.
        ("v1", "localhost", ""),
        ("cn", "localhost", "basicConstraints=CA:FALSE\n"),
        ("star", "x", "subjectAltName=DNS:*.lab.localhost\n"),
    ] {
        openssl(
            folder.path(),
            &format!(
                "req -newkey rsa:2048 -nodes -keyout {name}_key.pem -out {name}.csr -subj /CN={subject}"
            ),
        );
        root.issue(name, &format!("{name}.csr"), extensions, "");
    }
    let client = client(folder.path(), "root.pem", Verify::ChainAndName);
    for (certificate, host, expected) in [
        ("v1", "localhost", "200"),
        ("cn", "localhost", "200"),
        ("cn", "127.0.0.1", "ERR_TLS_CERT_ALTNAME_INVALID"),
        ("star", "localhost", "ERR_TLS_CERT_ALTNAME_INVALID"),
    ] {
        let server = serve(folder.path(), certificate, "");
        let url = format!("https://{host}:{}/engine/healthcheck", server.port());
        let (code, failure) = outcome(client.send(Request::get(url)).await);
        assert_eq!(code, expected, "{certificate} as {host}: {failure:?}");
    }
}

#[actix::test]
async fn a_root_that_is_over_or_no_authority_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    site(folder.path());
    openssl(folder.path(), "req -new -key root_key.pem -subj /CN=Lab-root -out again.csr");
    let certify = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n";
    for (name, extensions, days) in [
        ("over", certify, -1),
        ("noca", "basicConstraints=critical,CA:FALSE\n", 30),
        ("nosign", "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,digitalSignature\n", 30),
    ] {
        std::fs::write(folder.path().join("again.ext"), extensions).unwrap();
        openssl(
            folder.path(),
            &format!(
                "x509 -req -in again.csr -signkey root_key.pem -days {days} -extfile again.ext -out \
                 {name}.pem"
            ),
        );
    }
    let server = serve(folder.path(), "server", "");
    for (ca, expected, says) in [
        (
            "over.pem",
            "CERT_HAS_EXPIRED",
            "the certificate of the authority \"Lab-root\" has expired",
        ),
        ("noca.pem", "INVALID_PURPOSE", "is not that of an authority"),
        ("nosign.pem", "", ""),
    ] {
        let client = client(folder.path(), ca, Verify::ChainAndName);
        let (code, failure) = outcome(ask(&client, server.port()).await);
        let failure = failure.unwrap();
        assert!(code == expected || expected.is_empty(), "{ca}: {code} {failure:?}");
        assert_eq!(failure.category(), Category::CertificateError, "{ca}");
        assert!(failure.message().contains(says), "{ca}: {}", failure.message());
    }
}

/// Windows asks for the client certificate only when it sees which service the request is for.
#[actix::test]
async fn a_server_that_asks_for_the_certificate_after_the_request_gets_it() {
    let folder = tempfile::tempdir().unwrap();
    site(folder.path());
    let arguments = "-tls1_2 -cert server.pem -key server_key.pem -CAfile root.pem -verify_return_error \
                     -state -no_ticket -no_resumption_on_reneg";
    let mut server = OpensslServer::start(folder.path(), arguments);
    let client = client(folder.path(), "root.pem", Verify::ChainAndName);
    let port = server.port();
    let played = async {
        until_async("the request", || server.output().contains("GET /engine").then_some(())).await;
        let before = server.output();
        assert!(!before.contains("sense-client"), "no certificate yet: {before}");
        // Renegotiate, and demand a certificate.
        server.type_in("R\n");
        let shown = || server.output().contains("sense-client").then_some(());
        until_async("the client's certificate", shown).await;
        server.type_in(ANSWER);
    };
    let (answer, ()) = futures_util::future::join(ask(&client, port), played).await;
    let (code, failure) = outcome(answer);
    assert_eq!(code, "200", "{failure:?}");
}

#[actix::test]
async fn a_handshake_that_breaks_says_what_is_likely() {
    let folder = tempfile::tempdir().unwrap();
    site(folder.path());
    let client = client(folder.path(), "root.pem", Verify::ChainAndName);
    for (reset, text, code, category) in [
        // As Windows does where no suite is common.
        (true, "", "ECONNRESET", Category::ConnectionReset),
        (false, "", "ECONNRESET", Category::ConnectionReset),
        (false, "HTTP/1.1 400 Bad Request\r\n\r\n", "EPROTO", Category::CertificateError),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            // The client's hello has come, as far as it is read at once.
            _ = std::io::Read::read(&mut stream, &mut [0; 65_536]);
            _ = stream.write_all(text.as_bytes());
            if reset {
                let linger = Some(Duration::ZERO);
                socket2::SockRef::from(&stream).set_linger(linger).unwrap();
            }
        });
        let (found, failure) = outcome(ask(&client, port).await);
        let failure = failure.unwrap();
        assert_eq!((&*found, failure.category()), (code, category), "{failure:?}");
        assert_eq!(failure.remote().map(|address| address.port()), Some(port));
        if text.is_empty() {
            let said = failure.message();
            assert!(said.contains("before the server sent a certificate: no common TLS"), "{said}");
        } else {
            assert_eq!(failure.message(), "the server does not speak TLS on this port");
        }
    }
}

#[actix::test]
async fn a_client_certificate_that_is_not_taken_is_named() {
    let folder = tempfile::tempdir().unwrap();
    site(folder.path());
    Authority::new(folder.path(), "other");
    let client = client(folder.path(), "root.pem", Verify::ChainAndName);
    for (version, code) in [("-tls1_2", "EPROTO"), ("-tls1_3", "ERR_SSL_TLSV1_ALERT_UNKNOWN_CA")] {
        let arguments = format!(
            "{version} -cert server.pem -key server_key.pem -CAfile other.pem -Verify 2 \
             -verify_return_error -HTTP"
        );
        let server = OpensslServer::start(folder.path(), &arguments);
        let (found, failure) = outcome(ask(&client, server.port()).await);
        let failure = failure.unwrap();
        assert_eq!(found, code, "{version}: {failure:?}");
        assert_eq!(failure.category(), Category::CertificateError, "{version}");
        let said = failure.message();
        assert!(said.contains("refused our client certificate: TLS alert unknown CA"), "{said}");
    }
}
