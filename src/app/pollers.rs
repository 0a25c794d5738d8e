//! The part of the graph that asks: Qlik Sense, and the program about itself.

use std::sync::Arc;

use actix::Recipient;
use actors::app_names_extractor::AppNamesExtractor;
use actors::domain::errors::ErrorOccurred;
use actors::domain::telemetry::AppNames;
use actors::health_poller::HealthPoller;
use actors::proxy_poller::ProxyPoller;
use actors::runtime::certificates::{ServerCertificate, ServerCertificates};
use actors::runtime::clock::Clock;
use actors::runtime::fanout::Fanout;
use actors::runtime::readiness::AskReadiness;
use actors::runtime::supervise::Place;
use actors::uptime_monitor::UptimeMonitor;

use super::outputs::Outputs;
use super::{Graph, MAILBOX, Surroundings};
use crate::config::Settings;

impl Graph {
    pub(super) fn start_uptime(
        &mut self,
        settings: &Settings,
        surroundings: &Surroundings,
        outputs: &Outputs,
    ) {
        let Some(uptime) = settings.uptime.clone() else {
            return;
        };
        let memory = outputs.memory();
        let (clock, read_heap) = (surroundings.clock.clone(), surroundings.read_heap);
        self.start("UptimeMonitor", &Place::Here, MAILBOX, move || {
            UptimeMonitor::new(uptime, clock, read_heap, memory)
        });
    }

    pub(super) fn start_pollers(
        &mut self,
        settings: Settings,
        clock: &Clock,
        outputs: &Outputs,
        mut use_names: Vec<Recipient<AppNames>>,
        watcher: Option<Recipient<ServerCertificate>>,
        errors: &Recipient<ErrorOccurred>,
    ) -> Option<Recipient<AskReadiness>> {
        let sense = Arc::new(settings.sense);
        // A checked configuration has one whenever there is something to poll.
        let certificate = sense.certificate.clone()?;

        let metrics = outputs.health();
        let for_proxies = watcher.clone();
        let health = {
            let (sense, certificate, clock, errors) =
                (Arc::clone(&sense), certificate.clone(), clock.clone(), errors.clone());
            self.start("HealthPoller", &Place::Here, MAILBOX, move || {
                let certificates = ServerCertificates::for_watcher(watcher);
                HealthPoller::new(sense, certificate, clock, metrics, certificates, errors)
            })
        };
        self.scraped.add(&health);

        if let Some(polling) = sense.sessions.clone() {
            let sessions = outputs.sessions();
            let (sense, certificate, clock, errors) =
                (Arc::clone(&sense), certificate.clone(), clock.clone(), errors.clone());
            let proxy = self.start("ProxyPoller", &Place::Here, MAILBOX, move || {
                let shown = ServerCertificates::for_watcher(for_proxies);
                ProxyPoller::new(&sense, polling, certificate, clock, sessions, shown, errors)
            });
            self.scraped.add(&proxy);
        }
        if let Some(polling) = sense.app_names.clone() {
            use_names.push(health.clone().recipient());
            let names = Fanout::new(use_names);
            let (verify, clock, errors) =
                (sense.reject_unauthorized, clock.clone(), errors.clone());
            let apps = self.start("AppNamesExtractor", &Place::Here, MAILBOX, move || {
                AppNamesExtractor::new(polling, verify, certificate, clock, names, errors)
            });
            self.scraped.add(&apps);
        }
        Some(health.recipient())
    }
}
