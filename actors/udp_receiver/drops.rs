//! Datagrams that were dropped, by the reason, until they are logged. Pure.

use super::settings::Limits;
use crate::domain::grouped::grouped;

/// Drops by their reason.
#[derive(Default)]
pub(super) struct DropCounts {
    pub(super) size: u64,
    pub(super) rate: u64,
    pub(super) queue: u64,
}

impl DropCounts {
    /// One line for each reason, with the limit and its key.
    pub(super) fn lines(&self, limits: &Limits, section: &str) -> Vec<String> {
        let bytes = grouped(limits.max_message_size as u64);
        let rate = grouped(limits.rate_per_minute.unwrap_or_default());
        let queue = grouped(limits.queue_size as u64);
        let reasons = [
            (self.size, format!("longer than {bytes} bytes"), "maxMessageSize"),
            (self.rate, format!("more than {rate} in a minute"), "rateLimit.maxMessagesPerMinute"),
            (self.queue, format!("queue of {queue} full"), "messageQueue.maxSize"),
        ];
        let dropped = reasons.into_iter().filter(|(count, ..)| *count > 0);
        dropped
            .map(|(count, reason, key)| {
                let plural = if count == 1 { "" } else { "s" };
                let count = grouped(count);
                format!("{count} datagram{plural} dropped: {reason} (Butler-SOS.{section}.{key})")
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drops_are_logged_by_reason_with_the_limit_and_its_key() {
        let limits = Limits {
            queue_size: 1_000,
            backpressure_percent: 80,
            rate_per_minute: Some(1_010),
            max_message_size: 65_507,
        };
        let told = |size, rate, queue| DropCounts { size, rate, queue }.lines(&limits, "x.udp");
        assert_eq!(told(0, 0, 0), Vec::<String>::new());
        assert_eq!(
            told(1, 1_001, 12),
            [
                "1 datagram dropped: longer than 65,507 bytes (Butler-SOS.x.udp.maxMessageSize)",
                "1,001 datagrams dropped: more than 1,010 in a minute \
                 (Butler-SOS.x.udp.rateLimit.maxMessagesPerMinute)",
                "12 datagrams dropped: queue of 1,000 full (Butler-SOS.x.udp.messageQueue.maxSize)",
            ]
        );
    }
}
