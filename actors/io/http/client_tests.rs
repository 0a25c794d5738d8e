//! Answers in all the forms that servers send, over real sockets. What is right was recorded with
//! axios on Node.js; where that refuses a form that HTTP allows, it is read.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;
use crate::domain::errors::{Category, ErrorCode};

const BODY: &str = "{\"version\":\"12.2015.0\"}";

/// Gives each connection the next of these answers, then closes it.
fn server(answers: Vec<Vec<u8>>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for answer in answers {
            let Ok((mut client, _)) = listener.accept() else { return };
            let mut request = Vec::new();
            let mut chunk = [0; 4096];
            while !request.windows(4).any(|four| four == b"\r\n\r\n") {
                match client.read(&mut chunk) {
                    Ok(read) if read > 0 => request.extend_from_slice(&chunk[..read]),
                    _ => break,
                }
            }
            _ = client.write_all(&answer);
        }
    });
    address
}

fn limits() -> Limits {
    Limits { timeout: Duration::from_secs(20), max_body: 1 << 20, redirects: 5 }
}

async fn ask(answer: Vec<u8>) -> Result<Answer, Failure> {
    let url = format!("http://{}/engine/healthcheck", server(vec![answer]));
    HttpClient::plain(limits()).send(Request::get(url)).await
}

