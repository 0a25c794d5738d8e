//! HTTP as this program needs it: one request, one whole answer within one deadline, and a
//! [`Failure`] that says exactly what went wrong.
//!
//! ```text
//! client.rs       one exchange: redirects, limits, the deadline
//! library.rs      the client library, set up            kept.rs        connections that are kept
//! request.rs      what is asked and what comes back       content.rs     decompression
//! peers.rs        whom we talk to; the set-up follows its files
//! connect.rs      lookup, dial, TLS                       tls.rs         what is offered and shown
//! wire.rs         the connection below the client library answer_head.rs heads it reads right
//! verify.rs       what is verified of a certificate       rejection.rs   the sentence about it
//! identity.rs     the certificate files                   files.rs, pem.rs, keys.rs, dates.rs
//! failure.rs      every error becomes a Failure           tls_error.rs   those of TLS
//! ```
//!
//! [`Failure`]: crate::domain::errors::Failure

mod answer_head;
mod client;
mod connect;
mod content;
mod dates;
mod failure;
mod files;
mod identity;
mod kept;
mod keys;
mod library;
mod peers;
mod pem;
mod rejection;
mod request;
mod tls;
mod tls_error;
mod verify;
mod wire;

pub use client::HttpClient;
pub use identity::CertFiles;
pub use kept::ConnectionCounts;
pub use request::{Answer, Limits, Request};
pub use verify::Verify;
