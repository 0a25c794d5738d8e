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
use actors::runtime::outlet::Outlet;
use actors::uptime_monitor::UptimeMonitor;

use super::outputs::Outputs;
use super::part::{Part, Stage};
use super::{Graph, Surroundings};
use crate::config::Settings;

/// The name of the one that polls engines.
const HEALTH: &str = "HealthPoller";

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
        let part = Part::new("UptimeMonitor", Stage::Sources);
        self.plug(part, move || UptimeMonitor::new(uptime, clock, read_heap, memory));
    }

    pub(super) fn start_pollers(
        &mut self,
        settings: Settings,
        clock: &Clock,
        outputs: &Outputs,
        mut use_names: Vec<Outlet<AppNames>>,
        watcher: Option<Recipient<ServerCertificate>>,
        errors: &Outlet<ErrorOccurred>,
    ) {
        let sense = Arc::new(settings.sense);
        // A checked configuration has one whenever there is something to poll.
        let Some(certificate) = sense.certificate.clone() else { return };

        let metrics = outputs.health();
        let for_proxies = watcher.clone();
        let health = {
            let (sense, certificate, clock, errors) =
                (Arc::clone(&sense), certificate.clone(), clock.clone(), errors.clone());
            let part = Part::new(HEALTH, Stage::Sources).with_metrics().with_readiness();
            self.plug(part, move || {
                let certificates = ServerCertificates::for_watcher(watcher);
                HealthPoller::new(sense, certificate, clock, metrics, certificates, errors)
            })
        };

        if let Some(polling) = sense.sessions.clone() {
            let sessions = outputs.sessions();
            let (sense, certificate, clock, errors) =
                (Arc::clone(&sense), certificate.clone(), clock.clone(), errors.clone());
            let part = Part::new("ProxyPoller", Stage::Sources).with_metrics();
            self.plug(part, move || {
                let shown = ServerCertificates::for_watcher(for_proxies);
                ProxyPoller::new(&sense, polling, certificate, clock, sessions, shown, errors)
            });
        }
        if let Some(polling) = sense.app_names.clone() {
            use_names.push(self.outlet(HEALTH, &health));
            let names = Fanout::new(use_names);
            let (verify, clock, errors) =
                (sense.reject_unauthorized, clock.clone(), errors.clone());
            let part = Part::new("AppNamesExtractor", Stage::Sources).with_metrics();
            self.plug(part, move || {
                AppNamesExtractor::new(polling, verify, certificate, clock, names, errors)
            });
        }
    }
}
