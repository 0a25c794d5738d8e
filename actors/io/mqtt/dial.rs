//! The connection to a broker: lookup, dial, read, write. The client library is handed
//! a connection and forgets what an error must tell, so the address and the system call are noted
//! here, where the operation is made.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::domain::errors::{Stage, Transfer};
use crate::io::dial::{DialError, dial};

/// How far the connection to a broker is. Cheap to clone; all clones tell the same.
#[derive(Debug, Clone)]
pub(super) struct Route(Arc<Mutex<Stage>>);

impl Default for Route {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Stage::Lookup)))
    }
}

impl Route {
    /// The step that is under way, or that failed.
    pub(super) fn stage(&self) -> Stage {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_at(&self, stage: Stage) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = stage;
    }

    /// Connects to a broker.
    pub(super) async fn dial(self, host: String, port: u16) -> io::Result<Line> {
        let dialled = dial(&host, port, |stage| self.is_at(stage)).await;
        let (stream, address) = dialled.map_err(|error| match error {
            DialError::Lookup(error) | DialError::Refused(_, error) => error,
            DialError::NoAddress => io::Error::other("the host name has no address"),
        })?;
        self.is_at(Stage::Exchange(address, Transfer::Read));
        Ok(Line { stream, address, route: self })
    }
}

/// A connection that notes which of its operations failed.
pub(super) struct Line {
    stream: TcpStream,
    address: SocketAddr,
    route: Route,
}

impl Line {
    fn noted<T>(&self, transfer: Transfer, result: io::Result<T>) -> io::Result<T> {
        if result.is_err() {
            self.route.is_at(Stage::Exchange(self.address, transfer));
        }
        result
    }
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let result = ready!(Pin::new(&mut self.stream).poll_read(cx, buffer));
        Poll::Ready(self.noted(Transfer::Read, result))
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = ready!(Pin::new(&mut self.stream).poll_write(cx, bytes));
        Poll::Ready(self.noted(Transfer::Write, result))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = ready!(Pin::new(&mut self.stream).poll_flush(cx));
        Poll::Ready(self.noted(Transfer::Write, result))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
