//! The connection below the HTTP client: plain or secured, its answers' heads rewritten on the
//! way ([`super::answer_head`]), and its errors with all that they must tell.

use std::error::Error;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_rt::net::{ActixStream, Ready};
use bytes::{Buf, BytesMut};
use openssl::ssl;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_openssl::SslStream;

use super::answer_head::{self, HeadError};
use super::kept::{Pace, Retired};
use super::tls_error::TlsError;
use crate::domain::errors::Transfer;

/// Why a connection was not made, or broke. Carried as the payload of the `io::Error` that the
/// client passes on.
#[derive(Debug)]
pub(super) struct WireError {
    /// Who was dialled.
    pub(super) address: SocketAddr,
    pub(super) cause: WireCause,
    /// Whether it was kept from an earlier request, and nothing of an answer had come since.
    pub(super) kept: bool,
}

/// What happened to a connection.
#[derive(Debug)]
pub(super) enum WireCause {
    /// It was not made.
    Dial(io::Error),
    /// The operating system broke it.
    System(Transfer, io::Error),
    /// TLS.
    Tls(TlsError),
    /// The other side closed it where more was due.
    Closed(Due),
    /// What came is not the head of an answer.
    Head(HeadError),
}

/// What was due when a connection was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    Answer,
    RestOfHead,
    RestOfBody,
}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {:?}", self.address, self.cause)
    }
}

impl Error for WireError {}

impl WireError {
    pub(super) fn dial(address: SocketAddr, error: io::Error) -> Self {
        Self { address, cause: WireCause::Dial(error), kept: false }
    }

    pub(super) fn tls(address: SocketAddr, error: TlsError) -> Self {
        Self { address, cause: WireCause::Tls(error), kept: false }
    }
}

/// A connection that HTTP is spoken on.
#[derive(Debug)]
pub(super) struct Wire {
    stream: Stream,
    address: SocketAddr,
    answer: Answer,
    /// Came, and was not passed on yet: the start of a head, or what follows a rewritten one.
    buffer: BytesMut,
    /// How soon the next request follows.
    pace: Pace,
    /// Whether it has served an earlier request.
    kept: bool,
    retired: Retired,
}

#[derive(Debug)]
pub(super) enum Stream {
    Plain(TcpStream),
    TlsConnection(Box<SslStream<TcpStream>>),
}

/// How far the answer under way has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    /// Its head is due.
    Due,
    /// Its head was passed on; whether its end is the end of the connection.
    Begun { until_close: bool },
}

impl Wire {
    pub(super) fn new(stream: Stream, address: SocketAddr, pace: Pace, retired: Retired) -> Self {
        let (answer, buffer) = (Answer::Due, BytesMut::new());
        Self { stream, address, answer, buffer, pace, kept: false, retired }
    }

    fn error(&self, cause: WireCause) -> io::Error {
        let kept = self.kept && self.answer == Answer::Due && self.buffer.is_empty();
        io::Error::other(WireError { address: self.address, cause, kept })
    }

    /// An error of the stream, with its payload recognised.
    fn broken(&self, transfer: Transfer, error: io::Error) -> io::Error {
        let tls = error
            .get_ref()
            .and_then(|payload| payload.downcast_ref::<ssl::Error>())
            .and_then(TlsError::later);
        self.error(tls.map_or(WireCause::System(transfer, error), WireCause::Tls))
    }

    /// Reads until the head of the answer is whole, and puts it into the buffer as the client
    /// reads it right.
    fn poll_head(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            match answer_head::rewrite(&self.buffer, self.pace) {
                Ok(Some(head)) => {
                    let rest = self.buffer.split_off(head.length);
                    self.buffer = BytesMut::from(head.text.as_bytes());
                    self.buffer.unsplit(rest);
                    self.answer = Answer::Begun { until_close: head.until_close };
                    return Poll::Ready(Ok(()));
                }
                Ok(None) => {}
                Err(error) => return Poll::Ready(Err(self.error(WireCause::Head(error)))),
            }
            let mut chunk = [0; 4096];
            let mut read = ReadBuf::new(&mut chunk);
            ready!(self.poll_stream(cx, &mut read))?;
            if read.filled().is_empty() {
                let due = if self.buffer.is_empty() { Due::Answer } else { Due::RestOfHead };
                return Poll::Ready(Err(self.error(WireCause::Closed(due))));
            }
            self.buffer.extend_from_slice(read.filled());
        }
    }

    fn poll_stream(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let polled = match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Stream::TlsConnection(stream) => Pin::new(stream.as_mut()).poll_read(cx, buffer),
        };
        polled.map_err(|error| self.broken(Transfer::Read, error))
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.answer == Answer::Due {
            ready!(this.poll_head(cx))?;
        }
        if !this.buffer.is_empty() {
            let length = this.buffer.len().min(buffer.remaining());
            buffer.put_slice(&this.buffer[..length]);
            this.buffer.advance(length);
            if this.buffer.is_empty() {
                // A thousand connections rest for most of their lives.
                this.buffer = BytesMut::new();
            }
            return Poll::Ready(Ok(()));
        }
        // The client's pool looks here whether a resting connection has ended.
        if this.retired.is_set() {
            return Poll::Ready(Err(this.error(WireCause::Closed(Due::Answer))));
        }
        let before = buffer.filled().len();
        ready!(this.poll_stream(cx, buffer))?;
        // The client stops reading at the end of an answer whose length it knows. To it, the end
        // of the connection before that would be the end of the answer.
        if buffer.filled().len() == before && this.answer != (Answer::Begun { until_close: true }) {
            return Poll::Ready(Err(this.error(WireCause::Closed(Due::RestOfBody))));
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        // The client writes a whole request before it reads: what is read next is a head again.
        this.kept |= this.answer != Answer::Due;
        this.answer = Answer::Due;
        let polled = match &mut this.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Stream::TlsConnection(stream) => Pin::new(stream.as_mut()).poll_write(cx, bytes),
        };
        polled.map_err(|error| this.broken(Transfer::Write, error))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let polled = match &mut this.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Stream::TlsConnection(stream) => Pin::new(stream.as_mut()).poll_flush(cx),
        };
        polled.map_err(|error| this.broken(Transfer::Write, error))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().stream {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Stream::TlsConnection(stream) => Pin::new(stream.as_mut()).poll_shutdown(cx),
        }
    }
}

impl ActixStream for Wire {
    fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<Ready>> {
        ActixStream::poll_read_ready(self.stream.tcp(), cx)
    }

    fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<Ready>> {
        ActixStream::poll_write_ready(self.stream.tcp(), cx)
    }
}

impl Stream {
    fn tcp(&self) -> &TcpStream {
        match self {
            Self::Plain(stream) => stream,
            Self::TlsConnection(stream) => stream.get_ref(),
        }
    }
}
