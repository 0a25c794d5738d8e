//! A thousand servers with two virtual proxies each, a tenth of them hanging: is everybody else
//! polled on time, and what does it cost?

use std::collections::HashMap;
use std::error::Error;
use std::fmt::Write;
use std::fs;
use std::time::{Duration, Instant};

use butler_sos::demo::configuration::{Choices, of_site};
use butler_sos::demo::site::{Endpoint, SeenRequest, Site};
use test_support::{Program, until};

use crate::proc::{memory, processor_time, spread};
use crate::{BINARY, WATCH, hang, say};

const SERVERS: usize = 1_000;
const INTERVAL: Duration = Duration::from_secs(30);

/// Sockets of the simulated site; each plays many servers.
const LISTENERS: usize = 20;

/// Watches the program at work and prints what it saw.
pub(crate) fn measure() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let site = Site::start(LISTENERS, folder.path())?;
    hang(&site, LISTENERS);
    let file = folder.path().join("config.yaml");
    fs::write(&file, configuration(&site, &folder.path().join("errors.sqlite3")))?;
    let program = Program::start(BINARY, &["-c", &file.display().to_string(), "-l", "warn"]);
    until("the first poll", || (!site.requests().is_empty()).then_some(()));

    let (begin, used) = (Instant::now(), processor_time(program.id())?);
    std::thread::sleep(WATCH);
    let used = processor_time(program.id())?.saturating_sub(used);
    let share = used.as_secs_f64() / begin.elapsed().as_secs_f64();
    let (resident, peak) = memory(program.id())?;

    let mut late = lateness(&site.requests());
    say(&format!("a thousand servers, a tenth hanging, for {} s:", WATCH.as_secs()));
    say(&format!("  share of one core: {:.1} %", share * 100.0));
    say(&format!("  resident, MiB: {resident:.1}, highest {peak:.1}"));
    say(&format!(
        "  polls off their interval of {} s, ms: {}",
        INTERVAL.as_secs(),
        spread(&mut late)
    ));
    let hundredth = late.len().saturating_sub(late.len() / 100 + 1);
    say(&format!(
        "  99 of 100 within, ms: {:.2}",
        late.get(hundredth).copied().unwrap_or(f64::NAN)
    ));
    Ok(())
}

/// A file that names each server and each virtual proxy differently, so that the site can tell
/// who asks.
fn configuration(site: &Site, history: &std::path::Path) -> String {
    let history = history.display().to_string();
    let sections = format!("  errorTracking:\n    history:\n      file: {history:?}\n");
    let interval_ms = INTERVAL.as_millis() as u64;
    let choices = Choices { interval_ms, app_names: false, sections, ..Choices::default() };
    let mut text = of_site(site, 0, &choices);
    for server in 0..SERVERS {
        let at = |endpoint| site.address(endpoint).map_or_else(String::new, |a| a.to_string());
        _ = write!(
            text,
            "      - host: {}
        serverName: sense{server}
        headers:
          X-Target: {server}
        userSessions:
          enable: true
          host: {}
          virtualProxies:
            - virtualProxy: /a{server}
            - virtualProxy: /b{server}
",
            at(Endpoint::Engine(server % LISTENERS)),
            at(Endpoint::Proxy(server % LISTENERS)),
        );
    }
    text
}

/// By how many milliseconds the polls of each target missed their interval.
fn lateness(requests: &[SeenRequest]) -> Vec<f64> {
    let mut last: HashMap<String, Instant> = HashMap::new();
    let mut late = Vec::new();
    for request in requests {
        let target = request.header("x-target").unwrap_or(&request.path).to_owned();
        if let Some(before) = last.insert(target, request.at) {
            let interval = (request.at - before).as_secs_f64();
            late.push((interval - INTERVAL.as_secs_f64()).abs() * 1e3);
        }
    }
    late
}
