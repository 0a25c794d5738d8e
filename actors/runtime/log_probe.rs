//! A logger for tests that records what the current thread logs.

use std::cell::RefCell;
use std::sync::Once;

use super::level::Level;

thread_local! {
    static LINES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

struct LogProbe;

impl log::Log for LogProbe {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.target().starts_with("actors") || metadata.target() == super::level::VERBOSE
    }

    fn log(&self, record: &log::Record<'_>) {
        if self.enabled(record.metadata()) {
            let line = format!("{}: {}", Level::of(record), record.args());
            LINES.with_borrow_mut(|lines| lines.push(line));
        }
    }

    fn flush(&self) {}
}

/// Starts recording on this thread and forgets what was recorded before.
pub(crate) fn record() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        log::set_logger(&LogProbe).expect("no other logger in unit tests");
        log::set_max_level(log::LevelFilter::Trace);
    });
    LINES.take();
}

/// What this thread logged since the last call, as `level: message`.
pub(crate) fn recorded() -> Vec<String> {
    LINES.take()
}
