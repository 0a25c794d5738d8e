//! What becomes of one datagram: handled, counted, and where it is worth it logged and reported.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use tokio::time::Instant;

use super::datagram_handler::{DatagramHandler, Malformed, Verdict};
use super::receive::{Receiver, State};
use super::repeats::{Repetition, Whose};
use crate::domain::errors::{Category, ErrorCode, ErrorOccurred, Failure, Origin};
use crate::domain::events::{Received, excerpt, text_of};
use crate::domain::names::Host;
use crate::io::quoted::without_secrets;
use crate::runtime::panics::catch;

impl<H: DatagramHandler> Receiver<H> {
    /// Handles one datagram; whatever happens, it is counted.
    pub(super) fn process(
        &self,
        state: &mut State<H>,
        datagram: &[u8],
        sender: IpAddr,
        began: Instant,
    ) {
        let text = text_of(datagram);
        if matches!(text, Cow::Owned(_)) && state.unencoded.due(sender, began) {
            log::warn!(
                "{}: {sender} sends text that is not UTF-8, read as Windows-1252; its \
                 LocalLogConfig.xml needs the parameter \"encoding\" with the value \"utf-8\"",
                H::PREFIX
            );
        }
        let verdict = match catch(|| state.handling.handle(&text)) {
            Ok(verdict) => verdict,
            Err(panic) => {
                state.intake.failed();
                log::error!("{}: A datagram could not be handled: {panic}", H::PREFIX);
                self.report(None, "a datagram could not be handled", None);
                return;
            }
        };
        match verdict {
            Verdict::Wanted(event, server) => {
                let stamp = self.clock.stamp();
                state.batch.push(Received { stamp, server, event });
            }
            Verdict::Unwanted(why) => log::debug!("{}: Not forwarded, {why}", H::PREFIX),
            Verdict::Disabled => {
                if state.unrecognised.due(sender, began) {
                    log::warn!(
                        "{}: From a source that is switched off: {:?}",
                        H::PREFIX,
                        excerpt(&without_secrets(&text), 25)
                    );
                }
            }
            Verdict::Unrecognised => {
                if state.unrecognised.due(sender, began) {
                    log::warn!(
                        "{}: Not an event, sent by {sender}: {:?}",
                        H::PREFIX,
                        excerpt(&without_secrets(&text), H::EXCERPT)
                    );
                }
            }
            Verdict::Malformed(malformed) => {
                state.intake.failed();
                self.malformed(state, malformed, &text, sender, began);
                return;
            }
        }
        state.intake.processed(began.elapsed());
    }

    /// Counted each, logged once a minute.
    fn malformed(
        &self,
        state: &mut State<H>,
        malformed: Malformed,
        text: &str,
        sender: IpAddr,
        now: Instant,
    ) {
        let Malformed { source, host, flaw } = malformed;
        if state.malformed.is_first(Whose { sender, source }, flaw, now) {
            let of = host.as_ref().map(|host| format!(" of {host:?}")).unwrap_or_default();
            log::error!(
                "{}: Malformed {source}{of}, sent by {sender}: {flaw}: {:?}",
                H::PREFIX,
                excerpt(&without_secrets(text), 100)
            );
        }
        self.report(None, &flaw.to_string(), host);
    }

    /// Logs what was not logged before.
    pub(super) fn look_at_malformed(&self, state: &mut State<H>, now: Instant) {
        for repeated in state.malformed.due(now) {
            match repeated {
                Repetition::Of(Whose { sender, source }, count, flaw) => log::error!(
                    "{}: Malformed {source}, sent by {sender}: {count} more within a minute; the \
                     last: {flaw}",
                    H::PREFIX
                ),
                Repetition::OfOthers(count) => log::error!(
                    "{}: Malformed datagrams of more senders than are told apart: {count} more",
                    H::PREFIX
                ),
            }
        }
    }

    pub(super) fn report(&self, code: Option<ErrorCode>, message: &str, host: Option<Host>) {
        let origin = Origin::UdpEvent { module: H::MODULE, server: None, host };
        let failure =
            Failure::Local { category: Category::Unknown, code, message: Arc::from(message) };
        self.errors.send(ErrorOccurred { origin, failure });
    }
}
