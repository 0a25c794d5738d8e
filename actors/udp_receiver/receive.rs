//! The loop that reads a socket, and the way of each datagram to its verdict.

use std::cell::{Cell, RefCell};
use std::collections::{HashSet, VecDeque};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::time::{Instant, sleep};

use super::destinations::Destinations;
use super::handling::Handling;
use super::intake::Intake;
use super::refusals::Refusals;
use super::repeats::Repeats;
use super::senders::{Senders, Throttle, resolve};
use super::settings::UdpSettings;
use super::socket;
use crate::domain::errors::ErrorOccurred;
use crate::domain::events::{EventCounts, Flaw, Received};
use crate::domain::telemetry::{AppNames, EventBatch, QueueReading};
use crate::runtime::clock::Clock;
use crate::runtime::outlet::Outlet;

/// Datagrams that are read before others get their turn on this thread.
const SLICE: usize = 256;

/// How soon a queue that could not be emptied is looked at again.
const QUEUE_PAUSE: Duration = Duration::from_millis(5);

const BIND_PAUSE: Duration = Duration::from_secs(10);

/// How often names of senders are resolved: while some fail, and when all are known.
const RESOLVE_PAUSES: [Duration; 2] = [Duration::from_secs(30), Duration::from_secs(600)];

/// No datagram over IPv4 is longer.
const LONGEST: usize = 65_536;

pub(super) struct Receiver<H: Handling> {
    pub(super) settings: UdpSettings,
    pub(super) obstacle: RefCell<Option<String>>,
    pub(super) clock: Clock,
    events: Destinations<H::Event>,
    pub(super) errors: Outlet<ErrorOccurred>,
    socket: RefCell<Option<Rc<UdpSocket>>>,
    /// Kernel drops that were read before.
    kernel_drops: Cell<u64>,
    state: RefCell<State<H>>,
}

pub(super) struct State<H: Handling> {
    pub(super) handling: H,
    pub(super) intake: Intake,
    senders: Senders,
    /// Whether every name of a sender has an address.
    all_resolved: bool,
    refused: Throttle,
    refusals: Refusals,
    pub(super) unrecognised: Throttle,
    /// Those whose text is not UTF-8.
    pub(super) unencoded: Throttle,
    pub(super) malformed: Repeats<Flaw>,
    queue: VecDeque<(IpAddr, Vec<u8>)>,
    pub(super) batch: Vec<Received<H::Event>>,
}

impl<H: Handling> Receiver<H> {
    pub(super) fn new(
        settings: UdpSettings,
        handling: H,
        clock: Clock,
        events: Vec<Outlet<EventBatch<H::Event>>>,
        errors: Outlet<ErrorOccurred>,
    ) -> Self {
        let senders = match settings.allowed_sources {
            None => Senders::All,
            Some(_) => Senders::Only(Default::default()),
        };
        let state = State {
            handling,
            intake: Intake::new(settings.limits, Instant::now()),
            senders,
            all_resolved: false,
            refused: Throttle::default(),
            refusals: Refusals::default(),
            unrecognised: Throttle::default(),
            unencoded: Throttle::default(),
            malformed: Repeats::default(),
            queue: VecDeque::new(),
            batch: Vec::new(),
        };
        Self {
            obstacle: RefCell::new(Some("the socket is not bound yet".to_owned())),
            settings,
            clock,
            events: Destinations::new(events),
            errors,
            socket: RefCell::new(None),
            kernel_drops: Cell::new(0),
            state: RefCell::new(state),
        }
    }

    /// Binds and reads, for ever.
    pub(super) async fn run(&self) {
        let mut buffer = vec![0; LONGEST];
        let bound = self.socket.borrow().clone();
        let socket = match bound {
            Some(socket) => socket,
            None => self.bind().await,
        };
        loop {
            let queued = !self.state.borrow().queue.is_empty();
            let readable = tokio::select! {
                readable = socket.readable() => readable,
                () = sleep(QUEUE_PAUSE), if queued => Ok(()),
            };
            let result = readable.and_then(|()| self.read(&socket, &mut buffer));
            self.send();
            match result {
                Ok(()) => tokio::task::yield_now().await,
                Err(error) => {
                    log::error!("{}: The socket cannot be read: {error}", H::PREFIX);
                    self.report(
                        Some(socket::code_of(&error)),
                        "the UDP socket cannot be read",
                        None,
                    );
                    sleep(LOOK_AGAIN).await;
                }
            }
        }
    }

    /// Tries until the socket is bound.
    async fn bind(&self) -> Rc<UdpSocket> {
        let (host, port) = (&self.settings.host, self.settings.port);
        loop {
            match socket::bind(host, port).await {
                Ok(bound) => {
                    let at = bound
                        .socket
                        .local_addr()
                        .map_or_else(|_| format!("{host}:{port}"), |address| address.to_string());
                    log::info!(
                        "{}: Listening on {at}/udp, receive buffer {} KiB",
                        H::PREFIX,
                        bound.buffer >> 10
                    );
                    let socket = Rc::new(bound.socket);
                    self.socket.replace(Some(Rc::clone(&socket)));
                    self.obstacle.replace(None);
                    return socket;
                }
                Err(error) => {
                    let message = format!("cannot listen on {host}:{port}/udp: {error}");
                    log::error!(
                        "{}: {message}; tried again in {} s",
                        H::PREFIX,
                        BIND_PAUSE.as_secs()
                    );
                    self.obstacle.replace(Some(message));
                    self.report(
                        Some(socket::code_of(&error)),
                        "the UDP socket cannot be bound",
                        None,
                    );
                    sleep(BIND_PAUSE).await;
                }
            }
        }
    }

