//! MqttPublisher: publishes measurements and events on an MQTT broker.
//!
//! - receives: [`HealthMetrics`], [`ProxySessions`], [`EventBatch`] of user and of log events,
//!   [`AskReadiness`], [`AskMetrics`], [`AskLost`], [`Drain`]
//! - sends: MQTT 3.1.1 to the broker
//! - reports: one `MQTT_PUBLISH` error for each health answer, session list or event that was not
//!   written to a live connection, or that the broker did not confirm
//! - on restart: what was under way has failed, and a new connection is made

mod messages;
mod topics;

use std::rc::Rc;

use actix::fut::wrap_future;
use actix::{Actor, AsyncContext, Context, Handler, MessageResult, ResponseFuture, Supervised};

use crate::domain::errors::{ErrorOccurred, MqttModule, Origin};
use crate::domain::events::{LogEvent, UserEvent, excerpt};
use crate::domain::names::{Host, ServerName, VirtualProxy};
use crate::domain::telemetry::{EventBatch, HealthMetrics, ProxySessions};
use crate::io::delivery::{self, Delivery, Job};
use crate::io::mqtt::{self, Connection, Event, Message, MqttSettings, MqttTransport, pack};
use crate::runtime::clock::Clock;
use crate::runtime::drain::Drain;
use crate::runtime::level::verbose;
use crate::runtime::lost::{AskLost, Lost, LostAtEnd};
use crate::runtime::metrics::AskMetrics;
use crate::runtime::outlet::Outlet;
use crate::runtime::poison::guard;
use crate::runtime::readiness::{AskReadiness, Readiness};

pub use topics::{EventTopics, LogTopics, UserTopics};

/// Characters of a payload that the debug log shows.
const VALUES: usize = 2_000;

/// See the module.
pub struct MqttPublisher {
    connection: Rc<Connection>,
    delivery: Delivery<MqttTransport>,
    broker: Host,
    base_topic: String,
    topics: EventTopics,
    lost: Rc<LostAtEnd>,
}

impl MqttPublisher {
    /// A publisher that is not connected yet. Must be made on the thread it runs on.
    pub fn new(
        settings: MqttSettings,
        topics: EventTopics,
        clock: Clock,
        errors: impl Into<Outlet<ErrorOccurred>>,
    ) -> Self {
        let errors = errors.into();
        let (broker, base_topic) = (settings.broker.clone(), settings.base_topic.clone());
        let lost = Rc::<LostAtEnd>::default();
        let count = Rc::clone(&lost);
        let connection = Rc::new(Connection::new(settings, clock, on_event));
        let transport = MqttTransport::new(Rc::clone(&connection));
        let link = Rc::clone(&connection);
        let on_fate = move |event| {
            if let delivery::Event::NotStored { origin, failure, .. } = event {
                count.failed();
                link.failed();
                log::debug!("MQTT: Not published: {}", failure.message());
                errors.send(ErrorOccurred { origin, failure });
            }
        };
        let delivery = Delivery::new(transport, MqttTransport::POLICY, None, on_fate);
        Self { connection, delivery, broker, base_topic, topics, lost }
    }

    /// Publishes what `messages` makes; what panics is left out.
    fn publish(&self, about: Origin, messages: impl FnOnce() -> Vec<Message>) {
        let Some(messages) = guard("MQTT: A publication", messages) else { return };
        for Message { topic, payload } in &messages {
            verbose!("MQTT: Publishing {} bytes to {topic}", payload.len());
            // At verbose the excerpt would be made and thrown away.
            if log::log_enabled!(log::Level::Debug) {
                log::debug!("MQTT: {topic}: {:?}", excerpt(payload, VALUES));
            }
        }
        if !messages.is_empty() {
            self.delivery.push(Job::new(pack(&messages), messages.len(), Some(about)));
        }
    }

