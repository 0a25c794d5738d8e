//! What waits for a database, on disk: rows of encoded points in an embedded SQLite database, on
//! a thread of its own.
//!
//! ```text
//! work.rs     what is asked, and what is answered
//! file.rs     the database: rows in, rows out, bounds          sums.rs   how much is in it
//! room.rs     room in it, and what goes when there is none
//! schema.rs   its tables, version by version
//! damage.rs   what is left of a file that cannot be read
//! keeper.rs   the thread, and the handle that its users have
//! spool.rs    a stream, as whoever sends it sees it
//! reader.rs   looking into the file, also while it is written
//! refused.rs  what the destination will never take
//! reserve.rs  room for when the volume is full
//! ```
//!
//! A row is there until it is removed, which its owner does when the points are stored. What is
//! appended and removed together is one transaction, written through to the disk before the
//! answer: the time that it takes is the time in which others gather.

mod damage;
mod file;
mod keeper;
mod reader;
mod refused;
mod reserve;
mod room;
mod schema;
mod settings;
mod spool;
mod sums;
mod work;

pub use keeper::Outbox;
pub use reader::{Backlog, OutboxReader, Page, RefusedEntry, drop_stream};
pub use settings::{OutboxKeys, OutboxSettings};
pub use spool::{OutboxSpool, Spool};
pub use work::{Drops, Level, OutboxError, RefusedPoints, Reply, Row, Stream, Work};

#[cfg(test)]
mod reader_tests;
#[cfg(test)]
mod tests;
