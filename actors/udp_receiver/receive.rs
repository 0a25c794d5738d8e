//! The loop that reads a socket, and the way of each datagram to its verdict.

use std::cell::{Cell, RefCell};
use std::collections::{HashSet, VecDeque};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::rc::Rc;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::datagram_handler::DatagramHandler;
use super::destinations::Destinations;
use super::intake::Intake;
use super::pace::{Found, Next, Pace, in_step};
use super::refusals::Refusals;
use super::repeats::Repeats;
use super::senders::{Senders, Throttle};
use super::settings::UdpSettings;
use super::socket::{self, Listener};
use super::watch::Watch;
use crate::domain::errors::ErrorOccurred;
use crate::domain::events::{EventCounts, Flaw, Received};
use crate::domain::telemetry::{AppNames, EventBatch, QueueReading};
use crate::runtime::clock::Clock;
use crate::runtime::outlet::Outlet;

/// Datagrams that are read before others get their turn on this thread.
const SLICE: usize = 256;

/// How soon a queue that could not be emptied is looked at again.
const QUEUE_PAUSE: Duration = Duration::from_millis(5);

/// No datagram is longer, so none is cut off.
pub(super) const LONGEST: usize = 65_536;

pub(super) struct Receiver<H: DatagramHandler> {
    pub(super) settings: UdpSettings,
    pub(super) obstacle: RefCell<Option<String>>,
    pub(super) clock: Clock,
    events: Destinations<H::Event>,
    pub(super) errors: Outlet<ErrorOccurred>,
    /// Handed over by who started the program, and not listened on yet.
    pub(super) handed: RefCell<Option<UdpSocket>>,
    pub(super) listener: RefCell<Option<Rc<Listener>>>,
    /// Kernel drops that were read before.
    kernel_drops: Cell<u64>,
    pub(super) state: RefCell<State<H>>,
}

pub(super) struct State<H: DatagramHandler> {
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

impl<H: DatagramHandler> Receiver<H> {
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
            handed: RefCell::new(None),
            listener: RefCell::new(None),
            kernel_drops: Cell::new(0),
            state: RefCell::new(state),
        }
    }

    /// Binds and reads, for ever.
    pub(super) async fn run(&self) {
        let bound = self.listener.borrow().clone();
        let Some(listener) = bound else {
            let listener = self.listen().await;
            tokio::join!(self.read_on(&listener), self.compare(&listener));
            return;
        };
        self.read_on(&listener).await;
    }

    async fn read_on(&self, listener: &Listener) {
        let mut buffer = vec![0; LONGEST];
        let (mut watch, mut pace) = (Watch::default(), Pace::new(listener.buffer));
        loop {
            let mut found = Found::default();
            let result = self.read(&listener.socket, &watch, &mut buffer, &mut found);
            self.send();
            let result = match result {
                Ok(()) => match pace.after(found, Instant::now()) {
                    Next::Read => {
                        tokio::task::yield_now().await;
                        Ok(())
                    }
                    Next::Rest(rest) => {
                        watch.end();
                        sleep(in_step(rest, self.clock.passed())).await;
                        Ok(())
                    }
                    Next::Wait => self.wait(&listener.socket, &mut watch).await,
                },
                Err(error) => Err(error),
            };
            if let Err(error) = result {
                log::error!("{}: The socket cannot be read: {error}", H::PREFIX);
                let code = Some(socket::code_of(&error));
                self.report(code, "the UDP socket cannot be read", None);
                sleep(LOOK_AGAIN).await;
            }
        }
    }

    /// Waits for a datagram, or until a queue should be looked at again.
    async fn wait(&self, socket: &UdpSocket, watch: &mut Watch) -> io::Result<()> {
        let queued = !self.state.borrow().queue.is_empty();
        tokio::select! {
            readable = watch.readable(socket) => readable,
            () = sleep(QUEUE_PAUSE), if queued => Ok(()),
        }
    }

    /// Empties the queue, then reads until nothing is left or others should have their turn.
    pub(super) fn read(
        &self,
        socket: &UdpSocket,
        watch: &Watch,
        buffer: &mut [u8],
        found: &mut Found,
    ) -> io::Result<()> {
        let mut state = self.state.borrow_mut();
        self.work_off(&mut state);
        for _ in 0..SLICE {
            let (length, sender) = match watch.read(|| socket.recv_from(buffer)) {
                Ok(received) => received,
                Err(error) => match error.kind() {
                    io::ErrorKind::WouldBlock => {
                        found.all = true;
                        break;
                    }
                    // An answer to nothing we sent: some systems report what a former peer refused.
                    io::ErrorKind::ConnectionReset | io::ErrorKind::Interrupted => continue,
                    _ => return Err(error),
                },
            };
            found.add(&buffer[..length]);
            // A socket of both families names senders of IPv4 by addresses of IPv6.
            self.accept(&mut state, &buffer[..length], sender.ip().to_canonical());
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

    pub(super) fn work_off(&self, state: &mut State<H>) {
        while self.has_room(state)
            && let Some((sender, datagram)) = state.queue.pop_front()
        {
            self.process(state, &datagram, sender, Instant::now());
        }
    }

    /// Sends what was handled.
    pub(super) fn send(&self) {
        let batch = std::mem::take(&mut self.state.borrow_mut().batch);
        if !batch.is_empty() {
            self.events.send(batch);
        }
    }

    /// These may send from now on.
    pub(super) fn admit(&self, addresses: HashSet<Ipv4Addr>, all_resolved: bool) {
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
        let listener = self.listener.borrow();
        let drops = listener.as_ref().and_then(|it| socket::kernel_drops(&it.socket));
        QueueReading {
            dropped_kernel: drops.map(|all| all.saturating_sub(self.kernel_drops.replace(all))),
            ..state.intake.reading(waiting, Instant::now())
        }
    }

    /// What became of datagrams since the program started.
    pub(super) fn since_start(&self) -> QueueReading {
        let state = self.state.borrow();
        let dropped_kernel = match &*self.listener.borrow() {
            Some(listener) => socket::kernel_drops(&listener.socket),
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
        self.listener.borrow().as_ref().and_then(|it| it.socket.local_addr().ok())
    }
}

const LOOK_AGAIN: Duration = Duration::from_secs(1);
