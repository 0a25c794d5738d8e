//! The signals that ask the program to stop, as one future.

use std::io;

/// Waits for Ctrl-C, or for a request to terminate from the service manager.
///
/// # Errors
/// When the platform does not let the program listen for signals.
#[cfg(unix)]
pub async fn asked_to_stop() -> io::Result<&'static str> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(tokio::select! {
        _ = interrupt.recv() => "Ctrl-C",
        _ = terminate.recv() => "the termination signal",
    })
}

/// Waits for Ctrl-C or Ctrl-Break, for the console to close, or for the system to shut down.
///
/// # Errors
/// When the platform does not let the program listen for signals.
#[cfg(windows)]
pub async fn asked_to_stop() -> io::Result<&'static str> {
    use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_shutdown};

    let (mut c, mut brk) = (ctrl_c()?, ctrl_break()?);
    let (mut close, mut shutdown) = (ctrl_close()?, ctrl_shutdown()?);
    Ok(tokio::select! {
        _ = c.recv() => "Ctrl-C",
        _ = brk.recv() => "Ctrl-Break",
        _ = close.recv() => "the closing of the console",
        _ = shutdown.recv() => "the shutdown of the system",
    })
}
