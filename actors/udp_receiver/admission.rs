//! Who may send, looked up again and again.

use std::time::Duration;

use tokio::time::sleep;

use super::datagram_handler::DatagramHandler;
use super::receive::Receiver;
use super::senders::resolve;

/// How often names of senders are resolved: while some fail, and when all are known.
const RESOLVE_PAUSES: [Duration; 2] = [Duration::from_secs(30), Duration::from_secs(600)];

impl<H: DatagramHandler> Receiver<H> {
    /// Resolves who may send, again and again; nobody may while nobody is known.
    pub(super) async fn watch_senders(&self) {
        let Some(hosts) = &self.settings.allowed_sources else { return };
        let mut told = Vec::new();
        loop {
            let (addresses, failed) = resolve(hosts).await;
            if failed != told && !failed.is_empty() {
                log::error!(
                    "{}: allowedSources that are no IPv4 address and do not resolve to one: {}; \
                     tried again in {} s. {}",
                    H::PREFIX,
                    failed.join(", "),
                    RESOLVE_PAUSES[0].as_secs(),
                    if addresses.is_empty() { "Until then every sender is refused" } else { "" }
                );
            }
            let all_resolved = failed.is_empty();
            let pause = RESOLVE_PAUSES[usize::from(all_resolved)];
            told = failed;
            self.admit(addresses, all_resolved);
            sleep(pause).await;
        }
    }
}
