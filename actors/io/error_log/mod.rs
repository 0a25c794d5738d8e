//! The log of error events in an embedded SQLite file: an event is written once, and what a sink has
//! stored is a place in it.
//!
//! ```text
//! schema.rs    tables, their versions, and the steps from one to the next
//! insert.rs    events become rows
//! store.rs     the file, open for writing by one process
//! cursor.rs    how far a sink is, and the log as the place where it keeps what waits
//! query.rs     reading, also while another process writes
//! salvage.rs   what can be read of a damaged file
//! ```

mod cursor;
mod insert;
mod query;
mod salvage;
mod schema;
mod store;

pub use cursor::{CursorReply, CursorWork, HistorySpool, Placement};
pub use query::{ErrorReader, Filter, HistoryRow, Total};
pub use store::{ErrorStore, StoreError};

pub(crate) use store::age_reference;

#[cfg(test)]
mod log_tests;
#[cfg(unix)]
#[cfg(test)]
mod permission_tests;
#[cfg(test)]
pub(crate) mod store_tests;
