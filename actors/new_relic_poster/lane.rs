//! Posts of one kind for one account: one request under way, a bounded number waiting. Every lane
//! has its own, so nobody waits for an account that is slow.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use actix::Recipient;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use super::settings::{Account, Endpoint};
use crate::domain::errors::{DestinationHost, ErrorOccurred, Failure, NewRelicModule, Origin};
use crate::domain::events::excerpt;
use crate::domain::names::Secret;
use crate::io::http::{HttpClient, Request};
use crate::runtime::clock::Clock;
use crate::runtime::level::verbose;
use crate::runtime::outage::Outage;

/// See the module. Lives on one thread.
pub(super) struct Lane {
    kind: Kind,
    account: String,
    origin: Origin,
    /// Where to, and with which key; `None` when there are no credentials of this name.
    target: Option<(String, Secret)>,
    headers: Vec<(String, Secret)>,
    told: Told,
    state: RefCell<State>,
    /// Something waits.
    work: Notify,
    /// Nothing waits, and nothing is under way.
    idle: Notify,
}

/// What all lanes of one kind have in common.
#[derive(Clone)]
pub(super) struct Kind {
    pub(super) module: NewRelicModule,
    pub(super) http: Rc<HttpClient>,
    /// Most that waits.
    pub(super) room: usize,
    /// Most that leaves in one request.
    pub(super) together: usize,
    pub(super) form: Form,
}

/// What a request holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Always an array: the Metric API.
    Array,
    /// One object, or an array of several: the Event API.
    ObjectOrArray,
}

/// Who is told what becomes of a post.
#[derive(Clone)]
pub(super) struct Told {
    pub(super) errors: Recipient<ErrorOccurred>,
    pub(super) clock: Clock,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Rc<str>>,
    /// Bodies in the request under way.
    under_way: usize,
    /// Whatever becomes of the request under way, it was reported.
    closed: bool,
    /// Bodies that were left when it was closed.
    left: u64,
    outage: Outage,
    counts: Counts,
    warned: Option<Instant>,
}

/// What became of bodies, since the program started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// Requests.
    pub(super) requests: u64,
    /// Bodies that were taken.
    pub(super) posted: u64,
    /// Bodies that were not.
    pub(super) failed: u64,
    /// Bodies that found no room.
    pub(super) overflowed: u64,
}

/// Most bytes in one request before compression; the service takes as many after it.
const MOST_BYTES: usize = 1_000_000;

/// Characters of a body that the debug log shows.
const VALUES: usize = 2_000;

/// Pause between two lines about what had no room.
const BETWEEN_WARNINGS: Duration = Duration::from_secs(60);

impl Lane {
    /// A lane for the account `name`, which may not be known.
    pub(super) fn new(
        kind: Kind,
        name: &str,
        known: &[Account],
        endpoint: &Endpoint,
        told: Told,
    ) -> Self {
        let account = known.iter().find(|account| account.name == name);
        let target =
            account.map(|account| (url(kind.module, endpoint, account), account.key.clone()));
        let to = DestinationHost::of_url(&endpoint.url);
        Self {
            origin: Origin::NewRelicPost { module: kind.module, server: None, to },
            kind,
            account: name.to_owned(),
            target,
            headers: endpoint.headers.clone(),
            told,
            state: RefCell::default(),
            work: Notify::new(),
            idle: Notify::new(),
        }
    }

    /// Queues bodies that belong together. What finds no room is dropped, which is one error.
    pub(super) fn push(&self, bodies: &[Rc<str>]) {
        if self.target.is_none() {
            self.state.borrow_mut().counts.failed += bodies.len() as u64;
            // Without the name: words in it would decide the category.
            return self.failed(local("there are no credentials for this account of new relic"));
        }
        let mut state = self.state.borrow_mut();
        if state.closed {
            state.counts.failed += bodies.len() as u64;
            drop(state);
            return self.failed(local(STOPPED));
        }
        let room = self.kind.room.saturating_sub(state.waiting.len()).min(bodies.len());
        state.waiting.extend(bodies[..room].iter().cloned());
        drop(state);
        self.work.notify_one();
        if room < bodies.len() {
            self.overflowed(bodies.len() - room);
        }
    }

    fn overflowed(&self, dropped: usize) {
        let mut state = self.state.borrow_mut();
        state.counts.overflowed += dropped as u64;
        let now = Instant::now();
        if state.warned.is_none_or(|warned| now >= warned + BETWEEN_WARNINGS) {
            state.warned = Some(now);
            log::warn!(
                "NEW RELIC: {self}: {} dropped so far, because {} wait already",
                state.counts.overflowed,
                self.kind.room
            );
        }
        drop(state);
        // The account works, only too slowly: that is no outage to be told the end of.
        self.report(local("too much waits for new relic"));
    }

    /// Posts what waits, for ever.
    pub(super) async fn run(&self) {
        // Only after a panic is something under way here.
        self.done(Err(local("the request to new relic was given up, because its actor restarted")));
        loop {
            let Some(body) = self.take() else {
                self.idle.notify_one();
                self.work.notified().await;
                continue;
            };
            let result = self.post(body).await;
            self.done(result);
        }
    }

    /// What was under way, if anything was, has ended.
    fn done(&self, result: Result<(), Failure>) {
        let mut state = self.state.borrow_mut();
        let bodies = std::mem::take(&mut state.under_way) as u64;
        if bodies == 0 || state.closed {
            return;
        }
        match &result {
            Ok(()) => state.counts.posted += bodies,
            Err(_) => state.counts.failed += bodies,
        }
        drop(state);
        match result {
            Ok(()) => self.worked(bodies),
            Err(failure) => self.failed(failure),
        }
    }

