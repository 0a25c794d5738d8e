//! ConfigPage: shows the configuration on a web page.
//!
//! - receives: [`Drain`]
//! - sends: nothing; it answers HTTP on the configured address
//! - reports: nothing
//! - on restart: listens on the same sockets again

mod limit;
mod settings;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use actix::{Actor, AsyncContext, Context, Handler, SpawnHandle, Supervised};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;

use self::limit::{Limit, Verdict};
use crate::io::web::{Hosts, Page, Site, serve};
use crate::runtime::drain::Drain;

pub use settings::{ConfigPageKeys, ConfigPageSettings};

/// See the module.
pub struct ConfigPage {
    socket: TcpListener,
    at: ConfigPageSettings,
    shown: Arc<PageContent>,
    serving: Option<SpawnHandle>,
}

/// The configuration in the forms that are shown, masked or not by whoever made them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageContent {
    /// Below `Butler-SOS`.
    pub json: String,
    /// The same as a file.
    pub yaml: String,
}

/// What the handlers share.
struct Pages {
    shown: Arc<PageContent>,
    limit: Mutex<Limit>,
}

impl ConfigPage {
    /// A page on a bound socket that was asked for by `at`.
    pub fn new(socket: TcpListener, at: ConfigPageSettings, shown: PageContent) -> Self {
        Self { socket, at, shown: Arc::new(shown), serving: None }
    }

    /// Where it listens.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    fn routes(&self) -> impl FnOnce(&mut web::ServiceConfig) + use<> {
        let limit = Mutex::new(Limit::new(Instant::now()));
        let pages = web::Data::new(Pages { shown: Arc::clone(&self.shown), limit });
        move |app| {
            app.app_data(pages).default_service(web::to(answer));
        }
    }
}

/// One answer for each path; all of them count for the limit.
async fn answer(request: HttpRequest, site: web::Data<Pages>) -> HttpResponse {
    if let Some(from) = request.peer_addr() {
        let mut limit = site.limit.lock().unwrap_or_else(PoisonError::into_inner);
        match limit.ask(from.ip(), Instant::now()) {
            Verdict::Served => {}
            verdict => {
                if verdict == Verdict::FirstRefused {
                    log::warn!("CONFIG VIS: Too many requests from {}, refused", from.ip());
                }
                return page(StatusCode::TOO_MANY_REQUESTS, HTML, TOO_MANY.to_owned());
            }
        }
    }
    let ok = StatusCode::OK;
    match request.path() {
        "/" => page(ok, HTML, include_str!("page.html").to_owned()),
        "/page.css" => page(ok, "text/css; charset=utf-8", include_str!("page.css").to_owned()),
        "/page.js" => {
            page(ok, "text/javascript; charset=utf-8", include_str!("page.js").to_owned())
        }
        "/config.json" => page(ok, "application/json", site.shown.json.clone()),
        "/config.yaml" => page(ok, "text/plain; charset=utf-8", site.shown.yaml.clone()),
        _ => page(StatusCode::NOT_FOUND, HTML, NOT_FOUND.to_owned()),
    }
}

const HTML: &str = "text/html; charset=utf-8";
const NOT_FOUND: &str = "<!doctype html><title>Not found</title><p>There is nothing here. \
                         <a href=\"/\">To the configuration</a>.";
const TOO_MANY: &str = "<!doctype html><title>Too many requests</title><p>Try again in a minute.";

/// Nothing is loaded from elsewhere, nothing is kept, nobody may frame it.
fn page(status: StatusCode, kind: &str, body: String) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header(("Content-Type", kind))
        .insert_header(("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'"))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .insert_header(("Referrer-Policy", "no-referrer"))
        .insert_header(("Cache-Control", "no-store"))
        .body(Page::from(Bytes::from(body)))
}

impl Actor for ConfigPage {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let names = self.at.host_names.iter().chain([&self.at.host]);
        let site = Site {
            name: "CONFIG VIS: The page",
            sockets: std::slice::from_ref(&self.socket),
            hosts: Hosts::strict(self.address().into_iter().collect(), names)
                .with_key("Butler-SOS.configVisualisation.hostNames"),
            routes: self.routes(),
        };
        self.serving = Some(serve(ctx, site));
        if let Ok(address) = self.address() {
            log::info!("CONFIG VIS: The configuration is shown at http://{address}/");
        }
    }
}

impl Supervised for ConfigPage {}

impl Handler<Drain> for ConfigPage {
    type Result = ();

    fn handle(&mut self, _: Drain, ctx: &mut Self::Context) {
        if let Some(serving) = self.serving.take() {
            ctx.cancel_future(serving);
        }
    }
}

#[cfg(test)]
mod tests;