    /// What a publication is about, for its error.
    fn about(
        &self,
        module: MqttModule,
        server: Option<&ServerName>,
        virtual_proxy: Option<&VirtualProxy>,
    ) -> Origin {
        Origin::MqttPublish {
            module,
            server: server.cloned(),
            broker: self.broker.clone(),
            virtual_proxy: virtual_proxy.cloned(),
        }
    }
}

fn on_event(event: Event) {
    match event {
        Event::Connected { to, after: None } => log::info!("MQTT: Connected to {to}"),
        Event::Connected { to, after: Some(outage) } => log::info!("MQTT: {to} {outage}"),
        Event::Lost { to, message } => {
            log::warn!("MQTT: No connection to {to}, tried again every second: {message}");
        }
        Event::Contested { to, message } => log::warn!("MQTT: {to} {message}"),
    }
}

impl Actor for MqttPublisher {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.spawn(wrap_future(self.connection.run()));
        ctx.spawn(wrap_future(self.delivery.clone().run()));
    }
}

impl Supervised for MqttPublisher {}

impl Handler<HealthMetrics> for MqttPublisher {
    type Result = ();

    fn handle(&mut self, metrics: HealthMetrics, _: &mut Self::Context) {
        let about = self.about(MqttModule::HealthMetrics, Some(&metrics.server.name), None);
        self.publish(about, || messages::health(&self.base_topic, &metrics));
    }
}

impl Handler<ProxySessions> for MqttPublisher {
    type Result = ();

    fn handle(&mut self, sessions: ProxySessions, _: &mut Self::Context) {
        let (server, proxy) = (&sessions.server.name, &sessions.virtual_proxy);
        let about = self.about(MqttModule::ProxySessions, Some(server), Some(proxy));
        self.publish(about, || messages::sessions(&self.base_topic, &sessions));
    }
}

impl Handler<EventBatch<UserEvent>> for MqttPublisher {
    type Result = ();

    fn handle(&mut self, batch: EventBatch<UserEvent>, _: &mut Self::Context) {
        let Some(topics) = &self.topics.user else { return };
        for received in batch.events.iter() {
            let about = self.about(MqttModule::UserEvents, received.server.as_ref(), None);
            self.publish(about, || messages::user_event(topics, &received.event));
        }
    }
}

impl Handler<EventBatch<LogEvent>> for MqttPublisher {
    type Result = ();

    fn handle(&mut self, batch: EventBatch<LogEvent>, _: &mut Self::Context) {
        let Some(topics) = &self.topics.log else { return };
        for received in batch.events.iter() {
            let about = self.about(MqttModule::LogEvents, received.server.as_ref(), None);
            self.publish(about, || messages::log_event(topics, &received.event));
        }
    }
}

impl Handler<AskReadiness> for MqttPublisher {
    type Result = MessageResult<AskReadiness>;

    fn handle(&mut self, _: AskReadiness, _: &mut Self::Context) -> Self::Result {
        MessageResult(Readiness { of: "mqtt", obstacle: self.connection.obstacle() })
    }
}

impl Handler<AskMetrics> for MqttPublisher {
    type Result = MessageResult<AskMetrics>;

    fn handle(&mut self, _: AskMetrics, _: &mut Self::Context) -> Self::Result {
        let up = self.connection.obstacle().is_none();
        MessageResult(mqtt::families("mqtt", &self.delivery.stats(), up))
    }
}

impl Handler<AskLost> for MqttPublisher {
    type Result = MessageResult<AskLost>;

    fn handle(&mut self, _: AskLost, _: &mut Self::Context) -> Self::Result {
        let count = self.lost.count();
        MessageResult(Lost { count, what: "publications", to: "the MQTT broker" })
    }
}

impl Handler<Drain> for MqttPublisher {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, drain: Drain, _: &mut Self::Context) -> Self::Result {
        self.lost.begin();
        let (connection, delivery) = (Rc::clone(&self.connection), self.delivery.clone());
        Box::pin(async move { mqtt::finish(&connection, &delivery, drain.until).await })
    }
}

#[cfg(test)]
mod tests;
