//! Sockets, TLS and bytes: how the outside is spoken to. Knows no actor.

pub(crate) mod cause;
pub mod delivery;
mod dial;
pub mod error_log;
pub mod http;
pub mod influx;
pub mod mqtt;
pub mod outbox;
pub mod private;
pub mod quoted;
pub mod sense;
pub mod sqlite;
mod trust;
pub mod web;
