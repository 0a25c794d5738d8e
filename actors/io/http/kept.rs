//! Connections that wait for the next request to the same server.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

/// How soon a client asks again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    /// Whenever there is something to send.
    Irregular,
    /// Each of its targets once in this time.
    Every(Duration),
}

impl Pace {
    /// Longest time between two requests for which a connection is kept: firewalls and servers
    /// forget connections that rest for longer.
    const LONGEST_REST: Duration = Duration::from_secs(60);

    /// Whether connections are kept at all.
    pub(super) fn keeps(self) -> bool {
        match self {
            Self::Irregular => true,
            Self::Every(interval) => interval <= Self::LONGEST_REST,
        }
    }

    /// Whether a server that closes resting connections after `timeout` still has this one when
    /// the next request comes.
    pub(super) fn fits_into(self, timeout: Duration) -> bool {
        /// For the way there, and for a request that is late.
        const MARGIN: Duration = Duration::from_secs(1);
        match self {
            Self::Irregular => true,
            Self::Every(interval) => interval + MARGIN <= timeout,
        }
    }

    /// The times of the connection pool: longest rest, and longest life. A connection is renewed
    /// now and then so that names and certificates are looked at again.
    pub(super) fn pool_times(self) -> (Duration, Duration) {
        match self {
            Self::Irregular => (Duration::from_secs(15), Duration::from_secs(75)),
            Self::Every(_) => (Self::LONGEST_REST, Duration::from_secs(600)),
        }
    }
}

/// What became of the connections of one client.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ConnectionCounts {
    /// Connections made.
    pub made: u64,
    /// Requests sent once more on a fresh connection, because the kept one had ended.
    pub repeated: u64,
}

/// The connections of one client. Each belongs to one owner, a target of the caller: what is
/// known of one target by its connection never reaches another.
#[derive(Clone, Default)]
pub(super) struct KeptConnections(Rc<State>);

#[derive(Default)]
struct State {
    /// The newest connection of each owner. As many as there are targets.
    newest: RefCell<HashMap<u32, Rc<Cell<bool>>>>,
    counts: Cell<ConnectionCounts>,
}

/// Whether a connection may be used once more.
#[derive(Debug, Default)]
pub(super) struct Retired(Rc<Cell<bool>>);

impl Retired {
    pub(super) fn is_set(&self) -> bool {
        self.0.get()
    }
}

impl KeptConnections {
    pub(super) fn counts(&self) -> ConnectionCounts {
        self.0.counts.get()
    }

    /// A connection was made.
    pub(super) fn add(&self, owner: u32) -> Retired {
        let counts = self.counts();
        self.0.counts.set(ConnectionCounts { made: counts.made + 1, ..counts });
        let retired = Retired::default();
        self.0.newest.borrow_mut().insert(owner, Rc::clone(&retired.0));
        retired
    }

    /// A request is sent once more.
    pub(super) fn repeat(&self) {
        let counts = self.counts();
        self.0.counts.set(ConnectionCounts { repeated: counts.repeated + 1, ..counts });
    }

    /// The owner's connection is not used again.
    pub(super) fn retire(&self, owner: u32) {
        if let Some(retired) = self.0.newest.borrow_mut().remove(&owner) {
            retired.set(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_kept_when_the_next_request_is_near_and_the_server_waits_for_it() {
        let every = |seconds| Pace::Every(Duration::from_secs(seconds));
        assert!(every(60).keeps() && every(1).keeps() && Pace::Irregular.keeps());
        assert!(!every(61).keeps());
        let fits = |seconds, timeout| every(seconds).fits_into(Duration::from_secs(timeout));
        assert!(fits(30, 31) && fits(1, 5));
        assert!(!fits(30, 30) && !fits(30, 5) && !fits(1, 0));
        assert!(Pace::Irregular.fits_into(Duration::ZERO));
    }
}
