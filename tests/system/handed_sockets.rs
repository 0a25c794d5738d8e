//! Sockets for events that were handed over as systemd does: they outlive the program.

use std::collections::HashSet;
use std::fs;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use socket2::SockRef;
use test_support::{Answer, Program, StandIn, until};

use crate::common::{BINARY, influx_v1};
use crate::events::{SECTIONS, sample};

const RESTARTS: usize = 10;

/// Events each second, on two sockets.
const RATE: u64 = 2_000;

/// Begins a number in what is sent.
const MARK: &str = "number-";

/// Two sockets that stay open while programs come and go.
struct Sockets {
    user: UdpSocket,
    log: UdpSocket,
}

impl Sockets {
    fn open() -> Self {
        let open = || {
            let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
            SockRef::from(&socket).set_recv_buffer_size(4 << 20).unwrap();
            socket
        };
        Self { user: open(), log: open() }
    }

    fn addresses(&self) -> [SocketAddr; 2] {
        [&self.user, &self.log].map(|socket| socket.local_addr().unwrap())
    }

    /// Events each second that the sockets hold for two seconds.
    fn rate(&self) -> u64 {
        let buffer = SockRef::from(&self.user).recv_buffer_size().unwrap();
        // Linux counts 2 KiB for a datagram of this length, and there are two sockets.
        RATE.min(buffer as u64 / 2_048)
    }

    /// Starts the program with both sockets under these names, for the process `of`.
    fn start(&self, config: &Path, names: &str, of: &str) -> Program {
        let handed = |socket: &UdpSocket| OwnedFd::from(socket.try_clone().unwrap());
        // The standard input and error of the shell become the numbers of the protocol.
        let script =
            format!("LISTEN_FDS=2 LISTEN_PID={of} exec \"$0\" -c \"$1\" 3<&0 4<&2 </dev/null 2>&1");
        let mut command = Command::new("sh");
        command.args(["-c", &script, BINARY]).arg(config).env("LISTEN_FDNAMES", names);
        command.stdin(Stdio::from(handed(&self.user))).stderr(Stdio::from(handed(&self.log)));
        Program::start_by(command)
    }
}

/// Both kinds of events on these ports, stored in a database on `influx`.
fn configure(folder: &Path, ports: [u16; 2], influx: u16) -> std::path::PathBuf {
    let sections = SECTIONS
        .replace("portUserActivityEvents: 0", &format!("portUserActivityEvents: {}", ports[0]))
        .replace("portLogEvents: 0", &format!("portLogEvents: {}", ports[1]));
    let file = folder.join("config.yaml");
    let text = format!("Butler-SOS:\n  fileLogging: false\n{sections}{}", influx_v1(influx));
    fs::write(&file, text).unwrap();
    file
}

/// A database that remembers the numbers of the events that it was given.
fn database(numbers: &Arc<Mutex<HashSet<u64>>>) -> StandIn {
    let numbers = Arc::clone(numbers);
    StandIn::start(move |seen| {
        if !seen.target.starts_with("/write") {
            let there = r#"{"results":[{"series":[{"values":[["SenseOps"]]}]}]}"#;
            return Answer::new(200, there);
        }
        let number = |line: &str| -> Option<u64> {
            let digits = line.split_once(MARK)?.1;
            digits.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
        };
        numbers.lock().unwrap().extend(seen.text().lines().filter_map(number));
        Answer::new(204, "")
    })
}

