//! HealthEndpoint: tells a container platform that the program serves.
//!
//! - receives: [`Drain`]
//! - sends: nothing; it answers `GET /health` on the loopback interface
//! - reports: nothing
//! - on restart: listens on the same sockets again

mod settings;

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

use actix::fut::{ActorFutureExt, wrap_future};
use actix::{Actor, AsyncContext, Context, Handler, SpawnHandle, Supervised};
use actix_web::{App, HttpResponse, HttpServer, web};

use crate::runtime::drain::Drain;

pub use settings::{HealthCheckConfig, HealthCheckSettings};

/// See the module.
pub struct HealthEndpoint {
    sockets: HealthSockets,
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
    /// An endpoint on bound sockets.
    pub fn new(sockets: HealthSockets) -> Self {
        Self { sockets, serving: None }
    }

    /// One worker is plenty: a platform asks every few seconds.
    fn serve(&self) -> io::Result<actix_web::dev::Server> {
        let mut server = HttpServer::new(|| {
            App::new().route("/health", web::get().to(health)).default_service(web::to(not_found))
        })
        .workers(1)
        .disable_signals();
        for socket in &self.sockets.0 {
            server = server.listen(socket.try_clone()?)?;
        }
        Ok(server.run())
    }
}

/// The answer that platforms know from the original.
async fn health() -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(r#"{"statusCode":200,"status":"ok"}"#)
}

async fn not_found() -> HttpResponse {
    HttpResponse::NotFound()
        .content_type("application/json")
        .body(r#"{"statusCode":404,"error":"Not Found"}"#)
}

impl Actor for HealthEndpoint {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        match self.serve() {
            Ok(server) => {
                self.serving = Some(ctx.spawn(wrap_future(server).map(|result, _, _| {
                    if let Err(error) = result {
                        log::error!("MAIN: The health check ended: {error}");
                    }
                })));
                for address in self.sockets.addresses() {
                    let port = address.port();
                    log::info!("MAIN: Started Docker healthcheck server on port {port}.");
                }
            }
            Err(error) => log::error!("MAIN: The health check cannot be served: {error}"),
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
