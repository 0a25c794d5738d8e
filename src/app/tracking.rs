//! The part of the graph that counts errors: the tracker, and the sinks that it hands each error to.

use actix::Addr;
use actors::domain::errors::ErrorCounts;
use actors::error_history::{CountsTo, ErrorHistoryActor, PlacesTo};
use actors::error_tracker::{ErrorTrackerActor, Tracking};
use actors::influx_error_sink::{InfluxErrorSinkActor, Source};
use actors::io::outbox::{OutboxSpool, Stream};
use actors::mqtt_error_sink::MqttErrorSinkActor;

use tokio::sync::oneshot;

use super::part::{Part, Stage};
use super::{Graph, Surroundings, TRACKER};
use crate::config::{Settings, TrackingSettings};

impl Graph {
    pub(super) fn start_tracking(
        &mut self,
        settings: &Settings,
        surroundings: &Surroundings,
    ) -> Addr<ErrorTrackerActor> {
        let (tracking, history) = match &settings.tracking {
            None => (Tracking::Off, None),
            Some(tracking) => self.start_sinks(tracking, settings, surroundings),
        };
        let collector = settings.tracking.as_ref().map(|tracking| tracking.collector);
        let collector = collector.unwrap_or_default();
        let clock = surroundings.clock.clone();
        let part = Part::new(TRACKER, Stage::Tracker).own_thread().takes_errors().with_metrics();
        let tracker = self.plug(part, move || ErrorTrackerActor::new(tracking, collector, clock));
        if let Some(history) = history {
            // Sent once, to a mailbox that is empty.
            history.do_send(CountsTo(tracker.clone().recipient()));
        }
        tracker
    }

    fn start_sinks(
        &mut self,
        tracking: &TrackingSettings,
        settings: &Settings,
        surroundings: &Surroundings,
    ) -> (Tracking, Option<Addr<ErrorHistoryActor>>) {
        let (found, earlier) = oneshot::channel();
        // Before the sink that reads it.
        let history = tracking.history.clone().map(|settings| {
            let clock = surroundings.clock.clone();
            let part = Part::new("ErrorHistoryActor", Stage::History).own_thread();
            self.plug(part.error_sink().can_lose(), move || {
                ErrorHistoryActor::new(settings, clock, Some(found))
            })
        });
        if let (Some(sink), Some(influx)) = (&tracking.influx, &settings.influx) {
            let (sink, influx) = (sink.clone(), influx.clone());
            let source = match (&history, &self.outbox) {
                (Some(history), _) => Source::History(history.clone().recipient()),
                (None, Some(outbox)) => {
                    Source::Outbox(OutboxSpool::new(outbox.clone(), Stream::Errors))
                }
                (None, None) => Source::Memory,
            };
            let part = Part::new("InfluxErrorSinkActor", Stage::ErrorSinks).own_thread();
            let addr = self.plug(part.error_sink().destination(), move || {
                InfluxErrorSinkActor::new(&influx, sink, source)
            });
            if let Some(history) = &history {
                // Sent once, to a mailbox that is empty.
                history.do_send(PlacesTo(addr.recipient()));
            }
        } else if tracking.influx.is_some() {
            log::info!(
                "MAIN: Error events are not written to InfluxDB: \
                 Butler-SOS.errorTracking.influxdb.enable is true, but \
                 Butler-SOS.influxdbConfig.enable is false"
            );
        }
        if let (Some(topic), Some(mqtt)) = (&tracking.topic, &settings.mqtt) {
            let (topic, mqtt, clock) = (topic.clone(), mqtt.clone(), surroundings.clock.clone());
            let part = Part::new("MqttErrorSinkActor", Stage::ErrorSinks).optional().own_thread();
            self.plug(part.error_sink().destination(), move || {
                MqttErrorSinkActor::new(mqtt, topic, clock)
            });
        }
        let today = ErrorCounts::new(surroundings.clock.now().date_naive());
        // Those who are to know where the history has an error hear of it before the history.
        let mut sinks = std::mem::take(&mut self.error_sinks);
        sinks.sort_by_key(|(stage, _)| std::cmp::Reverse(*stage));
        let sinks = sinks.into_iter().map(|(_, sink)| sink).collect();
        let log_summary = tracking.log_summary;
        (Tracking::On { log_summary, sinks, today, earlier: Some(earlier) }, history)
    }
}