fn answer(headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

fn zipped() -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(BODY.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn chunked(head: &str, last: &str) -> Vec<u8> {
    let (first, rest) = BODY.split_at(7);
    let head = format!("{head}Transfer-Encoding: chunked\r\n\r\n");
    format!("{head}7;ext=1\r\n{first}\r\n{:x}\r\n{rest}\r\n{last}", rest.len()).into_bytes()
}

#[actix::test]
async fn every_form_that_axios_reads_is_read() {
    let plain = answer("", BODY.as_bytes());
    let ok = "HTTP/1.1 200 OK\r\n";
    let many: String = (0..120).map(|i| format!("X-H{i}: 1\r\n")).collect();
    let text = |text: String| text.into_bytes();
    for (name, answer) in [
        ("plain", plain.clone()),
        ("ends with the connection", text(format!("{ok}\r\n{BODY}"))),
        ("identity", text(format!("{ok}Transfer-Encoding: identity\r\n\r\n{BODY}"))),
        ("HTTP/1.0", text(format!("HTTP/1.0 200 OK\r\n\r\n{BODY}"))),
        ("HTTP/1.0 in chunks", chunked("HTTP/1.0 200 OK\r\n", "0\r\n\r\n")),
        ("chunks with extension and trailer", chunked(ok, "0\r\nX-T: 1\r\n\r\n")),
        ("100", [b"HTTP/1.1 100 Continue\r\n\r\n", &plain[..]].concat()),
        ("103", [b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", &plain[..]].concat()),
        ("120 headers", answer(&many, BODY.as_bytes())),
        ("gzip", answer("Content-Encoding: gzip\r\n", &zipped())),
        ("GZIP", answer("Content-Encoding: GZIP\r\n", &zipped())),
        ("x-gzip", answer("Content-Encoding: x-gzip\r\n", &zipped())),
        ("a header in Latin-1", {
            let mut answer = answer("Server: ?ber\r\n", BODY.as_bytes());
            let at = answer.iter().position(|byte| *byte == b'?').unwrap();
            answer[at] = 0xdc;
            answer
        }),
        ("no reason", text(format!("HTTP/1.1 200\r\nContent-Length: 23\r\n\r\n{BODY}"))),
        ("line breaks first", [b"\r\n\r\n", &plain[..]].concat()),
        ("bare line feeds", text(format!("HTTP/1.1 200 OK\nContent-Length: 23\n\n{BODY}"))),
        ("more than announced", [&plain[..], b"xxxxx"].concat()),
    ] {
        let answer = ask(answer).await;
        let found = answer.as_ref().map(|answer| &*answer.body);
        assert_eq!(found.ok(), Some(BODY.as_bytes()), "{name}: {answer:?}");
    }
}

#[actix::test]
async fn what_is_cut_or_no_answer_is_an_error_with_its_name() {
    let ok = "HTTP/1.1 200 OK\r\n";
    let cut = |length: usize| format!("{ok}Content-Length: {length}\r\n\r\n{BODY}").into_bytes();
    for (name, answer, code, category) in [
        ("no byte", Vec::new(), ErrorCode::ConnectionReset, Category::ConnectionReset),
        ("half a head", ok.into(), ErrorCode::ConnectionReset, Category::ConnectionReset),
        ("short of its length", cut(99), ErrorCode::ConnectionReset, Category::ConnectionReset),
        ("no last chunk", chunked(ok, ""), ErrorCode::ConnectionReset, Category::ConnectionReset),
        (
            "half a last chunk",
            chunked(ok, "0\r\n"),
            ErrorCode::ConnectionReset,
            Category::ConnectionReset,
        ),
        ("bad chunk", chunked(ok, "zz\r\n"), ErrorCode::BadChunk, Category::Unknown),
        ("no HTTP", b"SSH-2.0-OpenSSH_9\r\n\r\n".to_vec(), ErrorCode::NotHttp, Category::Unknown),
        (
            "no length",
            answer("Content-Length: x\r\n", b""),
            ErrorCode::BadContentLength,
            Category::Unknown,
        ),
    ] {
        let failure = ask(answer).await.unwrap_err();
        assert_eq!(failure.code(), Some(code), "{name}: {failure:?}");
        assert_eq!(failure.category(), category, "{name}: {failure:?}");
        let dialled = failure.remote().map(|address| address.ip().to_string());
        if code != ErrorCode::BadChunk {
            assert_eq!(dialled.as_deref(), Some("127.0.0.1"), "{name}");
            assert_eq!(failure.syscall(), Some("read"), "{name}");
        }
    }
}

#[actix::test]
async fn a_trickle_ends_with_the_deadline_of_the_whole() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        client.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n").unwrap();
        // Never silent for long, and never done.
        while client.write_all(b"x").is_ok() {
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    // Long enough for the head to arrive on a busy machine.
    let limits = Limits { timeout: Duration::from_secs(3), ..limits() };
    let answer = HttpClient::plain(limits).send(Request::get(format!("http://{address}/"))).await;
    let failure = answer.unwrap_err();
    assert_eq!(failure.message(), "timeout of 3000ms exceeded, reading the body");
    assert_eq!(failure.code(), Some(ErrorCode::ConnectionAborted));
    assert_eq!((failure.remote(), failure.syscall()), (None, None));
}

#[actix::test]
async fn redirects_lead_on_and_leave_headers_behind_at_another_port() {
    let last = server(vec![answer("", BODY.as_bytes())]);
    let to = |location: String| {
        let head = "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nConnection: close";
        format!("{head}\r\nLocation: {location}\r\n\r\n")
    };
    let first = server(vec![to("there".into()).into(), to(format!("http://{last}/x?y")).into()]);
    let client = HttpClient::plain(limits());
    let request = Request::get(format!("http://{first}/a/b")).header("X-Secret", "s");
    let answer = client.send(request).await.unwrap();
    assert_eq!(answer.body, BODY.as_bytes());
    assert_eq!(answer.redirected_to, Some(format!("http://{last}/x")), "without its query");

    let endless = vec![to("/".into()).into(); 6];
    let url = format!("http://{}/", server(endless));
    let failure = client.send(Request::get(url)).await.unwrap_err();
    assert_eq!(failure.code(), Some(ErrorCode::TooManyRedirects));
}

#[actix::test]
async fn a_redirect_that_leads_nowhere_is_an_answer() {
    for location in ["ftp://h/", "http://", "mailto:x"] {
        let head = format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\n\r\n");
        let answer = ask(head.into()).await.unwrap();
        assert_eq!((answer.status, answer.redirected_to), (302, None), "{location}");
    }
}

#[actix::test]
async fn a_redirect_that_is_not_followed_says_where_it_leads() {
    let head = "HTTP/1.1 307 Temporary Redirect\r\nContent-Length: 0\r\nConnection: close\r\n\
                Location: https://u:p@sso.example.com/in?next=secret\r\n\r\n";
    let url = format!("http://{}/write", server(vec![head.into()]));
    let answer = HttpClient::plain(limits()).send(Request::post(url, "m f=1")).await.unwrap();
    assert_eq!((answer.status, answer.redirected_to), (307, None));
    assert_eq!(answer.redirects_to.as_deref(), Some("https://sso.example.com/in"));
}

#[test]
fn a_process_without_file_handles_has_no_trouble_with_its_certificate() {
    let obstacle = Obstacle::from(crate::io::http::files::CertFileError::TooManyOpenFiles);
    let failure = unusable(obstacle);
    assert_eq!(failure.code(), Some(ErrorCode::TooManyOpenFiles));
    assert_eq!(failure.category(), Category::Unknown);
    assert!(failure.message().contains("LimitNOFILE"), "{failure:?}");
}

#[test]
fn the_host_header_has_the_port_that_is_not_the_schemes_own() {
    for (url, target, host) in [
        ("https://h:4747/a?b=c", "http://7@h:4747/a?b=c", "h:4747"),
        ("https://h/a", "http://7@h:443/a", "h"),
        ("https://h:443/a", "http://7@h:443/a", "h"),
        ("http://h", "http://7@h:80/", "h"),
        ("https://h:80/", "http://7@h:80/", "h:80"),
        ("https://[::1]:4747/", "http://7@[::1]:4747/", "[::1]:4747"),
    ] {
        let url = Url::parse(url).unwrap();
        assert_eq!(addressed(&url, 7), (target.to_owned(), host.to_owned()));
    }
}

#[actix::test]
async fn a_request_names_the_program_and_a_get_has_no_length() {
    let server = test_support::StandIn::start(|_| test_support::Answer::new(200, BODY));
    let client = HttpClient::plain(limits());
    client.send(Request::get(format!("http://{}/a?b", server.address()))).await.unwrap();
    let seen = server.seen();
    assert_eq!(seen[0].header("User-Agent"), Some(USER_AGENT));
    assert!(USER_AGENT.starts_with("butler-sos/") && USER_AGENT.split('.').count() == 3);
    assert_eq!(seen[0].header("Content-Length"), None);
    assert_eq!(seen[0].header("Accept-Encoding"), Some("gzip, deflate"));
    assert_eq!(seen[0].header("Host"), Some(&*server.address().to_string()));
}
