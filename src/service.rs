//! From a started program to its end: wait, then stop in order.

use std::future::Future;
use std::io;
use std::time::Duration;

use actors::domain::errors::ErrorCounts;
use actors::error_tracker::AskCounts;

use crate::app::{App, GRACE};
use crate::signal;

/// An actor that failed too often to go on.
#[derive(Debug)]
pub struct GaveUp {
    /// Which.
    pub actor: &'static str,
    /// What was counted that day, if the tracker could tell.
    pub counts: Option<ErrorCounts>,
}

const ONE_SECOND: Duration = Duration::from_secs(1);

/// Serves until `stop` says why it is asked to end, or until an actor cannot be kept alive. Then
/// everybody finishes what was accepted, within the grace time; a second signal cuts that short.
///
/// # Errors
/// When an actor could not be kept alive.
pub async fn serve(
    mut app: App,
    stop: impl Future<Output = io::Result<&'static str>>,
) -> Result<(), GaveUp> {
    let result = tokio::select! {
        reason = stop => {
            match reason {
                Ok(reason) => log::info!("MAIN: Stopping, asked by {reason}"),
                Err(error) => log::error!("MAIN: Stopping, signals cannot be heard: {error}"),
            }
            Ok(())
        }
        name = app.given_up() => {
            log::error!(
                "MAIN: Stopping, {name} failed too often to go on; the service manager decides \
                 what comes next"
            );
            // The tracker itself may be the one.
            let counts = tokio::time::timeout(ONE_SECOND, app.tracker.send(AskCounts)).await;
            let counts = counts.ok().and_then(Result::ok).and_then(|tracked| tracked.counts);
            Err(GaveUp { actor: name, counts })
        }
    };
    tokio::select! {
        () = app.drain(GRACE) => {}
        Ok(reason) = signal::asked_to_stop() => {
            log::warn!("MAIN: Ending at once, asked again by {reason}; what was not sent is lost");
        }
    }
    let lost: Vec<String> = app.lost().await.iter().map(ToString::to_string).collect();
    app.end();
    log::info!("MAIN: Stopped");
    if !lost.is_empty() {
        // Last, where it is seen.
        log::warn!("MAIN: Lost with this end, for it could not be sent: {}", lost.join(", "));
    }
    result
}
