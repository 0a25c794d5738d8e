//! A database that records what it stored, and fails when it is told to.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use test_support::{Answer, RecordedRequest, StandIn};

/// How a write is answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Mode {
    #[default]
    Store,
    /// Stored, and answered late.
    StoreLate,
    /// Stored, and the connection is cut before the answer.
    StoreAndCut,
    /// Not stored, and not answered.
    Hang,
    /// Not stored.
    Refuse(u16),
}

/// What tells a point from all others: its stamp, and its series.
pub(crate) type Key = (i64, String);

/// The key of a line; nothing here has a space in a tag.
pub(crate) fn key_of(line: &str) -> Option<Key> {
    let (rest, stamp) = line.trim_end().rsplit_once(' ')?;
    let (series, _) = rest.split_once(' ')?;
    Some((stamp.parse().ok()?, series.to_owned()))
}

/// What was stored, folded as InfluxDB does: one point for a series and a stamp.
#[derive(Debug, Default)]
pub(crate) struct Stored {
    mode: Mode,
    /// Lines of errors.
    pub(crate) errors: BTreeMap<Key, String>,
    /// Lines of events by their numbers.
    pub(crate) events: BTreeMap<u64, String>,
    /// Points that came with other bytes than before, and lines that are none.
    pub(crate) wrong: Vec<String>,
}

impl Stored {
    fn take(&mut self, line: &str) {
        let Some(key) = key_of(line) else { return self.wrong.push(format!("no point: {line}")) };
        if line.starts_with("butler_sos_errors,") {
            store(&mut self.errors, key, line, &mut self.wrong);
        } else if line.starts_with("log_event,") {
            match super::producer::number_in(line) {
                Some(number) => store(&mut self.events, number, line, &mut self.wrong),
                None => self.wrong.push(format!("an event that nobody sent: {line}")),
            }
        }
    }
}

/// A point that comes again changes nothing, and has the same bytes.
fn store<K: Ord>(all: &mut BTreeMap<K, String>, key: K, line: &str, wrong: &mut Vec<String>) {
    match all.get(&key) {
        None => _ = all.insert(key, line.to_owned()),
        Some(before) if before == line => {}
        Some(before) => wrong.push(format!("two of one key:\n{before}\n{line}")),
    }
}

/// The database.
pub(crate) struct Database {
    server: Option<StandIn>,
    address: SocketAddr,
    stored: Arc<Mutex<Stored>>,
}

impl Database {
    pub(crate) fn start() -> Self {
        let stored = Arc::<Mutex<Stored>>::default();
        let server = StandIn::start(answer(&stored));
        Self { address: server.address(), server: Some(server), stored }
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    pub(crate) fn stored(&self) -> MutexGuard<'_, Stored> {
        self.stored.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set(&self, mode: Mode) {
        self.stored().mode = mode;
    }

    /// Refuses connections, and ends those that are there.
    pub(crate) fn stop(&mut self) {
        self.server = None;
    }

    /// Answers as it should; connections are new ones.
    pub(crate) fn restart(&mut self) {
        self.stop();
        self.set(Mode::Store);
        self.server = Some(StandIn::start_at(self.address, answer(&self.stored)));
    }
}

fn answer(stored: &Arc<Mutex<Stored>>) -> impl FnMut(&RecordedRequest) -> Answer + Send + 'static {
    let stored = Arc::clone(stored);
    move |seen| {
        let mut stored = stored.lock().unwrap_or_else(PoisonError::into_inner);
        let mode = stored.mode;
        match mode {
            Mode::Hang => return Answer::Silence,
            Mode::Refuse(429) => {
                let text = r#"{"error":"too many requests"}"#.to_owned();
                return Answer::Http(429, "Retry-After: 1\r\n", text);
            }
            Mode::Refuse(status) => return Answer::new(status, r#"{"error":"timeout"}"#),
            Mode::Store | Mode::StoreLate | Mode::StoreAndCut => {}
        }
        if !seen.target.starts_with("/write") {
            let there = r#"{"results":[{"series":[{"values":[["SenseOps"]]}]}]}"#;
            return Answer::new(200, there);
        }
        seen.text().lines().for_each(|line| stored.take(line));
        match mode {
            Mode::StoreAndCut => Answer::HangUp,
            Mode::StoreLate => Answer::Late(Duration::from_millis(700), 204),
            _ => Answer::new(204, ""),
        }
    }
}
