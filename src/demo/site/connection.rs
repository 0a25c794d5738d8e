//! One connection to a simulated server, on the level of bytes: faults inside an answer are
//! what an HTTP library exists to prevent.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::answers;
use super::fault::Fault;
use super::pki::Acceptors;
use super::request_log::{RequestLog, SeenRequest};

/// Longest request head that is read.
const MAX_HEAD: usize = 64 << 10;

/// What a connection needs to know.
pub(super) struct Connection<'a> {
    pub(super) endpoint: super::Endpoint,
    pub(super) fault: watch::Receiver<Fault>,
    pub(super) acceptors: &'a Acceptors,
    pub(super) seen: &'a RequestLog,
}

impl Connection<'_> {
    /// Serves requests, as well as the fault allows, until it changes.
    pub(super) async fn serve(&mut self, mut stream: TcpStream) -> io::Result<()> {
        let fault = self.fault.borrow_and_update().clone();
        let acceptor = match &fault {
            // A connection that was made before the port was closed.
            Fault::Refused | Fault::Reset => {
                // Only then is the client surely past its connect.
                stream.peek(&mut [0]).await?;
                return stream.set_zero_linger();
            }
            Fault::Closed => return Ok(()),
            Fault::SilentHandshake => return until_closed(&mut stream).await,
            Fault::NotTls => return not_tls(&mut stream).await,
            Fault::Certificate(bad) => self.acceptors.bad(*bad),
            Fault::ClientRefused => self.acceptors.refusing(),
            _ => self.acceptors.good(),
        };
        let mut stream = acceptor.accept(stream).await?;
        while let Some(request) = self.request(&mut stream).await? {
            if !self.answer(&mut stream, &fault, request).await? {
                break;
            }
        }
        stream.shutdown().await
    }

    /// The next request; `None` when the client has left, or the fault has changed meanwhile.
    async fn request(
        &mut self,
        stream: &mut (impl AsyncRead + Unpin),
    ) -> io::Result<Option<SeenRequest>> {
        tokio::select! {
            // What has come is answered, as it would be by a server that is about to stop.
            biased;
            request = read_request(stream, self.endpoint) => request,
            _ = self.fault.changed() => Ok(None),
        }
    }

    /// Answers a request; whether another one may follow.
    async fn answer(
        &self,
        stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
        fault: &Fault,
        request: SeenRequest,
    ) -> io::Result<bool> {
        let path = request.path.clone();
        let last = request.header("connection") == Some("close");
        let count = self.seen.add(request);
        let body = answers::body(&path, count).map(|body| body.to_string().into_bytes());
        match (fault, body) {
            (Fault::NoAnswer, _) => {
                until_closed(stream).await?;
                return Ok(false);
            }
            (Fault::Status(status, headers), _) => {
                let body = format!("{{\"status\":{status}}}");
                let head = head(*status, body.len(), headers);
                stream.write_all(&[head.as_bytes(), body.as_bytes()].concat()).await?;
            }
            (Fault::Body(body), _) => stream.write_all(&whole(body)).await?,
            (_, None) => stream.write_all(head(404, 0, "").as_bytes()).await?,
            (Fault::Cut(bytes), Some(body)) => {
                stream.write_all(part(&whole(&body), &body, *bytes)).await?;
                return Ok(false);
            }
            (Fault::Stalled(bytes), Some(body)) => {
                stream.write_all(part(&whole(&body), &body, *bytes)).await?;
                stream.flush().await?;
                until_closed(stream).await?;
                return Ok(false);
            }
            (Fault::Drip(bytes, pause), Some(body)) => {
                drip(stream, &whole(&body), *bytes, *pause).await?;
            }
            (Fault::Slow(pause), Some(body)) => {
                tokio::time::sleep(*pause).await;
                stream.write_all(&whole(&body)).await?;
            }
            (_, Some(body)) => stream.write_all(&whole(&body)).await?,
        }
        stream.flush().await?;
        Ok(!last)
    }
}

/// Keeps a connection open until the client leaves.
async fn until_closed(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<()> {
    let mut ignored = [0; 1024];
    while stream.read(&mut ignored).await? > 0 {}
    Ok(())
}

async fn not_tls(stream: &mut TcpStream) -> io::Result<()> {
    // Read first: closing with unread data would be a reset.
    let mut hello = [0; 4096];
    _ = stream.read(&mut hello).await?;
    stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").await
}

async fn drip(
    stream: &mut (impl AsyncWrite + Unpin),
    answer: &[u8],
    bytes: usize,
    pause: Duration,
) -> io::Result<()> {
    for piece in answer.chunks(bytes.max(1)) {
        stream.write_all(piece).await?;
        stream.flush().await?;
        tokio::time::sleep(pause).await;
    }
    Ok(())
}

fn head(status: u16, length: usize, headers: &str) -> String {
    format!(
        "HTTP/1.1 {status} Simulated\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n{headers}\r\n"
    )
}

fn whole(body: &[u8]) -> Vec<u8> {
    [head(200, body.len(), "").as_bytes(), body].concat()
}

/// The head and so many bytes of the body.
fn part<'a>(answer: &'a [u8], body: &[u8], bytes: usize) -> &'a [u8] {
    &answer[..answer.len() - body.len() + bytes.min(body.len())]
}

/// Reads a request head; `None` when the client left before its end.
async fn read_request(
    stream: &mut (impl AsyncRead + Unpin),
    endpoint: super::Endpoint,
) -> io::Result<Option<SeenRequest>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut piece = [0; 4096];
        let count = stream.read(&mut piece).await?;
        if count == 0 || head.len() > MAX_HEAD {
            return Ok(None);
        }
        head.extend_from_slice(&piece[..count]);
    }
    let head = String::from_utf8_lossy(&head);
    let mut lines = head.lines();
    let mut words = lines.next().unwrap_or_default().split(' ');
    let method = words.next().unwrap_or_default().to_owned();
    let path = words.next().unwrap_or_default().to_owned();
    let headers = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let at = tokio::time::Instant::now().into_std();
    Ok(Some(SeenRequest { endpoint, at, method, path, headers }))
}
