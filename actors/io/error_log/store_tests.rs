//! What is stored is what was recorded, whatever happens to the file.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use proptest::prelude::*;

use super::*;
use crate::domain::errors::{
    Category, DestinationHost, ErrorCode, ErrorCounts, ErrorOccurred, ErrorPoint, ErrorType,
    Failure, InfluxModule, InfluxVersion, Module, MqttModule, NewRelicModule, Origin, RequestFacts,
    RequestUrl, Stage, UdpModule,
};
use crate::domain::names::{Host, ServerName, VirtualProxy};
use crate::domain::point::Stamp;

pub(crate) fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn point(stamp: i64, origin: Origin, failure: Failure) -> ErrorPoint {
    ErrorPoint::new(Stamp(stamp), ErrorOccurred { origin, failure })
}

pub(crate) fn simple(stamp: i64, server: &str) -> ErrorPoint {
    let origin = Origin::HealthApi { server: server.into(), host: Host::from("h") };
    point(stamp, origin, Failure::local(Category::Unknown, Arc::from("failed")))
}

fn request() -> RequestFacts {
    let timeout = Some(Duration::from_millis(5_000));
    RequestFacts { url: RequestUrl::sanitised("https://h:4243/qps/session?x=1"), timeout }
}

pub(crate) fn all(file: &std::path::Path, filter: &Filter) -> Vec<HistoryRow> {
    let mut rows = Vec::new();
    ErrorReader::open(file).unwrap().for_each(filter, None, |row| rows.push(row)).unwrap();
    rows
}

#[test]
fn every_tag_and_field_comes_back() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("deep/er/errors.sqlite3");
    let mut store = ErrorStore::open(&file).unwrap();
    let proxy = Origin::ProxyApi {
        server: "sense1".into(),
        host: Host::from("sense1.lab"),
        virtual_proxy: VirtualProxy::from("/hdr"),
    };
    let refused = Failure::Unanswered {
        code: ErrorCode::ConnectionRefused,
        stage: Stage::Dial("192.168.100.110:4243".parse().unwrap()),
        request: request(),
        message: "connect to 192.168.100.110:4243: refused".into(),
    };
    let write = Origin::InfluxWrite {
        version: InfluxVersion::V2,
        module: InfluxModule::HealthMetrics,
        server: None,
        to: DestinationHost::of_url("http://influx:8086"),
    };
    let answered = Failure::Answered { status: 401, request: request() };
    store.insert(&[point(1, proxy, refused), point(2, write, answered)]).unwrap();

    let rows = all(&file, &Filter::default());
    let [newest, oldest] = rows.as_slice() else { panic!("{rows:?}") };
    assert_eq!(newest.error_type, "INFLUXDB_V2_WRITE");
    assert_eq!((newest.server_name.as_str(), newest.http_status), ("", Some(401)));
    assert_eq!(newest.destination_host.as_deref(), Some("http://influx:8086"));
    assert_eq!(newest.module.as_deref(), Some("HEALTH_METRICS"));
    assert_eq!((newest.error_category.as_str(), newest.error_code.as_str()), ("auth_error", ""));
    assert_eq!(oldest.virtual_proxy.as_deref(), Some("/hdr"));
    assert_eq!(oldest.host.as_deref(), Some("sense1.lab"));
    assert_eq!(oldest.error_code, "ECONNREFUSED");
    assert_eq!(oldest.request_url.as_deref(), Some("https://h:4243/qps/session"));
    assert_eq!(oldest.request_timeout_ms, Some(5_000));
    assert_eq!(oldest.remote_address.as_deref(), Some("192.168.100.110"));
    assert_eq!((oldest.remote_port, oldest.syscall.as_deref()), (Some(4243), Some("connect")));
    assert_eq!(oldest.stamp, Stamp(1));
}

#[test]
fn filters_and_totals_agree() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("errors.sqlite3");
    let mut store = ErrorStore::open(&file).unwrap();
    let udp = Origin::UdpEvent { module: UdpModule::LogEvents, server: None, host: None };
    let malformed = Failure::local(Category::CertificateError, Arc::from("bad cert"));
    store
        .insert(&[simple(1, "a"), simple(2, "b"), simple(3, "a"), point(4, udp, malformed)])
        .unwrap();
    let count = |filter: &Filter| all(&file, filter).len();
    assert_eq!(count(&Filter { since: Some(Stamp(2)), ..Filter::default() }), 3);
    assert_eq!(count(&Filter { servers: vec!["a".into()], ..Filter::default() }), 2);
    assert_eq!(count(&Filter { servers: vec!["a".into(), "b".into()], ..Filter::default() }), 3);
    assert_eq!(count(&Filter { until: Some(Stamp(3)), ..Filter::default() }), 2);
    assert_eq!(count(&Filter { servers: vec![String::new()], ..Filter::default() }), 1);
    let error_types = vec![ErrorType::UdpLogEvent];
    assert_eq!(count(&Filter { error_types, ..Filter::default() }), 1);
    let modules = vec![Module::Udp(UdpModule::LogEvents)];
    assert_eq!(count(&Filter { modules, ..Filter::default() }), 1);
    assert_eq!(
        count(&Filter { categories: vec![Category::CertificateError], ..Filter::default() }),
        1
    );
    let totals = ErrorReader::open(&file).unwrap().totals(&Filter::default()).unwrap();
    assert_eq!(totals.len(), 2);
    assert_eq!((totals[0].error_type.as_str(), totals[0].count), ("HEALTH_API", 3));
}