    /// Empties the queue, then reads until nothing is left or others should have their turn.
    fn read(&self, socket: &UdpSocket, buffer: &mut [u8]) -> io::Result<()> {
        let mut state = self.state.borrow_mut();
        self.work_off(&mut state);
        for _ in 0..SLICE {
            let (length, sender) = match socket.try_recv_from(buffer) {
                Ok(received) => received,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                // An answer to nothing we sent: some systems report what a former peer refused.
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => continue,
                Err(error) => return Err(error),
            };
            self.accept(&mut state, &buffer[..length], sender.ip());
        }
        Ok(())
    }

    fn accept(&self, state: &mut State<H>, datagram: &[u8], sender: IpAddr) {
        let now = Instant::now();
        if !state.senders.allows(sender) {
            state.refusals.add(state.all_resolved);
            if state.refused.due(sender, now) {
                log::warn!("{}: {sender} is none of allowedSources, refused", H::PREFIX);
            }
            return;
        }
        if !state.intake.offer(datagram.len(), state.queue.len(), now) {
            return;
        }
        if state.queue.is_empty() && self.has_room(state) {
            self.process(state, datagram, sender, now);
        } else {
            state.queue.push_back((sender, datagram.to_vec()));
        }
    }

    fn has_room(&self, state: &State<H>) -> bool {
        self.events.have_room(state.batch.len())
    }

    fn work_off(&self, state: &mut State<H>) {
        while self.has_room(state)
            && let Some((sender, datagram)) = state.queue.pop_front()
        {
            self.process(state, &datagram, sender, Instant::now());
        }
    }

    /// Sends what was handled.
    fn send(&self) {
        let batch = std::mem::take(&mut self.state.borrow_mut().batch);
        if !batch.is_empty() {
            self.events.send(batch);
        }
    }

    /// Resolves who may send, again and again; nobody may while nobody is known.
    pub(super) async fn watch_senders(&self) {
        let Some(hosts) = &self.settings.allowed_sources else { return };
        let mut told = Vec::new();
        loop {
            let (addresses, failed) = resolve(hosts).await;
            if failed != told && !failed.is_empty() {
                log::error!(
                    "{}: allowedSources that are no IPv4 address and do not resolve to one: {}; \
                     tried again in {} s. {}",
                    H::PREFIX,
                    failed.join(", "),
                    RESOLVE_PAUSES[0].as_secs(),
                    if addresses.is_empty() { "Until then every sender is refused" } else { "" }
                );
            }
            let all_resolved = failed.is_empty();
            let pause = RESOLVE_PAUSES[usize::from(all_resolved)];
            told = failed;
            self.admit(addresses, all_resolved);
            sleep(pause).await;
        }
    }

    /// These may send from now on.
    fn admit(&self, addresses: HashSet<Ipv4Addr>, all_resolved: bool) {
        let mut state = self.state.borrow_mut();
        (state.senders, state.all_resolved) = (Senders::Only(addresses), all_resolved);
    }

    /// Tells what is worth telling.
    pub(super) fn look(&self) {
        let mut state = self.state.borrow_mut();
        let (waiting, now) = (state.queue.len(), Instant::now());
        for (level, message) in state.intake.news(waiting, now, H::SECTION) {
            log::log!(level, "{}: {message}", H::PREFIX);
        }
        self.look_at_malformed(&mut state, now);
    }

    pub(super) fn reading(&self) -> QueueReading {
        let mut state = self.state.borrow_mut();
        let waiting = state.queue.len();
        let drops = self.socket.borrow().as_ref().and_then(|socket| socket::kernel_drops(socket));
        QueueReading {
            dropped_kernel: drops.map(|all| all.saturating_sub(self.kernel_drops.replace(all))),
            ..state.intake.reading(waiting, Instant::now())
        }
    }

    /// What became of datagrams since the program started.
    pub(super) fn since_start(&self) -> QueueReading {
        let state = self.state.borrow();
        let socket = self.socket.borrow();
        let dropped_kernel = match &*socket {
            Some(socket) => socket::kernel_drops(socket),
            // What was read last, before the end; nothing before the beginning.
            None => cfg!(target_os = "linux").then(|| self.kernel_drops.get()),
        };
        QueueReading { dropped_kernel, ..state.intake.since_start(state.queue.len()) }
    }

    pub(super) fn refusals(&self) -> Refusals {
        self.state.borrow().refusals
    }

    /// Datagrams that were accepted and not handled yet.
    pub(super) fn waiting(&self) -> u64 {
        self.state.borrow().queue.len() as u64
    }

    pub(super) fn learn(&self, names: AppNames) {
        self.state.borrow_mut().handling.common().learn(names);
    }

    pub(super) fn take_counts(&self) -> EventCounts {
        self.state.borrow_mut().handling.common().take_counts()
    }

    pub(super) fn address(&self) -> Option<SocketAddr> {
        self.socket.borrow().as_ref().and_then(|socket| socket.local_addr().ok())
    }

    /// Handles what waits here and in the socket, once, and closes the socket.
    pub(super) fn finish(&self) {
        let Some(socket) = self.socket.take() else { return };
        let mut buffer = vec![0; LONGEST];
        for _ in 0..LAST_SLICES {
            // What cannot be read at the end is not worth a word.
            _ = self.read(&socket, &mut buffer);
            self.send();
        }
        self.obstacle.replace(Some("stopped".to_owned()));
    }
}

/// Slices that are read at the end: as much as a receive buffer can hold of small datagrams.
const LAST_SLICES: usize = 100;

const LOOK_AGAIN: Duration = Duration::from_secs(1);
