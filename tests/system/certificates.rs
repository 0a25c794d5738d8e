//! Client certificates and what is trusted, in real handshakes.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use actors::io::error_log::{ErrorReader, Filter, Total};
use butler_sos::app::App;
use butler_sos::demo::configuration::{Choices, of_site};
use butler_sos::demo::site::{BadCertificate, Endpoint, Fault, Site};
use test_support::until_async;

use crate::common;

fn choices(interval_ms: u64) -> Choices {
    Choices { interval_ms, app_names: false, virtual_proxies: vec!["/"], sections: String::new() }
}

async fn end(app: App) {
    app.drain(Duration::from_secs(5)).await;
    app.end();
}

fn totals(folder: &Path) -> Vec<Total> {
    let history = ErrorReader::open(&folder.join(common::HISTORY)).unwrap();
    history.totals(&Filter::default()).unwrap()
}

fn openssl(arguments: &[&str]) {
    let output = Command::new("openssl").args(arguments).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "openssl {arguments:?}: {text}");
}

#[actix::test]
async fn keys_with_a_passphrase_open_the_door() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::start(1, folder.path()).unwrap();
    let key = site.client.key.display().to_string();
    let encrypted = folder.path().join("encrypted.pem").display().to_string();
    let pass = "pass:s3cret: phrase";
    for (form, arguments) in [
        ("BEGIN ENCRYPTED PRIVATE KEY", ["pkcs8", "-topk8", "-passout", pass]),
        ("Proc-Type: 4,ENCRYPTED", ["ec", "-aes256", "-passout", pass]),
    ] {
        openssl(&[&arguments[..], &["-in", &key, "-out", &encrypted]].concat());
        let text = std::fs::read_to_string(&encrypted).unwrap();
        assert!(text.contains(form), "{text}");
        let before = site.count(Endpoint::Engine(0));
        let config = of_site(&site, 1, &choices(common::ONCE)).replace(&key, &encrypted).replace(
            "    clientCertCA",
            "    clientCertPassphrase: 's3cret: phrase'\n    clientCertCA",
        );
        let app = common::start(common::settings(&config, folder.path()));
        let asked = || site.count(Endpoint::Engine(0)) > before;
        until_async("a health check", || asked().then_some(())).await;
        end(app).await;
    }
    assert_eq!(totals(folder.path()), []);
}

#[actix::test]
async fn nothing_is_verified_when_told_so() {
    let folder = tempfile::tempdir().unwrap();
    let servers = BadCertificate::ALL.len();
    let site = Site::start(servers, folder.path()).unwrap();
    for (server, bad) in BadCertificate::ALL.into_iter().enumerate() {
        site.set(Endpoint::Engine(server), Fault::Certificate(bad));
    }
    let config = of_site(&site, servers, &choices(common::ONCE))
        .replace("rejectUnauthorized: true", "rejectUnauthorized: false");
    let app = common::start(common::settings(&config, folder.path()));
    let all = || (0..servers).all(|server| site.count(Endpoint::Engine(server)) == 1);
    until_async("every health check", || all().then_some(())).await;
    end(app).await;
    assert_eq!(totals(folder.path()), []);
}

#[actix::test]
async fn certificates_that_change_are_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::start(1, folder.path()).unwrap();
    let good = std::fs::read(&site.client.cert).unwrap();
    std::fs::write(&site.client.cert, "this is not a certificate").unwrap();
    let config = of_site(&site, 1, &choices(100));
    let app = common::start(common::settings(&config, folder.path()));
    common::counted(&app, 4).await;
    assert_eq!(site.count(Endpoint::Engine(0)), 0);
    std::fs::write(&site.client.cert, good).unwrap();
    let asked = || site.count(Endpoint::Engine(0)) > 0 && site.count(Endpoint::Proxy(0)) > 0;
    until_async("polls with the new certificate", || asked().then_some(())).await;
    end(app).await;
    let totals = totals(folder.path());
    assert!(totals.iter().all(|total| total.error_category == "certificate_error"), "{totals:?}");
}
