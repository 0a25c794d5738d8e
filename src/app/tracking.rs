//! The part of the graph that counts errors: the tracker, and the sinks that it hands each error to.

use actix::{Addr, Recipient};
use actors::domain::errors::{ErrorCounts, ErrorPoint};
use actors::error_history::{CountsTo, ErrorHistoryActor, PlacesTo};
use actors::error_tracker::{ErrorTrackerActor, Tracking};
use actors::influx_error_sink::{InfluxErrorSinkActor, Source};
use actors::io::outbox::{OutboxSpool, Stream};
use actors::mqtt_error_sink::MqttErrorSinkActor;

use tokio::sync::oneshot;

use super::{Graph, MAILBOX, SINK_MAILBOX, Surroundings};
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
        let place = self.own_thread();
        let clock = surroundings.clock.clone();
        let tracker = self.start("ErrorTrackerActor", &place, MAILBOX, move || {
            ErrorTrackerActor::new(tracking, collector, clock)
        });
        self.scraped.add(&tracker);
        if let Some(history) = history {
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
        let mut sinks: Vec<Recipient<ErrorPoint>> = Vec::new();
        sinks.extend(self.scraped.endpoint.clone().map(Addr::recipient));
        let (found, earlier) = oneshot::channel();
        // Before the sink that reads it.
        let history = tracking.history.clone().map(|settings| {
            let (clock, place) = (surroundings.clock.clone(), self.own_thread());
            self.start("ErrorHistoryActor", &place, SINK_MAILBOX, move || {
                ErrorHistoryActor::new(settings, clock, Some(found))
            })
        });
        if let (Some(sink), Some(influx)) = (&tracking.influx, &settings.influx) {
            let (sink, influx, place) = (sink.clone(), influx.clone(), self.own_thread());
            let source = match (&history, &self.outbox) {
                (Some(history), _) => Source::History(history.clone().recipient()),
                (None, Some(outbox)) => {
                    Source::Outbox(OutboxSpool::new(outbox.clone(), Stream::Errors))
                }
                (None, None) => Source::Memory,
            };
            let addr = self.start("InfluxErrorSinkActor", &place, SINK_MAILBOX, move || {
                InfluxErrorSinkActor::new(&influx, sink, source)
            });
            self.losers.push(addr.clone().recipient());
            self.scraped.add(&addr);
            if let Some(history) = &history {
                history.do_send(PlacesTo(addr.clone().recipient()));
                // And it ends before it: what is written last is still sent.
                let last = self.stop_order.len() - 1;
                self.stop_order.swap(last - 1, last);
            }
            sinks.push(addr.recipient());
        } else if tracking.influx.is_some() {
            log::info!(
                "MAIN: Error events are not written to InfluxDB: \
                 Butler-SOS.errorTracking.influxdb.enable is true, but \
                 Butler-SOS.influxdbConfig.enable is false"
            );
        }
        if let (Some(topic), Some(mqtt)) = (&tracking.topic, &settings.mqtt) {
            let (topic, mqtt, place) = (topic.clone(), mqtt.clone(), self.own_thread());
            let clock = surroundings.clock.clone();
            let addr = self.start("MqttErrorSinkActor", &place, SINK_MAILBOX, move || {
                MqttErrorSinkActor::new(mqtt, topic, clock)
            });
            self.losers.push(addr.clone().recipient());
            self.scraped.add(&addr);
            sinks.push(addr.recipient());
        }
        let today = ErrorCounts::new(surroundings.clock.now().date_naive());
        sinks.extend(history.clone().map(Addr::recipient));
        self.losers.extend(history.clone().map(Addr::recipient));
        (
            Tracking::On {
                log_summary: tracking.log_summary,
                sinks,
                today,
                earlier: Some(earlier),
            },
            history,
        )
    }
}
