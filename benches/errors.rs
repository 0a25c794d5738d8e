//! How many errors are counted, logged and encoded in a second, on one core.

use std::fs::{self, File};
use std::hint::black_box;
use std::time::{Duration, Instant};

use actix::Addr;
use actors::domain::errors::{
    Category, ErrorCode, ErrorCounts, ErrorOccurred, ErrorPoint, Failure, Origin, RequestFacts,
    RequestUrl, Stage,
};
use actors::domain::point::Stamp;
use actors::error_tracker::{AskCounts, CollectorNumber, ErrorTrackerActor, Tracking};
use actors::io::influx::encode_error;
use actors::runtime::clock::Clock;
use actors::runtime::level::Level;
use actors::runtime::supervise::{Place, Policy, Supervisor};
use butler_sos::logging::{self, LogGuard};
use criterion::{Criterion, Throughput};

/// Errors in one round; the tracker has answered before the next begins.
const ROUND: u64 = 10_000;

/// What a refused health check or session list is: three servers, two types.
fn events() -> Vec<ErrorOccurred> {
    let failure = |url: &str| Failure::Unanswered {
        code: ErrorCode::ConnectionRefused,
        stage: Stage::Dial(([192, 168, 100, 110], 4747).into()),
        request: RequestFacts {
            url: RequestUrl::sanitised(url),
            timeout: Some(Duration::from_secs(5)),
        },
        message: "connect to 192.168.100.110:4747: Connection refused (os error 111)".into(),
    };
    let servers = ["sense1", "sense2", "sense3"];
    let health = servers.map(|server| ErrorOccurred {
        origin: Origin::HealthApi { server: server.into(), host: server.into() },
        failure: failure("https://sense.example.com:4747/engine/healthcheck"),
    });
    let proxy = servers.map(|server| ErrorOccurred {
        origin: Origin::ProxyApi {
            server: server.into(),
            host: server.into(),
            virtual_proxy: "/hdr".into(),
        },
        failure: failure("https://sense.example.com:4243/qps/hdr/session?Xrfkey=1"),
    });
    health.into_iter().chain(proxy).collect()
}

fn start(log_summary: bool, place: &Place) -> Addr<ErrorTrackerActor> {
    let today = ErrorCounts::new(chrono::Utc::now().date_naive());
    let tracking = Tracking::On { log_summary, sinks: Vec::new(), today, earlier: None };
    Supervisor::new(Policy::default(), |_| {}).start("ErrorTrackerActor", place, 16, move || {
        ErrorTrackerActor::new(tracking, CollectorNumber::default(), Clock::system())
    })
}

/// Sends rounds of errors and waits until all are counted, and all lines are written.
async fn rounds(
    tracker: &Addr<ErrorTrackerActor>,
    events: &[ErrorOccurred],
    count: u64,
    log: &LogGuard,
) -> Duration {
    let begin = Instant::now();
    for _ in 0..count {
        for event in events.iter().cycle().take(usize::try_from(ROUND).unwrap_or(1)) {
            tracker.do_send(event.clone());
        }
        let tracked = tracker.send(AskCounts).await.ok().and_then(|tracked| tracked.counts);
        black_box(tracked.map_or(0, |counts| counts.total()));
        log.flush();
    }
    begin.elapsed()
}

fn tracker(criterion: &mut Criterion, system: &actix::SystemRunner, log: &LogGuard) {
    let events = events();
    let arbiter = system.block_on(async { actix_rt::Arbiter::new() });
    let place = Place::Arbiter(arbiter.handle());
    let mut group = criterion.benchmark_group("tracker");
    group.throughput(Throughput::Elements(ROUND)).sample_size(30);
    for (name, summary) in
        [("counted, summary off", false), ("counted, every line in a file", true)]
    {
        let tracker = system.block_on(async { start(summary, &place) });
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|count| system.block_on(rounds(&tracker, &events, count, log)));
        });
    }
    group.finish();
    arbiter.stop();
}

fn encoding(criterion: &mut Criterion) {
    let points: Vec<ErrorPoint> = events()
        .into_iter()
        .map(|event| ErrorPoint::new(Stamp(1_777_824_609_420_000_000), event))
        .collect();
    let mut group = criterion.benchmark_group("encoding");
    group.throughput(Throughput::Elements(points.len() as u64));
    let mut lines = Vec::with_capacity(4096);
    group.bench_function("error points", |bencher| {
        bencher.iter(|| {
            lines.clear();
            for point in &points {
                encode_error(black_box(point), "butler_sos_errors", None, &mut lines);
            }
            black_box(lines.len())
        });
    });
    group.finish();

    let events = events();
    let mut group = criterion.benchmark_group("categorising");
    group.throughput(Throughput::Elements(events.len() as u64));
    group.bench_function("failures", |bencher| {
        bencher.iter(|| {
            let refused = |event: &&ErrorOccurred| {
                black_box(event).failure.category() == Category::ConnectionRefused
            };
            black_box(events.iter().filter(refused).count())
        });
    });
    group.finish();
}

fn main() -> Result<(), String> {
    let file = std::env::temp_dir().join(format!("butler-sos-bench-{}.log", std::process::id()));
    let output = File::create(&file).map_err(|error| error.to_string())?;
    let log = logging::start_on(Level::Info, Box::new(output), false)?;
    let system = actix::System::new();
    let mut criterion = Criterion::default().configure_from_args();
    tracker(&mut criterion, &system, &log);
    encoding(&mut criterion);
    criterion.final_summary();
    log.flush();
    // A line that was dropped would make the numbers worthless.
    let text = fs::read_to_string(&file).unwrap_or_default();
    let dropped = text.lines().filter(|line| line.contains("lines dropped")).count();
    let written = text.lines().filter(|line| line.contains("Error counts today")).count();
    log::info!("{written} lines written, {dropped} gaps");
    _ = fs::remove_file(&file);
    if dropped > 0 { Err(format!("{dropped} gaps in the log")) } else { Ok(()) }
}
