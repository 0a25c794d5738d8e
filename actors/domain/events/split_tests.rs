//! Where separators inside of texts belong. Each case is an event with today's number of fields and
//! more, from its message on.

use super::super::{Key, LogDatagram, LogEvent};
use super::*;

const IDS: &str = "91d0b7c6-3a42-4f58-a6e9-0c8b5d7e2f13;0f3a1c52-7d64-4b8e-9a21-5c0d9e7f1b23;\
                   e2f8a5b1-6c09-4d73-9b5e-4f1a7c3d0e86";

fn event(source: &str, open: &str) -> LogEvent {
    let head = "88;20260314T020500.310+0100;2026-03-14 02:05:00,310;ERROR;H;Sub.System;ACME\\svc";
    let text = format!("/{source}/;{head};{open}");
    let source = LogDatagram::source_of(&text).unwrap();
    LogDatagram::read(source, &text).unwrap().event("", None)
}

/// Message, exception, user, command, result code, origin, context.
fn service(open: &str) -> [String; 7] {
    let event = event("qseow-proxy", open);
    [
        Key::Message,
        Key::ExceptionMessage,
        Key::UserFull,
        Key::Command,
        Key::ResultCode,
        Key::Origin,
        Key::Context,
    ]
    .map(|key| event.text(key).to_owned())
}

/// Message, exception, user, task, app.
fn scheduler(open: &str) -> [String; 5] {
    let event = event("qseow-scheduler", &format!("{open};{IDS}"));
    for key in [Key::TaskId, Key::AppId, Key::ExecutionId] {
        assert_eq!(event.text(key).len(), 36, "{open}");
    }
    [Key::Message, Key::ExceptionMessage, Key::UserFull, Key::TaskName, Key::AppName]
        .map(|key| event.text(key).to_owned())
}

#[test]
fn separators_in_events_of_proxy_and_repository() {
    for (open, expected) in [
        // In the context.
        (
            "Failed;(null);ACME;asmith;Open;403;AppAccess;/app/x;y",
            ["Failed", "", "ACME\\asmith", "Open", "403", "AppAccess", "/app/x;y"],
        ),
        (
            "Failed;(null);(null);(null);(null);(null);(null);/app/x;y;z",
            ["Failed", "", "", "", "", "", "/app/x;y;z"],
        ),
        // In the message.
        (
            "Command=Open connection;Result=403;ResultText=Error;;ACME;asmith;Open;403;AppAccess;/a",
            [
                "Command=Open connection;Result=403;ResultText=Error",
                "",
                "ACME\\asmith",
                "Open",
                "403",
                "AppAccess",
                "/a",
            ],
        ),
        (
            "One; two; three;(null);(null);(null);(null);(null);(null);(null)",
            ["One; two; three", "", "", "", "", "", ""],
        ),
        ("a;b;c;d;e;;;;;;;", ["a;b;c;d;e", "", "", "", "", "", ""]),
        (
            "a;b;c;d;e;(null);ACME;jdoe;Open;0;AppAccess;/x",
            ["a;b;c;d;e", "", "ACME\\jdoe", "Open", "0", "AppAccess", "/x"],
        ),
        (
            "a;b;c;d;e;Broken;ACME;jdoe;(null);(null);(null);(null)",
            ["a;b;c;d;e", "Broken", "ACME\\jdoe", "", "", "", ""],
        ),
        (
            "x;;y;;ACME;jdoe;Open;403;AppAccess;/x",
            ["x;;y", "", "ACME\\jdoe", "Open", "403", "AppAccess", "/x"],
        ),
        // In the exception.
        (
            "Failed;Broken (line 1; column 2);ACME;jdoe;Open;500;AppAccess;/x",
            ["Failed", "Broken (line 1; column 2)", "ACME\\jdoe", "Open", "500", "AppAccess", "/x"],
        ),
        (
            "Failed;Broken; again;ACME;jdoe;Open;500;AppAccess;/x",
            ["Failed", "Broken; again", "ACME\\jdoe", "Open", "500", "AppAccess", "/x"],
        ),
        // In both, and in the context as well.
        (
            "Not found; sorry;Broken; again;ACME;jdoe;Open;404;AppAccess;/x;y",
            ["Not found; sorry", "Broken; again", "ACME\\jdoe", "Open", "404", "AppAccess", "/x;y"],
        ),
        // Nothing tells them apart: the rule of the page.
        (
            "Failed;Broken;again;ACME;jdoe;Open;500;AppAccess;/x",
            ["Failed;Broken", "again", "ACME\\jdoe", "Open", "500", "AppAccess", "/x"],
        ),
        // None at all.
        (
            "Failed;Broken;ACME;jdoe;Open;500;AppAccess;/x",
            ["Failed", "Broken", "ACME\\jdoe", "Open", "500", "AppAccess", "/x"],
        ),
    ] {
        assert_eq!(service(open), expected, "{open}");
    }
}