#[test]
fn a_host_is_found_in_every_column_that_can_have_it() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("errors.sqlite3");
    let mut store = ErrorStore::open(&file).unwrap();
    let refused = Failure::Unanswered {
        code: ErrorCode::ConnectionRefused,
        stage: Stage::Dial("192.168.100.110:4243".parse().unwrap()),
        request: request(),
        message: "refused".into(),
    };
    let answered = || Failure::Answered { status: 401, request: request() };
    let write = |to: &str| Origin::InfluxWrite {
        version: InfluxVersion::V2,
        module: InfluxModule::HealthMetrics,
        server: None,
        to: DestinationHost::of_url(to),
    };
    let polled = Origin::HealthApi { server: "sense1".into(), host: Host::from("sense1.lab") };
    store
        .insert(&[
            point(1, polled, refused),
            point(2, write("http://in_flux:8086"), answered()),
            point(3, write("https://in_flux"), answered()),
            point(4, write("https://inXflux"), answered()),
        ])
        .unwrap();
    let stamps = |host: &str| {
        let rows = all(&file, &Filter { hosts: vec![host.to_owned()], ..Filter::default() });
        rows.iter().map(|row| row.stamp.0).collect::<Vec<_>>()
    };
    assert_eq!(stamps("SENSE1.lab"), [1]);
    assert_eq!(stamps("192.168.100.110"), [1]);
    assert_eq!(stamps("in_flux"), [3, 2]);
    assert_eq!(stamps("http://in_flux:8086"), [2]);
    assert_eq!(stamps("sense"), [0; 0]);
    assert_eq!(stamps("%"), [0; 0]);
    let reader = ErrorReader::open(&file).unwrap();
    assert_eq!(reader.servers().unwrap(), ["sense1"]);
    assert!(reader.hosts().unwrap().contains(&"sense1.lab".to_owned()));
}

fn origin(kind: usize, server: usize) -> Origin {
    let server = ["s1", "s2", "10"].get(server).map(|name| (*name).into());
    match kind {
        0 => Origin::AppNamesExtract { server, host: Host::from("h") },
        1 => Origin::UdpEvent { module: UdpModule::UserEvents, server, host: None },
        _ => Origin::MqttPublish {
            module: MqttModule::UserEvents,
            server,
            broker: Host::from("b"),
            virtual_proxy: None,
        },
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn a_day_read_back_is_the_day_that_was_counted(
        errors in prop::collection::vec((0_usize..3, 0_usize..4), 0..60)
    ) {
        let day = time("2026-05-03T00:00:00Z");
        let begin = day.timestamp_nanos_opt().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let mut store = ErrorStore::open(&dir.path().join("e.sqlite3")).unwrap();
        let mut counts = ErrorCounts::new(day.date_naive());
        // Neither the evening before nor the morning after belongs to the day.
        store.insert(&[simple(begin - 1, "s1"), simple(begin + 86_400_000_000_000, "s1")]).unwrap();
        for (i, (kind, server)) in errors.into_iter().enumerate() {
            let origin = origin(kind, server);
            counts.add(origin.error_type(), origin.server());
            let failure = Failure::local(Category::Unknown, Arc::from("x"));
            let stamp = begin + i64::try_from(i).unwrap();
            store.insert(&[point(stamp, origin, failure)]).unwrap();
        }
        let read = store.counts_of_day(day.date_naive()).unwrap();
        prop_assert_eq!(read.details().to_string(), counts.details().to_string());
        prop_assert_eq!(read.total(), counts.total());
    }
}

#[test]
fn what_was_stored_survives_a_process_that_was_killed() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("errors.sqlite3");
    let mut store = ErrorStore::open(&file).unwrap();
    store.insert(&[simple(1, "a"), simple(2, "a")]).unwrap();
    // A copy of the files as they are now, without any closing.
    let copy = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(dir.path()).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
    }
    let copied = copy.path().join("errors.sqlite3");
    assert_eq!(all(&copied, &Filter::default()).len(), 2);
    drop(ErrorStore::open(&copied).unwrap());
}

