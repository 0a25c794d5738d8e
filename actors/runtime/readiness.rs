//! Whether an actor can do its work right now: what an operator asks before trusting a program
//! that merely runs.

/// Asks an actor whether it can do its work.
#[derive(Debug, Clone, Copy, actix::Message)]
#[rtype(result = "Readiness")]
pub struct AskReadiness;

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readiness {
    /// What the work depends on: `influxdb`, `certificate`.
    pub of: &'static str,
    /// What stands in the way; `None` when nothing does. Never a secret.
    pub obstacle: Option<String>,
}
