//! Polls keep their connection, in front of a real web server that asks for a client certificate.

use std::path::Path;
use std::time::{Duration, Instant};

use actors::io::http::{CertFiles, ConnectionCounts, HttpClient, Limits, Request, Verify};
use futures_util::future::join_all;
use test_support::{Authority, Nginx, PATIENCE};

/// How many polls the present connection has seen, and who asked.
const BODY: &str = "location / { return 200 '$connection_requests $ssl_client_verify'; }";

fn client(folder: &Path) -> HttpClient {
    let root = Authority::new(folder, "root");
    root.sign("client", "rsa:2048", "extendedKeyUsage=clientAuth\n", "");
    let names = "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth\n";
    root.sign("server", "rsa:2048", names, "");
    let files = CertFiles {
        cert: folder.join("client.pem"),
        key: folder.join("client_key.pem"),
        ca: folder.join("root.pem"),
        passphrase: None,
    };
    let limits = Limits { timeout: Duration::from_secs(30), max_body: 1 << 20, redirects: 5 };
    HttpClient::with_certificate(files, Verify::ChainAndName, limits, Duration::from_secs(1))
}

/// Polls once; what came.
async fn poll(client: &HttpClient, server: &Nginx, owner: u32) -> String {
    let url = format!("https://127.0.0.1:{}/engine/healthcheck", server.port());
    let answer = client.send(Request::get(url).owned_by(owner)).await.unwrap();
    String::from_utf8(answer.body.to_vec()).unwrap()
}

#[actix::test]
async fn a_connection_serves_as_many_polls_as_the_server_lets_it() {
    let folder = tempfile::tempdir().unwrap();
    let client = client(folder.path());
    let server = Nginx::start(folder.path(), &format!("keepalive_requests 3;\n{BODY}"));
    let mut answers = Vec::new();
    for _ in 0..7 {
        answers.push(poll(&client, &server, 0).await);
    }
    let expected = ["1", "2", "3", "1", "2", "3", "1"].map(|count| format!("{count} SUCCESS"));
    assert_eq!(answers, expected);
    assert_eq!(client.connections(), ConnectionCounts { made: 3, repeated: 0 });
}

#[actix::test]
async fn a_server_that_announces_a_short_rest_is_not_asked_on_a_dead_connection() {
    let folder = tempfile::tempdir().unwrap();
    let client = client(folder.path());
    let server = Nginx::start(folder.path(), &format!("keepalive_timeout 1 1;\n{BODY}"));
    for _ in 0..3 {
        assert_eq!(poll(&client, &server, 0).await, "1 SUCCESS");
    }
    assert_eq!(client.connections(), ConnectionCounts { made: 3, repeated: 0 });
}

#[actix::test]
async fn a_server_may_restart_between_and_during_polls() {
    let folder = tempfile::tempdir().unwrap();
    let client = client(folder.path());
    let server = Nginx::start(folder.path(), BODY);
    let round = || join_all((0..24).map(|owner| poll(&client, &server, owner)));
    round().await;
    for restarts in 2..5 {
        server.reload();
        let began = Instant::now();
        // Until each connection was closed and made anew; no poll on the way fails.
        let renewed = || client.connections().made >= 24 * restarts;
        while !renewed() {
            let answers = round().await;
            assert!(answers.iter().all(|answer| answer.ends_with(" SUCCESS")), "{answers:?}");
            assert!(began.elapsed() < PATIENCE, "connections are not closed");
        }
    }
}
