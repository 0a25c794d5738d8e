//! Catching a panic together with the place it came from.

use std::any::Any;
use std::backtrace::Backtrace;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};

const _: () = assert!(cfg!(panic = "unwind"), "supervision needs unwinding: see the profiles");

thread_local! {
    /// Whether a [`catch`] is on this thread's stack.
    static CATCHING: Cell<bool> = const { Cell::new(false) };
    /// Where the last caught panic came from.
    static ORIGIN: RefCell<Option<(String, Backtrace)>> = const { RefCell::new(None) };
}

/// A panic that was caught.
#[derive(Debug)]
pub struct Panic {
    /// What it said.
    pub message: String,
    /// `file:line:column`, when [`install_hook`] was called.
    pub location: Option<String>,
    /// The calls that led there, when [`install_hook`] was called. Names are looked up when it is
    /// printed, not before.
    pub trace: Option<Backtrace>,
}

impl fmt::Display for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.location {
            Some(location) => write!(f, "panicked at {location}: {}", self.message),
            None => write!(f, "panicked: {}", self.message),
        }
    }
}

/// Makes panics that nothing catches an error line in the log, and those that [`catch`] catches
/// silent: whoever catches them reports them.
pub fn install_hook() {
    std::panic::set_hook(Box::new(|info: &PanicHookInfo<'_>| {
        let location = info.location().map(ToString::to_string);
        if CATCHING.get() {
            ORIGIN.set(location.map(|location| (location, Backtrace::force_capture())));
        } else {
            let message = text(info.payload());
            log::error!("MAIN: {}", Panic { message, location, trace: None });
        }
    }));
}

/// Runs `work`; a panic in it ends here.
///
/// # Errors
/// The panic, when there was one. What `work` borrowed may then be half changed.
pub fn catch<T>(work: impl FnOnce() -> T) -> Result<T, Panic> {
    let outer = CATCHING.replace(true);
    let result = catch_unwind(AssertUnwindSafe(work));
    CATCHING.set(outer);
    result.map_err(|payload| {
        let (location, trace) = ORIGIN.take().unzip();
        Panic { message: text(&*payload), location, trace }
    })
}

/// The text of a panic: `panic!` gives `&str` or `String`, anything else has none.
fn text(payload: &(dyn Any + Send)) -> String {
    payload
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "without a message".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caught_panic_has_its_text() {
        assert_eq!(catch(|| 7).unwrap(), 7);
        let caught = catch(|| -> () { panic!("number {}", 3) }).unwrap_err();
        assert_eq!(caught.message, "number 3");
    }
}
