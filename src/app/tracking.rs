//! The part of the graph that counts errors: the tracker, and the sinks that it hands each error to.

use actix::{Addr, Recipient};
use actors::domain::errors::{ErrorCounts, ErrorPoint};
use actors::error_history::{self, CountsTo, ErrorHistoryActor, ErrorStore};
use actors::error_tracker::{ErrorTrackerActor, Tracking};
use actors::influx_error_sink::InfluxErrorSinkActor;
use actors::mqtt_error_sink::MqttErrorSinkActor;

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
        let place = self.own_thread();
        let clock = surroundings.clock.clone();
        let tracker = self.start("ErrorTrackerActor", &place, MAILBOX, move || {
            ErrorTrackerActor::new(tracking, clock)
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
        if let (Some(sink), Some(influx)) = (&tracking.influx, &settings.influx) {
            let (sink, influx, place) = (sink.clone(), influx.clone(), self.own_thread());
            let outbox = self.outbox.clone();
            let addr = self.start("InfluxErrorSinkActor", &place, SINK_MAILBOX, move || {
                InfluxErrorSinkActor::new(&influx, outbox, sink)
            });
            self.losers.push(addr.clone().recipient());
            self.scraped.add(&addr);
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
        let mut today = ErrorCounts::new(surroundings.clock.now().date_naive());
        let history = tracking.history.clone().map(|settings| {
            let clock = surroundings.clock.clone();
            let actor = match error_history::open(&settings) {
                Ok(store) => {
                    today = restored(&store, today.clone());
                    ErrorHistoryActor::new(store, settings.retention_days, clock)
                }
                Err(error) => {
                    log::warn!(
                        "ERROR HISTORY: Events are kept in memory: {error}. It is tried again \
                         every 10 s. A folder that can be written is named with --data-dir, or a \
                         file with Butler-SOS.errorTracking.history.file"
                    );
                    ErrorHistoryActor::waiting(settings, clock)
                }
            };
            let place = self.own_thread();
            self.start("ErrorHistoryActor", &place, SINK_MAILBOX, move || actor)
        });
        sinks.extend(history.clone().map(Addr::recipient));
        self.losers.extend(history.clone().map(Addr::recipient));
        (Tracking::On { log_summary: tracking.log_summary, sinks, today }, history)
    }
}

/// Today's counts as the history knows them, so that a restart does not lose the day.
fn restored(store: &ErrorStore, today: ErrorCounts) -> ErrorCounts {
    match store.counts_of_day(today.day()) {
        Ok(counts) => {
            if counts.total() > 0 {
                log::info!("ERROR HISTORY: {} errors of today read back", counts.total());
            }
            counts
        }
        Err(error) => {
            log::warn!("ERROR HISTORY: Today's errors cannot be read back: {error}");
            today
        }
    }
}
