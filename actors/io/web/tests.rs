//! Real connections: what is refused, a flood of peers that do not read, and a server that ended.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream as Peer};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use actix::Supervised;
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use socket2::{Domain, Socket, Type};
use test_support::until_async;

use super::*;
use crate::runtime::supervise::{Place, Policy, Supervisor};

/// Serves one page of `size` bytes and counts how often it is asked for.
struct Served {
    sockets: Vec<Vec<TcpListener>>,
    size: usize,
    asked: Arc<AtomicUsize>,
}

impl Actor for Served {
    type Context = Context<Self>;

    /// On the next sockets at each start.
    fn started(&mut self, ctx: &mut Self::Context) {
        let sockets = self.sockets.remove(0);
        let bound = sockets.iter().map(|socket| socket.local_addr().unwrap()).collect();
        let (asked, page) = (Arc::clone(&self.asked), Bytes::from(vec![b'x'; self.size]));
        serve(
            ctx,
            Site {
                name: "TEST: The page",
                sockets: &sockets,
                hosts: Hosts::strict(bound, ["sos.example.com"]).with_key("a.key"),
                routes: move |app: &mut web::ServiceConfig| {
                    app.default_service(web::to(move |_: HttpRequest| {
                        asked.fetch_add(1, Ordering::Relaxed);
                        let page = Page::from(page.clone());
                        async move { HttpResponse::Ok().body(page) }
                    }));
                },
            },
        );
    }
}

impl Supervised for Served {}

/// A server, on any address of the loopback interface, and how often its page was asked for.
fn start(size: usize) -> (actix::Addr<Served>, u16, Arc<AtomicUsize>) {
    let socket = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
    let port = socket.local_addr().unwrap().port();
    let asked = Arc::new(AtomicUsize::new(0));
    let served = Served { sockets: vec![vec![socket]], size, asked: Arc::clone(&asked) };
    (served.start(), port, asked)
}

/// The answer to a request of another thread: the server is on this one.
async fn say(port: u16, request: &str) -> String {
    let request = request.to_owned();
    let said = tokio::task::spawn_blocking(move || {
        let mut peer = Peer::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        peer.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        peer.read_to_end(&mut answer).unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    });
    said.await.unwrap()
}

