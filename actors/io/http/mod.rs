//! HTTP as this program needs it: one request, one whole answer, and a [`Failure`] that says
//! exactly what went wrong.
//!
//! ```text
//! client.rs   request and answer, time limits, redirects, size limits
//! dial.rs     name lookup and TCP connect that remember the address
//! tls.rs      certificates, keys and how servers are verified
//! failure.rs  every error of the client library becomes a Failure
//! ```
//!
//! [`Failure`]: crate::domain::errors::Failure

mod client;
mod dial;
mod failure;
mod files;
mod identity;
mod keys;
mod tls;
mod verifier;

pub use client::{Answer, HttpClient, Limits, Request};
pub use identity::CertFiles;
pub(super) use verifier::ChainError;
pub use verifier::Verify;
