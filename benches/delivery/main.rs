//! What waits: how fast it is written, what it costs while the database is away for a million points,
//! and how it leaves for a database that answers each write after a second.
//!
//! `cargo bench --bench delivery -- [append] [away] [late]`

use std::cell::RefCell;
use std::error::Error;
use std::io::Write as _;
use std::path::Path;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use actors::domain::names::Secret;
use actors::io::delivery::{Delivery, Event, Job};
use actors::io::influx::{IncludeFields, InfluxSettings, InfluxTarget, InfluxTransport, Look};
use actors::io::outbox::{Outbox, OutboxSettings, OutboxSpool, Row, Spool, Stream, Work};
use test_support::{Answer, StandIn};

/// Rounds of what is measured more than once.
const ROUNDS: usize = 5;

/// A line as one of a log event: 430 bytes.
fn line(number: usize) -> String {
    format!(
        "log_event,host=qs-node1,level=WARN,source=qseow-engine text=\"{:0>360}\" {}\n",
        number,
        1_700_000_000_000_000_000 + number
    )
}

fn lines(first: usize, count: usize) -> Vec<u8> {
    (first..first + count).map(line).collect::<String>().into_bytes()
}

fn outbox(folder: &Path) -> std::io::Result<Outbox> {
    let file = folder.join("data/outbox.sqlite3");
    let max_age = Duration::from_secs(7 * 86_400);
    Outbox::open(OutboxSettings {
        file,
        max_bytes: 2 << 30,
        max_age,
        replay: None,
        errors_elsewhere: false,
    })
}

fn settings(server: &StandIn) -> InfluxSettings {
    InfluxSettings {
        base_url: format!("http://{}", server.address()),
        ca_file: None,
        target: InfluxTarget::V3 {
            database: "d".to_owned(),
            token: Secret::from("token"),
            timeout: Duration::from_secs(10),
        },
        max_batch_size: 1_000,
        include: IncludeFields::default(),
    }
}

fn stream(server: &StandIn, folder: &Path) -> Result<Delivery<InfluxTransport>, Box<dyn Error>> {
    let settings = settings(server);
    let policy = InfluxTransport::policy(&settings, Duration::from_millis(200), 100_000);
    let spool: Box<dyn Spool> = Box::new(OutboxSpool::new(outbox(folder)?, Stream::Measurements));
    let transport = InfluxTransport::new(&settings, Look::WhenMissed);
    let dropped = Rc::new(RefCell::new(0));
    let stream = Delivery::new(transport, policy, Some(spool), move |event| {
        if let Event::Dropped { points, .. } = event {
            *dropped.borrow_mut() += points;
        }
    });
    actix_rt::spawn(stream.clone().run());
    Ok(stream)
}

fn say(text: &str) {
    _ = writeln!(std::io::stdout(), "{text}");
}

fn spread(mut numbers: Vec<f64>) -> String {
    numbers.sort_by(f64::total_cmp);
    let at = |index: usize| numbers.get(index).copied().unwrap_or(f64::NAN);
    format!(
        "{:.0} ({:.0} to {:.0}, n = {})",
        at(numbers.len() / 2),
        at(0),
        at(numbers.len() - 1),
        numbers.len()
    )
}

/// Resident memory in MiB.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kib.unwrap_or(f64::NAN) / 1_024.0
}

/// Lines each second that are written through to the disk, in operations of so many.
async fn append() -> Result<(), Box<dyn Error>> {
    const LINES: usize = 100_000;
    for together in [8, 100, 1_000] {
        let mut rates = Vec::new();
        for _ in 0..ROUNDS {
            let folder = tempfile::tempdir()?;
            let outbox = outbox(folder.path())?;
            let row = |id: usize| Row {
                id: i64::try_from(id).unwrap_or(i64::MAX),
                points: together,
                lines: lines(id, together).into(),
            };
            let rows: Vec<Row> = (1..=LINES / together).map(row).collect();
            let begun = Instant::now();
            // As much as comes while the disk is at work.
            for some in rows.chunks((10_000 / together).max(1)) {
                outbox
                    .work(Stream::Measurements, Work { append: some.to_vec(), ..Work::default() })
                    .await?;
            }
            rates.push(LINES as f64 / begun.elapsed().as_secs_f64());
        }
        say(&format!("appended durably, lines/s, operations of {together}: {}", spread(rates)));
    }
    Ok(())
}

