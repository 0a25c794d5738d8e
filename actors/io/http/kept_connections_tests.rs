//! Connections that are kept between polls, and servers that end them at any time.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use futures_util::future::join_all;
use test_support::until_async;

use super::*;
use crate::domain::errors::ErrorCode;

/// What a server does with a request.
#[derive(Clone, Copy, PartialEq)]
enum Does {
    Answer,
    /// With these header lines.
    AnswerWith(&'static str),
    Close,
}

/// The number of the connection and the head, for each request.
type Asked = Arc<Mutex<Vec<(usize, String)>>>;

/// Serves connections as scripted, each until its script ends, and then closes it. The last script
/// counts for all further ones.
fn server(scripts: Vec<Vec<Does>>) -> (SocketAddr, Asked) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let asked = Asked::default();
    let seen = Arc::clone(&asked);
    std::thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let script = scripts[number.min(scripts.len() - 1)].clone();
            let (stream, seen) = (stream.unwrap(), Arc::clone(&seen));
            std::thread::spawn(move || serve(stream, &script, number, &seen));
        }
    });
    (address, asked)
}

fn serve(mut stream: TcpStream, script: &[Does], number: usize, asked: &Asked) {
    for step in script {
        let Some(head) = read_head(&mut stream) else { return };
        asked.lock().unwrap().push((number, head));
        let headers = match step {
            Does::Close => return,
            Does::Answer => "",
            Does::AnswerWith(headers) => headers,
        };
        let answer = format!("HTTP/1.1 200 OK\r\n{headers}Content-Length: 2\r\n\r\n{{}}");
        stream.write_all(answer.as_bytes()).unwrap();
    }
}

fn read_head(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).ok()? == 0 {
            return None;
        }
        head.push(byte[0]);
    }
    String::from_utf8(head).ok()
}

fn client(interval: Duration) -> HttpClient {
    let limits = Limits { timeout: Duration::from_secs(20), max_body: 1 << 20, redirects: 5 };
    HttpClient::paced(Peers::Plain, limits, Pace::Every(interval))
}

fn request(address: SocketAddr, owner: u32) -> Request {
    Request::get(format!("http://{address}/engine/healthcheck")).owned_by(owner)
}

fn counts(made: u64, repeated: u64) -> ConnectionCounts {
    ConnectionCounts { made, repeated }
}

const SOON: Duration = Duration::from_secs(1);

#[actix::test]
async fn a_target_has_a_connection_of_its_own_and_keeps_it() {
    let (address, asked) = server(vec![vec![Does::Answer; 9]]);
    let client = client(SOON);
    for owner in [1, 2, 1, 1, 2] {
        client.send(request(address, owner)).await.unwrap();
    }
    let by: Vec<usize> = asked.lock().unwrap().iter().map(|(number, _)| *number).collect();
    assert_eq!(by, [0, 1, 0, 0, 1]);
    assert_eq!(client.connections(), counts(2, 0));
    client.retire_connection(1);
    for owner in [1, 2] {
        client.send(request(address, owner)).await.unwrap();
    }
    assert_eq!(client.connections(), counts(3, 0), "what was retired is made anew");
}

#[actix::test]
async fn a_kept_connection_that_ends_is_no_error() {
    let (address, asked) = server(vec![vec![Does::Answer, Does::Close], vec![Does::Answer]]);
    let client = client(SOON);
    client.send(request(address, 0)).await.unwrap();
    client.send(request(address, 0)).await.unwrap();
    assert_eq!(client.connections(), counts(2, 1), "the second request was sent twice");
    assert_eq!(asked.lock().unwrap().len(), 3);
}

#[actix::test]
async fn twenty_four_connections_closed_between_polls_are_no_error() {
    let (address, asked) = server(vec![vec![Does::Answer]]);
    let client = client(SOON);
    for _ in 0..2 {
        let all = join_all((0..24).map(|owner| client.send(request(address, owner)))).await;
        assert!(all.iter().all(Result::is_ok), "{all:?}");
    }
    assert_eq!(client.connections().made, 48);
    assert_eq!(asked.lock().unwrap().len(), 48, "none was asked twice");
}

#[actix::test]
async fn a_server_that_closes_on_every_request_is_one_error_a_poll() {
    let (address, asked) = server(vec![vec![Does::Answer, Does::Close], vec![Does::Close]]);
    let client = client(SOON);
    client.send(request(address, 0)).await.unwrap();
    for (requests, expected) in [(3, counts(2, 1)), (4, counts(3, 1)), (5, counts(4, 1))] {
        let failure = client.send(request(address, 0)).await.unwrap_err();
        assert_eq!(failure.code(), Some(ErrorCode::ConnectionReset));
        assert_eq!(failure.message(), "the connection was closed before an answer");
        assert_eq!(asked.lock().unwrap().len(), requests);
        assert_eq!(client.connections(), expected);
    }
}

#[actix::test]
async fn only_a_question_is_sent_twice() {
    let (address, asked) = server(vec![vec![Does::Answer, Does::Close], vec![Does::Answer]]);
    let client = client(SOON);
    let post = || Request::post(format!("http://{address}/write"), "m f=1");
    client.send(Request { body: Bytes::new(), ..post() }).await.unwrap();
    let failure = client.send(Request { body: Bytes::new(), ..post() }).await.unwrap_err();
    assert_eq!(failure.code(), Some(ErrorCode::ConnectionReset));
    assert_eq!(asked.lock().unwrap().len(), 2);
}

#[actix::test]
async fn a_connection_is_closed_where_the_next_request_is_far_or_the_server_says_so() {
    let near = Duration::from_secs(30);
    for (interval, headers, made) in [
        (Duration::from_secs(60), "", 1),
        (Duration::from_secs(61), "", 2),
        (near, "Connection: close\r\n", 2),
        (near, "Keep-Alive: timeout=20\r\n", 2),
        (near, "Keep-Alive: timeout=120\r\n", 1),
    ] {
        let (address, asked) = server(vec![vec![Does::AnswerWith(headers); 2]]);
        let client = client(interval);
        client.send(request(address, 0)).await.unwrap();
        client.send(request(address, 0)).await.unwrap();
        assert_eq!(client.connections(), counts(made, 0), "{interval:?} {headers}");
        let says = asked.lock().unwrap()[0].1.to_ascii_lowercase().contains("connection: close");
        assert_eq!(says, interval > Duration::from_secs(60), "{headers}");
    }
}

#[cfg(target_os = "linux")]
#[actix::test]
async fn a_resting_connection_is_asked_whether_it_is_still_there() {
    let (address, _) = server(vec![vec![Does::Answer; 2]]);
    let client = client(SOON);
    client.send(request(address, 0)).await.unwrap();
    // The state of the timer, as the kernel tells it: 02 is keep-alive, then when it is due.
    let port = format!(":{:04X} ", address.port());
    let due = until_async("the timer of the connection", || {
        let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
        let line = table.lines().find(|line| {
            let mut columns = line.split_whitespace();
            columns.nth(2).is_some_and(|remote| format!("{remote} ").ends_with(&port))
        })?;
        let (kind, due) = line.split_whitespace().nth(5)?.split_once(':')?;
        (kind == "02").then(|| u64::from_str_radix(due, 16).unwrap())
    })
    .await;
    // In hundredths of a second.
    assert!(due <= 1_000, "{due}");
}
