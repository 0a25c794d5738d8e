//! The part of the graph for those who run the program: signs of life, warnings, pages.

use actix::Recipient;
use actors::certificate_watcher::CertificateWatcher;
use actors::config_page::ConfigPage;
use actors::health_endpoint::HealthEndpoint;
use actors::heartbeat::Heartbeat;
use actors::runtime::certificates::ServerCertificate;
use actors::runtime::level::Level;

use super::part::{Part, Stage};
use super::{Graph, Surroundings};
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
            let part = Part::new("Heartbeat", Stage::Sources).optional();
            self.plug(part, move || Heartbeat::new(heartbeat, clock));
        }
        let files = settings.sense.certificate.clone()?;
        let clock = surroundings.clock.clone();
        let part = Part::new("CertificateWatcher", Stage::Sources).optional().with_metrics();
        let watcher =
            self.plug(part.reads_certificates(), || CertificateWatcher::new(files, clock));
        Some(watcher.recipient())
    }

    pub(super) fn start_endpoints(&mut self, sockets: Sockets, page: Option<PageSettings>) {
        if let Some(sockets) = sockets.health {
            Level::Verbose.log(format_args!("MAIN: Starting Docker healthcheck server..."));
            let part = Part::new("HealthEndpoint", Stage::Endpoints);
            let asked = self.asked.clone();
            self.plug(part, || HealthEndpoint::new(sockets, asked));
        }
        if let (Some(socket), Some(page)) = (sockets.page, page) {
            // It may be open to the network, and then nobody else is to be slowed down.
            let part = Part::new("ConfigPage", Stage::Endpoints).optional().own_thread();
            self.plug(part, || ConfigPage::new(socket, page.at, page.shown));
        }
    }
}
