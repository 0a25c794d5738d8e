//! Start, memory and processor time of the whole program, measured from outside: the simulated
//! site runs in this process, the program in one of its own. Linux only, for it reads `/proc`.
//!
//! `cargo bench --bench footprint -- [start] [idle] [errors] [outage] [load] [events [RATE…]]
//! [polls]`; all of them when none is named. `down` and a number of seconds is for itself: all
//! destinations are away at full load.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use butler_sos::demo::configuration::{Choices, of_site};
use butler_sos::demo::site::{Endpoint, Fault, Site};
use test_support::{Program, until};

mod down;
mod events;
mod load;
mod million;
mod polls;
mod proc;

use proc::{memory, spread};

const BINARY: &str = env!("CARGO_BIN_EXE_butler-sos");

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let wanted: Vec<String> =
        std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    if wanted.first().is_some_and(|word| word == "million-errors") {
        return million::run();
    }
    if let [word, seconds] = &wanted[..]
        && word == "down"
    {
        return down::measure(Duration::from_secs(seconds.parse()?));
    }
    let chosen = |name: &str| wanted.is_empty() || wanted.iter().any(|word| word == name);
    if chosen("start") {
        start()?;
    }
    if chosen("idle") {
        idle()?;
    }
    if chosen("errors") {
        million::measure()?;
    }
    if chosen("outage") {
        outage()?;
    }
    if chosen("load") {
        load::measure()?;
    }
    if chosen("events") {
        let rates: Vec<u64> = wanted.iter().filter_map(|word| word.parse().ok()).collect();
        events::measure(&rates)?;
    }
    if chosen("polls") {
        polls::measure()?;
    }
    Ok(())
}

/// Prints one result.
fn say(text: &str) {
    use std::io::Write;
    _ = writeln!(std::io::stdout(), "{text}");
}

/// Writes a configuration whose history lies in `folder`; the name of the file.
fn configure(folder: &Path, site: &Site, interval_ms: u64) -> std::io::Result<String> {
    let history = folder.join("errors.sqlite3").display().to_string();
    let sections = format!("  errorTracking:\n    history:\n      file: {history:?}\n");
    let choices = Choices { interval_ms, sections, ..Choices::default() };
    let file = folder.join("config.yaml");
    fs::write(&file, of_site(site, 2, &choices))?;
    Ok(file.display().to_string())
}

/// From the start of the process to the first health check that a server has read.
fn start() -> Result<(), Box<dyn std::error::Error>> {
    let mut times = Vec::new();
    for _ in 0..21 {
        let folder = tempfile::tempdir()?;
        let site = Site::start(2, folder.path())?;
        let config = configure(folder.path(), &site, 30_000)?;
        let begin = Instant::now();
        let _program = Program::start(BINARY, &["-c", &config]);
        let first = until("the first poll", || site.requests().first().map(|seen| seen.at));
        times.push((first - begin).as_secs_f64() * 1e3);
    }
    say(&format!("start to first poll, ms: {}", spread(&mut times)));
    Ok(())
}

/// Resident memory with two servers, polled every second so that half a minute is as many polls
/// as a quarter of an hour at the usual rate.
fn idle() -> Result<(), Box<dyn std::error::Error>> {
    let (mut resident, mut peaks) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        let folder = tempfile::tempdir()?;
        let site = Site::start(2, folder.path())?;
        let config = configure(folder.path(), &site, 1_000)?;
        let program = Program::start(BINARY, &["-c", &config]);
        until("thirty polls", || (site.count(Endpoint::Engine(1)) >= 30).then_some(()));
        let (now, peak) = memory(program.id())?;
        resident.push(now);
        peaks.push(peak);
    }
    say(&format!("idle with two servers, MiB: {}", spread(&mut resident)));
    say(&format!("  highest, MiB: {}", spread(&mut peaks)));
    Ok(())
}

/// A minute with two servers that are well and an InfluxDB that is not there: every write
/// operation is one error, and nothing grows.
fn outage() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let site = Site::start(2, folder.path())?;
    let nobody = test_support::Influxd::new();
    let config = configure(folder.path(), &site, 1_000)?;
    let influx = format!(
        "Butler-SOS:\n  influxdbConfig:\n    enable: true\n    host: 127.0.0.1\n    port: {}\n    \
         version: 1\n    v1Config:\n      dbName: SenseOps\n",
        nobody.port()
    );
    fs::write(&config, fs::read_to_string(&config)?.replace("Butler-SOS:\n", &influx))?;
    let mut program = Program::start(BINARY, &["-c", &config]);
    std::thread::sleep(Duration::from_secs(60));
    let (resident, _) = memory(program.id())?;
    program.terminate();
    _ = program.wait();
    let endpoints =
        [Endpoint::Engine(0), Endpoint::Engine(1), Endpoint::Proxy(0), Endpoint::Proxy(1)];
    let operations: u64 = endpoints.into_iter().map(|endpoint| site.count(endpoint)).sum();
    let lines = program.lines();
    let last =
        lines.iter().rfind(|line| line.contains("Total=")).ok_or("no errors were counted")?;
    let total = last.split("Total=").nth(1).and_then(|rest| rest.split(',').next());
    say(&format!(
        "a minute without InfluxDB: {operations} polls answered and to be written, {} errors \
         counted, resident {resident:.1} MiB",
        total.unwrap_or("no")
    ));
    Ok(())
}

/// Makes every tenth server of a site hang.
fn hang(site: &Site, servers: usize) {
    for server in (0..servers).step_by(10) {
        site.set(Endpoint::Engine(server), Fault::NoAnswer);
        site.set(Endpoint::Proxy(server), Fault::SilentHandshake);
    }
}

/// As long as a measurement takes.
const WATCH: Duration = Duration::from_secs(90);
