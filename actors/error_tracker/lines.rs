//! The tracker's log lines, one function each. The texts are fixed by the page.

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};

use crate::domain::errors::{ErrorCounts, ErrorType, NO_SERVER_CONTEXT};
use crate::domain::names::ServerName;
use crate::runtime::clock::next_midnight;
use crate::runtime::outlet::Reason;

/// The running total, and the last one of a day.
pub(super) fn counts_today(counts: &ErrorCounts) {
    log::info!(
        "ERROR TRACKER: Error counts today (UTC): Total={}, Details={}",
        counts.total(),
        counts.details()
    );
}

/// One error more.
pub(super) fn counted(kind: ErrorType, server: Option<&ServerName>, count: u64) {
    let server = server.map_or(NO_SERVER_CONTEXT, ServerName::as_str);
    if count == 1 {
        log::debug!("ERROR TRACKER: Adding first error count for {kind}/{server}");
    } else {
        log::debug!(
            "ERROR TRACKER: Incremented error count for {kind}/{server}, new count: {count}"
        );
    }
}

/// An error found another day than the one being counted.
pub(super) fn date_changed(from: NaiveDate, to: NaiveDate) {
    log::debug!("ERROR TRACKER: Date changed from {from} to {to}, resetting counters");
}

/// The timer found a new day.
pub(super) fn midnight_reached() {
    log::info!("ERROR TRACKER: Midnight UTC reached, resetting error counters");
}

/// The counters are zero.
pub(super) fn reset_done() {
    log::info!("ERROR TRACKER: Reset all error counters");
}

/// When the counters are reset next; minutes are rounded.
pub(super) fn next_reset(now: DateTime<Utc>) {
    let midnight = next_midnight(now);
    let minutes = ((midnight - now).num_seconds() + 30) / 60;
    log::info!(
        "ERROR TRACKER: Scheduled next error counter reset at {} (in {minutes} minutes)",
        midnight.to_rfc3339_opts(SecondsFormat::Millis, true),
    );
}

/// Errors are counted from now on.
pub(super) fn initialized() {
    log::info!("ERROR TRACKER: Initialized error tracking with daily UTC reset");
}

/// A sink had no room. The page knows one line for an error event that is not stored.
pub(super) fn point_dropped(reason: Reason, dropped: u64) {
    let reason = match reason {
        Reason::Full | Reason::Behind => "its queue is full",
        Reason::Closed => "it has ended",
    };
    log::debug!("ERROR TRACKER: An error sink takes no more, {reason}; {dropped} points dropped");
}
