//! Datagrams of real sites that once were decoded wrongly.

use super::*;

macro_rules! case {
    ($name:literal) => {
        include_bytes!(concat!("../../../tests/data/events/cases/", $name, ".txt"))
    };
}

fn log(datagram: &[u8]) -> LogEvent {
    let text = text_of(datagram);
    let source = LogDatagram::source_of(&text).unwrap();
    LogDatagram::read(source, &text).unwrap().event("", None)
}

fn flaw(datagram: &[u8]) -> String {
    let text = text_of(datagram);
    let source = LogDatagram::source_of(&text).unwrap();
    LogDatagram::read(source, &text).unwrap_err().to_string()
}

/// With its line end, which is cut before everything else.
#[test]
fn separators_in_names_and_contexts() {
    let texts = |datagram: &[u8], keys: [Key; 4]| {
        let event = log(datagram);
        keys.map(|key| event.text(key).to_owned())
    };
    let task = [Key::TaskName, Key::AppName, Key::UserFull, Key::Message];
    assert_eq!(
        texts(case!("task_name"), task),
        ["Reload; daily", "Sales", "ACME\\jdoe", "Reload failed"]
    );
    assert_eq!(
        texts(case!("app_name"), task),
        ["Nightly", "Sales; Nordic", "ACME\\jdoe", "Reload failed"]
    );
    let ids = [Key::TaskId, Key::AppId, Key::ExecutionId, Key::ExceptionMessage];
    for datagram in [&case!("task_name")[..], case!("app_name")] {
        assert_eq!(
            texts(datagram, ids),
            [
                "91d0b7c6-3a42-4f58-a6e9-0c8b5d7e2f13",
                "0f3a1c52-7d64-4b8e-9a21-5c0d9e7f1b23",
                "e2f8a5b1-6c09-4d73-9b5e-4f1a7c3d0e86",
                ""
            ]
        );
    }
    let context = [Key::UserFull, Key::ResultCode, Key::Context, Key::Command];
    assert_eq!(texts(case!("proxy_context"), context), ["ACME\\asmith", "403", "/app/x;y", "Open"]);
}

/// The log appender of versions 7.1 to 9.1: 25 fields in another order.
#[test]
fn performance_events_of_an_earlier_appender() {
    let event = log(case!("earlier_performance"));
    for (key, text) in [
        (Key::Host, "O3"),
        (Key::Subsystem, "QixPerformance.Engine.Engine"),
        (Key::WindowsUser, ""),
        (Key::ProxySessionId, "6b1d9a40-2f57-4c31-8e0b-d4a7c2f95e18"),
        (Key::UserFull, "ACME\\jdoe"),
        (Key::EngineTs, ""),
        (Key::SessionId, "c4a9e6d2-58f3-4b07-93c1-7e0d5b2a8f64"),
        (Key::AppId, "0f3a1c52-7d64-4b8e-9a21-5c0d9e7f1b23"),
        (Key::Method, "Global::OpenApp"),
        (Key::ObjectId, "rwPjBk"),
        (Key::ObjectType, "barchart"),
    ] {
        assert_eq!(event.text(key), text, "{key:?}");
    }
    let numbers = event.performance.unwrap();
    assert_eq!(
        numbers,
        Performance {
            request_id: 41,
            process_time: Some(12.5),
            work_time: Some(11.2),
            lock_time: Some(0.0),
            validate_time: Some(0.4),
            traverse_time: Some(0.9),
            handle: -99,
            net_ram: 20_480,
            peak_ram: 65_536,
            by_user: true,
        }
    );
    let text = String::from_utf8_lossy(case!("earlier_performance"));
    // An exception with separators in it.
    let exception = log(text.replacen(";;;", ";a; b;c;", 1).as_bytes());
    assert_eq!(exception.performance, Some(numbers));
    assert_eq!(exception.text(Key::AppId), event.text(Key::AppId));
    let system = text.replacen("6b1d9a40-2f57-4c31-8e0b-d4a7c2f95e18", "0", 1);
    assert!(!log(system.as_bytes()).performance.unwrap().by_user);
}

