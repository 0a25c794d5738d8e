//! The samples of the page on events.

use serde_json::{Value, json};

use super::*;

macro_rules! sample {
    ($name:literal) => {
        include_str!(concat!("../../../tests/data/events/", $name, ".txt"))
    };
}

fn log(text: &str) -> LogEvent {
    let source = LogDatagram::source_of(text).unwrap();
    LogDatagram::read(source, text).unwrap().event("", None)
}

fn user(text: &str) -> UserEvent {
    let kind = UserDatagram::kind_of(text).unwrap();
    let names = |id: &str| (id == APP).then(|| "Sales 2026".to_owned());
    UserDatagram::read(kind, text).unwrap().event(names)
}

fn json(event: &LogEvent) -> Value {
    serde_json::from_str(&event.to_json()).unwrap()
}

const APP: &str = "0f3a1c52-7d64-4b8e-9a21-5c0d9e7f1b23";

/// Every member of the event in order, as `name=value`.
fn members(event: &LogEvent) -> String {
    let Value::Object(members) = json(event) else { panic!("an object") };
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    members.iter().map(|(name, value)| format!("{name}={}\n", text(value))).collect()
}

fn prod() -> Pairs {
    [("qs_env".into(), "prod".into())].into()
}

/// The two examples of section 4.3.
#[test]
fn events_as_json() {
    let u1 = concat!(
        r#"{"messageType":"qseow-proxy-session","host":"qs-node1","command":"Start session","#,
        r#""userDir":"ACME","userId":"jdoe","origin":"AppAccess","context":"/app/0f3a1c52-7d64-"#,
        r#"4b8e-9a21-5c0d9e7f1b23?reloaduri=https%3A%2F%2Fqs.example.com","message":"Start "#,
        r#"session for user: 'ACME\\jdoe'; UserAgent: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) "#,
        r#"AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36'","tags":{"#,
        r#""qs_env":"prod"},"appId":"0f3a1c52-7d64-4b8e-9a21-5c0d9e7f1b23","appName":"Sales "#,
        r#"2026","uaBrowserName":"Chrome","uaBrowserMajorVersion":"138","uaOsName":"Windows","#,
        r#""uaOsVersion":"NT 10.0"}"#
    );
    assert_eq!(user(sample!("U1")).to_json(&prod()), u1);
    let bare = user(sample!("U2")).to_json(&Pairs::from([]));
    assert!(bare.ends_with(r#","tags":{}}"#), "{bare}");

    let p1 = concat!(
        r#"{"source":"qseow-proxy","log_row":203,"ts_iso":"20260314T101744.905+0100","#,
        r#""ts_local":"2026-03-14 10:17:44,905","level":"WARN","host":"qs-node1","subsystem":"#,
        r#""Security.Proxy.Qlik.Sense.Communication.Communication","windows_user":"ACME\\"#,
        r#"qlikservice","message":"Certificate chain could not be built","exception_message":"#,
        r#""RemoteCertificateChainErrors","user_directory":"ACME","user_id":"jdoe","command":"#,
        r#""Accept connection","result_code":"403","origin":"Not available","context":"/hub/","#,
        r#""user_full":"ACME\\jdoe","category":[{"name":"qs_log_category","value":"unknown"}],"#,
        r#""tags":{"qs_env":"prod"}}"#
    );
    let text = sample!("P1");
    let source = LogDatagram::source_of(text).unwrap();
    let category = Some(vec![("qs_log_category".into(), "unknown".into())].into());
    let event = LogDatagram::read(source, text).unwrap().event("", category);
    assert_eq!(event.to_json_with(&prod()), p1);
    let quoted: Pairs = [("a\"b".into(), "c\\d".into())].into();
    assert!(event.to_json_with(&quoted).ends_with(r#""tags":{"a\"b":"c\\d"}}"#));
}

#[test]
fn user_events() {
    let u1 = user(sample!("U1"));
    assert_eq!(u1.kind.as_str(), "qseow-proxy-session");
    let texts = |event: &UserEvent, keys: [UserKey; 3]| keys.map(|key| event.text(key).to_owned());
    let first = [UserKey::Host, UserKey::Command, UserKey::Origin];
    assert_eq!(texts(&u1, first), ["qs-node1", "Start session", "AppAccess"]);
    let app = [UserKey::UserFull, UserKey::AppId, UserKey::AppName];
    assert_eq!(texts(&u1, app), ["ACME\\jdoe", APP, "Sales 2026"]);
    let [.., browser, browser_major, os, os_version] = u1.details();
    assert_eq!([browser, browser_major].map(|(_, value)| value), ["Chrome", "138"]);
    assert_eq!([os, os_version].map(|(_, value)| value), ["Windows", "NT 10.0"]);

    let u2 = user(sample!("U2"));
    assert_eq!(u2.kind, UserEventKind::Connection);
    let second = [UserKey::Host, UserKey::Origin, UserKey::Context];
    assert_eq!(texts(&u2, second), ["qs-node2", "", "/hub/"]);
    assert!(u2.details().iter().all(|(_, value)| value.is_empty()));

    // X6, X7, and a semicolon and a byte that is no UTF-8 in the message.
    let x6 = user("qseow-proxy-session;qs-node1;Start session;ACME;jdoe;AppAccess;/hub/;m\n");
    assert_eq!(x6.text(UserKey::Message), "m");
    let x7 = user("/QSEOW-PROXY-SESSION/;h;c;d;u;o;/app/not-a-guid?x;m");
    assert_eq!(x7.text(UserKey::AppId), "");
    let text = text_of(b"\xef\xbb\xbf/qseow-proxy-session/;h;c;d;(null);o;x;a;b\xff\xfe");
    let odd = user(&text);
    let third = [UserKey::Message, UserKey::UserId, UserKey::UserFull];
    assert_eq!(texts(&odd, third), ["a;bÿþ", "", ""]);
    let other = format!("/qseow-proxy-session/;h;c;d;u;o;/app/{};m", APP.replace('f', "0"));
    assert_eq!(user(&other).text(UserKey::AppName), "<unknown app name>");
}

#[test]
fn what_is_no_user_event() {
    for text in ["", "hello", "/qseow-proxy/;x", "/qseow-engine/;1", ";;;;;;;;", "//"] {
        assert_eq!(UserDatagram::kind_of(text), None, "{text}");
    }
    // X4 and X5.
    for (text, host) in [
        ("/qseow-proxy-session/;qs-node1;Start session;ACME;jdoe", "qs-node1"),
        ("/qseow-proxy-session/", ""),
    ] {
        let kind = UserDatagram::kind_of(text).unwrap();
        assert!(UserDatagram::read(kind, text).is_err());
        assert_eq!(UserDatagram::host_of(text), host);
    }
}

#[test]
fn engine_events() {
    assert_eq!(
        members(&log(sample!("E1"))),
        "source=qseow-engine\nlog_row=17\nts_iso=20260314T091502.118+0100\n\
         ts_local=2026-03-14 09:15:02,118\nlevel=WARN\nhost=qs-node1\n\
         subsystem=System.Engine.Engine\nwindows_user=ACME\\qlikservice\n\
         message=Access was denied for session\n\
         proxy_session_id=6b1d9a40-2f57-4c31-8e0b-d4a7c2f95e18\nuser_directory=ACME\n\
         user_id=jdoe\nengine_ts=2026-03-14T09:15:02.115+01:00\n\
         process_id=3e5c8f17-90ab-4d26-b7e4-1a2f6c8d0e95\nengine_exe_version=14.173.4.0\n\
         server_started=2026-03-01T02:00:11.000+01:00\nentry_type=\n\
         session_id=c4a9e6d2-58f3-4b07-93c1-7e0d5b2a8f64\n\
         app_id=0f3a1c52-7d64-4b8e-9a21-5c0d9e7f1b23\nuser_full=ACME\\jdoe\n"
    );
    let e2 = log(sample!("E2"));
    assert_eq!(e2.text(Key::Message), "Reload failed; see script log");
    assert_eq!(e2.text(Key::EngineExeVersion), "14.173.4.0");
    assert_eq!((e2.text(Key::AppId), e2.text(Key::UserFull)), (APP, ""));
    let row = |text: &str| log(&sample!("E1").replacen("17", text, 1)).log_row;
    assert_eq!([row("0"), row("-4"), row("x"), row("5x")], [-1, -1, -1, 5]);
}

#[test]
fn proxy_and_repository_events() {
    let pairs: Categories = Arc::new([("qs_log_category".into(), "unknown".into())]);
    let text = sample!("P1");
    let p1 = LogDatagram::read(Source::Proxy, text).unwrap().event("", Some(pairs));
    assert_eq!(
        p1.to_json(),
        concat!(
            r#"{"source":"qseow-proxy","log_row":203,"ts_iso":"20260314T101744.905+0100","#,
            r#""ts_local":"2026-03-14 10:17:44,905","level":"WARN","host":"qs-node1","#,
            r#""subsystem":"Security.Proxy.Qlik.Sense.Communication.Communication","#,
            r#""windows_user":"ACME\\qlikservice","message":"Certificate chain could not be built","#,
            r#""exception_message":"RemoteCertificateChainErrors","user_directory":"ACME","#,
            r#""user_id":"jdoe","command":"Accept connection","result_code":"403","#,
            r#""origin":"Not available","context":"/hub/","user_full":"ACME\\jdoe","#,
            r#""category":[{"name":"qs_log_category","value":"unknown"}]}"#
        )
    );
    let p2 = log(sample!("P2"));
    assert_eq!(p2.text(Key::Message), "Command=Open connection;Result=403;ResultText=Error");
    assert_eq!(p2.text(Key::ExceptionMessage), "");
    assert_eq!((p2.text(Key::UserFull), p2.text(Key::ResultCode)), ("ACME\\asmith", "403"));
    assert_eq!(p2.text(Key::TsIso), "20260314T101745.002-0500");
    assert_eq!(log(sample!("R1")).text(Key::UserFull), "INTERNAL\\sa_repository");
    let r2 = log(sample!("R2"));
    for key in [Key::UserDirectory, Key::UserId, Key::UserFull] {
        assert_eq!(r2.text(key), "");
    }
}

#[test]
fn scheduler_events() {
    let s1 = log(sample!("S1"));
    assert_eq!((s1.text(Key::UserDirectory), s1.text(Key::UserId)), ("ACME", "jdoe"));
    assert_eq!(s1.text(Key::UserFull), "ACME\\jdoe");
    assert_eq!(s1.text(Key::ExecutionId), "e2f8a5b1-6c09-4d73-9b5e-4f1a7c3d0e86");
    let s2 = log(sample!("S2"));
    assert_eq!((s2.text(Key::UserFull), s2.text(Key::ExecutionId)), ("ACME\\jdoe", ""));
    let names = json(&s2);
    let names: Vec<&str> = names.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        names[10..],
        [
            "user_directory",
            "user_id",
            "user_full",
            "task_name",
            "app_name",
            "task_id",
            "app_id",
            "execution_id"
        ]
    );
    // More than one backslash; and a directory without an id.
    let s3 = log(&sample!("S1").replace("ACME\\jdoe", "A\\b\\c"));
    assert_eq!((s3.text(Key::UserDirectory), s3.text(Key::UserId)), ("A", "b"));
    let s4 = log(&sample!("S2").replace("jdoe", ""));
    assert_eq!((s4.text(Key::UserDirectory), s4.text(Key::UserFull)), ("ACME", ""));
}

#[test]
fn performance_events() {
    let text = sample!("Q1");
    let q1 = LogDatagram::read(Source::QixPerf, text).unwrap().event("Sales 2026", None);
    assert_eq!(
        q1.to_json(),
        concat!(
            r#"{"source":"qseow-qix-perf","log_row":612,"ts_iso":"20260314T111220.450+0100","#,
            r#""ts_local":"2026-03-14 11:12:20,450","level":"INFO","host":"qs-node1","#,
            r#""subsystem":"QixPerformance.Engine.Engine","windows_user":"ACME\\qlikservice","#,
            r#""proxy_session_id":"6b1d9a40-2f57-4c31-8e0b-d4a7c2f95e18","user_directory":"ACME","#,
            r#""user_id":"jdoe","engine_ts":"2026-03-14T11:12:20.449+01:00","#,
            r#""session_id":"c4a9e6d2-58f3-4b07-93c1-7e0d5b2a8f64","#,
            r#""app_id":"0f3a1c52-7d64-4b8e-9a21-5c0d9e7f1b23","app_name":"Sales 2026","#,
            r#""request_id":41,"method":"GenericObject::GetLayout","process_time":12.5,"#,
            r#""work_time":11.2,"lock_time":0,"validate_time":0.4,"traverse_time":0.9,"handle":7,"#,
            r#""object_id":"rwPjBk","net_ram":20480,"peak_ram":65536,"object_type":"barchart","#,
            r#""event_activity_source":"user","user_full":"ACME\\jdoe"}"#
        )
    );
    let q2 = log(sample!("Q2"));
    let numbers = q2.performance.unwrap();
    assert_eq!((numbers.request_id, numbers.handle), (-99, -1));
    assert_eq!((numbers.activity_source(), q2.text(Key::ProxySessionId)), ("non-user", ""));
    // X14, and surplus fields.
    let empty = log(&format!("/qseow-qix-perf/{}", ";".repeat(30)));
    let numbers = empty.performance.unwrap();
    assert_eq!((numbers.process_time, numbers.traverse_time), (None, None));
    assert_eq!((numbers.request_id, numbers.handle), (-99, -99));
    assert_eq!((numbers.net_ram, numbers.peak_ram), (-1, -1));
    assert_eq!(json(&empty)["process_time"], Value::Null);
}

#[test]
fn what_is_no_log_event() {
    for text in ["", "hello", "qseow-engine;1", "/qseow-foo/;7;t;t;WARN;qs-node9;Sub.System"] {
        assert_eq!(LogDatagram::source_of(text), None, "{text}");
    }
    for (source, least) in Source::ALL.into_iter().zip([19, 16, 16, 18, 26]) {
        let name = format!("/{}/", source.as_str()).to_uppercase();
        let text = |fields: usize| format!("{name}{}", ";".repeat(fields - 1));
        assert_eq!(LogDatagram::source_of(&text(least)), Some(source));
        assert!(LogDatagram::read(source, &text(least)).is_ok());
        for fields in [1, 2, 8, 9, least - 1] {
            assert!(LogDatagram::read(source, &text(fields)).is_err(), "{source:?} {fields}");
        }
    }
    let (host, subsystem) = LogDatagram::host_and_subsystem("/qseow-engine/;1;x");
    assert_eq!((&*host, &*subsystem), ("", ""));
    // X13.
    let x13 = log("/qseow-engine/;x;y;z;ERROR;h;Sub..Sys+#;w;m;;;;;;;;;;");
    assert_eq!((x13.log_row, x13.text(Key::TsIso), x13.text(Key::TsLocal)), (-1, "", ""));
    assert_eq!(x13.text(Key::Subsystem), "Sub..Sys+#");
}

#[test]
fn hostile_texts_become_valid_json() {
    let hostile = "\"\\\u{2028}\u{80}\u{feff}é😀</script>\t";
    let text = format!("/qseow-proxy/;1;t;t;L;h;s;w;{hostile};e;d;u;c;r;o;x");
    assert_eq!(json(&log(&text))["message"], json!(hostile.trim_end()));
}

#[test]
fn rules_categorise_and_drop() {
    let pairs = |name: &str| -> Categories { Arc::new([("c".into(), name.into())]) };
    let rule = |levels: &[&str], matches, text: &str, action| Rule {
        levels: levels.iter().map(|&level| level.to_owned()).collect(),
        filters: vec![Filter { matches, text: text.to_owned() }],
        action,
    };
    let rules = Categorise {
        rules: vec![
            rule(&["warn"], Match::StartsWith, "Access", Action::Categorise(pairs("a"))),
            rule(&["warn", "fatal"], Match::Contains, "denied", Action::Categorise(pairs("b"))),
            rule(&["warn"], Match::Contains, "was", Action::Categorise(pairs("a"))),
            rule(&["error"], Match::EndsWith, "noise", Action::Drop),
        ],
        default: Some(pairs("default")),
    };
    let found = |level, message| {
        let categories = rules.categories(level, message)?;
        Some(categories.iter().map(|(_, value)| value.to_string()).collect::<Vec<_>>().join(","))
    };
    assert_eq!(found("WARN", "Access was denied").as_deref(), Some("a,b"));
    assert_eq!(found("FATAL", "denied").as_deref(), Some("b"));
    assert_eq!(found("WARN", "access").as_deref(), Some("default"));
    assert_eq!(found("ERROR", "much noise"), None);
    assert_eq!(found("INFO", "").as_deref(), Some("default"));
    let without = Categorise { default: None, ..rules.clone() };
    assert_eq!(without.categories("INFO", "").map(|found| found.len()), Some(0));
}

#[test]
fn performance_events_are_filtered() {
    let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
    let all = || Choice::AllBut(Vec::new());
    let filter = |apps| AppFilter { apps, object_type: all(), object: all(), method: all() };
    let by_id = AppMatch { id: Some(APP.to_owned()), name: None };
    let by_name = AppMatch { id: None, name: Some("Sales 2026".to_owned()) };
    let q1 = LogDatagram::read(Source::QixPerf, sample!("Q1")).unwrap();
    let accepts = |filter: &PerformanceFilter, name: &str| filter.accepts(&q1.raw(), name);

    assert!(!accepts(&PerformanceFilter::default(), ""));
    let specific = |filter| PerformanceFilter { specific: vec![filter], all: None };
    assert!(!accepts(&specific(filter(Vec::new())), ""));
    assert!(accepts(&specific(filter(vec![by_id.clone()])), ""));
    assert!(accepts(&specific(filter(vec![AppMatch::default()])), ""));
    assert!(accepts(&specific(filter(vec![by_name.clone()])), "Sales 2026"));
    assert!(!accepts(&specific(filter(vec![by_name])), ""));
    for (wanted, choice) in [
        (true, Choice::Only(texts(&["barchart"]))),
        (false, Choice::Only(texts(&["sheet"]))),
        (false, Choice::AllBut(texts(&["barchart"]))),
    ] {
        let mut filter = filter(vec![by_id.clone()]);
        filter.object_type = choice;
        assert_eq!(accepts(&specific(filter), ""), wanted);
    }
    let mut objects = filter(vec![by_id.clone()]);
    objects.object = Choice::Only(texts(&["rwPjBk"]));
    objects.method = Choice::AllBut(texts(&["Global::OpenApp"]));
    assert!(accepts(&specific(objects), ""));

    let all = |apps| PerformanceFilter { specific: Vec::new(), all: Some(filter(apps)) };
    assert!(accepts(&all(Vec::new()), ""));
    assert!(!accepts(&all(vec![by_id]), ""));
}
