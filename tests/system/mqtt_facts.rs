//! What an error of MQTT tells about its broker, and what a broker is told about us: the address
//! behind a name, the name in TLS, our certificate.

use std::fs::read_to_string;
use std::path::Path;

use butler_sos::app::App;
use test_support::{Authority, Mosquitto, OpensslServer, until_async};

use crate::common::{connected, counted, history, settings, start, tracking};
use crate::events::{Sender, sample};
use crate::mqtt::{EVENTS, mqtt};

/// The program with events and the broker of this name, and further keys of its section.
fn start_with(broker: &str, port: u16, more: &str, folder: &Path) -> App {
    let section = mqtt(port, more).replace("127.0.0.1", broker);
    let text = format!(
        "Butler-SOS:\n  fileLogging: false\n  uptimeMonitor:\n    enable: false\n{section}{EVENTS}"
    );
    start(settings(&text, folder))
}

/// What the one error tells that an event makes: category, code, syscall and host in a line, and
/// the address.
async fn error(broker: &str, port: u16, more: &str) -> (String, Option<(String, u16)>) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("errors.sqlite3");
    let app = start_with(broker, port, &format!("{more}{}", tracking(&file, "")), folder.path());
    Sender::to(&app).await.user(&sample("U1"));
    counted(&app, 1).await;
    let row = history(&file, 1).await.remove(0);
    let (category, code) = (row.error_category, row.error_code);
    let (syscall, host) = (row.syscall.unwrap_or_default(), row.host.unwrap_or_default());
    let remote = row.remote_address.zip(row.remote_port);
    (format!("{category},{code},{syscall},{host}"), remote)
}

#[actix::test]
async fn the_address_behind_the_name_of_a_broker_is_told() {
    let local = |port| Some(("127.0.0.1".to_owned(), port));
    let closed = Mosquitto::with("").port();
    let refused = "connection_refused,ECONNREFUSED,connect,localhost";
    assert_eq!(error("localhost", closed, "").await, (refused.to_owned(), local(closed)));

    // The host of IPv6 has no brackets; a machine without IPv6 fails with another code.
    let (text, remote) = error("'[::1]'", closed, "").await;
    assert!(text.ends_with(",connect,::1"), "{text}");
    assert_eq!(remote, Some(("::1".to_owned(), closed)));

    let broker = Mosquitto::started_with("allow_anonymous false\n");
    let (text, remote) = error("localhost", broker.port(), "").await;
    assert_eq!((&*text, remote), ("mqtt_error,,read,localhost", local(broker.port())));
}

/// A broker with TLS and these lines, and the folder of its certificates.
fn secured(authority: &Authority, lines: &str) -> Mosquitto {
    let mut broker = Mosquitto::with(&format!(
        "allow_anonymous true\ncertfile {{folder}}/server.pem\nkeyfile {{folder}}/key.pem\n\
         cafile {{folder}}/ca.pem\n{lines}"
    ));
    for (name, file) in
        [("server.pem", "server.pem"), ("key.pem", "server_key.pem"), ("ca.pem", "root.pem")]
    {
        broker.file(name, &read_to_string(authority.file(file)).unwrap());
    }
    broker.start();
    broker
}

/// Keys of TLS with these files of a folder.
fn keys(folder: &Path, files: &[(&str, &str)]) -> String {
    let line = |(key, file): &(&str, &str)| {
        format!("    {key}: {:?}\n", folder.join(file).display().to_string())
    };
    format!("    tls: true\n{}", files.iter().map(line).collect::<String>())
}

#[actix::test]
async fn the_name_of_a_broker_is_verified_and_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let root = Authority::new(folder.path(), "root");
    root.sign("server", "rsa:2048", "subjectAltName=DNS:localhost\n", "");
    let trusting = keys(folder.path(), &[("caFile", "root.pem")]);
    let broker = secured(&root, "");
    connected(&start_with("localhost", broker.port(), &trusting, folder.path())).await;
    let (text, remote) = error("127.0.0.1", broker.port(), &trusting).await;
    assert!(text.starts_with("certificate_error,"), "{text}");
    assert_eq!(remote, Some(("127.0.0.1".to_owned(), broker.port())));

    let server = OpensslServer::start(
        folder.path(),
        "-cert server.pem -key server_key.pem -servername localhost -cert2 server.pem -key2 \
         server_key.pem",
    );
    let _app = start_with("localhost", server.port(), &trusting, folder.path());
    until_async("the name that is asked for", || {
        server.output().contains("Hostname in TLS extension: \"localhost\"").then_some(())
    })
    .await;
}

#[actix::test]
async fn a_broker_that_wants_a_certificate_is_shown_it() {
    let folder = tempfile::tempdir().unwrap();
    let root = Authority::new(folder.path(), "root");
    root.sign("server", "rsa:2048", "subjectAltName=IP:127.0.0.1\n", "");
    root.sign("client", "rsa:2048", "extendedKeyUsage=clientAuth\n", "");
    let broker = secured(&root, "require_certificate true\nuse_identity_as_username true\n");
    let with = |key| {
        let files = [("caFile", "root.pem"), ("certFile", "client.pem"), ("keyFile", key)];
        keys(folder.path(), &files)
    };
    let app = start_with("127.0.0.1", broker.port(), &with("client_key.pem"), folder.path());
    connected(&app).await;
    let log = broker.log();
    assert!(log.contains("u'sense-client'"), "{log}");

    let without = keys(folder.path(), &[("caFile", "root.pem")]);
    let (text, _) = error("127.0.0.1", broker.port(), &without).await;
    assert!(text.starts_with("certificate_error,"), "{text}");
    let (text, remote) = error("127.0.0.1", broker.port(), &with("server_key.pem")).await;
    assert_eq!((&*text, remote), ("certificate_error,,,127.0.0.1", None), "nothing was dialled");
}
