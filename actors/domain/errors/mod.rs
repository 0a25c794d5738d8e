//! The vocabulary of error tracking, all of it closed: what can fail, where, and why.
//!
//! ```text
//! a poller, a writer ──ErrorOccurred──> ErrorTrackerActor ──ErrorPoint──> every error sink
//!   origin + failure                      counts, logs, stamps              stores
//! ```

mod category;
mod certificate_verdict;
mod code;
mod counts;
mod error_type;
mod failure;
mod module;
mod origin;
mod point;

pub use category::Category;
pub use certificate_verdict::CertificateVerdict;
pub use code::ErrorCode;
pub use counts::{EarlierErrors, ErrorCounts, NO_SERVER_CONTEXT};
pub use error_type::ErrorType;
pub use failure::{Failure, RequestFacts, RequestUrl, Stage, Transfer};
pub use module::{InfluxModule, Module, MqttModule, NewRelicModule, UdpModule};
pub use origin::{DestinationHost, InfluxVersion, Origin};
pub use point::{ErrorPoint, ErrorRecord};

/// One failed piece of work, told once by whoever owned it (decision E11).
#[derive(Debug, Clone, PartialEq, actix::Message)]
#[rtype(result = "()")]
pub struct ErrorOccurred {
    /// What failed and where; decides the tags.
    pub origin: Origin,
    /// How it failed; decides the fields and the category.
    pub failure: Failure,
}