#[test]
fn separators_in_events_of_the_scheduler() {
    for (open, expected) in [
        // In the name of the task.
        (
            "Reload failed;(null);(null);(null);ACME\\jdoe;Reload; daily;Sales",
            ["Reload failed", "", "ACME\\jdoe", "Reload; daily", "Sales"],
        ),
        (
            "Task failed;(null);INTERNAL;sa_scheduler;(null);Reload \"A;B\";My app",
            ["Task failed", "", "INTERNAL\\sa_scheduler", "Reload \"A;B\"", "My app"],
        ),
        (
            "Task failed;;;;INTERNAL\\sa_scheduler;Reload \"A;B\";My app",
            ["Task failed", "", "INTERNAL\\sa_scheduler", "Reload \"A;B\"", "My app"],
        ),
        // In that of the app.
        (
            "Reload failed;(null);(null);(null);ACME\\jdoe;Nightly;Sales; Nordic",
            ["Reload failed", "", "ACME\\jdoe", "Nightly", "Sales; Nordic"],
        ),
        (
            "Reload failed;;ACME;jdoe;;Nightly;Sales [EU;US]",
            ["Reload failed", "", "ACME\\jdoe", "Nightly", "Sales [EU;US]"],
        ),
        // In both.
        (
            "Reload failed;;ACME;jdoe;;Reload; daily;Sales; Nordic",
            ["Reload failed", "", "ACME\\jdoe", "Reload; daily", "Sales; Nordic"],
        ),
        // In the message, in the exception, in both.
        (
            "Reload failed; see log;(null);(null);(null);ACME\\jdoe;Nightly;Sales",
            ["Reload failed; see log", "", "ACME\\jdoe", "Nightly", "Sales"],
        ),
        (
            "Reload failed;Broken; again;(null);(null);(null);Nightly;Sales",
            ["Reload failed", "Broken; again", "", "Nightly", "Sales"],
        ),
        (
            "Reload failed; see log;Broken; again;;;ACME\\jdoe;Nightly;Sales",
            ["Reload failed; see log", "Broken; again", "ACME\\jdoe", "Nightly", "Sales"],
        ),
        (
            "a;b;c;d;(null);(null);(null);(null);Nightly;Sales",
            ["a;b;c;d", "", "", "Nightly", "Sales"],
        ),
        // Nothing tells the names apart: the task has it.
        ("Reload failed;;;;ACME\\jdoe;A;B;C", ["Reload failed", "", "ACME\\jdoe", "A;B", "C"]),
    ] {
        assert_eq!(scheduler(open), expected, "{open}");
    }
}

#[test]
fn engine_events_have_one_text_only() {
    let tail = ";".repeat(10);
    let engine = event("qseow-engine", &format!("Reload failed; see; log{tail}"));
    assert_eq!(engine.text(Key::Message), "Reload failed; see; log");
}

/// More separators than are looked at: the message has them all, and nothing takes long.
#[test]
fn dumps_follow_the_rule_of_the_page() {
    for surplus in [MOST_SURPLUS, MOST_SURPLUS + 1, 60_000] {
        let dump = "x;".repeat(surplus);
        let open = format!("{dump}y;(null);ACME;jdoe;Open;500;AppAccess;/x");
        let [message, exception, user, .., context] = service(&open);
        assert!(message.starts_with("x;x;"), "{surplus}");
        assert_eq!([&*exception, &user, &context], ["", "ACME\\jdoe", "/x"], "{surplus}");
    }
}

/// However a datagram is cut, all of it is in the fields, in its order.
#[test]
fn no_letter_is_lost_or_moved() {
    let pieces = ["a", "", "(null)", "A\\b", "7", " x", "\"", "(", "é"];
    let mut number = 7_usize;
    for _ in 0..2_000 {
        number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let count = 8 + number % 7;
        let open: Vec<&str> =
            (0..count).map(|at| pieces[(number >> (at * 3)) % pieces.len()]).collect();
        let open = open.join(";");
        let mut fields: Fields<'_> = [""; super::super::log::MOST_FIELDS];
        fit(&SERVICE, &open, &mut fields);
        let joined = fields[MESSAGE_AT..MESSAGE_AT + SERVICE.len()].join(";");
        assert_eq!(joined, open);
    }
}
