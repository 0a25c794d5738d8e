//! What a healthy Qlik Sense answers.

use serde_json::{Value, json};

/// Apps of the site: id and name.
pub(super) const APPS: [(&str, &str); 4] = [
    ("0e6b2a54-6a3f-4d0e-9f5e-3a3f6f3b1c01", "Sales dashboard"),
    ("0e6b2a54-6a3f-4d0e-9f5e-3a3f6f3b1c02", "Inventory, hourly"),
    ("0e6b2a54-6a3f-4d0e-9f5e-3a3f6f3b1c03", "License monitor"),
    ("0e6b2a54-6a3f-4d0e-9f5e-3a3f6f3b1c04", "Operations monitor"),
];

/// The body for a path; `count` is how often was asked, so that values move. `None` where Qlik
/// Sense has nothing.
pub(super) fn body(path: &str, count: u64) -> Option<Value> {
    let path = path.split('?').next().unwrap_or_default();
    match path {
        "/engine/healthcheck" => Some(health(count)),
        "/qrs/app" => Some(apps()),
        _ if path.starts_with("/qps/") && path.ends_with("/session") => Some(sessions(path, count)),
        _ => None,
    }
}

fn health(count: u64) -> Value {
    // A slow wave, so that a graph of it looks alive.
    let wave = (count as f64 / 5.0).sin();
    json!({
        "version": "12.2290.0",
        "started": "20260412T063015.208+0200",
        "mem": {
            "committed": 2210.5 + 300.0 * wave,
            "allocated": 3650.25,
            "free": 41877.75 - 300.0 * wave,
        },
        "cpu": { "total": (20.0 + 15.0 * wave).round() },
        "session": { "active": 4, "total": 19 },
        "apps": {
            "active_docs": [APPS[0].0],
            "loaded_docs": [APPS[0].0, APPS[1].0, "SessionApp_7c2e44b1"],
            "in_memory_docs": [APPS[0].0, APPS[1].0, APPS[2].0],
            "calls": 90_412 + count,
            "selections": 733 + count / 3,
        },
        "users": { "active": 3, "total": 11 },
        "cache": {
            "hits": 5120 + count, "lookups": 8044 + 2 * count, "added": 2924, "replaced": 12,
            "bytes_added": 40_155_904,
        },
        "saturated": false,
    })
}

fn sessions(path: &str, count: u64) -> Value {
    let user = |name: &str, id: u64| {
        json!({
            "UserDirectory": "LAB",
            "UserId": name,
            "Attributes": [],
            "SessionId": format!("{path}-{id:08}"),
        })
    };
    let mut list = vec![user("ada", 1), user("grace", 2)];
    if count.is_multiple_of(2) {
        list.push(user("linus", count));
    }
    Value::Array(list)
}

fn apps() -> Value {
    let list = APPS.map(|(id, name)| json!({ "id": id, "name": name, "published": true }));
    Value::Array(list.to_vec())
}
