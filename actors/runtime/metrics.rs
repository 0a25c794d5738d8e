//! What an actor tells about its work when Prometheus asks.

use crate::domain::metrics::Family;

/// Asks an actor for its numbers. Every series that it will ever have is there from the start, and
/// nothing that came over the network is a label.
#[derive(Debug, Clone, Copy, actix::Message)]
#[rtype(result = "Vec<Family>")]
pub struct AskMetrics;
