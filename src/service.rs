//! From a started program to its end: wait, then stop in order.

use std::future::Future;
use std::io;

use crate::app::{App, GRACE};
use crate::signal;

/// Serves until `stop` says why it is asked to end, or until an actor cannot be kept alive. Then
/// everybody finishes what was accepted, within the grace time; a second signal cuts that short.
///
/// # Errors
/// When an actor could not be kept alive: the empty text, for the log has said why.
pub async fn serve(
    mut app: App,
    stop: impl Future<Output = io::Result<&'static str>>,
) -> Result<(), String> {
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
            Err(String::new())
        }
    };
    tokio::select! {
        () = app.drain(GRACE) => {}
        Ok(reason) = signal::asked_to_stop() => {
            log::warn!("MAIN: Ending at once, asked again by {reason}; what was not sent is lost");
        }
    }
    app.end();
    log::info!("MAIN: Stopped");
    result
}