/// Sends numbered events to both addresses in turn until it is told to stop; how many.
fn send(to: [SocketAddr; 2], rate: u64, stop: &AtomicBool, sent: &AtomicU64) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let events = [sample("U1").replace("jdoe", MARK), sample("E1").replace("jdoe", MARK)];
    let begin = Instant::now();
    while !stop.load(Ordering::Relaxed) {
        let due = u64::try_from(begin.elapsed().as_millis()).unwrap() * rate / 1_000;
        for number in sent.load(Ordering::Relaxed)..due {
            let kind = usize::from(number % 2 == 1);
            let event = events[kind].replace(MARK, &format!("{MARK}{number}"));
            socket.send_to(event.as_bytes(), to[kind]).unwrap();
            sent.store(number + 1, Ordering::Relaxed);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn ten_restarts_under_load_lose_no_event() {
    let numbers = Arc::<Mutex<HashSet<u64>>>::default();
    let server = database(&numbers);
    let folder = tempfile::tempdir().unwrap();
    let sockets = Sockets::open();
    let to = sockets.addresses();
    let config = configure(folder.path(), to.map(|at| at.port()), server.address().port());
    let (stop, sent) = (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default());
    let mut sender = Some(std::thread::spawn({
        let (stop, sent, rate) = (Arc::clone(&stop), Arc::clone(&sent), sockets.rate());
        move || send(to, rate, &stop, &sent)
    }));
    let stored = || numbers.lock().unwrap().len() as u64;
    for round in 0..=RESTARTS {
        // By their names, and by their ports alone.
        let names = ["user-events:log-events", "butler-sos.socket:butler-sos.socket"][round % 2];
        let before = stored();
        let mut program = sockets.start(&config, names, "$$");
        until("some events more", || (stored() > before + 200).then_some(()));
        if round == RESTARTS {
            stop.store(true, Ordering::Relaxed);
            sender.take().unwrap().join().unwrap();
            until("every event", || (stored() >= sent.load(Ordering::Relaxed)).then_some(()));
        }
        program.terminate();
        assert_eq!(program.wait(), Some(0));
        let lines = program.lines();
        for (prefix, at) in ["USER EVENT", "LOG EVENT"].iter().zip(to) {
            let line =
                format!("{prefix}: Listening on {at}/udp, handed over by the service manager");
            assert!(lines.iter().any(|it| it.contains(&line)), "{line}: {lines:#?}");
        }
        let wrong = lines.iter().find(|line| line.contains("The service manager"));
        assert_eq!(wrong, None);
    }
    let (sent, numbers) = (sent.load(Ordering::Relaxed), numbers.lock().unwrap());
    let lost = (0..sent).filter(|number| !numbers.contains(number)).count();
    println!("{sent} events sent at {}/s, {lost} lost", sockets.rate());
    assert_eq!((lost, numbers.len() as u64), (0, sent));
}

#[test]
fn sockets_that_are_for_another_process_are_left_alone() {
    let server = database(&Arc::default());
    let folder = tempfile::tempdir().unwrap();
    let config = configure(folder.path(), [0, 0], server.address().port());
    let sockets = Sockets::open();
    let mut program = sockets.start(&config, "user-events:log-events", "1");
    let to = sockets.addresses();
    for (prefix, at) in ["USER EVENT", "LOG EVENT"].iter().zip(to) {
        let line = program.line_with(&format!("{prefix}: Listening on "));
        assert!(!line.contains("handed over") && !line.contains(&format!("{at}/")), "{line}");
    }
    program.terminate();
    assert_eq!(program.wait(), Some(0));
}

#[test]
fn a_socket_elsewhere_is_used_with_a_warning_and_one_for_nothing_is_named() {
    let server = database(&Arc::default());
    let folder = tempfile::tempdir().unwrap();
    let sockets = Sockets::open();
    let [user, log] = sockets.addresses();
    // Neither is the port of log events, and one has no name that says so.
    let config = configure(folder.path(), [log.port(), 1], server.address().port());
    let mut program = sockets.start(&config, "user-events:", "$$");
    program.line_with(&format!(
        "warn: USER EVENT: The service manager handed over {user}/udp, and 127.0.0.1:{} is \
         configured; {user} is used. Let ListenDatagram= of the .socket unit and \
         Butler-SOS.userEvents.udpServerConfig agree",
        log.port()
    ));
    let place = format!("The service manager handed over \"\" on {log}/udp, which nothing uses");
    program.line_with(&format!("warn: MAIN: {place}"));
    program.terminate();
    assert_eq!(program.wait(), Some(0));
}
