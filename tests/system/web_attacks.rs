//! Attacks on the pages of the whole program: a flood that reads nothing, and a stranger's name.

use std::io::{Read, Write};
use std::net::TcpStream;

use test_support::{Program, get, until};

use crate::common::BINARY;
use crate::prometheus::{Scraped, series, site};

/// Connections of the flood, and requests that each sends at once.
const CONNECTIONS: usize = 400;
const REQUESTS: usize = 200;

/// Servers that do not answer, for a page so long that the buffers of the system do not take what
/// a connection asks for.
const SERVERS: usize = 400;

/// Memory that the flood may cost. Without a bound it costs sixteen pages for each connection, some
/// hundreds of MiB; with one, 32 connections with 100 KiB of buffers each, and a page or two.
const MOST_GROWTH: f64 = (48 << 20) as f64;

/// What is answered to a request that is written as it is.
fn say(authority: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(authority).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn resident(page: &str) -> f64 {
    series(page)["process_resident_memory_bytes"].parse().unwrap()
}

#[test]
fn a_flood_that_pipelines_and_reads_nothing_costs_little_memory() {
    let folder = tempfile::tempdir().unwrap();
    let (_site, text) = site(folder.path());
    let text = text.replace("pollingInterval: 500", "pollingInterval: 600000");
    let more =
        (0..SERVERS).map(|n| format!("      - {{ host: 127.0.0.9:1, serverName: more{n} }}\n"));
    let scraped = Scraped::start(&(text + &more.collect::<String>()), folder.path());
    let last =
        format!("butlersos_polls_total{{poller=\"health\",server_name=\"more{}\"}} ", SERVERS - 1);
    let page = until("every server to be polled", || {
        let page = scraped.own();
        page.contains(&(last.clone() + "1\n")).then_some(page)
    });
    assert!(page.len() > 100_000, "{}", page.len());
    let before = resident(&page);
    let requests = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(REQUESTS);
    let flood: Vec<TcpStream> = (0..CONNECTIONS)
        .map(|_| {
            let mut stream = TcpStream::connect(scraped.own_address()).unwrap();
            stream.set_nonblocking(true).unwrap();
            // As much as is taken: whoever is dropped early sends no more.
            _ = stream.write(requests.as_bytes());
            stream
        })
        .collect();
    // Newcomers are served while all of them are open, and the page is made anew.
    let grown = resident(&until("a page of its own second", || {
        let page = scraped.own();
        (resident(&page) != before).then_some(page)
    })) - before;
    assert!(grown < MOST_GROWTH, "{grown} bytes more with {} connections", flood.len());
    drop(flood);
    assert!(resident(&scraped.own()) - before < MOST_GROWTH);
    scraped.end();
}

#[test]
fn a_name_of_a_stranger_gets_no_page() {
    let folder = tempfile::tempdir().unwrap();
    let [page, health, own] = [(); 3].map(|()| std::net::TcpListener::bind("127.0.0.1:0").unwrap());
    let [page, health, own] = [page, health, own].map(|socket| socket.local_addr().unwrap().port());
    let text = format!(
        "Butler-SOS:
  fileLogging: false
  errorTracking: {{ history: {{ enable: false }} }}
  configVisualisation: {{ enable: true, host: 127.0.0.1, port: {page}, hostNames: [sos.example.com] }}
  dockerHealthCheck: {{ enable: true, port: {health} }}
  prometheus: {{ enable: true, host: 127.0.0.1, port: 0, nodeMetricsPort: {own} }}
"
    );
    let file = folder.path().join("config.yaml");
    std::fs::write(&file, text).unwrap();
    let mut program = Program::start(BINARY, &["-c", &file.display().to_string()]);
    program.line_with("CONFIG VIS: The configuration is shown at");
    program.line_with("PROMETHEUS: Metrics of this program at");
    let browser = "User-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\n";
    for (port, path, host, headers, status) in [
        (page, "/config.json", "sos.example.com", browser, "200"),
        (page, "/config.json", "localhost", browser, "200"),
        (page, "/config.json", "evil.example", browser, "421"),
        (page, "/config.json", "evil.example", "", "421"),
        (health, "/health", "localhost", "", "200"),
        (health, "/health", "evil.example", "", "421"),
        (own, "/metrics", "metrics.corp.example:9001", "", "200"),
        (own, "/metrics", "evil.example", browser, "421"),
        (own, "/metrics", "10.1.2.3", browser, "200"),
    ] {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{headers}\r\n");
        let answer = say(&format!("127.0.0.1:{port}"), &request);
        assert_eq!(answer.split(' ').nth(1), Some(status), "{path} at {host}: {answer}");
    }
    let refused = "CONFIG VIS: The page: A request of 127.0.0.1 for the host \"evil.example\"";
    let line = program.line_with(refused);
    assert!(line.contains("add the name to Butler-SOS.configVisualisation.hostNames"), "{line}");
    for (port, path) in [(page, "/"), (health, "/health"), (own, "/metrics")] {
        let authority = format!("127.0.0.1:{port}");
        let answer = say(&authority, &format!("PUT {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        assert!(answer.starts_with("HTTP/1.1 405 "), "{answer}");
        assert!(answer.to_lowercase().contains("\r\nallow: get, head\r\n"), "{answer}");
        assert_eq!(get(&authority, path).unwrap().status, 200);
    }
    program.terminate();
    assert_eq!(program.wait(), Some(0));
}
