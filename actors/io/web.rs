//! Web servers inside an actor: they run as its work, so that supervision sees them and a cancelled
//! handle ends them.

use std::io;

use actix::fut::{ActorFutureExt, wrap_future};
use actix::{Actor, AsyncContext, Context, SpawnHandle};
use actix_web::dev::Server;

/// Runs a server; `None`, and a line in the log, when it could not be made. `name` begins the log
/// lines: `MAIN: The health check`.
pub fn serve<A>(
    ctx: &mut Context<A>,
    server: io::Result<Server>,
    name: &'static str,
) -> Option<SpawnHandle>
where
    A: Actor<Context = Context<A>>,
{
    match server {
        Ok(server) => Some(ctx.spawn(wrap_future(server).map(move |result, _, _| {
            if let Err(error) = result {
                log::error!("{name} ended: {error}");
            }
        }))),
        Err(error) => {
            log::error!("{name} cannot be served: {error}");
            None
        }
    }
}
