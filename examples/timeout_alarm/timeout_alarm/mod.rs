//! TimeoutAlarm: warns when a server does not answer several times in a row.
//!
//! - receives: [`ErrorPoint`] from the tracker, [`Drain`]
//! - sends: nothing
//! - reports: nothing; it holds no address of the tracker
//! - on restart: keeps its rows

mod settings;

use std::collections::HashMap;

use actix::{Actor, Context, Handler, Supervised};
use actors::domain::errors::{Category, ErrorPoint};
use actors::domain::names::ServerName;
use actors::runtime::drain::Drain;

pub use settings::{AlarmKeys, AlarmSettings};

/// See the module.
pub struct TimeoutAlarm {
    rows: Rows,
}

/// Timeouts in a row, for each configured server. Pure, so that its tests need no actor.
#[derive(Debug)]
struct Rows {
    limit: u32,
    rows: HashMap<ServerName, u32>,
}

impl Rows {
    fn new(limit: u32) -> Self {
        Self { limit, rows: HashMap::new() }
    }

    /// Counts an error; whether it makes a row complete.
    fn add(&mut self, server: &ServerName, category: Category) -> bool {
        let row = self.rows.entry(server.clone()).or_default();
        *row = if category == Category::Timeout { *row + 1 } else { 0 };
        *row == self.limit
    }
}

impl TimeoutAlarm {
    /// An alarm that goes off as `settings` say.
    pub fn new(settings: AlarmSettings) -> Self {
        Self { rows: Rows::new(settings.after) }
    }
}

impl Actor for TimeoutAlarm {
    type Context = Context<Self>;
}

impl Supervised for TimeoutAlarm {}

impl Handler<ErrorPoint> for TimeoutAlarm {
    type Result = ();

    fn handle(&mut self, point: ErrorPoint, _: &mut Self::Context) {
        if let Some(server) = point.origin().server()
            && self.rows.add(server, point.category())
        {
            let limit = self.rows.limit;
            log::warn!("TIMEOUT ALARM: {server} did not answer {limit} times in a row");
        }
    }
}

impl Handler<Drain> for TimeoutAlarm {
    type Result = ();

    fn handle(&mut self, _: Drain, _: &mut Self::Context) {}
}

#[cfg(test)]
mod tests;
