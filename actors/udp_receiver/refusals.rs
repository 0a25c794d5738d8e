//! Datagrams of senders that may not send: nobody reads them, and each is counted.

use crate::domain::metrics::{Family, Labels};
use crate::domain::telemetry::EventStream;

/// Counts since the program started, by reason.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refusals {
    /// The sender is none of those that are listed.
    not_allowed: u64,
    /// The same, while a listed name had no address: the sender may be the one that is meant.
    not_resolved: u64,
}

impl Refusals {
    /// A datagram was refused, while all listed names had addresses or not.
    pub(super) fn add(&mut self, all_resolved: bool) {
        if all_resolved {
            self.not_allowed += 1;
        } else {
            self.not_resolved += 1;
        }
    }

    pub(super) fn family(self, stream: EventStream) -> Family {
        let family = Family::counter(
            "butlersos_udp_datagrams_refused_total",
            "Datagrams of senders that may not send, by reason; not among the received.",
        );
        let reasons = [("not_allowed", self.not_allowed), ("not_resolved", self.not_resolved)];
        reasons.into_iter().fold(family, |family, (reason, count)| {
            let labels = Labels::of(&[("queue", stream.queue_type())]).with("reason", reason);
            family.count(labels, count)
        })
    }
}
