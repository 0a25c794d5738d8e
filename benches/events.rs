//! What one event costs from the bytes of its datagram to its line for InfluxDB: nanoseconds and
//! allocations. The decision what to keep is part of it, the socket and the channel are not.

use std::alloc::System;
use std::hint::black_box;
use std::io::Write;
use std::sync::Arc;

use actors::domain::errors::InfluxVersion;
use actors::domain::events::{
    AppFilter, Categorise, Choice, Pairs, PerformanceFilter, Received, ServerDirectory, Source,
    text_of,
};
use actors::domain::names::ServerName;
use actors::domain::point::Stamp;
use actors::influx_writer::{log_event_point, user_event_point};
use actors::io::influx::encode;
use actors::udp_receiver::{
    Handling, Limits, LogEventSettings, LogHandling, PerformanceSettings, UdpSettings,
    UserEventSettings, UserHandling, Verdict,
};
use criterion::Criterion;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const VERSION: InfluxVersion = InfluxVersion::V2;
const STAMP: Stamp = Stamp(1_777_824_609_420_000_000);

fn udp() -> UdpSettings {
    UdpSettings {
        host: "127.0.0.1".to_owned(),
        port: 0,
        limits: Limits {
            queue_size: 200,
            backpressure_percent: 80,
            rate_per_minute: None,
            max_message_size: 65_507,
        },
        allowed_sources: None,
        metrics: None,
    }
}

fn tags() -> Pairs {
    Arc::new([("qs_env".into(), "prod".into())])
}

fn servers() -> ServerDirectory {
    let server = ServerName::from("Central");
    ServerDirectory::new([(&server, vec!["qs-node1.example.com".into()])])
}

fn users() -> UserHandling {
    let settings = UserEventSettings {
        udp: udp(),
        excluded: vec![("INTERNAL".to_owned(), "sa_api".to_owned())],
        count: true,
        tags: tags(),
    };
    UserHandling::new(&settings, true, servers())
}

fn logs() -> LogHandling {
    let everything = || Choice::AllBut(Vec::new());
    let all = AppFilter {
        apps: Vec::new(),
        object_type: everything(),
        object: everything(),
        method: everything(),
    };
    let performance = PerformanceSettings {
        look_up_names: true,
        filter: PerformanceFilter { specific: Vec::new(), all: Some(all) },
        count_rejected: true,
        rejected_tags: tags(),
    };
    let default = Some(Arc::new([("qs_log_category".into(), "unknown".into())]) as Pairs);
    let settings = LogEventSettings {
        udp: udp(),
        sources: Source::ALL.to_vec(),
        categorise: Some(Categorise { rules: Vec::new(), default }),
        performance: Some(performance),
        count: true,
        tags: tags(),
    };
    LogHandling::new(settings, true, servers())
}

/// One way of an event; `lines` is emptied first.
fn user(handling: &mut UserHandling, datagram: &[u8], tags: &Pairs, lines: &mut Vec<u8>) {
    lines.clear();
    if let Verdict::Wanted(event, server) = handling.handle(&text_of(datagram)) {
        let received = Received { stamp: STAMP, server, event };
        if let Some(point) = user_event_point(&received, tags, VERSION) {
            encode(point, lines);
        }
    }
}

/// The same for a log event.
fn log(handling: &mut LogHandling, datagram: &[u8], tags: &Pairs, lines: &mut Vec<u8>) {
    lines.clear();
    if let Verdict::Wanted(event, server) = handling.handle(&text_of(datagram)) {
        let received = Received { stamp: STAMP, server, event };
        encode(log_event_point(&received, tags, VERSION), lines);
    }
}

fn measure(criterion: &mut Criterion, name: &str, mut way: impl FnMut(&mut Vec<u8>)) {
    let mut lines = Vec::with_capacity(8192);
    way(&mut lines);
    assert!(!lines.is_empty(), "{name} is stored");
    let region = Region::new(ALLOCATOR);
    const TIMES: usize = 1_000;
    (0..TIMES).for_each(|_| way(&mut lines));
    let change = region.change();
    let each = (change.allocations + change.reallocations) / TIMES;
    _ = writeln!(std::io::stdout(), "{name}: {each} allocations for each event");
    criterion.bench_function(name, |bencher| {
        bencher.iter(|| {
            way(&mut lines);
            black_box(lines.len())
        });
    });
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let tags = tags();
    let (mut users, mut logs) = (users(), logs());
    let u1 = include_bytes!("../tests/data/events/U1.txt");
    measure(&mut criterion, "user event", |lines| user(&mut users, u1, &tags, lines));
    for (name, datagram) in [
        ("engine event", &include_bytes!("../tests/data/events/E1.txt")[..]),
        ("proxy event", include_bytes!("../tests/data/events/P1.txt")),
        ("repository event", include_bytes!("../tests/data/events/R1.txt")),
        ("scheduler event", include_bytes!("../tests/data/events/S1.txt")),
        ("performance event", include_bytes!("../tests/data/events/Q1.txt")),
    ] {
        measure(&mut criterion, name, |lines| log(&mut logs, datagram, &tags, lines));
    }
    criterion.final_summary();
}
