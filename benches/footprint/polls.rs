//! What a poll costs: every server asked once a second for its health, each answer written as
//! eight points, connections kept by both sides.

use std::collections::HashMap;
use std::error::Error;
use std::fs;
use std::time::{Duration, Instant};

use butler_sos::demo::configuration::{Choices, of_site};
use butler_sos::demo::site::{Endpoint, SeenRequest, Site};
use test_support::{Answer, Program, StandIn, until};

use crate::proc::{memory, processor_time, spread};
use crate::{BINARY, say};

const INTERVAL_MS: u64 = 1_000;
const WATCH: Duration = Duration::from_secs(15);

/// Watches the program at work, five times for each size of site, and prints what it saw.
pub(crate) fn measure() -> Result<(), Box<dyn Error>> {
    for servers in [50, 1_000] {
        let mut all = Sums::default();
        for _ in 0..5 {
            watch(servers, &mut all)?;
        }
        say(&format!("{servers} servers each second, for {} s:", WATCH.as_secs()));
        say(&format!("  polls: {}", spread(&mut all.polls)));
        say(&format!("  longest gap of a target, s: {}", spread(&mut all.gaps)));
        say(&format!("  processor time of a poll, us: {}", spread(&mut all.microseconds)));
        say(&format!("  resident, MiB: {}", spread(&mut all.resident)));
    }
    Ok(())
}

/// One value for each run.
#[derive(Default)]
struct Sums {
    polls: Vec<f64>,
    gaps: Vec<f64>,
    microseconds: Vec<f64>,
    resident: Vec<f64>,
}

fn watch(servers: usize, sums: &mut Sums) -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let site = Site::start(servers, folder.path())?;
    let database = StandIn::start(|seen| match seen.target.starts_with("/write") {
        true => Answer::new(204, ""),
        false => Answer::new(200, r#"{"results":[{"series":[{"values":[["SenseOps"]]}]}]}"#),
    });
    let sections = format!(
        "  influxdbConfig:\n    enable: true\n    host: 127.0.0.1\n    port: {}\n    version: 1\n    \
         v1Config:\n      dbName: SenseOps\n",
        database.address().port()
    );
    let choices =
        Choices { interval_ms: INTERVAL_MS, app_names: false, virtual_proxies: vec![], sections };
    let file = folder.path().join("config.yaml");
    // Health only: no sessions.
    let text = of_site(&site, servers, &choices)
        .replace("enableSessionExtract: true", "enableSessionExtract: false");
    fs::write(&file, text)?;
    let program = Program::start(BINARY, &["-c", &file.display().to_string(), "-l", "warn"]);
    let polls = || (0..servers).map(|server| site.count(Endpoint::Engine(server))).sum::<u64>();
    until("two polls of each", || (polls() >= 2 * servers as u64).then_some(()));

    let (begin, before, used) = (Instant::now(), polls(), processor_time(program.id())?);
    std::thread::sleep(WATCH);
    let used = processor_time(program.id())?.saturating_sub(used);
    let made = polls() - before;
    sums.polls.push(made as f64);
    sums.microseconds.push(used.as_secs_f64() * 1e6 / made.max(1) as f64);
    sums.gaps.push(longest_gap(&site.requests(), begin));
    sums.resident.push(memory(program.id())?.0);
    Ok(())
}

/// The longest time in seconds between two polls of one server, of those that were made since.
fn longest_gap(requests: &[SeenRequest], since: Instant) -> f64 {
    let mut last: HashMap<Endpoint, Instant> = HashMap::new();
    let mut longest = Duration::ZERO;
    for request in requests.iter().filter(|request| request.at >= since) {
        if let Some(before) = last.insert(request.endpoint, request.at) {
            longest = longest.max(request.at - before);
        }
    }
    longest.as_secs_f64()
}
