//! Publishing on the connection to the broker: what was published is told apart from what merely
//! was handed over.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use rumqttc::{AsyncClient, PublishOptions, QoS};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::closures::Closures;
use super::dial::Route;
use super::event::Event;
use super::ledger::{Ledger, Publication, Traffic};
use super::message::{Message, is_topic};
use super::settings::{MqttQos, MqttSettings};
use crate::domain::errors::Failure;
use crate::domain::metrics::{Destination, Family};
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

/// The broker, as seen from here. `A` is what a publication is about. Lives on one thread.
pub struct Connection<A> {
    pub(super) settings: MqttSettings,
    pub(super) link: RefCell<Link>,
    pub(super) ledger: RefCell<Ledger<A>>,
    pub(super) client: RefCell<Option<AsyncClient>>,
    /// How far the connection is, for its errors.
    pub(super) route: Route,
    pub(super) closures: RefCell<Closures>,
    /// Told when nothing is under way any more.
    pub(super) idle: Notify,
    /// Whether somebody waits for that.
    pub(super) finishing: Cell<bool>,
    pub(super) leaving: Cell<bool>,
    pub(super) clock: Clock,
    pub(super) outage: RefCell<Outage>,
    pub(super) on_event: Box<dyn Fn(Event<A>)>,
}

impl<A: Clone> Connection<A> {
    /// No connection yet; [`Connection::run`] makes it.
    pub fn new(
        settings: MqttSettings,
        clock: Clock,
        on_event: impl Fn(Event<A>) + 'static,
    ) -> Self {
        Self {
            settings,
            link: RefCell::new(Link::Connecting),
            ledger: RefCell::default(),
            client: RefCell::default(),
            route: Route::default(),
            closures: RefCell::default(),
            idle: Notify::new(),
            finishing: Cell::new(false),
            leaving: Cell::new(false),
            clock,
            outage: RefCell::default(),
            on_event: Box::new(on_event),
        }
    }

    /// Publishes the messages of one publication, or reports that it failed, now or later.
    pub fn publish(&self, about: A, messages: Vec<Message>) {
        if messages.is_empty() {
            return;
        }
        if let Link::Down(failure) = &*self.link.borrow() {
            self.ledger.borrow_mut().refused(messages.len());
            return self.failed(about, failure.clone());
        }
        let publication = Publication::new(about);
        for message in messages {
            if let Err(reason) = self.hand_over(message, &publication) {
                self.ledger.borrow_mut().refused(1);
                if let Some(about) = publication.fail() {
                    let failure = Failure::Local { code: None, message: reason.into() };
                    self.failed(about, failure);
                }
            }
        }
    }

    fn failed(&self, about: A, failure: Failure) {
        if !matches!(*self.link.borrow(), Link::Up) {
            self.outage.borrow_mut().failed(&self.clock);
        }
        (self.on_event)(Event::Failed { about, failure });
    }

    /// The counters as the numbers of a destination called `name`.
    pub fn families(&self, name: &'static str) -> Vec<Family> {
        let up = self.obstacle().is_none();
        let ledger = self.ledger.borrow();
        let Traffic { written, published, failed } = ledger.traffic();
        let destination = Destination {
            name,
            writes: written,
            retries: 0,
            points: published,
            dropped: &[("failed", failed)],
            waiting: ledger.len(),
            capacity: CAPACITY,
            up,
        };
        destination.families()
    }

    fn hand_over(&self, message: Message, publication: &Rc<Publication<A>>) -> Result<(), String> {
        let Message { topic, payload } = message;
        if !is_topic(&topic) {
            return Err("its text cannot be an mqtt topic".to_owned());
        }
        let size = topic.len() + payload.len() + HEADER;
        if size > MAX_PACKET {
            return Err(format!("an mqtt message of {size} bytes is larger than {MAX_PACKET}"));
        }
        let client = self.client.borrow();
        let client = client.as_ref().ok_or("the mqtt client is not running")?;
        let qos = match self.settings.qos {
            MqttQos::AtMostOnce => QoS::AtMostOnce,
            MqttQos::AtLeastOnce => QoS::AtLeastOnce,
        };
        client
            .try_publish(topic, payload, PublishOptions::new(qos))
            .map_err(|_| format!("more than {CAPACITY} mqtt messages are under way"))?;
        self.ledger.borrow_mut().add(publication);
        Ok(())
    }

    /// What stands in the way of publishing.
    pub fn obstacle(&self) -> Option<String> {
        match &*self.link.borrow() {
            Link::Up => None,
            Link::Connecting => Some("not connected yet".to_owned()),
            Link::Down(failure) => Some(failure.message().into_owned()),
        }
    }

    /// Waits until nothing is under way, at most until `until`. Nothing is published afterwards;
    /// what is not done has failed.
    pub async fn finish(&self, until: Instant) {
        self.finishing.set(true);
        _ = tokio::time::timeout_at(until, async {
            self.ask_for_proof();
            while self.ledger.borrow().len() > 0 {
                self.idle.notified().await;
            }
        })
        .await;
        self.leaving.set(true);
        self.leave(until).await;
        let reason = "the program ended before the mqtt broker had the message";
        self.fail_all(&Failure::Local { code: None, message: reason.into() });
    }

    /// Says goodbye, so that the broker does not take the end for a failure.
    async fn leave(&self, until: Instant) {
        if !matches!(*self.link.borrow(), Link::Up) {
            return;
        }
        let gone = self.idle.notified();
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

    pub(super) fn fail_all(&self, failure: &Failure) {
        let failed = self.ledger.borrow_mut().fail_all();
        for about in failed {
            self.failed(about, failure.clone());
        }
        self.idle.notify_waiters();
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
