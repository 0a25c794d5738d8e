//! `butlersos_memory_usage`: the program's own memory, in MiB with two decimals.

use super::OwnTags;
use crate::domain::point::{FieldValue, Point, Stamp};
use crate::domain::telemetry::OwnMemory;

/// The point of one reading. `external` has no counterpart outside of Node.js but must exist:
/// dashboards plot it.
pub(super) fn point(memory: &OwnMemory, tags: &OwnTags, stamp: Stamp) -> Point<'static> {
    let mib = |bytes| FieldValue::Float(OwnMemory::mib(bytes));
    Point::new("butlersos_memory_usage", stamp)
        .tag("butler_sos_instance", tags.instance.clone())
        .tag("version", tags.version.clone())
        .field("heap_used", mib(memory.heap_used))
        .field("heap_total", mib(memory.heap_total))
        .field("external", mib(memory.external))
        .field("process_memory", mib(memory.process_memory))
}
