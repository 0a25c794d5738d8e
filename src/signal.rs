//! What the system asks of the program by signals.

use std::io;
use std::time::Duration;

use tokio::time::Instant;

/// What somebody asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    /// To stop; who asks.
    Stop(&'static str),
    /// To read certificates again and to open the log file anew.
    ReadAgain,
}

/// Within this time a further request to stop repeats the first: service managers and process
/// groups send several of them, an impatient person needs longer.
const REPEAT: Duration = Duration::from_secs(1);

/// Whether a request to stop that comes `now` only repeats the one that came `first`.
pub fn is_repeat(first: Instant, now: Instant) -> bool {
    now.saturating_duration_since(first) < REPEAT
}

/// The signals that are listened for, from the first call on.
#[cfg(unix)]
pub struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    hang_up: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    /// Begins to listen. Signals for users' own purposes, which would end the program, do nothing
    /// from now on.
    ///
    /// # Errors
    /// When the platform does not let the program listen for signals.
    pub fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};

        // A handler stays in place when the stream is dropped.
        drop((signal(SignalKind::user_defined1())?, signal(SignalKind::user_defined2())?));
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for the next request: Ctrl-C, or one of the service manager.
    pub async fn next(&mut self) -> Request {
        tokio::select! {
            _ = self.interrupt.recv() => Request::Stop("Ctrl-C"),
            _ = self.terminate.recv() => Request::Stop("the termination signal"),
            _ = self.hang_up.recv() => Request::ReadAgain,
        }
    }
}

/// The events that are listened for, from the first call on.
#[cfg(windows)]
pub struct Signals {
    c: tokio::signal::windows::CtrlC,
    brk: tokio::signal::windows::CtrlBreak,
    close: tokio::signal::windows::CtrlClose,
    shutdown: tokio::signal::windows::CtrlShutdown,
}

#[cfg(windows)]
impl Signals {
    /// Begins to listen.
    ///
    /// # Errors
    /// When the platform does not let the program listen for signals.
    pub fn listen() -> io::Result<Self> {
        use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_shutdown};

        let (c, brk, close, shutdown) = (ctrl_c()?, ctrl_break()?, ctrl_close()?, ctrl_shutdown()?);
        Ok(Self { c, brk, close, shutdown })
    }

    /// Waits for the next request: Ctrl-C or Ctrl-Break, the closing of the console, or the
    /// shutdown of the system.
    pub async fn next(&mut self) -> Request {
        tokio::select! {
            _ = self.c.recv() => Request::Stop("Ctrl-C"),
            _ = self.brk.recv() => Request::Stop("Ctrl-Break"),
            _ = self.close.recv() => Request::Stop("the closing of the console"),
            _ = self.shutdown.recv() => Request::Stop("the shutdown of the system"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeat_comes_within_a_second() {
        let first = Instant::now();
        let after = |ms| is_repeat(first, first + Duration::from_millis(ms));
        assert_eq!([after(0), after(999), after(1_000), after(5_000)], [true, true, false, false]);
    }
}