    /// The next body, which is under way from now on.
    fn take(&self) -> Option<String> {
        let mut state = self.state.borrow_mut();
        let taken = state.next(self.kind.together);
        state.under_way = taken.len();
        state.counts.requests += u64::from(!taken.is_empty());
        match taken.as_slice() {
            [] => None,
            [only] if self.kind.form == Form::ObjectOrArray => Some(String::from(&**only)),
            all => Some(format!("[{}]", all.join(","))),
        }
    }

    async fn post(&self, body: String) -> Result<(), Failure> {
        // The queue of an account without credentials stays empty.
        let Some((url, key)) = &self.target else { return Ok(()) };
        let values =
            log::log_enabled!(log::Level::Debug).then(|| excerpt(&body, VALUES).into_owned());
        let mut request = Request::post(url, body).header("Content-Type", "application/json");
        for (name, value) in &self.headers {
            request = request.header(name, value.reveal());
        }
        let request = request.compressed().header("Api-Key", key.reveal());
        let answer = self.kind.http.send(request).await?;
        match answer.status {
            200 | 202 => {
                if let Some(values) = values {
                    log::debug!("NEW RELIC: Posted {values:?}");
                }
                Ok(())
            }
            status => Err(Failure::Answered { status, request: self.kind.http.facts(url) }),
        }
    }

    fn worked(&self, bodies: u64) {
        verbose!("NEW RELIC: {self}: posted {bodies}");
        if let Some(ended) = self.state.borrow_mut().outage.worked(&self.told.clock) {
            log::info!("NEW RELIC: {self}: {ended}");
        }
    }

    fn failed(&self, failure: Failure) {
        let mut state = self.state.borrow_mut();
        let news = state.outage.failed_because(&self.told.clock, &failure);
        drop(state);
        let level = if news { log::Level::Warn } else { log::Level::Debug };
        log::log!(level, "NEW RELIC: {self}: not posted: {}", failure.message());
        self.report(failure);
    }

    fn report(&self, failure: Failure) {
        self.told.errors.do_send(ErrorOccurred { origin: self.origin.clone(), failure });
    }

    /// Waits until nothing is left. What is left at `until` has failed, each request once.
    pub(super) async fn finish(&self, until: Instant) {
        while self.is_busy() {
            if timeout_at(until, self.idle.notified()).await.is_err() {
                break;
            }
        }
        let mut state = self.state.borrow_mut();
        let under_way = if state.closed { 0 } else { state.under_way };
        let left = (under_way + state.waiting.len()) as u64;
        state.counts.failed += left;
        state.left += left;
        let mut requests = usize::from(under_way > 0);
        while !state.next(self.kind.together).is_empty() {
            requests += 1;
        }
        state.closed = true;
        drop(state);
        for _ in 0..requests {
            self.failed(local(STOPPED));
        }
    }

    fn is_busy(&self) -> bool {
        let state = self.state.borrow();
        state.under_way > 0 || !state.waiting.is_empty()
    }

    pub(super) fn counts(&self) -> Counts {
        self.state.borrow().counts
    }

    /// Bodies that wait or are under way, and how many may wait.
    pub(super) fn load(&self) -> (usize, usize) {
        let state = self.state.borrow();
        (state.under_way + state.waiting.len(), self.kind.room)
    }

    /// Bodies that are lost if the program ends now.
    pub(super) fn left(&self) -> u64 {
        let state = self.state.borrow();
        if state.closed { state.left } else { (state.under_way + state.waiting.len()) as u64 }
    }

    /// Whether the last request failed.
    pub(super) fn is_failing(&self) -> bool {
        self.state.borrow().outage.is_failing()
    }
}

impl State {
    /// Takes what leaves in the next request.
    fn next(&mut self, together: usize) -> Vec<Rc<str>> {
        let mut taken: Vec<Rc<str>> = Vec::new();
        let mut bytes = 0;
        while let Some(next) = self.waiting.front() {
            // With the comma or the bracket before it.
            bytes += next.len() + 1;
            if !taken.is_empty() && (taken.len() == together || bytes >= MOST_BYTES) {
                break;
            }
            taken.extend(self.waiting.pop_front());
        }
        taken
    }
}

/// `account "x", health metrics`.
impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind.module {
            NewRelicModule::HealthMetrics => "health metrics",
            NewRelicModule::ProxySessions => "sessions",
            NewRelicModule::Uptime => "uptime",
            NewRelicModule::UserEvents => "user events",
            NewRelicModule::LogEvents => "log events",
        };
        write!(f, "account {:?}, {what}", self.account)
    }
}

fn url(module: NewRelicModule, endpoint: &Endpoint, account: &Account) -> String {
    match module {
        NewRelicModule::UserEvents | NewRelicModule::LogEvents => {
            let base = endpoint.url.trim_end_matches('/');
            let id = percent_encoding::utf8_percent_encode(
                &account.id,
                percent_encoding::NON_ALPHANUMERIC,
            );
            format!("{base}/v1/accounts/{id}/events")
        }
        _ => endpoint.url.clone(),
    }
}

fn local(message: &str) -> Failure {
    Failure::Local { code: None, message: message.into() }
}

const STOPPED: &str = "the program stopped before new relic had answered";