/// A million points while the database is away, and what happens when it is back.
async fn away() -> Result<(), Box<dyn Error>> {
    const POINTS: usize = 1_000_000;
    const TOGETHER: usize = 100;
    let (up, stored) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let (switch, count) = (Arc::clone(&up), Arc::clone(&stored));
    let server = StandIn::forgetful(move |seen| match switch.load(Ordering::Relaxed) {
        true => {
            let text = seen.text();
            count.fetch_add(
                text.lines().filter(|line| line.starts_with("log_event")).count(),
                Ordering::Relaxed,
            );
            Answer::new(204, "")
        }
        false => Answer::new(503, ""),
    });
    let folder = tempfile::tempdir()?;
    let stream = stream(&server, folder.path())?;
    let before = resident();
    let begun = Instant::now();
    let mut highest: f64 = 0.0;
    for first in (0..POINTS).step_by(TOGETHER) {
        stream.push(Job::new(lines(first, TOGETHER), TOGETHER, None).of_events());
        if first % 10_000 == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
            highest = highest.max(resident());
        }
    }
    while stream.unsaved() > 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let took = begun.elapsed().as_secs_f64();
    let file = std::fs::metadata(folder.path().join("data/outbox.sqlite3"))?.len() >> 20;
    say(&format!(
        "a million points while it is away: {:.0}/s, memory {before:.1} MiB before, {:.1} after, {highest:.1} highest, file {file} MiB",
        POINTS as f64 / took,
        resident()
    ));
    up.store(true, Ordering::Relaxed);
    let begun = Instant::now();
    while stored.load(Ordering::Relaxed) < POINTS {
        tokio::time::sleep(Duration::from_millis(10)).await;
        highest = highest.max(resident());
    }
    let took = begun.elapsed().as_secs_f64();
    say(&format!(
        "  and back: all there after {took:.1} s, {:.0}/s, highest memory {highest:.1} MiB",
        POINTS as f64 / took
    ));
    Ok(())
}

/// Twenty thousand events a second for a minute, and one measurement a second, into a database that
/// answers each write after a second.
async fn late() -> Result<(), Box<dyn Error>> {
    const SECONDS: usize = 60;
    const RATE: usize = 20_000;
    let stored = Arc::new(AtomicUsize::new(0));
    let delays = Arc::<Mutex<Vec<f64>>>::default();
    let (count, arrived) = (Arc::clone(&stored), Arc::clone(&delays));
    let origin = Instant::now();
    let server = StandIn::forgetful(move |seen| {
        let text = seen.text();
        let events = text.lines().filter(|line| line.starts_with("log_event")).count();
        let now = origin.elapsed().as_secs_f64();
        for measured in text.lines().filter_map(|line| line.strip_prefix("health at=")) {
            let at = measured.split(' ').next().and_then(|at| at.parse::<f64>().ok());
            if let (Some(at), Ok(mut delays)) = (at, arrived.lock()) {
                // The answer comes a second later; then it is stored.
                delays.push(now + 1.0 - at);
            }
        }
        count.fetch_add(events, Ordering::Relaxed);
        Answer::Late(Duration::from_secs(1), 204)
    });
    let folder = tempfile::tempdir()?;
    let stream = stream(&server, folder.path())?;
    let begun = Instant::now();
    for tick in 0..SECONDS * 100 {
        let together = RATE / 100;
        stream.push(Job::new(lines(tick * together, together), together, None).of_events());
        if tick % 100 == 0 {
            let at = origin.elapsed().as_secs_f64();
            stream.push(Job::new(format!("health at={at} {tick}\n").into_bytes(), 1, None));
        }
        let due = begun + Duration::from_millis(10) * u32::try_from(tick + 1)?;
        tokio::time::sleep_until(due.into()).await;
    }
    let waiting = stream.stats().waiting;
    let ended = Instant::now();
    while stored.load(Ordering::Relaxed) < RATE * SECONDS {
        tokio::time::sleep(Duration::from_millis(10)).await;
        if ended.elapsed() > Duration::from_secs(60) {
            break;
        }
    }
    let dropped = stream.stats().dropped_overflow;
    let mut delays = delays.lock().map_err(|_| "a thread has panicked")?.clone();
    delays.sort_by(f64::total_cmp);
    say(&format!(
        "{RATE} events/s for {SECONDS} s, each write answered after 1 s: {} stored, {dropped} dropped, {waiting} waited at the end, the last came {:.1} s later",
        stored.load(Ordering::Relaxed),
        ended.elapsed().as_secs_f64()
    ));
    say(&format!(
        "  a measurement is stored after, s: median {:.2}, longest {:.2}",
        delays.get(delays.len() / 2).copied().unwrap_or(f64::NAN),
        delays.last().copied().unwrap_or(f64::NAN)
    ));
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let wanted: Vec<String> =
        std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|word| word == name);
    actix::System::new().block_on(async {
        if is_wanted("append") {
            append().await?;
        }
        if is_wanted("away") {
            away().await?;
        }
        if is_wanted("late") {
            late().await?;
        }
        Ok(())
    })
}
