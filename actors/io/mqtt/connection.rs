//! The connection to the broker, as seen from here: where it stands, what is under way on it, and
//! its end.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use rumqttc::{AsyncClient, PublishOptions, QoS};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::closures::Closures;
use super::dial::Route;
use super::event::Event;
use super::ledger::{Ledger, Publication};
use super::message::{Message, is_topic};
use super::settings::{MqttQos, MqttSettings};
use crate::domain::errors::Failure;
use crate::runtime::clock::Clock;
use crate::runtime::outage::Outage;

/// Messages that the library may hold; beyond them publishing fails.
pub(super) const CAPACITY: usize = 20_000;

/// Largest packet in bytes; session lists of large sites are large.
pub(super) const MAX_PACKET: usize = 1 << 20;

/// Topic and header are part of a packet.
const HEADER: usize = 16;

/// Where the connection stands.
pub(super) enum Link {
    /// The first attempt is under way: messages wait for its outcome.
    Connecting,
    Up,
    /// Messages fail with this until there is a connection again.
    Down(Failure),
}

/// The broker, as seen from here. Lives on one thread.
pub struct Connection {
    pub(super) settings: MqttSettings,
    pub(super) link: RefCell<Link>,
    /// There is a connection.
    pub(super) up: Notify,
    pub(super) ledger: RefCell<Ledger>,
    pub(super) client: RefCell<Option<AsyncClient>>,
    /// How far the connection is, for its errors.
    pub(super) route: Route,
    pub(super) closures: RefCell<Closures>,
    /// The connection has ended.
    pub(super) gone: Notify,
    /// Whether the end is waited for.
    pub(super) finishing: Cell<bool>,
    pub(super) leaving: Cell<bool>,
    pub(super) clock: Clock,
    pub(super) outage: RefCell<Outage>,
    pub(super) on_event: Box<dyn Fn(Event)>,
}

impl Connection {
    /// No connection yet; [`Connection::run`] makes it.
    pub fn new(settings: MqttSettings, clock: Clock, on_event: impl Fn(Event) + 'static) -> Self {
        Self {
            settings,
            link: RefCell::new(Link::Connecting),
            up: Notify::new(),
            ledger: RefCell::default(),
            client: RefCell::default(),
            route: Route::default(),
            closures: RefCell::default(),
            gone: Notify::new(),
            finishing: Cell::new(false),
            leaving: Cell::new(false),
            clock,
            outage: RefCell::default(),
            on_event: Box::new(on_event),
        }
    }

    /// A publication has failed, because there is no connection or for a reason of its own.
    pub fn failed(&self) {
        if !matches!(*self.link.borrow(), Link::Up) {
            self.outage.borrow_mut().failed(&self.clock);
        }
    }

    /// Why there is no connection; `None` while there is one, or may be one in a moment.
    pub(super) fn failure(&self) -> Option<Failure> {
        match &*self.link.borrow() {
            Link::Down(failure) => Some(failure.clone()),
            Link::Connecting | Link::Up => None,
        }
    }

    /// Gives a message to the library; `None` when that succeeded, else why it cannot be one.
    pub(super) fn hand_over(
        &self,
        message: Message,
        publication: &Rc<Publication>,
    ) -> Option<String> {
        let Message { topic, payload } = message;
        if !is_topic(&topic) {
            return Some("its text cannot be an mqtt topic".to_owned());
        }
        let size = topic.len() + payload.len() + HEADER;
        if size > MAX_PACKET {
            return Some(format!("an mqtt message of {size} bytes is larger than {MAX_PACKET}"));
        }
        let client = self.client.borrow();
        let Some(client) = client.as_ref() else {
            return Some("the mqtt client is not running".to_owned());
        };
        let qos = match self.settings.qos {
            MqttQos::AtMostOnce => QoS::AtMostOnce,
            MqttQos::AtLeastOnce => QoS::AtLeastOnce,
        };
        if client.try_publish(topic, payload, PublishOptions::new(qos)).is_err() {
            return Some(format!("more than {CAPACITY} mqtt messages are under way"));
        }
        self.ledger.borrow_mut().add(publication);
        None
    }

    /// What stands in the way of publishing.
    pub fn obstacle(&self) -> Option<String> {
        match &*self.link.borrow() {
            Link::Up => None,
            Link::Connecting => Some("not connected yet".to_owned()),
            Link::Down(failure) => Some(failure.message().into_owned()),
        }
    }

    /// The end is near: the broker is asked for proof of the last messages.
    pub fn finish(&self) {
        self.finishing.set(true);
        self.ask_for_proof();
    }

    /// Says goodbye, so that the broker does not take the end for a failure; at most until `until`.
    pub async fn leave(&self, until: Instant) {
        self.leaving.set(true);
        if !matches!(*self.link.borrow(), Link::Up) {
            return;
        }
        let gone = self.gone.notified();
        let asked = self.client.borrow().as_ref().map(AsyncClient::try_disconnect);
        if let Some(Ok(())) = asked {
            _ = tokio::time::timeout_at(until, gone).await;
        }
    }

    /// Asks the broker something that it has to answer after it has read what was written before,
    /// if there is anything to prove: to end a subscription that never was (MQTT 3.1.1, section
    /// 3.10.4). The library sends pings only while nothing is written.
    pub(super) fn ask_for_proof(&self) {
        if !self.ledger.borrow_mut().asks() {
            return;
        }
        let topic = format!("{}alive", self.settings.base_topic);
        let client = self.client.borrow();
        if client.as_ref().is_none_or(|client| client.try_unsubscribe(topic).is_err()) {
            // Nothing will be answered, and that ends the connection.
            log::debug!("MQTT: {} cannot be asked whether it reads", self.address());
        }
    }

    /// `host:port`, with the brackets of an IPv6 address.
    pub(super) fn address(&self) -> String {
        let (host, port) = (self.settings.broker.as_str(), self.settings.port);
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }
}

#[cfg(test)]
#[path = "connection_tests.rs"]
mod tests;
