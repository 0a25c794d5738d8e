//! A simulated Qlik Sense site on the loopback interface: engines, proxies and a repository that
//! speak TLS, ask for client certificates, and fail when told to. It runs on a thread of its own.
//!
//! ```text
//! fault.rs       what can go wrong
//! connection.rs  one connection, byte by byte
//! answers.rs     what a healthy server answers
//! pki.rs         certificates, made on the fly
//! request_log.rs what was asked
//! ```

mod answers;
mod connection;
mod fault;
mod pki;
mod request_log;

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{JoinSet, LocalSet};

pub use fault::{BadCertificate, Fault};
pub use pki::ClientFiles;
pub use request_log::SeenRequest;

use self::connection::Connection;
use self::pki::Acceptors;
use self::request_log::RequestLog;

/// Something that can be asked. Servers are numbered from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// The engine of a server.
    Engine(usize),
    /// The proxy of a server.
    Proxy(usize),
    /// The repository of the site.
    Repository,
}

/// A running site. It ends when dropped.
pub struct Site {
    /// What a client needs to be let in.
    pub client: ClientFiles,
    endpoints: HashMap<Endpoint, Handle>,
    seen: Arc<RequestLog>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

struct Handle {
    address: SocketAddr,
    commands: mpsc::UnboundedSender<Command>,
}

/// Changes an endpoint; the sender is told when it is done.
struct Command(Fault, std::sync::mpsc::Sender<()>);

/// The repository's port cannot be chosen; clients know no other.
const REPOSITORY_PORT: u16 = 4242;

impl Site {
    /// Starts engines, proxies and a repository. Certificates for the client are written to
    /// `folder`.
    ///
    /// # Errors
    /// When no address is free. Without a free port 4242 the site has no repository.
    pub fn start(servers: usize, folder: &Path) -> io::Result<Self> {
        let (client, acceptors) = pki::make(folder, &["127.0.0.1", "localhost"])?;
        let seen = Arc::new(RequestLog::default());
        let shared = Arc::new((acceptors, Arc::clone(&seen)));
        let (ready, started) = std::sync::mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        let thread =
            std::thread::Builder::new().name("simulated site".to_owned()).spawn(move || {
                let runtime =
                    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                        Ok(runtime) => runtime,
                        Err(error) => {
                            _ = ready.send(Err(error));
                            return;
                        }
                    };
                LocalSet::new().block_on(&runtime, async move {
                    let mut tasks = JoinSet::new();
                    match open(servers, &shared, &mut tasks) {
                        Ok(endpoints) => {
                            _ = ready.send(Ok(endpoints));
                            _ = stopped.await;
                        }
                        Err(error) => _ = ready.send(Err(error)),
                    }
                });
            })?;
        let endpoints = started.recv().map_err(io::Error::other)??;
        Ok(Self { client, endpoints, seen, stop: Some(stop), thread: Some(thread) })
    }

    /// Where an endpoint is; `None` when the site does not have it.
    pub fn address(&self, endpoint: Endpoint) -> Option<SocketAddr> {
        self.endpoints.get(&endpoint).map(|handle| handle.address)
    }

    /// Changes how an endpoint behaves, and returns when it does.
    pub fn set(&self, endpoint: Endpoint, fault: Fault) {
        let Some(handle) = self.endpoints.get(&endpoint) else {
            return;
        };
        let (done, wait) = std::sync::mpsc::channel();
        if handle.commands.send(Command(fault, done)).is_ok() {
            _ = wait.recv();
        }
    }

    /// How often an endpoint was asked.
    pub fn count(&self, endpoint: Endpoint) -> u64 {
        self.seen.count(endpoint)
    }

    /// The last requests, oldest first, 20,000 at most.
    pub fn requests(&self) -> Vec<SeenRequest> {
        self.seen.recent()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            _ = thread.join();
        }
    }
}

type Shared = Arc<(Acceptors, Arc<RequestLog>)>;

/// Opens all endpoints; must run inside the site's runtime.
fn open(
    servers: usize,
    shared: &Shared,
    tasks: &mut JoinSet<()>,
) -> io::Result<HashMap<Endpoint, Handle>> {
    let localhost = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let mut endpoints = HashMap::new();
    for server in 0..servers {
        for endpoint in [Endpoint::Engine(server), Endpoint::Proxy(server)] {
            let listener = bind(localhost)?.listen(1024)?;
            endpoints.insert(endpoint, start(endpoint, listener, shared, tasks)?);
        }
    }
    if let Some(listener) = repository() {
        let endpoint = Endpoint::Repository;
        endpoints.insert(endpoint, start(endpoint, listener, shared, tasks)?);
    }
    Ok(endpoints)
}

/// The repository on the first loopback address where its port is free.
fn repository() -> Option<TcpListener> {
    let process = std::process::id();
    let [_, _, high, low] = process.to_be_bytes();
    let own = (1..=16).map(|try_| Ipv4Addr::new(127, try_, high, low));
    std::iter::once(Ipv4Addr::LOCALHOST).chain(own).find_map(|address| {
        let socket = bind(SocketAddr::new(IpAddr::V4(address), REPOSITORY_PORT)).ok()?;
        socket.listen(1024).ok()
    })
}

/// A socket with an address but closed: whoever connects is refused.
fn bind(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    // On Windows this would allow two programs to share the port.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

fn start(
    endpoint: Endpoint,
    listener: TcpListener,
    shared: &Shared,
    tasks: &mut JoinSet<()>,
) -> io::Result<Handle> {
    let address = listener.local_addr()?;
    let (commands, inbox) = mpsc::unbounded_channel();
    let shared = Arc::clone(shared);
    tasks.spawn_local(async move {
        // An endpoint that cannot be opened again stays closed: clients see that as refused.
        _ = run(endpoint, listener, inbox, shared).await;
    });
    Ok(Handle { address, commands })
}

async fn run(
    endpoint: Endpoint,
    mut listener: TcpListener,
    mut inbox: mpsc::UnboundedReceiver<Command>,
    shared: Shared,
) -> io::Result<()> {
    let address = listener.local_addr()?;
    let (change, fault) = watch::channel(Fault::None);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                let (fault, shared) = (fault.clone(), Arc::clone(&shared));
                connections.spawn_local(async move {
                    let (acceptors, seen) = (&shared.0, &*shared.1);
                    let mut connection = Connection { endpoint, fault, acceptors, seen };
                    // Clients break connections all the time; that is what is simulated.
                    _ = connection.serve(stream).await;
                });
            }
            Some(_) = connections.join_next() => {}
            command = inbox.recv() => {
                let Some(Command(next, mut done)) = command else { return Ok(()) };
                _ = change.send(next);
                while *fault.borrow() == Fault::Refused {
                    drop(listener);
                    let closed = bind(address)?;
                    _ = done.send(());
                    let Some(Command(next, again)) = inbox.recv().await else { return Ok(()) };
                    done = again;
                    _ = change.send(next);
                    listener = closed.listen(1024)?;
                }
                _ = done.send(());
            }
        }
    }
}
