//! Sends events with numbers, without end. Errors come by themselves: the configuration names
//! servers that do not answer.

use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Events of a burst, and the pause after it: some thousands in a second.
const BURST: u64 = 20;
const PAUSE: Duration = Duration::from_millis(10);

const MARK: &str = "conservation-";

/// The number of an event, from anything that it was made into.
pub(crate) fn number_in(text: &str) -> Option<u64> {
    let rest = text.split_once(MARK)?.1;
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest[..digits].parse().ok()
}

fn datagram(number: u64) -> String {
    format!(
        "/qseow-engine/;17;20260314T091502.118+0100;2026-03-14 09:15:02,118;WARN;qs-node1;\
         System.Engine.Engine;ACME\\qlikservice;{MARK}{number}.;\
         6b1d9a40-2f57-4c31-8e0b-d4a7c2f95e18;ACME;jdoe;2026-03-14T09:15:02.115+01:00;\
         3e5c8f17-90ab-4d26-b7e4-1a2f6c8d0e95;14.173.4.0;2026-03-01T02:00:11.000+01:00;;\
         c4a9e6d2-58f3-4b07-93c1-7e0d5b2a8f64;0f3a1c52-7d64-4b8e-9a21-5c0d9e7f1b23"
    )
}

/// What no decoder takes: each is an error.
const MALFORMED: &[u8] = b"/qseow-engine/;17;half of an event";

#[derive(Default)]
struct Shared {
    sent: AtomicU64,
    ended: AtomicBool,
    /// Where the program listens, while it is known.
    to: Mutex<Option<SocketAddr>>,
}

/// A thread that sends.
pub(crate) struct Producer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Producer {
    /// Begins. `malformed` datagrams go with each burst: a hundred times as many errors a second.
    pub(crate) fn start(malformed: u32) -> Self {
        let shared = Arc::<Shared>::default();
        let for_thread = Arc::clone(&shared);
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port is free");
        let thread = std::thread::spawn(move || {
            while !for_thread.ended.load(Ordering::SeqCst) {
                if let Some(to) = *for_thread.to.lock().unwrap_or_else(PoisonError::into_inner) {
                    for _ in 0..BURST {
                        let number = for_thread.sent.fetch_add(1, Ordering::SeqCst);
                        // Nobody may listen just now.
                        _ = socket.send_to(datagram(number).as_bytes(), to);
                    }
                    for _ in 0..malformed {
                        _ = socket.send_to(MALFORMED, to);
                    }
                }
                std::thread::sleep(PAUSE);
            }
        });
        Self { shared, thread: Some(thread) }
    }

    /// Sends there from now on.
    pub(crate) fn send_to(&self, to: SocketAddr) {
        *self.shared.to.lock().unwrap_or_else(PoisonError::into_inner) = Some(to);
    }

    /// The number of the next event.
    pub(crate) fn next(&self) -> u64 {
        self.shared.sent.load(Ordering::SeqCst)
    }
}

impl Drop for Producer {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            _ = thread.join();
        }
    }
}
