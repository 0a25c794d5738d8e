//! Sockets, TLS and bytes: how the outside is spoken to. Knows no actor.

pub mod http;
pub mod influx;
pub mod sense;
pub mod web;
