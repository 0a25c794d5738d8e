//! From a started program to its end: wait, then stop in order.

use std::future::Future;
use std::io;
use std::time::Duration;

use actix::Recipient;
use actors::domain::errors::ErrorCounts;
use actors::error_tracker::AskCounts;
use actors::runtime::certificates::ReadAgain;
use tokio::time::Instant;

use crate::app::{App, GRACE};
use crate::logging::LogGuard;
use crate::signal::{Request, Signals, is_repeat};

/// An actor that failed too often to go on.
#[derive(Debug)]
pub struct GaveUp {
    /// Which.
    pub actor: &'static str,
    /// What was counted that day, if the tracker could tell.
    pub counts: Option<ErrorCounts>,
}

const ONE_SECOND: Duration = Duration::from_secs(1);

/// Serves until a signal asks it to end, `done` says why there is nothing left to do, or an actor
/// cannot be kept alive. Then everybody finishes what was accepted, within the grace time; a later
/// signal cuts that short.
///
/// # Errors
/// When an actor could not be kept alive.
pub async fn serve(
    mut app: App,
    signals: io::Result<Signals>,
    log: &LogGuard,
    done: impl Future<Output = &'static str>,
) -> Result<(), GaveUp> {
    let certificates = app.certificates.clone();
    let (mut signals, unheard) = match signals {
        Ok(signals) => (Some(signals), None),
        Err(error) => (None, Some(error)),
    };
    let stop = async {
        if let Some(error) = unheard {
            return format!("nobody: signals cannot be heard: {error}");
        }
        tokio::select! {
            reason = asked_to_stop(signals.as_mut(), || read_again(&certificates, log)) => reason,
            reason = done => reason,
        }
        .to_owned()
    };
    let result = tokio::select! {
        reason = stop => {
            log::info!("MAIN: Stopping, asked by {reason}");
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
    let begin = Instant::now();
    let impatient = async {
        loop {
            let reason = asked_to_stop(signals.as_mut(), || {}).await;
            if !is_repeat(begin, Instant::now()) {
                return reason;
            }
        }
    };
    tokio::select! {
        () = app.drain(GRACE) => {}
        reason = impatient => {
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

/// Waits until somebody asks for the end; without signals nobody can.
async fn asked_to_stop(signals: Option<&mut Signals>, read_again: impl Fn()) -> &'static str {
    let Some(signals) = signals else { return std::future::pending().await };
    loop {
        match signals.next().await {
            Request::Stop(reason) => return reason,
            Request::ReadAgain => read_again(),
        }
    }
}

fn read_again(certificates: &[Recipient<ReadAgain>], log: &LogGuard) {
    let opened = if log.reopen() { ", the log file is opened again" } else { "" };
    log::info!("MAIN: Asked by a hang-up: certificates are read again{opened}");
    for reader in certificates {
        // One whose mailbox is full is busy reading.
        _ = reader.try_send(ReadAgain);
    }
}
