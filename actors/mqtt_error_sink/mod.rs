//! MqttErrorSinkActor: publishes every error event on an MQTT broker, so that errors are seen while
//! InfluxDB is away.
//!
//! - receives: [`ErrorPoint`] from the tracker, [`AskMetrics`], [`AskLost`], [`Drain`]
//! - sends: MQTT 3.1.1 to the broker, over a connection of its own
//! - reports: failures at debug only; it holds no address of the tracker, so a message that is not
//!   published cannot become an error that is published again (decision E16)
//! - on restart: what was under way is lost, and a new connection is made

mod settings;

use std::borrow::Cow;
use std::rc::Rc;

use actix::fut::wrap_future;
use actix::{Actor, AsyncContext, Context, Handler, MessageResult, ResponseFuture, Supervised};
use chrono::SecondsFormat;
use serde_json::{Map, Value};

use crate::domain::errors::{ErrorPoint, ErrorRecord};
use crate::domain::point::FieldValue;
use crate::io::delivery::{self, Delivery, Job};
use crate::io::mqtt::{self, Connection, Event, Message, MqttSettings, MqttTransport, pack};
use crate::runtime::clock::Clock;
use crate::runtime::drain::Drain;
use crate::runtime::lost::{AskLost, Lost, LostAtEnd};
use crate::runtime::metrics::AskMetrics;

pub use settings::ErrorTopicKeys;

/// See the module.
pub struct MqttErrorSinkActor {
    topic: String,
    connection: Rc<Connection>,
    delivery: Delivery<MqttTransport>,
    lost: Rc<LostAtEnd>,
}

impl MqttErrorSinkActor {
    /// A sink that is not connected yet. Must be made on the thread it runs on.
    pub fn new(mut settings: MqttSettings, topic: String, clock: Clock) -> Self {
        // A broker ends the older of two connections with one client id.
        settings.client_id = settings.client_id.map(|id| format!("{id}-errors"));
        let lost = Rc::<LostAtEnd>::default();
        let count = Rc::clone(&lost);
        let connection = Rc::new(Connection::new(settings, clock, on_event));
        let transport = MqttTransport::new(Rc::clone(&connection));
        let on_fate = move |event| {
            let message = match event {
                delivery::Event::Lost { failure, .. } => failure.message().into_owned(),
                delivery::Event::Dropped { message, .. } => message,
                _ => return,
            };
            count.failed();
            log::debug!("ERROR TRACKER: Error publishing error event: {message}");
        };
        let delivery = Delivery::new(transport, MqttTransport::POLICY, None, on_fate);
        Self { topic, connection, delivery, lost }
    }
}

fn on_event(event: Event) {
    match event {
        Event::Connected { to, .. } => {
            log::debug!("ERROR TRACKER: Error events are published by {to}");
        }
        Event::Lost { to, message } => {
            log::debug!("ERROR TRACKER: No connection to {to} for error events: {message}");
        }
        Event::Contested { to, message } => log::debug!("ERROR TRACKER: {to} {message}"),
    }
}

/// An error event: its time, and tags and fields by their names.
fn payload(point: &ErrorPoint) -> String {
    let mut members = Map::new();
    let time = point.stamp().to_utc().to_rfc3339_opts(SecondsFormat::Nanos, true);
    members.insert("timestamp".to_owned(), time.into());
    point.for_each_tag(|name, value| _ = members.insert(name.to_owned(), value.into()));
    point.for_each_field(|name, value| {
        let value = match value {
            FieldValue::Integer(number) => Value::from(number),
            FieldValue::Unsigned(number) => Value::from(number),
            FieldValue::Float(number) => Value::from(number),
            FieldValue::Boolean(value) => Value::from(value),
            FieldValue::Text(text) => Value::from(Cow::into_owned(text)),
        };
        members.insert(name.to_owned(), value);
    });
    Value::Object(members).to_string()
}

impl Actor for MqttErrorSinkActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.spawn(wrap_future(self.connection.run()));
        ctx.spawn(wrap_future(self.delivery.clone().run()));
    }
}

impl Supervised for MqttErrorSinkActor {}

impl Handler<ErrorPoint> for MqttErrorSinkActor {
    type Result = ();

    fn handle(&mut self, point: ErrorPoint, _: &mut Self::Context) {
        let message = Message { topic: self.topic.clone(), payload: payload(&point) };
        self.delivery.push(Job::new(pack(&[message]), 1, None));
    }
}

impl Handler<AskMetrics> for MqttErrorSinkActor {
    type Result = MessageResult<AskMetrics>;

    fn handle(&mut self, _: AskMetrics, _: &mut Self::Context) -> Self::Result {
        let up = self.connection.obstacle().is_none();
        MessageResult(mqtt::families("mqtt_errors", &self.delivery.stats(), up))
    }
}

impl Handler<AskLost> for MqttErrorSinkActor {
    type Result = MessageResult<AskLost>;

    fn handle(&mut self, _: AskLost, _: &mut Self::Context) -> Self::Result {
        let count = self.lost.count();
        MessageResult(Lost { count, what: "error events", to: "the MQTT broker" })
    }
}

impl Handler<Drain> for MqttErrorSinkActor {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, drain: Drain, _: &mut Self::Context) -> Self::Result {
        self.lost.begin();
        let (connection, delivery) = (Rc::clone(&self.connection), self.delivery.clone());
        Box::pin(async move { mqtt::finish(&connection, &delivery, drain.until).await })
    }
}

#[cfg(test)]
mod tests;