#[test]
fn a_shifted_performance_event_is_malformed() {
    let earlier = String::from_utf8_lossy(case!("earlier_performance"));
    let version = "; the LocalLogConfig.xml there is of another version";
    assert_eq!(
        flaw(earlier.replacen(";0.9;", ";x;", 1).as_bytes()),
        format!("traverse_time is not a number{version}")
    );
    assert_eq!(
        flaw(earlier.replacen(";;;", ";", 1).as_bytes()),
        format!("expected 26 fields, found 23{version}")
    );
    let today = String::from_utf8_lossy(case!("line_end"));
    for (from, to, field) in [
        (";12.5;", ";x;", "process_time"),
        (";11.2;", ";6b1d9a40-2f57-4c31-8e0b-d4a7c2f95e18;", "work_time"),
        (";20480;", ";barchart;", "net_ram"),
        (";65536;", ";-;", "peak_ram"),
    ] {
        assert_eq!(
            flaw(today.replacen(from, to, 1).as_bytes()),
            format!("{field} is not a number")
        );
    }
    let cut = today.rsplit_once(';').unwrap().0;
    assert_eq!(flaw(cut.as_bytes()), "expected 26 fields, found 25");
    assert_eq!(flaw(b"/qseow-engine/;1;x"), "expected 19 fields, found 3");
}

/// The log appender of versions 5.5 to 6.1.
#[test]
fn user_events_of_an_earlier_appender() {
    let text = text_of(case!("earlier_session"));
    let kind = UserDatagram::kind_of(&text).unwrap();
    assert_eq!(kind, UserEventKind::Session);
    let event = UserDatagram::read(kind, &text).unwrap().event(|_| None);
    let keys = [UserKey::Host, UserKey::Command, UserKey::UserFull, UserKey::Context];
    assert_eq!(keys.map(|key| event.text(key)), ["O1", "Start session", "ACME\\jdoe", "/hub/"]);
    let connection = UserDatagram::kind_of("/proxy-connection/;O1");
    assert_eq!(connection, Some(UserEventKind::Connection));
    assert_eq!(UserDatagram::kind_of("/qseow-session/;O1"), None);
}

#[test]
fn a_line_end_is_cut_and_other_bytes_are_windows_1252() {
    for (datagram, text) in [
        (&b"a;b\r\n"[..], "a;b"),
        (b"a;b\n", "a;b"),
        (b"a\r\nb\r\n\r\n", "a\r\nb"),
        (b"\r\n", ""),
        (b"", ""),
        (b"\xef\xbb\xbfa", "a"),
        (b"M\xfcller \x80 \x96\r\n", "Müller € –"),
        // Windows has no character there.
        (b"\x81\x8d", "\u{81}\u{8d}"),
    ] {
        assert_eq!(text_of(datagram), text, "{datagram:?}");
    }
    let is_borrowed = |datagram| matches!(text_of(datagram), Cow::Borrowed(_));
    assert!(is_borrowed("é\r\n".as_bytes()) && !is_borrowed(b"\xe9"));
}

/// The text `(null)` is nothing, for the filters too.
#[test]
fn nulls_of_log4net_are_nothing() {
    let text = String::from_utf8_lossy(case!("line_end")).trim_end().to_owned();
    let text = text.replace("barchart", "(null)").replace("rwPjBk", "(null)");
    let text = text.replace(";0.4;", ";(null);").replace(";65536;", ";(null);");
    let datagram = LogDatagram::read(Source::QixPerf, &text).unwrap();
    assert_eq!((datagram.raw().object_type, datagram.raw().object_id), ("", ""));
    let numbers = datagram.event("", None).performance.unwrap();
    assert_eq!((numbers.validate_time, numbers.peak_ram), (None, -1));
}
