//! Memory after one million errors. They come faster than a site can fail, so the program's
//! actors are started in a process of their own and told directly.

use std::error::Error;
use std::io::Write;
use std::time::{Duration, Instant};

use actors::domain::errors::{ErrorOccurred, Failure, Origin, RequestFacts, RequestUrl};
use actors::error_tracker::AskCounts;
use actors::runtime::clock::Clock;
use actors::runtime::level::Level;
use butler_sos::app::{App, Surroundings};
use butler_sos::sockets::Sockets;
use butler_sos::{config, logging};
use test_support::Program;

use crate::proc::{memory, spread};
use crate::{configure, say};

const ERRORS: u64 = 1_000_000;

/// Told at once; then comes a pause.
const BURST: u64 = 1_000;

/// Runs the process some times and prints its memory.
pub(crate) fn measure() -> Result<(), Box<dyn Error>> {
    let (mut resident, mut peaks, mut rates) = (Vec::new(), Vec::new(), Vec::new());
    let own = std::env::current_exe()?.display().to_string();
    for _ in 0..5 {
        let mut child = Program::start(&own, &["million-errors"]);
        let line = child.line_with("resident ");
        let mut numbers = line.split_whitespace().filter_map(|word| word.parse::<f64>().ok());
        for list in [&mut resident, &mut peaks, &mut rates] {
            list.extend(numbers.next());
        }
        _ = child.wait();
    }
    say(&format!("after a million errors, MiB: {}", spread(&mut resident)));
    say(&format!("  highest, MiB: {}", spread(&mut peaks)));
    say(&format!(
        "  errors each second, every one logged and in the history: {}",
        spread(&mut rates)
    ));
    Ok(())
}

/// The process that is measured.
pub(crate) fn run() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let site = butler_sos::demo::site::Site::start(2, folder.path())?;
    let file = configure(folder.path(), &site, 30_000)?;
    let loaded = config::load(file.as_ref(), folder.path()).map_err(|error| error.to_string())?;
    let settings = loaded.settings.ok_or("the configuration is wrong")?;
    let log = std::fs::File::create(folder.path().join("log"))?;
    let log = logging::start_on(Level::Info, Box::new(log), false)?;
    let (now, peak, rate) = actix::System::new().block_on(async {
        let read_heap = || (0, 0);
        let app = App::start(
            settings,
            Surroundings { clock: Clock::system(), read_heap, sockets: Sockets::default() },
        );
        let begin = Instant::now();
        for number in 0..ERRORS {
            let server = ["sense1", "sense2"][usize::from(number % 2 == 0)];
            let url = "https://sense.example.com:4747/engine/healthcheck";
            let timeout = Some(Duration::from_secs(5));
            app.tracker.do_send(ErrorOccurred {
                origin: Origin::HealthApi { server: server.into(), host: server.into() },
                failure: Failure::Answered {
                    status: 503,
                    request: RequestFacts { url: RequestUrl::sanitised(url), timeout },
                },
            });
            if number % BURST == BURST - 1 {
                _ = app.tracker.send(AskCounts).await;
                // The history writes as fast as it can; a site would not fail faster.
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        let tracked = app.tracker.send(AskCounts).await;
        let rate = ERRORS as f64 / begin.elapsed().as_secs_f64();
        log.flush();
        app.drain(Duration::from_secs(60)).await;
        let counted = tracked.ok().and_then(|tracked| {
            log::info!("{} points dropped", tracked.points_dropped);
            (tracked.points_dropped == 0).then_some(tracked.counts?.total())
        });
        let memory = memory(std::process::id());
        app.end();
        match (counted, memory) {
            (Some(ERRORS..), Ok((now, peak))) => (now, peak, rate),
            (counted, _) => {
                log::error!("{counted:?} errors counted without a loss");
                (f64::NAN, f64::NAN, rate)
            }
        }
    });
    writeln!(std::io::stdout(), "resident {now} highest {peak} rate {rate}")?;
    Ok(())
}
