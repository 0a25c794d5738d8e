//! Any bytes as a datagram: a verdict, never a panic, and an event becomes one line of which
//! every text reads back as it was decoded.

#![no_main]

use std::sync::Arc;

use actors::domain::errors::InfluxVersion;
use actors::domain::events::{
    Categories, Key, LogDatagram, LogEvent, Pairs, Received, UserDatagram, UserKey, text_of,
};
use actors::domain::point::{FieldValue, Point, Stamp};
use actors::influx_writer::{LogEventLines, Schema, user_event_point};
use actors::io::influx::encode;
use libfuzzer_sys::fuzz_target;

const VERSIONS: [InfluxVersion; 3] = [InfluxVersion::V1, InfluxVersion::V2, InfluxVersion::V3];

fuzz_target!(|bytes: &[u8]| {
    let text = text_of(bytes);
    let tags: Pairs = Arc::new([("env".into(), "a b".into())]);
    let stamp = Stamp(1_777_824_609_420_000_000);
    if let Some(kind) = UserDatagram::kind_of(&text)
        && let Ok(datagram) = UserDatagram::read(kind, &text)
    {
        let event = datagram.event(|_| None);
        let json: serde_json::Value =
            serde_json::from_str(&event.to_json(&tags)).expect("valid JSON");
        assert_eq!(json["message"].as_str(), Some(event.text(UserKey::Message)));
        let received = Received { stamp, server: None, event };
        for version in VERSIONS {
            if let Some(point) = user_event_point(&received, &tags, version, Schema::Original) {
                check(&point);
            }
        }
    }
    if let Some(source) = LogDatagram::source_of(&text)
        && let Ok(datagram) = LogDatagram::read(source, &text)
    {
        let category: Categories = Arc::new([("c".into(), "v".into())]);
        let event = datagram.event("an app", Some(category));
        let json: serde_json::Value = serde_json::from_str(&event.to_json()).expect("valid JSON");
        if event.performance.is_none() {
            assert_eq!(json["message"].as_str(), Some(event.text(Key::Message)));
        }
        let received = Received { stamp, server: None, event };
        for version in VERSIONS {
            for schema in [Schema::Original, Schema::FewSeries] {
                let mut line = Vec::new();
                LogEventLines::new(&tags, version, schema).write(&received, &mut line);
                check_log(&received.event, &String::from_utf8(line).expect("UTF-8"));
            }
        }
    }
});

/// Reads the line of a log event as InfluxDB does: every text of the event that is in it is whole.
fn check_log(event: &LogEvent, line: &str) {
    let mut rest = line.strip_prefix("log_event").expect("the measurement");
    let mut last = String::new();
    while let Some(tag) = rest.strip_prefix(',') {
        rest = tag;
        let name = word(&mut rest, b"=");
        rest = &rest[1..];
        let value = word(&mut rest, b", ");
        assert!(name > last && !value.is_empty(), "{line}");
        let key = KEYS.into_iter().find(|key| key.as_str() == name);
        if let Some(text) = key.map(|key| event.text(key)).filter(|text| !text.is_empty()) {
            let plain = |text: &str| text.replace(['<', '>', '\\'], "");
            assert_eq!(plain(&value), plain(text), "{line}");
        }
        last = name;
    }
    rest = rest.strip_prefix(' ').expect("fields");
    let mut json = None;
    loop {
        let name = word(&mut rest, b"=");
        rest = &rest[1..];
        if let Some(text) = rest.strip_prefix('"') {
            rest = text;
            let value = quoted(&mut rest);
            match KEYS.into_iter().find(|key| key.as_str() == name) {
                _ if name == "raw_event" => json = Some(value),
                Some(key) if !event.text(key).is_empty() => {
                    assert_eq!(value, event.text(key), "{line}");
                }
                _ => {}
            }
        } else {
            let value = word(&mut rest, b", ");
            assert!(value.trim_end_matches('i').parse::<f64>().is_ok(), "{line}");
        }
        match rest.strip_prefix(',') {
            Some(next) => rest = next,
            None => break,
        }
    }
    assert_eq!(json, Some(event.to_json()), "{line}");
    assert_eq!(rest, " 1777824609420000000\n");
}

/// Texts that are tags or fields by their own names.
const KEYS: [Key; 12] = [
    Key::Host,
    Key::Level,
    Key::Subsystem,
    Key::Message,
    Key::ExceptionMessage,
    Key::UserDirectory,
    Key::UserId,
    Key::UserFull,
    Key::WindowsUser,
    Key::Command,
    Key::Origin,
    Key::Context,
];

/// Reads the line of a point as InfluxDB does and compares it with the point.
fn check(point: &Point<'_>) {
    let mut line = Vec::new();
    assert!(encode(point.clone(), &mut line), "an event has a field");
    let line = String::from_utf8(line).expect("UTF-8");
    let mut rest = line.as_str();
    assert_eq!(word(&mut rest, b", "), point.measurement.as_str());
    let mut tags = 0;
    while let Some(tag) = rest.strip_prefix(',') {
        rest = tag;
        let name = word(&mut rest, b"=");
        rest = &rest[1..];
        let value = word(&mut rest, b", ");
        let wanted = point.tags.iter().rfind(|(wanted, _)| wanted.as_str() == name);
        let wanted = wanted.map(|(_, value)| value.as_str().trim_end_matches('\\'));
        assert_eq!(Some(value.as_str()), wanted, "{line}");
        assert!(!value.is_empty());
        tags += 1;
    }
    assert!(tags > 0);
    rest = rest.strip_prefix(' ').expect("fields");
    let mut fields = 0;
    loop {
        let name = word(&mut rest, b"=");
        rest = &rest[1..];
        let wanted = point.fields.iter().find(|(wanted, _)| wanted.as_str() == name);
        let (_, wanted) = wanted.expect("a field of the point");
        if let Some(text) = rest.strip_prefix('"') {
            rest = text;
            let value = quoted(&mut rest);
            let wanted = match wanted {
                FieldValue::Text(text) => text.to_string(),
                _ => panic!("{name} is no text"),
            };
            assert_eq!(wanted, value, "{line}");
        } else {
            let value = word(&mut rest, b", ");
            assert!(!matches!(wanted, FieldValue::Text(_)));
            assert!(value.trim_end_matches('i').parse::<f64>().is_ok(), "{line}");
        }
        fields += 1;
        match rest.strip_prefix(',') {
            Some(next) => rest = next,
            None => break,
        }
    }
    assert!(fields <= point.fields.len());
    assert_eq!(rest, format!(" {}\n", point.stamp.0));
}

/// Up to one of `ends` that is not escaped; the escapes are undone.
fn word(rest: &mut &str, ends: &[u8]) -> String {
    let mut value = String::new();
    let mut chars = rest.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if c == '\\' && matches!(chars.peek(), Some((_, ',' | '=' | ' '))) {
            value.extend(chars.next().map(|(_, c)| c));
        } else if c.is_ascii() && ends.contains(&(c as u8)) {
            *rest = &rest[at..];
            return value;
        } else {
            assert!(c != '\n', "a line break outside of a text");
            value.push(c);
        }
    }
    panic!("no end in {rest:?}");
}

/// Up to the closing quote; the escapes are undone.
fn quoted(rest: &mut &str) -> String {
    let mut value = String::new();
    let mut chars = rest.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => value.extend(chars.next().map(|(_, c)| c)),
            '"' => {
                *rest = &rest[at + 1..];
                return value;
            }
            c => value.push(c),
        }
    }
    panic!("no end in {rest:?}");
}
