//! Events at a steady rate: how many are stored, and what that costs. The sender runs in this
//! process, the program in one of its own, InfluxDB in a third or, for the highest rate, as a
//! stand-in that counts the lines it gets.

use std::fmt;
use std::fs;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use butler_sos::demo::events::{SECTIONS, Socket, event};
use socket2::SockRef;
use test_support::{Answer, Influxd, Program, StandIn};

use crate::proc::{memory, processor_time, spread, wake_ups};
use crate::{BINARY, say};

type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

/// Events per second, rising until something is lost.
const RATES: [u64; 10] =
    [1_000, 20_000, 40_000, 60_000, 80_000, 100_000, 120_000, 140_000, 160_000, 200_000];

/// A minute into a real database at the rate that is asked for, then shorter runs into the
/// stand-in at rising rates, and the same rates into a loop that does nothing but receive. With
/// `rates`, several runs into the stand-in at each of them and nothing else.
pub(crate) fn measure(rates: &[u64]) -> Fallible<()> {
    if !rates.is_empty() {
        return rates.iter().try_for_each(|rate| repeat(*rate));
    }
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
        let result = into_stand_in(rate)?;
        say(&format!("{rate} events/s for 10 s into a stand-in: {result}"));
    }
    RATES.into_iter().try_for_each(bare)
}

/// Runs into the stand-in at one rate.
const RUNS: usize = 5;

fn repeat(rate: u64) -> Fallible<()> {
    let (mut micros, mut wake_ups, mut lost) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let result = into_stand_in(rate)?;
        say(&format!("{rate} events/s for 10 s into a stand-in: {result}"));
        micros.push(result.micros);
        wake_ups.push(result.wake_ups);
        lost.push(result.lost());
    }
    say(&format!("{rate} events/s, us of processor time each: {}", spread(&mut micros)));
    say(&format!("  wake-ups each second: {}", spread(&mut wake_ups)));
    say(&format!("  events lost: {}", spread(&mut lost)));
    Ok(())
}

/// Ten seconds at one rate into a server that counts lines.
fn into_stand_in(rate: u64) -> Fallible<Outcome> {
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
    run.finish(sent, || lines.load(Ordering::Relaxed))
}

/// What became of a run, from the time on at which the program listened.
struct Outcome {
    sent: u64,
    stored: u64,
    /// Processor time for each event that was stored, in microseconds.
    micros: f64,
    /// Each second.
    wake_ups: f64,
    /// Highest memory, in MiB.
    peak: f64,
}

impl Outcome {
    fn lost(&self) -> f64 {
        self.sent.saturating_sub(self.stored) as f64
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sent, stored, micros, wake_ups, peak } = self;
        write!(
            f,
            "{sent} sent, {stored} stored, {:.3} % lost, {micros:.1} us of processor time each, \
             {wake_ups:.0} wake-ups each second, highest memory {peak:.1} MiB",
            self.lost() * 100.0 / (*sent).max(1) as f64
        )
    }
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
    begin: Instant,
    /// Processor time and wake-ups before the first event.
    before: (Duration, u64),
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
        let before = (processor_time(program.id())?, wake_ups(program.id())?);
        Ok(Self { _folder: folder, program, user, log, begin: Instant::now(), before })
    }

    fn send(&self, rate: u64, time: Duration) -> Fallible<(u64, Vec<String>)> {
        let resident = || memory(self.program.id()).ok().map(|(now, _)| format!("{now:.1}"));
        send(rate, time, self.user, self.log, resident)
    }

    /// Waits until the number of stored events stands still.
    fn finish(mut self, sent: u64, count: impl Fn() -> u64) -> Fallible<Outcome> {
        let (mut stored, mut since) = (0, Instant::now());
        while stored < sent && since.elapsed() < Duration::from_secs(5) {
            let now = count();
            if now != stored {
                (stored, since) = (now, Instant::now());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        let took = self.begin.elapsed();
        let (_, peak) = memory(self.program.id())?;
        let used = processor_time(self.program.id())?.saturating_sub(self.before.0);
        let woken = wake_ups(self.program.id())?.saturating_sub(self.before.1);
        self.program.terminate();
        _ = self.program.wait();
        let micros = used.as_secs_f64() * 1e6 / stored.max(1) as f64;
        let wake_ups = woken as f64 / took.as_secs_f64();
        Ok(Outcome { sent, stored, micros, wake_ups, peak })
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
