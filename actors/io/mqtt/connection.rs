//! The connection to the broker: kept for ever, and told apart from what merely was handed over.

use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use rumqttc::{AsyncClient, EventLoop, NetworkOptions, Outgoing, Packet, QoS};
use tokio::sync::Notify;
use tokio::time::{Instant, interval, sleep};

use super::event::Event;
use super::failure;
use super::ledger::{Ledger, Publication, Traffic};
use super::message::{Message, is_topic};
use super::options::options;
use super::settings::{CONNECT_TIMEOUT, MqttQos, MqttSettings};
use crate::domain::errors::Failure;
use crate::domain::metrics::{Destination, Family};
use crate::runtime::clock::Clock;
use crate::runtime::outage::Outage;

/// Pause before the next attempt.
const RECONNECT: Duration = Duration::from_secs(1);

/// A message that is not written, or not confirmed where it should be, by then has failed.
const CONFIRM_TIMEOUT: Duration = Duration::from_secs(10);

/// Messages that the library may hold; beyond them publishing fails.
const CAPACITY: usize = 20_000;

/// Largest packet in bytes; session lists of large sites are large.
const MAX_PACKET: usize = 1 << 20;

/// Topic and header are part of a packet.
const HEADER: usize = 16;

/// Where the connection stands.
enum Link {
    /// The first attempt is under way: messages wait for its outcome.
    Connecting,
    Up,
    /// Messages fail with this until there is a connection again.
    Down(Failure),
}

/// The broker, as seen from here. `A` is what a publication is about. Lives on one thread.
pub struct Connection<A> {
    settings: MqttSettings,
    link: RefCell<Link>,
    ledger: RefCell<Ledger<A>>,
    client: RefCell<Option<AsyncClient>>,
    /// Told when nothing is under way any more.
    idle: Notify,
    leaving: Cell<bool>,
    clock: Clock,
    outage: RefCell<Outage>,
    on_event: Box<dyn Fn(Event<A>)>,
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
            idle: Notify::new(),
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
            .try_publish(topic, qos, false, payload)
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
        _ = tokio::time::timeout_at(until, async {
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

    /// Keeps the connection for ever. What is published from now on waits for the first attempt;
    /// what was under way before, if this is not the first call, has failed.
    pub fn run(self: &Rc<Self>) -> impl Future<Output = ()> + use<A> {
        let reason = "the mqtt client was restarted";
        self.fail_all(&Failure::Local { code: None, message: reason.into() });
        self.link.replace(Link::Connecting);
        let this = Rc::clone(self);
        let mut opened = this.open();
        async move {
            loop {
                match opened {
                    Some(events) => return this.keep(events).await,
                    None => sleep(Duration::from_secs(60)).await,
                }
                opened = this.open();
            }
        }
    }

    /// `None` when TLS cannot be set up.
    fn open(&self) -> Option<EventLoop> {
        match options(&self.settings, MAX_PACKET) {
            Ok(options) => {
                let (client, events) = AsyncClient::new(options, CAPACITY);
                self.client.replace(Some(client));
                Some(events)
            }
            Err(reason) => {
                let message = format!("mqtt TLS: {reason}").into();
                self.went_down(&Failure::Local { code: None, message });
                None
            }
        }
    }

    async fn keep(&self, mut events: EventLoop) {
        let mut network = NetworkOptions::new();
        network.set_connection_timeout(CONNECT_TIMEOUT.as_secs());
        network.set_tcp_nodelay(true);
        events.set_network_options(network);
        let mut look = interval(Duration::from_secs(1));
        loop {
            let outcome = {
                // Polled to its end, for a poll that is dropped may take a message with it.
                let mut poll = pin!(events.poll());
                loop {
                    tokio::select! {
                        outcome = &mut poll => break outcome.map_err(|error| failure::explain(&error, &self.settings)),
                        _ = look.tick() => {
                            if self.ledger.borrow().is_overdue(CONFIRM_TIMEOUT) {
                                break Err(failure::silence(CONFIRM_TIMEOUT));
                            }
                        }
                    }
                }
            };
            match outcome {
                Ok(event) => self.happened(&event),
                Err(failure) => {
                    forget(&mut events);
                    self.went_down(&failure);
                    if self.leaving.get() {
                        return;
                    }
                    sleep(RECONNECT).await;
                }
            }
        }
    }

    fn happened(&self, event: &rumqttc::Event) {
        match event {
            rumqttc::Event::Incoming(Packet::ConnAck(_)) => {
                self.link.replace(Link::Up);
                let after = self.outage.borrow_mut().worked(&self.clock);
                (self.on_event)(Event::Connected { to: self.address(), after });
            }
            rumqttc::Event::Outgoing(Outgoing::Publish(id)) => {
                self.ledger.borrow_mut().written(*id);
                self.tell_when_idle();
            }
            rumqttc::Event::Incoming(Packet::PubAck(ack)) => {
                self.ledger.borrow_mut().confirmed(ack.pkid);
                self.tell_when_idle();
            }
            _ => {}
        }
    }

    fn tell_when_idle(&self) {
        if self.ledger.borrow().len() == 0 {
            self.idle.notify_waiters();
        }
    }

    fn went_down(&self, failure: &Failure) {
        let (to, message) = (self.address(), failure.message().into_owned());
        let before = self.link.replace(Link::Down(failure.clone()));
        self.outage.borrow_mut().began(&self.clock);
        if matches!(before, Link::Down(_)) || self.leaving.get() {
            log::debug!("MQTT: Still no connection to {to}: {message}");
        } else {
            (self.on_event)(Event::Lost { to, message });
        }
        self.fail_all(failure);
    }

    fn fail_all(&self, failure: &Failure) {
        let failed = self.ledger.borrow_mut().fail_all();
        for about in failed {
            self.failed(about, failure.clone());
        }
        self.idle.notify_waiters();
    }

    fn address(&self) -> String {
        format!("{}:{}", self.settings.broker, self.settings.port)
    }
}

/// What was handed over has failed: the library would send it after the next connection, or not.
fn forget(events: &mut EventLoop) {
    events.clean();
    events.pending.clear();
    events.state.events.clear();
}
