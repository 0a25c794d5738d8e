//! What a handshake costs: fifty servers polled ten times a second, each poll on a connection of
//! its own, and the processor time of the program for one of them.

use std::error::Error;
use std::fs;
use std::time::{Duration, Instant};

use butler_sos::demo::configuration::{Choices, of_site};
use butler_sos::demo::site::Site;
use test_support::{Program, until};

use crate::proc::{processor_time, spread};
use crate::{BINARY, say};

const SERVERS: usize = 50;
const INTERVAL_MS: u64 = 100;
const WATCH: Duration = Duration::from_secs(10);

/// Watches the program at work five times and prints what it saw.
pub(crate) fn measure() -> Result<(), Box<dyn Error>> {
    let mut microseconds = Vec::new();
    let mut rates = Vec::new();
    for _ in 0..5 {
        let folder = tempfile::tempdir()?;
        let site = Site::start(SERVERS, folder.path())?;
        let choices = Choices {
            interval_ms: INTERVAL_MS,
            app_names: false,
            virtual_proxies: vec!["/"],
            sections: String::new(),
        };
        let file = folder.path().join("config.yaml");
        fs::write(&file, of_site(&site, SERVERS, &choices))?;
        let program = Program::start(BINARY, &["-c", &file.display().to_string(), "-l", "warn"]);
        until("the first polls", || (site.requests().len() > SERVERS).then_some(()));
        let (begin, before, used) =
            (Instant::now(), site.requests().len(), processor_time(program.id())?);
        std::thread::sleep(WATCH);
        let used = processor_time(program.id())?.saturating_sub(used);
        let polls = u32::try_from(site.requests().len() - before)?.max(1);
        microseconds.push(used.as_secs_f64() * 1e6 / f64::from(polls));
        rates.push(f64::from(polls) / begin.elapsed().as_secs_f64());
    }
    say("fifty servers polled ten times a second, each poll with a handshake:");
    say(&format!("  polls a second: {}", spread(&mut rates)));
    say(&format!("  processor time of a poll, us: {}", spread(&mut microseconds)));
    Ok(())
}