#[test]
fn a_damaged_or_foreign_file_is_set_aside() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("errors.sqlite3");
    for (number, content) in [(1, &b"hello, I am a text file"[..]), (2, &[0x5a; 9000])] {
        std::fs::write(&file, content).unwrap();
        let mut store = ErrorStore::open(&file).unwrap();
        let (aside, saved) = store.set_aside.clone().unwrap();
        assert_eq!(saved, 0);
        assert!(aside.to_str().unwrap().ends_with(&format!("errors.sqlite3.damaged-{number}")));
        assert_eq!(std::fs::read(aside).unwrap(), content);
        store.insert(&[simple(1, "a")]).unwrap();
        drop(store);
        std::fs::remove_file(&file).unwrap();
        for part in ["errors.sqlite3-wal", "errors.sqlite3-shm"] {
            _ = std::fs::remove_file(dir.path().join(part));
        }
    }
}

#[test]
fn a_second_program_is_told_who_is_in_the_way() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("errors.sqlite3");
    let first = ErrorStore::open(&file).unwrap();
    let error = ErrorStore::open(&file).err().unwrap().to_string();
    assert!(error.contains("used by another Butler SOS"), "{error}");
    assert_eq!(all(&file, &Filter::default()).len(), 0, "reading is possible all the time");
    drop(first);
    ErrorStore::open(&file).unwrap();
}

#[test]
fn a_full_file_drops_the_oldest_and_counts_them() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("errors.sqlite3");
    let mut store = ErrorStore::open_limited(&file, 2 << 20).unwrap();
    let mut stamp = 0;
    while store.dropped() == 0 && stamp < 100_000 {
        let points: Vec<_> = (0..1_000).map(|i| simple(stamp + i, "a")).collect();
        store.insert(&points).unwrap();
        stamp += 1_000;
    }
    assert!(store.dropped() > 0);
    let rows = all(&file, &Filter::default());
    assert_eq!(rows[0].stamp, Stamp(stamp - 1), "the newest is there");
    assert_eq!(rows.len() as u64 + store.dropped(), u64::try_from(stamp).unwrap());
}

#[test]
fn old_events_are_removed() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("errors.sqlite3");
    let mut store = ErrorStore::open(&file).unwrap();
    let points: Vec<_> = (0..25_000).map(|stamp| simple(stamp, "a")).collect();
    store.insert(&points).unwrap();
    let steps: Vec<usize> = (0..4).map(|_| store.trim(Stamp(24_000)).unwrap()).collect();
    assert_eq!(steps, [10_000, 10_000, 4_000, 0], "never all at once");
    assert_eq!(all(&file, &Filter::default()).len(), 1_000);
}

/// An error of every kind, with odd texts.
pub(crate) fn every_kind() -> Vec<ErrorPoint> {
    let odd = "a\\ b,c=d \"e\"\n\u{1f600}\\";
    let (server, host) = (Some(ServerName::from(odd)), Host::from(odd));
    let to = DestinationHost::of_url("https://influx.lab:8086/x?y=z");
    let unanswered = |code| Failure::Unanswered {
        code,
        stage: Stage::Dial("[2001:db8::1]:4243".parse().unwrap()),
        request: request(),
        message: odd.into(),
    };
    let local = || Failure::local(Category::Unknown, Arc::from(odd));
    let without_limit = RequestFacts { timeout: None, ..request() };
    let origins = [
        Origin::HealthApi { server: odd.into(), host: host.clone() },
        Origin::ProxyApi {
            server: odd.into(),
            host: host.clone(),
            virtual_proxy: VirtualProxy::from("/hdr x"),
        },
        Origin::AppNamesExtract { server: server.clone(), host: host.clone() },
        Origin::AppNamesExtract { server: None, host: Host::from("") },
        Origin::InfluxWrite {
            version: InfluxVersion::V1,
            module: InfluxModule::HealthMetrics,
            server: server.clone(),
            to: to.clone(),
        },
        Origin::MqttPublish {
            module: MqttModule::ProxySessions,
            server: server.clone(),
            broker: host.clone(),
            virtual_proxy: Some(VirtualProxy::from("")),
        },
        Origin::NewRelicPost { module: NewRelicModule::UserEvents, server: None, to },
        Origin::UdpEvent { module: UdpModule::LogEvents, server, host: Some(host) },
    ];
    let failures = [
        unanswered(ErrorCode::ConnectionRefused),
        unanswered(ErrorCode::TimedOut),
        Failure::Answered { status: 503, request: without_limit },
        Failure::Unusable { request: request(), message: odd.into() },
        local(),
    ];
    let pairs = origins.iter().flat_map(|origin| failures.iter().map(move |it| (origin, it)));
    pairs
        .zip(1_700_000_000_000_000_000..)
        .map(|((origin, failure), stamp)| point(stamp, origin.clone(), failure.clone()))
        .collect()
}
