//! Events at a steady rate: how many are stored, and what that costs. The sender runs in this
//! process, the program in one of its own, InfluxDB in a third or, for the highest rate, as a
//! stand-in that counts the lines it gets.

use std::fs;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use butler_sos::demo::events::{SECTIONS, Socket, event};
use socket2::SockRef;
use test_support::{Answer, Influxd, Program, StandIn};

use crate::proc::{memory, processor_time};
use crate::{BINARY, say};

type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

/// Events per second, rising until something is lost.
const RATES: [u64; 9] =
    [20_000, 40_000, 60_000, 80_000, 100_000, 120_000, 140_000, 160_000, 200_000];

/// A minute into a real database at the rate that is asked for, then shorter runs into the
/// stand-in at rising rates, and the same rates into a loop that does nothing but receive.
pub(crate) fn measure() -> Fallible<()> {
    for batch in [1_000, 10_000] {
        let influx = Influxd::started();
        let run = Run::start(influx.port(), batch)?;
        let (sent, curve) = run.send(20_000, Duration::from_secs(60))?;
        let count = |measurement, field| influx.count("SenseOps", measurement, field);
        let stored = || count("log_event", "raw_event") + count("user_events", "userId");
        let result = run.finish(sent, stored)?;
        say(&format!("20,000 events/s for 60 s into InfluxDB 1, batches of {batch}: {result}"));
        say(&format!("  MiB after 5, 10, … seconds: {}", curve.join(" ")));
    }
    for rate in RATES {
        let lines = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&lines);
        let server = StandIn::start(move |seen| {
            if !seen.target.starts_with("/write") {
                let there = r#"{"results":[{"series":[{"values":[["SenseOps"]]}]}]}"#;
                return Answer::new(200, there);
            }
            let text = seen.text();
            let events = |line: &&str| !line.starts_with("butlersos_");
            counter.fetch_add(text.lines().filter(events).count() as u64, Ordering::Relaxed);
            Answer::new(204, "")
        });
        let run = Run::start(server.address().port(), 10_000)?;
        let (sent, _) = run.send(rate, Duration::from_secs(10))?;
        let result = run.finish(sent, || lines.load(Ordering::Relaxed))?;
        say(&format!("{rate} events/s for 10 s into a stand-in: {result}"));
    }
    RATES.into_iter().try_for_each(bare)
}

/// What a loop takes that receives and does nothing else.
fn bare(rate: u64) -> Fallible<()> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    SockRef::from(&socket).set_recv_buffer_size(8 << 20)?;
    socket.set_read_timeout(Some(Duration::from_secs(1)))?;
    let address = socket.local_addr()?;
    let receiver = std::thread::spawn(move || {
        let mut buffer = [0; 65_536];
        let mut received = 0_u64;
        while socket.recv(&mut buffer).is_ok() {
            received += 1;
        }
        received
    });
    let (sent, _) = send(rate, Duration::from_secs(10), address, address, || None)?;
    let received = receiver.join().map_err(|_| "the receiver panicked")?;
    say(&format!("{rate} events/s for 10 s into a bare loop: {sent} sent, {received} received"));
    Ok(())
}

/// A running program and where it listens.
struct Run {
    _folder: tempfile::TempDir,
    program: Program,
    user: SocketAddr,
    log: SocketAddr,
}

impl Run {
    fn start(port: u16, batch: u32) -> Fallible<Self> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("config.yaml");
        let sections = SECTIONS
            .replace("    source:\n", "    sendToInfluxdb:\n      enable: true\n    source:\n");
        fs::write(
            &file,
            format!(
                "Butler-SOS:\n  fileLogging: false\n  uptimeMonitor:\n    enable: false\n{sections}  \
                 influxdbConfig:\n    enable: true\n    host: 127.0.0.1\n    port: {port}\n    \
                 version: 1\n    maxBatchSize: {batch}\n    v1Config:\n      dbName: SenseOps\n"
            ),
        )?;
        let program = Program::start(BINARY, &["-c", &file.display().to_string()]);
        let at = |prefix: &str| -> Fallible<SocketAddr> {
            let line = program.line_with(&format!("{prefix}: Listening on "));
            let rest = line.split("Listening on ").nth(1).unwrap_or_default();
            Ok(rest.split("/udp").next().unwrap_or_default().parse()?)
        };
        let (user, log) = (at("USER EVENT")?, at("LOG EVENT")?);
        Ok(Self { _folder: folder, program, user, log })
    }

    fn send(&self, rate: u64, time: Duration) -> Fallible<(u64, Vec<String>)> {
        let resident = || memory(self.program.id()).ok().map(|(now, _)| format!("{now:.1}"));
        send(rate, time, self.user, self.log, resident)
    }

    /// Waits until the number of stored events stands still.
    fn finish(mut self, sent: u64, stored: impl Fn() -> u64) -> Fallible<String> {
        let (mut last, mut since) = (0, Instant::now());
        while last < sent && since.elapsed() < Duration::from_secs(5) {
            let now = stored();
            if now != last {
                (last, since) = (now, Instant::now());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        let (_, peak) = memory(self.program.id())?;
        let used = processor_time(self.program.id())?;
        self.program.terminate();
        _ = self.program.wait();
        let micros = used.as_secs_f64() * 1e6 / last.max(1) as f64;
        Ok(format!(
            "{sent} sent, {last} stored, {:.3} % lost, {micros:.1} us of processor time each, \
             highest memory {peak:.1} MiB",
            (sent.saturating_sub(last)) as f64 * 100.0 / sent.max(1) as f64
        ))
    }
}

/// Sends whole events of all kinds, those with a message 300 to 900 bytes long; how many, and
/// what `sample` said every five seconds.
pub(crate) fn send(
    rate: u64,
    time: Duration,
    user: SocketAddr,
    log: SocketAddr,
    sample: impl Fn() -> Option<String>,
) -> Fallible<(u64, Vec<String>)> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    let now = chrono::Local::now();
    let events: Vec<(SocketAddr, Vec<u8>)> = (0..80)
        // Every eighth of the demo is cut short.
        .filter(|number| number % 8 != 7)
        .map(|number| {
            let (to, text) = event(number, now);
            let length = 300 + number % 7 * 100;
            (if to == Socket::User { user } else { log }, padded(&text, length).into_bytes())
        })
        .collect();
    let (mut sent, mut samples) = (0, Vec::new());
    let begin = Instant::now();
    let mut next_sample = Duration::from_secs(5);
    while begin.elapsed() < time {
        let due = u64::try_from(begin.elapsed().as_micros()).unwrap_or(0) * rate / 1_000_000;
        for (to, event) in events.iter().cycle().skip(usize::try_from(sent % 70)?) {
            if sent >= due {
                break;
            }
            socket.send_to(event, to)?;
            sent += 1;
        }
        if begin.elapsed() >= next_sample {
            samples.extend(sample());
            next_sample += Duration::from_secs(5);
        }
        std::thread::sleep(Duration::from_micros(500));
    }
    Ok((sent, samples))
}

/// An event whose message is so long that the whole is; performance events have none and stay.
fn padded(text: &str, length: usize) -> String {
    let missing = "x".repeat(length.saturating_sub(text.len()));
    let mut fields: Vec<&str> = text.split(';').collect();
    let at = match fields.len() {
        8 => 7,
        26 => return text.to_owned(),
        _ => 8,
    };
    let message = [fields.get(at).copied().unwrap_or_default(), &missing].concat();
    if let Some(field) = fields.get_mut(at) {
        *field = &message;
    }
    fields.join(";")
}
