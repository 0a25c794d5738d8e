//! One event from the bytes of its datagram to its line for InfluxDB. The decision what to keep is
//! part of it, the socket and the channel are not.

use std::sync::Arc;

use actors::domain::errors::InfluxVersion;
use actors::domain::events::{
    AppFilter, Categorise, Choice, Pairs, PerformanceFilter, Received, ServerDirectory, Source,
    text_of,
};
use actors::domain::names::ServerName;
use actors::domain::point::Stamp;
use actors::influx_writer::{LogEventLines, Schema, user_event_point};
use actors::io::influx::encode;
use actors::udp_receiver::{
    DatagramHandler, Limits, LogDatagramHandler, LogEventSettings, PerformanceSettings,
    UdpSettings, UserDatagramHandler, UserEventSettings, Verdict,
};

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

fn users() -> UserDatagramHandler {
    let settings = UserEventSettings {
        udp: udp(),
        excluded: vec![("INTERNAL".to_owned(), "sa_api".to_owned())],
        count: true,
        tags: tags(),
    };
    UserDatagramHandler::new(&settings, true, servers())
}

fn logs() -> LogDatagramHandler {
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
    LogDatagramHandler::new(settings, true, servers())
}

/// One way of an event; `lines` is emptied first.
fn user(handling: &mut UserDatagramHandler, datagram: &[u8], tags: &Pairs, lines: &mut Vec<u8>) {
    lines.clear();
    if let Verdict::Wanted(event, server) = handling.handle(&text_of(datagram)) {
        let received = Received { stamp: STAMP, server, event };
        if let Some(point) = user_event_point(&received, tags, VERSION, Schema::Original) {
            encode(point, lines);
        }
    }
}

/// The same for a log event.
fn log(
    handling: &mut LogDatagramHandler,
    datagram: &[u8],
    to: &LogEventLines,
    lines: &mut Vec<u8>,
) {
    lines.clear();
    if let Verdict::Wanted(event, server) = handling.handle(&text_of(datagram)) {
        let received = Received { stamp: STAMP, server, event };
        to.write(&received, lines);
    }
}

/// Calls `measure` for each kind of event with its name and the work for one; the work leaves a line
/// behind.
pub(crate) fn each_kind(mut measure: impl FnMut(&str, &mut dyn FnMut(&mut Vec<u8>))) {
    let tags = tags();
    let (mut users, mut logs) = (users(), logs());
    let log_lines = LogEventLines::new(&tags, VERSION, Schema::Original);
    let u1 = include_bytes!("../../tests/data/events/U1.txt");
    measure("user event", &mut |lines| user(&mut users, u1, &tags, lines));
    for (name, datagram) in [
        ("engine event", &include_bytes!("../../tests/data/events/E1.txt")[..]),
        ("proxy event", include_bytes!("../../tests/data/events/P1.txt")),
        ("repository event", include_bytes!("../../tests/data/events/R1.txt")),
        ("scheduler event", include_bytes!("../../tests/data/events/S1.txt")),
        ("performance event", include_bytes!("../../tests/data/events/Q1.txt")),
    ] {
        measure(name, &mut |lines| log(&mut logs, datagram, &log_lines, lines));
    }
}
