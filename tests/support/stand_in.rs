//! An HTTP server for what no real part can be had for: it keeps every request as it came and
//! answers as it is told.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A request as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedRequest {
    /// When it was complete.
    pub at: Instant,
    /// `POST`.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Names as sent, values.
    pub headers: Vec<(String, String)>,
    /// The body as sent, compressed if it was.
    pub body: Vec<u8>,
}

impl RecordedRequest {
    /// The value of a header, whatever the letter case of its name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The body as text, decompressed.
    ///
    /// # Panics
    /// When it is not what its headers say.
    pub fn text(&self) -> String {
        let bytes = if self.header("Content-Encoding") == Some("gzip") {
            let mut plain = Vec::new();
            let mut decoder = flate2::read::GzDecoder::new(&*self.body);
            decoder.read_to_end(&mut plain).expect("the body is gzip");
            plain
        } else {
            self.body.clone()
        };
        String::from_utf8(bytes).expect("the body is UTF-8")
    }
}

/// What to answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// A status, header lines (each with its line break), a body.
    Http(u16, &'static str, String),
    /// A status without a body, so long after the request; other requests are answered meanwhile.
    Late(Duration, u16),
    /// Nothing, with the connection kept open.
    Silence,
    /// Nothing, with the connection closed.
    HangUp,
}

impl Answer {
    /// A status with a body.
    pub fn new(status: u16, body: impl Into<String>) -> Self {
        Self::Http(status, "", body.into())
    }
}

type Respond = Box<dyn FnMut(&RecordedRequest) -> Answer + Send>;

/// A running server.
pub struct StandIn {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    seen: Mutex<Vec<RecordedRequest>>,
    respond: Mutex<Respond>,
    connections: Mutex<Vec<TcpStream>>,
    ended: AtomicBool,
    /// Requests are not kept.
    forgets: bool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl StandIn {
    /// Starts a server that answers each request with what `respond` says.
    ///
    /// # Panics
    /// When no port is free.
    pub fn start(respond: impl FnMut(&RecordedRequest) -> Answer + Send + 'static) -> Self {
        Self::start_at((Ipv4Addr::LOCALHOST, 0).into(), respond)
    }

    /// As [`StandIn::start`], for measurements of memory: requests are not kept.
    ///
    /// # Panics
    /// When no port is free.
    pub fn forgetful(respond: impl FnMut(&RecordedRequest) -> Answer + Send + 'static) -> Self {
        Self::with((Ipv4Addr::LOCALHOST, 0).into(), true, respond)
    }

    /// As [`StandIn::start`], where another one was before.
    ///
    /// # Panics
    /// When something else is there.
    pub fn start_at(
        address: SocketAddr,
        respond: impl FnMut(&RecordedRequest) -> Answer + Send + 'static,
    ) -> Self {
        Self::with(address, false, respond)
    }

    fn with(
        address: SocketAddr,
        forgets: bool,
        respond: impl FnMut(&RecordedRequest) -> Answer + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind(address).expect("the port is free");
        let address = listener.local_addr().expect("a bound socket has an address");
        let shared = Arc::new(Shared {
            seen: Mutex::default(),
            respond: Mutex::new(Box::new(respond)),
            connections: Mutex::default(),
            ended: AtomicBool::new(false),
            forgets,
        });
        let for_thread = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if for_thread.ended.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                if let Ok(copy) = stream.try_clone() {
                    lock(&for_thread.connections).push(copy);
                }
                let shared = Arc::clone(&for_thread);
                // A client that breaks the connection has its reasons.
                std::thread::spawn(move || _ = serve(&shared, &stream));
            }
        });
        Self { address, shared, thread: Some(thread) }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Changes what is answered from now on.
    pub fn respond(&self, respond: impl FnMut(&RecordedRequest) -> Answer + Send + 'static) {
        *lock(&self.shared.respond) = Box::new(respond);
    }

    /// All requests so far.
    pub fn seen(&self) -> Vec<RecordedRequest> {
        lock(&self.shared.seen).clone()
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts.
        _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            _ = thread.join();
        }
        for connection in lock(&self.shared.connections).iter() {
            _ = connection.shutdown(Shutdown::Both);
        }
    }
}

/// Serves one connection until the client leaves.
fn serve(shared: &Shared, stream: &TcpStream) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    while let Some(request) = read(&mut reader)? {
        let answer = (lock(&shared.respond))(&request);
        if !shared.forgets {
            lock(&shared.seen).push(request);
        }
        let answer = match answer {
            Answer::Late(after, status) => {
                std::thread::sleep(after);
                Answer::new(status, "")
            }
            answer => answer,
        };
        match answer {
            Answer::Http(status, headers, body) => {
                let head = format!(
                    "HTTP/1.1 {status} Stand-in\r\nContent-Length: {}\r\n{headers}\r\n",
                    body.len()
                );
                let mut writer = stream;
                writer.write_all(&[head.as_bytes(), body.as_bytes()].concat())?;
            }
            Answer::Late(..) | Answer::Silence => {}
            Answer::HangUp => return stream.shutdown(Shutdown::Both),
        }
    }
    Ok(())
}

/// Reads one request; `None` at the end of the connection.
fn read(reader: &mut impl BufRead) -> io::Result<Option<RecordedRequest>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        match line.trim_end().split_once(": ") {
            Some((name, value)) => headers.push((name.to_owned(), value.to_owned())),
            None => break,
        }
    }
    let mut request =
        RecordedRequest { at: Instant::now(), method, target, headers, body: Vec::new() };
    let length = request.header("Content-Length").and_then(|text| text.parse().ok()).unwrap_or(0);
    request.body = vec![0; length];
    reader.read_exact(&mut request.body)?;
    request.at = Instant::now();
    Ok(Some(request))
}
