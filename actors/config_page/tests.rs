//! Every path over a real socket. How it looks is tested in a browser, in `tests/system`.

use std::net::Ipv4Addr;

use test_support::{Reply, get};

use super::*;

async fn ask(address: SocketAddr, path: &'static str) -> Reply {
    let asked = tokio::task::spawn_blocking(move || get(&address.to_string(), path)).await;
    asked.unwrap().unwrap()
}

#[actix::test]
async fn each_path_has_its_answer_until_too_many_are_asked() {
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let shown =
        PageContent { json: r#"{"a":1}"#.to_owned(), yaml: "Butler-SOS:\n  a: 1\n".to_owned() };
    let at = ConfigPageSettings {
        host: "127.0.0.1".to_owned(),
        port: 0,
        host_names: vec!["sos.example.com".to_owned()],
        obfuscate: true,
    };
    let page = ConfigPage::new(socket, at, shown.clone());
    let address = page.address().unwrap();
    let _page = page.start();
    let html = ask(address, "/").await;
    assert!(html.status == 200 && html.body.contains("<title>Butler SOS configuration</title>"));
    assert!(!html.body.contains("http://") && !html.body.contains("https://"), "nothing from afar");
    assert_eq!(ask(address, "/config.json").await.body, shown.json);
    assert_eq!(ask(address, "/config.yaml").await.body, shown.yaml);
    assert_eq!(ask(address, "/page.css").await.status, 200);
    assert_eq!(ask(address, "/page.js").await.status, 200);
    let other = ask(address, "/../etc/passwd").await;
    assert!(other.status == 404 && other.body.starts_with("<!doctype html>"));
    for _ in 6..300 {
        assert_ne!(ask(address, "/").await.status, 429);
    }
    assert_eq!(ask(address, "/").await.status, 429);
}
