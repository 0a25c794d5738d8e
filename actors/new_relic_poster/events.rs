//! Bodies for the Event API (sections 5.4 and 5.5 of the page on events): pure.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::scramble::scrambled;
use super::settings::{LogEventPosts, UserEventPosts};
use crate::domain::events::{Key, LogEvent, Pairs, Received, UserEvent, UserKey};
use crate::domain::point::Stamp;

/// A user event. Its app, browser and operating system are left out where they are not known.
pub(super) fn user_event(posts: &UserEventPosts, received: &Received<UserEvent>) -> String {
    let event = &received.event;
    let name = |name: &str| match posts.scramble {
        true => scrambled(name),
        false => name.to_owned(),
    };
    let mut body = begin(received.stamp);
    for (key, value) in [
        ("qs_host", event.text(UserKey::Host).to_owned()),
        ("qs_event_action", event.text(UserKey::Command).to_owned()),
        ("qs_userFull", name(event.text(UserKey::UserFull))),
        ("qs_userDirectory", name(event.text(UserKey::UserDirectory))),
        ("qs_userId", name(event.text(UserKey::UserId))),
        ("qs_origin", event.text(UserKey::Origin).to_owned()),
    ] {
        body.insert(key.to_owned(), value.into());
    }
    for (key, value) in event.details() {
        if !value.is_empty() {
            body.insert(format!("qs_{key}"), value.into());
        }
    }
    end(body, [&posts.tags], "qs_userEvent")
}

/// A log event with every text that its kind has, be it empty. Names of users are never
/// scrambled: they are in the messages, too.
pub(super) fn log_event(
    posts: &LogEventPosts,
    attributes: &Pairs,
    received: &Received<LogEvent>,
) -> String {
    let event = &received.event;
    let mut body = begin(received.stamp);
    for (key, attribute) in LOG_ATTRIBUTES {
        let value = match key {
            None => event.source.as_str(),
            Some(key) if event.source.has(key) => event.text(key),
            Some(_) => continue,
        };
        body.insert(attribute.to_owned(), value.into());
    }
    end(body, [&posts.tags, attributes], "qs_logEvent")
}

/// In the order of the page. `None` is the source, which is no text of the event.
const LOG_ATTRIBUTES: [(Option<Key>, &str); 28] = [
    (Some(Key::TsIso), "qs_ts_iso"),
    (Some(Key::TsLocal), "qs_ts_local"),
    (None, "qs_log_source"),
    (Some(Key::Level), "qs_log_level"),
    (Some(Key::Host), "qs_host"),
    (Some(Key::Subsystem), "qs_subsystem"),
    (Some(Key::WindowsUser), "qs_windows_user"),
    (Some(Key::Message), "qs_message"),
    (Some(Key::ExceptionMessage), "qs_exception_message"),
    (Some(Key::UserFull), "qs_user_full"),
    (Some(Key::UserDirectory), "qs_user_directory"),
    (Some(Key::UserId), "qs_user_id"),
    (Some(Key::Command), "qs_command"),
    (Some(Key::ResultCode), "qs_result_code"),
    (Some(Key::Origin), "qs_origin"),
    (Some(Key::Context), "qs_context"),
    (Some(Key::TaskName), "qs_task_name"),
    (Some(Key::AppName), "qs_app_name"),
    (Some(Key::TaskId), "qs_task_id"),
    (Some(Key::AppId), "qs_app_id"),
    (Some(Key::ExecutionId), "qs_execution_id"),
    (Some(Key::ProxySessionId), "qs_proxy_session_id"),
    (Some(Key::EngineTs), "qs_engine_ts"),
    (Some(Key::ProcessId), "qs_process_id"),
    (Some(Key::EngineExeVersion), "qs_engine_exe_version"),
    (Some(Key::ServerStarted), "qs_server_started"),
    (Some(Key::EntryType), "qs_entry_type"),
    (Some(Key::SessionId), "qs_session_id"),
];

fn begin(stamp: Stamp) -> Map<String, Value> {
    let mut body = Map::new();
    body.insert("timestamp".to_owned(), stamp.to_utc().timestamp_millis().into());
    body
}

/// Adds configured attributes, the later wins, and what nobody may replace: the type.
fn end<const N: usize>(mut body: Map<String, Value>, added: [&Pairs; N], kind: &str) -> String {
    for (name, value) in added.into_iter().flat_map(|pairs: &Arc<[_]>| pairs.iter()) {
        body.insert(String::from(&**name), Value::from(&**value));
    }
    // At the end, wherever an attribute of that name stood.
    body.shift_remove("eventType");
    body.insert("eventType".to_owned(), kind.into());
    Value::Object(body).to_string()
}
