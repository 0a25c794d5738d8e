//! The part of the graph for those who run the program: signs of life, warnings, pages.

use actix::Recipient;
use actors::certificate_watcher::CertificateWatcher;
use actors::config_page::ConfigPage;
use actors::health_endpoint::HealthEndpoint;
use actors::heartbeat::Heartbeat;
use actors::runtime::certificates::ServerCertificate;
use actors::runtime::readiness::AskReadiness;
use actors::runtime::supervise::Place;

use super::{Graph, MAILBOX, Surroundings};
use crate::config::{PageSettings, Settings};
use crate::sockets::Sockets;

impl Graph {
    /// Those who watch over the program itself and its certificates, and send nothing to other
    /// actors. Whoever sees a server's certificate sends it to the one that is returned.
    pub(super) fn start_watchers(
        &mut self,
        settings: &Settings,
        surroundings: &Surroundings,
    ) -> Option<Recipient<ServerCertificate>> {
        if let Some(heartbeat) = settings.heartbeat.clone() {
            let clock = surroundings.clock.clone();
            self.start("Heartbeat", &Place::Here, MAILBOX, move || {
                Heartbeat::new(heartbeat, clock)
            });
        }
        let files = settings.sense.certificate.clone()?;
        let clock = surroundings.clock.clone();
        let watcher = self.start("CertificateWatcher", &Place::Here, MAILBOX, || {
            CertificateWatcher::new(files, clock)
        });
        self.scraped.add(&watcher);
        Some(watcher.recipient())
    }

    pub(super) fn start_endpoints(
        &mut self,
        sockets: Sockets,
        page: Option<PageSettings>,
        asked: Vec<Recipient<AskReadiness>>,
    ) {
        if let Some(sockets) = sockets.health {
            self.start("HealthEndpoint", &Place::Here, MAILBOX, || {
                HealthEndpoint::new(sockets, asked)
            });
        }
        if let (Some(socket), Some(page)) = (sockets.page, page) {
            // It may be open to the network, and then nobody else is to be slowed down.
            let place = self.own_thread();
            self.start("ConfigPage", &place, MAILBOX, || {
                ConfigPage::new(socket, page.at, page.shown)
            });
        }
    }
}
