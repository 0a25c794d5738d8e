//! Web servers inside an actor: they run as its work, so that supervision sees them and a cancelled
//! handle ends them.
//!
//! The same for every listener, because each may be open to the network: one request for each
//! connection, a bounded number of connections, a deadline for each, `GET` and `HEAD` only, and a
//! `Host` that is one of ours. HTTP itself is the library's (`actix-http`), which alone knows no
//! limit for what it answers to a peer that does not read.

mod body;
mod fresh;
mod gate;
mod hosts;
mod one_request;
mod slots;

use std::cell::Cell;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use actix::fut::{ActorFutureExt, wrap_future};
use actix::{Actor, ActorContext, AsyncContext, Context, SpawnHandle};
use actix_http::body::BoxBody;
use actix_http::{HttpService, KeepAlive};
use actix_service::{Service, ServiceFactory, map_config};
use actix_web::dev::{AppConfig, ServiceRequest};
use actix_web::middleware::{Next, from_fn};
use actix_web::{App, web};
use futures_util::future::{abortable, select_all};
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use self::gate::Gate;
use self::one_request::OneRequest;
use self::slots::Slots;

pub use self::body::Page;
pub use self::fresh::Fresh;
pub use self::hosts::Hosts;

/// How long a peer may take to send the head of its request.
const HEAD_DEADLINE: Duration = Duration::from_secs(5);

/// How long a connection may take as a whole: a peer that does not read its answer is dropped.
const DEADLINE: Duration = Duration::from_secs(30);

/// Pause after a connection could not be accepted, because of too many open files for example.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What is served, and where.
pub struct Site<'s, R> {
    /// Begins log lines: `MAIN: The health check`.
    pub name: &'static str,
    /// Bound sockets; they stay open when the server ends.
    pub sockets: &'s [TcpListener],
    /// By which names it may be called.
    pub hosts: Hosts,
    /// Adds the pages to an application.
    pub routes: R,
}

/// Serves `site` as work of the actor. Should the server end, the actor stops, and supervision
/// starts both again.
pub fn serve<A, R>(ctx: &mut Context<A>, site: Site<'_, R>) -> SpawnHandle
where
    A: Actor<Context = Context<A>>,
    R: FnOnce(&mut web::ServiceConfig) + 'static,
{
    let Site { name, sockets, hosts, routes } = site;
    let sockets = sockets.iter().map(TcpListener::try_clone).collect::<io::Result<Vec<_>>>();
    let server = async move { run(sockets?, Gate::new(name, hosts), routes).await };
    ctx.spawn(wrap_future(server).map(move |result: io::Result<()>, _, ctx: &mut Context<A>| {
        if let Err(error) = result {
            log::error!("{name} ended: {error}");
        }
        ctx.stop();
    }))
}

async fn run<R>(sockets: Vec<TcpListener>, gate: Gate, routes: R) -> io::Result<()>
where
    R: FnOnce(&mut web::ServiceConfig) + 'static,
{
    let mut listeners = Vec::new();
    for socket in sockets {
        socket.set_nonblocking(true)?;
        listeners.push(tokio::net::TcpListener::from_std(socket)?);
    }
    let name = gate.name();
    let app = App::new()
        .wrap(from_fn(move |request: ServiceRequest, next: Next<BoxBody>| {
            let refusal = gate.refusal(request.request());
            async move {
                match refusal {
                    Some(refusal) => Ok(request.into_response(refusal)),
                    None => next.call(request).await,
                }
            }
        }))
        .configure(routes);
    let factory = HttpService::<OneRequest<TcpStream>, _, _>::build()
        .keep_alive(KeepAlive::Disabled)
        .client_request_timeout(HEAD_DEADLINE)
        .client_disconnect_timeout(Duration::ZERO)
        .h1(map_config(app, |()| AppConfig::default()));
    let service = factory
        .new_service(())
        .await
        .map_err(|()| io::Error::other("the pages could not be put together"))?;

    let told = Cell::new(false);
    let mut slots = Slots::default();
    let mut connections = FuturesUnordered::new();
    loop {
        tokio::select! {
            accepted = accept(&listeners) => match accepted {
                Ok((stream, from)) => {
                    told.set(false);
                    let answer = service.call((OneRequest::new(stream), Some(from)));
                    let (answer, abort) = abortable(timeout(DEADLINE, answer));
                    let id = slots.take(from.ip(), abort);
                    // What becomes of one connection is nobody's concern but the peer's.
                    connections.push(async move { _ = answer.await; id });
                }
                Err(error) if error.kind() == io::ErrorKind::InvalidInput => return Err(error),
                Err(error) => {
                    if !told.replace(true) {
                        log::warn!("{name} cannot accept a connection: {error}; tried again");
                    }
                    sleep(ACCEPT_PAUSE).await;
                }
            },
            Some(id) = connections.next(), if !connections.is_empty() => slots.free(id),
        }
    }
}

/// The next connection on any of the sockets.
async fn accept(listeners: &[tokio::net::TcpListener]) -> io::Result<(TcpStream, SocketAddr)> {
    if listeners.is_empty() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    select_all(listeners.iter().map(|listener| Box::pin(listener.accept()))).await.0
}

#[cfg(test)]
mod tests;
