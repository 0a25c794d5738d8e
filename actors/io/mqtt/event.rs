//! What the owner of a connection is told about it.

use crate::runtime::outage::OutageEnd;

/// What the owner of a connection is told about it.
#[derive(Debug)]
pub enum Event {
    /// There is a connection.
    Connected {
        /// `host:port`.
        to: String,
        /// The outage that is over, if there was one; its errors are failed publications.
        after: Option<OutageEnd>,
    },
    /// There is none any more, or there cannot be one. Told once, however many attempts follow.
    Lost {
        /// `host:port`.
        to: String,
        /// One sentence.
        message: String,
    },
    /// The broker closes each connection moments after it made it. Told once; until there is a
    /// connection that lasts, comings and goings are not told.
    Contested {
        /// `host:port`.
        to: String,
        /// Cause and cure, in one sentence.
        message: String,
    },
}
