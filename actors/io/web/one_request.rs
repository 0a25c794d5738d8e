//! A connection that has one request and no more, whatever the peer sends.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// How long, and how much, is read after the answer: a socket that is closed with something unread
/// in it takes back what the peer has not read yet.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 256 << 10;

/// Reads up to the end of the first head. What follows, a body or further requests, is not for
/// anybody: the server above would answer them before the peer has read the first answer.
pub(super) struct OneRequest<S> {
    stream: S,
    head: Head,
    ended: bool,
    linger: Option<Pin<Box<Sleep>>>,
    discarded: usize,
}

impl<S> OneRequest<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, head: Head::default(), ended: false, linger: None, discarded: 0 }
    }
}

/// Looks for the empty line that ends a head.
struct Head {
    /// Empty lines in front of a request do not count.
    begun: bool,
    line_is_empty: bool,
}

impl Default for Head {
    fn default() -> Self {
        Self { begun: false, line_is_empty: true }
    }
}

impl Head {
    /// How many of these bytes belong to the head, when it ends in them.
    fn end(&mut self, bytes: &[u8]) -> Option<usize> {
        for (at, byte) in bytes.iter().enumerate() {
            match byte {
                b'\n' if self.line_is_empty && self.begun => return Some(at + 1),
                b'\n' => self.line_is_empty = true,
                b'\r' => {}
                _ => (self.begun, self.line_is_empty) = (true, false),
            }
        }
        None
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for OneRequest<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.ended {
            // Whatever wakes the connection from now on, it is not the peer's sending.
            return Poll::Pending;
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        if let Some(length) = self.head.end(&buffer.filled()[before..]) {
            self.ended = true;
            buffer.set_filled(before + length);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for OneRequest<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.linger.is_none() {
            ready!(Pin::new(&mut this.stream).poll_shutdown(cx))?;
        }
        let linger = this.linger.get_or_insert_with(|| Box::pin(sleep(LINGER)));
        let mut scratch = [0; 4_096];
        while this.discarded < LINGER_BYTES {
            if linger.as_mut().poll(cx).is_ready() {
                break;
            }
            let mut buffer = ReadBuf::new(&mut scratch);
            match Pin::new(&mut this.stream).poll_read(cx, &mut buffer) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    this.discarded += buffer.filled().len();
                }
                // The end, whichever.
                Poll::Ready(_) => break,
            }
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    #[test]
    fn a_head_ends_with_its_empty_line() {
        for (text, length) in [
            ("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET", Some(27)),
            ("\r\n\r\nGET / HTTP/1.1\r\n\r\n", Some(22)),
            ("GET / HTTP/1.1\n\nGET", Some(16)),
            ("GET / HTTP/1.1\r\nHost: a\r\n", None),
            ("\r\n\r\n\r\n", None),
        ] {
            assert_eq!(Head::default().end(text.as_bytes()), length, "{text:?}");
            // The same when it comes byte by byte.
            let mut head = Head::default();
            let end = text.bytes().position(|byte| head.end(&[byte]).is_some());
            assert_eq!(end.map(|at| at + 1), length, "{text:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_read_after_the_first_request_until_the_end() {
        let (mut peer, stream) = duplex(1 << 20);
        let mut one = OneRequest::new(stream);
        let request = b"GET / HTTP/1.1\r\n\r\n";
        peer.write_all(&request.repeat(100)).await.unwrap();
        let mut read = [0; 1_000];
        assert_eq!(one.read(&mut read).await.unwrap(), request.len());
        let more = tokio::time::timeout(Duration::from_secs(60), one.read(&mut read)).await;
        assert!(more.is_err(), "{more:?}");

        one.write_all(b"answer").await.unwrap();
        one.shutdown().await.unwrap();
        assert_eq!(
            one.discarded,
            100 * request.len() - read.len(),
            "taken out, so that the peer can read"
        );
        drop(one);
        let mut answer = String::new();
        peer.read_to_string(&mut answer).await.unwrap();
        assert_eq!(answer, "answer");
    }
}