#[actix::test]
async fn a_request_reaches_the_page_by_its_method_and_host_only() {
    let (_served, port, asked) = start(3);
    let body = "Content-Length: 5\r\n\r\nabcde";
    for (request, status, part) in [
        ("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "200 OK", "\r\n\r\nxxx"),
        ("HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n", "200 OK", "content-length: 3\r\n"),
        ("GET / HTTP/1.0\r\n\r\n", "200 OK", "xxx"),
        ("GET / HTTP/1.1\r\nHost: sos.example.com:1\r\n\r\n", "200 OK", "xxx"),
        (&format!("GET / HTTP/1.1\r\nHost: localhost\r\n{body}"), "200 OK", "xxx"),
        ("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", "421 ", "add the name to a.key"),
        ("GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n", "421 ", "a.key"),
        ("GET / HTTP/1.0\r\nAccept-Language: de\r\n\r\n", "400 ", "one header Host"),
        ("GET / HTTP/1.1\r\n\r\n", "400 ", ""),
        ("GET / HTTP/1.1\r\nHost: localhost\r\nHost: a\r\n\r\n", "400 ", ""),
        ("DELETE / HTTP/1.1\r\nHost: localhost\r\n\r\n", "405 ", "allow: GET, HEAD\r\n"),
        (&format!("POST / HTTP/1.1\r\nHost: localhost\r\n{body}"), "405 ", "allow: GET, HEAD"),
    ] {
        let answer = say(port, request).await;
        let said = answer.split_once(' ').is_some_and(|(_, rest)| rest.starts_with(status));
        assert!(said && answer.contains(part), "{request:?}: {answer}");
    }
    assert_eq!(asked.load(Ordering::Relaxed), 5);
}

#[actix::test]
async fn of_pipelined_requests_the_first_is_answered_and_the_connection_ends() {
    let (_served, port, asked) = start(1 << 20);
    let answer = say(port, &"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(1_000)).await;
    assert_eq!(answer.matches("HTTP/1.1 200 OK\r\n").count(), 1);
    assert!(answer.contains("connection: close\r\n") && answer.len() > 1 << 20, "a whole page");
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

/// A peer with an address of its own that sends much and reads nothing.
fn flood(from: Ipv4Addr, port: u16) -> io::Result<Peer> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&SocketAddr::from((from, 0)).into())?;
    socket.connect(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into())?;
    let mut peer = Peer::from(socket);
    peer.set_nonblocking(true)?;
    // As much as fits, and whether or not it is still wanted.
    _ = peer.write(&b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(100));
    Ok(peer)
}

#[actix::test]
async fn who_floods_and_does_not_read_is_dropped_while_others_are_served() {
    let size = 8 << 20;
    let (_served, port, asked) = start(size);
    let flooded = tokio::task::spawn_blocking(move || {
        (0..300).map(|_| flood(Ipv4Addr::new(127, 0, 0, 9), port).unwrap()).collect::<Vec<_>>()
    });
    let flooded = flooded.await.unwrap();
    // The last of them is being answered.
    until_async("answers to the flood", || (asked.load(Ordering::Relaxed) > 0).then_some(())).await;
    let answer = say(port, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.len() > size, "{}", answer.len());
    assert!(asked.load(Ordering::Relaxed) <= 301, "one answer for each connection at most");
    // Nobody among them got more than fits into the buffers of one connection, and all but the
    // newest have ended.
    let ended = tokio::task::spawn_blocking(move || {
        let ends = |mut peer: Peer| {
            peer.set_nonblocking(false).unwrap();
            peer.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
            let (mut buffer, mut all) = (vec![0; 1 << 20], 0);
            loop {
                match peer.read(&mut buffer) {
                    Ok(0) => return true,
                    Ok(read) => all += read,
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => return false,
                    Err(_) => return true,
                }
                if all >= size {
                    return false;
                }
            }
        };
        let all = flooded.into_iter().map(ends);
        all.filter(|ended| *ended).count()
    });
    assert!(ended.await.unwrap() >= 300 - slots::MOST);
}

#[actix::test]
async fn who_reads_nothing_is_dropped_after_a_while() {
    let (_served, port, asked) = start(64 << 20);
    let mut peer = Peer::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    peer.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    until_async("the page to be asked for", || (asked.load(Ordering::Relaxed) == 1).then_some(()))
        .await;
    tokio::time::pause();
    tokio::time::advance(DEADLINE).await;
    tokio::time::resume();
    let read = tokio::task::spawn_blocking(move || {
        let mut all = Vec::new();
        // However the end is told.
        _ = peer.read_to_end(&mut all);
        all.len()
    });
    assert!(read.await.unwrap() < 64 << 20);
}

#[actix::test]
async fn who_sends_nothing_is_told_so_and_dropped() {
    let (_served, port, _) = start(3);
    let peer = tokio::task::spawn_blocking(move || {
        let mut peer = Peer::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        peer.write_all(b"GET / HTTP/1.1\r\nHost: loc").unwrap();
        let mut answer = String::new();
        peer.read_to_string(&mut answer).unwrap();
        answer
    });
    let answer = peer.await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
}

#[actix::test]
async fn a_server_that_ended_is_started_again() {
    let supervisor = Supervisor::new(Policy::default(), |_| {});
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = socket.local_addr().unwrap().port();
    // Nothing to listen on ends a server.
    let sockets = vec![Vec::new(), vec![socket]];
    let served = Served { sockets, size: 3, asked: Arc::default() };
    let _served = supervisor.start("Served", &Place::Here, 10, move || served);
    let answer = say(port, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert_eq!(supervisor.restarts(), [("Served", 1)]);
}
