//! Work on one message or event that panics costs that one, and neither those that come with it nor
//! the actor: what panics once panics whenever it is tried, and a restart for each would use up
//! what the actor has.

use std::sync::atomic::{AtomicU64, Ordering};

use super::panics::catch;

static LEFT_OUT: AtomicU64 = AtomicU64::new(0);

/// Does `work`; `None` when it panicked, which is counted and an error line. `what` is left out
/// then, `INFLUXDB: A log event` for example. What `work` borrowed may be half changed.
pub fn guard<T>(what: &str, work: impl FnOnce() -> T) -> Option<T> {
    match catch(work) {
        Ok(done) => Some(done),
        Err(panic) => {
            let so_far = LEFT_OUT.fetch_add(1, Ordering::Relaxed) + 1;
            log::error!(
                "{what} is left out, because the work on it {panic}; {so_far} so far. This is a \
                 mistake in the program: please report it with this line"
            );
            None
        }
    }
}

/// What was left out since the program started.
pub fn left_out() -> u64 {
    LEFT_OUT.load(Ordering::Relaxed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::log_probe::{record, recorded};

    #[test]
    fn what_panics_is_left_out_and_counted() {
        record();
        let before = left_out();
        assert_eq!(guard("TEST: A thing", || 7), Some(7));
        assert_eq!(guard("TEST: A thing", || -> u32 { panic!("broken") }), None);
        assert_eq!(left_out(), before + 1);
        let lines = recorded();
        assert!(lines[0].starts_with("error: TEST: A thing is left out, because"), "{lines:?}");
        assert!(lines[0].contains("broken"), "{lines:?}");
    }
}
