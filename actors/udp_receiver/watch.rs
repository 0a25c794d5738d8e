//! Waiting for datagrams.
//!
//! Linux wakes a thread for every datagram that comes to a socket which it watches, whether anybody
//! waits for one or not. So a socket is watched while somebody waits, and not while a receiver
//! rests.

use std::io;
use std::net::UdpSocket;

use tokio::io::Interest;

/// A second handle of a socket, which the runtime watches; none while it does not.
#[derive(Default)]
pub(super) struct Watch(Option<tokio::net::UdpSocket>);

impl Watch {
    /// Waits until there is something to read, or may be.
    pub(super) async fn readable(&mut self, socket: &UdpSocket) -> io::Result<()> {
        let watched = match self.0.take() {
            Some(watched) => watched,
            None => tokio::net::UdpSocket::from_std(socket.try_clone()?)?,
        };
        self.0.insert(watched).readable().await
    }

    /// Reads by `read`, and remembers if there was nothing.
    pub(super) fn read<T>(&self, read: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        match &self.0 {
            Some(watched) => watched.try_io(Interest::READABLE, read),
            None => read(),
        }
    }

    /// Watches no more. Windows does not wake anybody who does not wait, and goes on.
    pub(super) fn end(&mut self) {
        if cfg!(unix) {
            self.0 = None;
        }
    }
}
