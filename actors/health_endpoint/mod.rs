//! HealthEndpoint: tells a container platform that the program serves, and whether it can do its
//! work.
//!
//! - receives: [`Drain`]
//! - sends: [`AskReadiness`]; it answers `GET /health` and `GET /health/ready` on the loopback
//!   interface
//! - reports: nothing
//! - on restart: listens on the same sockets again

mod settings;

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::time::Duration;

use actix::{Actor, AsyncContext, Context, Handler, Recipient, SpawnHandle, Supervised};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use futures_util::future::join_all;
use serde_json::{Map, json};
use tokio::time::timeout;

use crate::io::web::{Hosts, Site, serve};
use crate::runtime::drain::Drain;
use crate::runtime::readiness::{AskReadiness, Readiness};

pub use settings::{HealthCheckKeys, HealthCheckSettings};

/// See the module.
pub struct HealthEndpoint {
    sockets: HealthSockets,
    asked: Vec<Recipient<AskReadiness>>,
    serving: Option<SpawnHandle>,
}

/// Sockets that are bound before anything else starts: a port that is taken ends the start.
pub struct HealthSockets(Vec<TcpListener>);

impl HealthSockets {
    /// Listens on IPv4, and on IPv6 where there is any. Port 0 lets the system choose.
    ///
    /// # Errors
    /// When the port is taken.
    pub fn bind(port: u16) -> io::Result<Self> {
        let first = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let port = first.local_addr()?.port();
        let mut sockets = vec![first];
        match TcpListener::bind((Ipv6Addr::LOCALHOST, port)) {
            Ok(second) => sockets.push(second),
            Err(error) => log::debug!("MAIN: No health check over IPv6: {error}"),
        }
        Ok(Self(sockets))
    }

    /// Where it listens.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.0.iter().filter_map(|socket| socket.local_addr().ok()).collect()
    }
}

impl HealthEndpoint {
    /// An endpoint on bound sockets that asks these actors whether they are ready.
    pub fn new(sockets: HealthSockets, asked: Vec<Recipient<AskReadiness>>) -> Self {
        Self { sockets, asked, serving: None }
    }

    /// Asked by whoever runs on this machine, who knows no other name for it.
    fn site(&self) -> Site<'_, impl FnOnce(&mut web::ServiceConfig) + use<>> {
        let asked = web::Data::new(self.asked.clone());
        Site {
            name: "MAIN: The health check",
            sockets: &self.sockets.0,
            hosts: Hosts::strict(self.sockets.addresses(), [""; 0]),
            routes: move |app: &mut web::ServiceConfig| {
                app.app_data(asked)
                    .route("/health", web::to(health))
                    .route("/health/ready", web::to(ready))
                    .default_service(web::to(not_found));
            },
        }
    }
}

/// The answer that platforms know from the original.
async fn health() -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(r#"{"statusCode":200,"status":"ok"}"#)
}

/// 200 when every actor can do its work, else 503; the body says what stands in the way.
async fn ready(asked: web::Data<Vec<Recipient<AskReadiness>>>) -> HttpResponse {
    let mut all_ready = true;
    let mut parts = Map::new();
    let answers = asked.iter().map(|actor| timeout(PATIENCE, actor.send(AskReadiness)));
    for answer in join_all(answers).await {
        let Ok(Ok(Readiness { of, obstacle })) = answer else {
            all_ready = false;
            parts.insert("actors".to_owned(), "an actor does not answer".into());
            continue;
        };
        all_ready &= obstacle.is_none();
        parts.insert(of.to_owned(), obstacle.unwrap_or_else(|| "ok".to_owned()).into());
    }
    let status = if all_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    HttpResponse::build(status).content_type("application/json").body(
        json!({ "statusCode": status.as_u16(), "ready": all_ready, "parts": parts }).to_string(),
    )
}

/// How long an actor may think about whether it is ready.
const PATIENCE: Duration = Duration::from_secs(1);

async fn not_found() -> HttpResponse {
    HttpResponse::NotFound()
        .content_type("application/json")
        .body(r#"{"statusCode":404,"error":"Not Found"}"#)
}

impl Actor for HealthEndpoint {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.serving = Some(serve(ctx, self.site()));
        // One port, however many addresses.
        if let Some(address) = self.sockets.addresses().first() {
            let port = address.port();
            log::info!("MAIN: Started Docker healthcheck server on port {port}.");
        }
    }
}

impl Supervised for HealthEndpoint {}

impl Handler<Drain> for HealthEndpoint {
    type Result = ();

    /// Who stops is not healthy any more.
    fn handle(&mut self, _: Drain, ctx: &mut Self::Context) {
        if let Some(serving) = self.serving.take() {
            ctx.cancel_future(serving);
        }
    }
}

#[cfg(test)]
mod tests;
