//! The part of the graph that counts errors: the tracker, and the sinks that it hands each error to.

use actix::{Addr, Recipient};
use actors::domain::errors::{ErrorCounts, ErrorPoint};
use actors::error_history::{ErrorHistoryActor, ErrorStore};
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
        let tracking = match &settings.tracking {
            None => Tracking::Off,
            Some(tracking) => self.start_sinks(tracking, settings, surroundings),
        };
        let place = self.own_thread();
        let clock = surroundings.clock.clone();
        let tracker = self.start("ErrorTrackerActor", &place, MAILBOX, move || {
            ErrorTrackerActor::new(tracking, clock)
        });
        self.scraped.add(&tracker);
        tracker
    }

    fn start_sinks(
        &mut self,
        tracking: &TrackingSettings,
        settings: &Settings,
        surroundings: &Surroundings,
    ) -> Tracking {
        let mut sinks: Vec<Recipient<ErrorPoint>> = Vec::new();
        sinks.extend(self.scraped.endpoint.clone().map(Addr::recipient));
        if let (Some(sink), Some(influx)) = (&tracking.influx, &settings.influx) {
            let (sink, influx, place) = (sink.clone(), influx.clone(), self.own_thread());
            let addr = self.start("InfluxErrorSinkActor", &place, SINK_MAILBOX, move || {
                InfluxErrorSinkActor::new(&influx, sink)
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
        if let Some(history) = &tracking.history {
            match ErrorStore::open(&history.file) {
                Ok(store) => {
                    today = restored(&store, today);
                    sinks.push(self.start_history(store, history.retention_days, surroundings));
                }
                Err(error) => log::warn!("ERROR HISTORY: No history is kept: {error}"),
            }
        }
        Tracking::On { log_summary: tracking.log_summary, sinks, today }
    }

    fn start_history(
        &mut self,
        store: ErrorStore,
        retention_days: u32,
        surroundings: &Surroundings,
    ) -> Recipient<ErrorPoint> {
        let (place, clock) = (self.own_thread(), surroundings.clock.clone());
        let addr = self.start("ErrorHistoryActor", &place, SINK_MAILBOX, move || {
            ErrorHistoryActor::new(store, retention_days, clock)
        });
        self.losers.push(addr.clone().recipient());
        addr.recipient()
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
