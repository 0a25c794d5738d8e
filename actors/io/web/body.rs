//! Bodies of answers, of which many connections share one.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_http::body::{BodySize, MessageBody};
use bytes::Bytes;

/// As much as is copied into the buffer of a connection at a time.
const SLICE: usize = 16 << 10;

/// A shared text as the body of an answer. Given away slice by slice as the peer reads, so that a
/// connection never holds a copy of the whole.
#[derive(Debug, Clone)]
pub struct Page(Bytes);

impl From<Bytes> for Page {
    fn from(text: Bytes) -> Self {
        Self(text)
    }
}

impl MessageBody for Page {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.0.len() as u64)
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let slice = self.0.len().min(SLICE);
        let slice = self.0.split_to(slice);
        Poll::Ready((!slice.is_empty()).then_some(Ok(slice)))
    }
}
