//! Sockets, TLS and bytes: how the outside is spoken to. Knows no actor.

pub mod delivery;
mod dial;
pub mod error_log;
pub(crate) mod failure_cause;
pub mod http;
pub mod influx;
pub mod mqtt;
pub mod outbox;
pub mod private;
pub mod quoted;
pub mod sense;
pub mod sqlite;
mod system_authorities;
pub mod web;
