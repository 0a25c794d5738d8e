//! How a receiver comes to its socket, handed over or bound as often as it takes, and leaves it.

use std::io;
use std::net::UdpSocket;
use std::rc::Rc;
use std::time::Duration;

use tokio::time::sleep;

use super::datagram_handler::DatagramHandler;
use super::pace::Found;
use super::receive::{LONGEST, Receiver};
use super::socket::{self, Listener, Owner};
use super::watch::Watch;

const BIND_PAUSE: Duration = Duration::from_secs(10);

/// Slices that are read at the end: as much as a receive buffer can hold of small datagrams.
const LAST_SLICES: usize = 100;

impl<H: DatagramHandler> Receiver<H> {
    /// Tries until there is a socket.
    pub(super) async fn listen(&self) -> Rc<Listener> {
        let handed = self.handed.take().and_then(|socket| {
            let cannot = |error: &io::Error| {
                log::error!("{}: The socket that was handed over is of no use: {error}", H::PREFIX);
            };
            Listener::handed(socket).inspect_err(cannot).ok()
        });
        let listener = Rc::new(match handed {
            Some(listener) => listener,
            None => self.bind().await,
        });
        self.listener.replace(Some(Rc::clone(&listener)));
        self.obstacle.replace(None);
        let (host, port) = (&self.settings.host, self.settings.port);
        let at = listener.socket.local_addr();
        let at = at.map_or_else(|_| format!("{host}:{port}"), |address| address.to_string());
        let handed = match listener.owner {
            Owner::Program => "",
            Owner::ServiceManager => ", handed over by the service manager",
        };
        log::info!(
            "{}: Listening on {at}/udp{handed}, receive buffer {} KiB",
            H::PREFIX,
            listener.buffer >> 10
        );
        listener
    }

    async fn bind(&self) -> Listener {
        let (host, port) = (&self.settings.host, self.settings.port);
        loop {
            let bound = socket::address_of(host, port).await.and_then(Listener::bind);
            match bound {
                Ok(listener) => return listener,
                Err(error) => {
                    let message = format!("cannot listen on {host}:{port}/udp: {error}");
                    log::error!(
                        "{}: {message}; tried again in {} s",
                        H::PREFIX,
                        BIND_PAUSE.as_secs()
                    );
                    self.obstacle.replace(Some(message));
                    let code = Some(socket::code_of(&error));
                    self.report(code, "the UDP socket cannot be bound", None);
                    sleep(BIND_PAUSE).await;
                }
            }
        }
    }

    /// Logs that a socket which was handed over is not where the configuration says.
    pub(super) async fn compare(&self, listener: &Listener) {
        if listener.owner == Owner::Program {
            return;
        }
        let (host, port) = (&self.settings.host, self.settings.port);
        let elsewhere = match socket::address_of(host, port).await {
            Ok(configured) => listener.elsewhere(configured),
            Err(_) => listener.socket.local_addr().ok(),
        };
        if let Some(at) = elsewhere {
            log::warn!(
                "{}: The service manager handed over {at}/udp, and {host}:{port} is configured; \
                 {at} is used. Let ListenDatagram= of the .socket unit and Butler-SOS.{} agree",
                H::PREFIX,
                H::SECTION
            );
        }
    }

    /// Handles what waits here and in the socket, once, and closes the socket. What waits in one
    /// that was handed over stays there for the next start.
    pub(super) fn finish(&self) {
        let Some(listener) = self.listener.take() else { return };
        match listener.owner {
            Owner::Program => self.read_the_rest(&listener.socket),
            Owner::ServiceManager => self.work_off(&mut self.state.borrow_mut()),
        }
        self.send();
        self.obstacle.replace(Some("stopped".to_owned()));
    }

    fn read_the_rest(&self, socket: &UdpSocket) {
        let mut buffer = vec![0; LONGEST];
        for _ in 0..LAST_SLICES {
            let mut found = Found::default();
            // What cannot be read at the end is not worth a word.
            _ = self.read(socket, &Watch::default(), &mut buffer, &mut found);
            self.send();
            if found.all {
                break;
            }
        }
    }
}
