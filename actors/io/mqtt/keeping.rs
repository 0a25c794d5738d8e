//! Keeping the connection to the broker: made again whenever it ends, for ever.

use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use rumqttc::{AsyncClient, EventLoop, NetworkOptions, NoticeFailureReason, Outgoing, Packet};
use tokio::time::{interval, sleep};

use super::connection::{CAPACITY, Connection, Link, MAX_PACKET};
use super::event::Event;
use super::failure;
use super::options::options;
use super::settings::CONNECT_TIMEOUT;
use crate::domain::errors::{Category, Failure};

/// A message that is not written, confirmed or proven to be read by then has failed.
const CONFIRM_TIMEOUT: Duration = Duration::from_secs(10);

/// How often it is looked what takes too long, and how often the broker is asked whether it reads.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// With so many messages that nothing proves the broker is asked at once.
const PROOF_AFTER: usize = 500;

/// Pause before TLS is set up anew that could not be.
const SET_UP_AGAIN: Duration = Duration::from_secs(60);

impl Connection {
    /// Keeps the connection for ever. What is published from now on waits for the first attempt;
    /// what was under way before, if this is not the first call, has failed.
    pub fn run(self: &Rc<Self>) -> impl Future<Output = ()> + use<> {
        let reason = "the mqtt client was restarted";
        let failure = Failure::local(Category::MqttError, reason);
        self.ledger.borrow_mut().fail_all(&failure);
        self.link.replace(Link::Connecting);
        let this = Rc::clone(self);
        let mut opened = this.open();
        async move {
            loop {
                match opened {
                    Some(events) => return this.keep(events).await,
                    None => sleep(SET_UP_AGAIN).await,
                }
                opened = this.open();
            }
        }
    }

    /// `None` when TLS cannot be set up.
    fn open(&self) -> Option<EventLoop> {
        let made = options(&self.settings, MAX_PACKET, &self.route).and_then(|options| {
            let client = AsyncClient::builder(options).capacity(CAPACITY);
            client.try_build().map_err(|error| error.to_string())
        });
        match made {
            Ok((client, events)) => {
                self.client.replace(Some(client));
                Some(events)
            }
            Err(reason) => {
                let message = format!("mqtt TLS: {reason}");
                self.went_down(&Failure::local(Category::CertificateError, message));
                None
            }
        }
    }

    async fn keep(&self, mut events: EventLoop) {
        let mut network = NetworkOptions::new();
        network.set_connection_timeout(CONNECT_TIMEOUT.as_secs());
        events.set_network_options(network);
        let mut look = interval(LOOK_EVERY);
        loop {
            let outcome = {
                // Polled to its end, for a poll that is dropped may take a message with it.
                let mut poll = pin!(events.poll());
                loop {
                    tokio::select! {
                        outcome = &mut poll => break outcome.map_err(|error| {
                            failure::explain(&error, &self.settings, self.route.stage())
                        }),
                        _ = look.tick() => {
                            if self.ledger.borrow().is_overdue(CONFIRM_TIMEOUT) {
                                break Err(failure::silence(CONFIRM_TIMEOUT));
                            }
                            self.ask_for_proof();
                            self.log_when_it_lasts();
                        }
                    }
                }
            };
            match outcome {
                Ok(event) => self.happened(&event),
                Err(failure) => {
                    forget(&mut events);
                    let next =
                        self.closures.borrow_mut().ended(failure::is_closed_by_broker(&failure));
                    if next.is_found_out {
                        self.is_contested();
                    }
                    self.went_down(&failure);
                    if self.leaving.get() {
                        return;
                    }
                    sleep(next.pause).await;
                }
            }
        }
    }

    fn happened(&self, event: &rumqttc::Event) {
        match event {
            rumqttc::Event::Incoming(Packet::ConnAck(_)) => {
                self.link.replace(Link::Up);
                self.up.notify_waiters();
                self.closures.borrow_mut().connected();
                if self.closures.borrow().is_contested() {
                    log::debug!("MQTT: Connected to {} for the moment", self.address());
                } else {
                    self.works();
                }
            }
            rumqttc::Event::Outgoing(Outgoing::Publish(id)) => {
                self.ledger.borrow_mut().written(*id);
                let is_last = self.finishing.get() && self.ledger.borrow().is_all_written();
                if is_last || self.ledger.borrow().unproven() >= PROOF_AFTER {
                    self.ask_for_proof();
                }
            }
            rumqttc::Event::Outgoing(Outgoing::Unsubscribe(_)) => self.ledger.borrow_mut().asked(),
            rumqttc::Event::Incoming(Packet::UnsubAck(_)) => {
                self.ledger.borrow_mut().answered();
                if self.finishing.get() {
                    self.ask_for_proof();
                }
            }
            rumqttc::Event::Incoming(Packet::PubAck(ack)) => {
                self.ledger.borrow_mut().confirmed(ack.pkid);
            }
            _ => {}
        }
    }

    fn works(&self) {
        let after = self.outage.borrow_mut().worked(&self.clock);
        (self.on_event)(Event::Connected { to: self.address(), after });
    }

    fn log_when_it_lasts(&self) {
        if self.closures.borrow_mut().is_over() {
            self.works();
        }
    }

    fn is_contested(&self) {
        let message = match &self.settings.client_id {
            Some(id) => format!(
                "closes each connection moments after it made it: another program seems to have \
                 the client id {id:?} as well (a second Butler SOS, the one before this?); end it, \
                 or give each an mqttConfig.clientId of its own"
            ),
            None => "closes each connection moments after it made it; its log should tell why"
                .to_owned(),
        };
        (self.on_event)(Event::Contested { to: self.address(), message });
    }

    fn went_down(&self, failure: &Failure) {
        let (to, message) = (self.address(), failure.message().into_owned());
        let before = self.link.replace(Link::Down(failure.clone()));
        self.outage.borrow_mut().began(&self.clock);
        let is_known = matches!(before, Link::Down(_)) || self.closures.borrow().is_contested();
        if is_known || self.leaving.get() {
            log::debug!("MQTT: Still no connection to {to}: {message}");
        } else {
            (self.on_event)(Event::Lost { to, message });
        }
        self.ledger.borrow_mut().fail_all(failure);
        self.gone.notify_waiters();
    }
}

/// What was handed over has failed: the library would send it after the next connection, or not.
fn forget(events: &mut EventLoop) {
    events.clean();
    events.drain_pending_as_failed(NoticeFailureReason::SessionReset);
    events.reset_session_state();
}
