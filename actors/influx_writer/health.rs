//! The eight health measurements (section 3.2 of the page on InfluxDB). A column keeps the type
//! of its first write for good, so the types are the original's for each version, odd ones
//! included.

use super::uptime_text::uptime_text;
use crate::domain::errors::InfluxVersion;
use crate::domain::point::{FieldValue, Point};
use crate::domain::telemetry::{DocList, EngineHealth, HealthMetrics};
use crate::io::influx::InfluxSettings;
use crate::runtime::clock::Clock;

/// The points of one health check. A measurement whose every field is missing has no point.
pub(super) fn points(
    metrics: &HealthMetrics,
    influx: &InfluxSettings,
    clock: &Clock,
) -> Vec<Point<'static>> {
    let version = influx.version();
    let health = &*metrics.health;
    let start = |measurement| super::server_point(measurement, &metrics.server, clock);
    let points = [
        sense_server(start("sense_server"), health, clock),
        mem(start("mem"), health, version),
        apps(start("apps"), health, influx),
        cpu(start("cpu"), health, version),
        start("session")
            .field_if("active", gauge(health.session_active, version))
            .field_if("total", gauge(health.session_total, version)),
        start("users")
            .field_if("active", gauge(health.users_active, version))
            .field_if("total", gauge(health.users_total, version)),
        cache(start("cache"), health, version),
        start("saturated").field_if("saturated", health.saturated.map(FieldValue::Boolean)),
    ];
    points.into_iter().filter(|point| !point.fields.is_empty()).collect()
}

fn sense_server(point: Point<'static>, health: &EngineHealth, clock: &Clock) -> Point<'static> {
    let text = |value: &Option<String>| value.clone().map(|text| FieldValue::Text(text.into()));
    let uptime = health.started.as_deref().map(|started| uptime_text(started, clock.now()));
    point
        .field_if("version", text(&health.version))
        .field_if("started", text(&health.started))
        .field_if("uptime", text(&uptime))
}

fn mem(point: Point<'static>, health: &EngineHealth, version: InfluxVersion) -> Point<'static> {
    let value = |number: Option<f64>| match version {
        InfluxVersion::V1 => number.and_then(integer),
        InfluxVersion::V2 | InfluxVersion::V3 => number.map(FieldValue::Float),
    };
    point
        // Spelled like this since the first version of the original; dashboards rely on it.
        .field_if("comitted", value(health.mem_committed))
        .field_if("allocated", value(health.mem_allocated))
        .field_if("free", value(health.mem_free))
}

fn cpu(point: Point<'static>, health: &EngineHealth, version: InfluxVersion) -> Point<'static> {
    let total = match version {
        InfluxVersion::V1 => health.cpu_total.and_then(integer),
        InfluxVersion::V2 => health.cpu_total.map(FieldValue::Float),
        InfluxVersion::V3 => health.cpu_total.and_then(positive),
    };
    point.field_if("total", total)
}

fn cache(point: Point<'static>, health: &EngineHealth, version: InfluxVersion) -> Point<'static> {
    let count = |number: Option<f64>| match version {
        InfluxVersion::V3 => number.and_then(positive),
        InfluxVersion::V1 | InfluxVersion::V2 => number.and_then(integer),
    };
    point
        .field_if("hits", gauge(health.cache_hits, version))
        .field_if("lookups", gauge(health.cache_lookups, version))
        .field_if("added", count(health.cache_added))
        .field_if("replaced", count(health.cache_replaced))
        .field_if("bytes_added", count(health.cache_bytes_added))
}

fn apps(
    mut point: Point<'static>,
    health: &EngineHealth,
    influx: &InfluxSettings,
) -> Point<'static> {
    let version = influx.version();
    let apps = &health.apps;
    let lists = [
        (&apps.active, influx.include.active, &ACTIVE),
        (&apps.loaded, influx.include.loaded, &LOADED),
        (&apps.in_memory, influx.include.in_memory, &IN_MEMORY),
    ];
    for (list, include, fields) in lists {
        let Some(list) = list else { continue };
        let count = i64::try_from(list.ids.len()).unwrap_or(i64::MAX);
        point = point.field(fields.count, FieldValue::Integer(count));
        point = text_fields(point, list, include, fields, version);
    }
    point
        .field_if("calls", gauge(apps.calls, version))
        .field_if("selections", gauge(apps.selections, version))
}

/// Names of the four fields of one list of apps.
struct ListFields {
    count: &'static str,
    ids: &'static str,
    names: &'static str,
    session_names: &'static str,
}

const ACTIVE: ListFields = ListFields {
    count: "active_docs_count",
    ids: "active_docs",
    names: "active_docs_names",
    session_names: "active_session_docs_names",
};

const LOADED: ListFields = ListFields {
    count: "loaded_docs_count",
    ids: "loaded_docs",
    names: "loaded_docs_names",
    session_names: "loaded_session_docs_names",
};

const IN_MEMORY: ListFields = ListFields {
    count: "in_memory_docs_count",
    ids: "in_memory_docs",
    names: "in_memory_docs_names",
    session_names: "in_memory_session_docs_names",
};

/// The lists as text, empty where they are switched off.
fn text_fields(
    point: Point<'static>,
    list: &DocList,
    include: bool,
    fields: &ListFields,
    version: InfluxVersion,
) -> Point<'static> {
    let text = |text: String| FieldValue::Text(text.into());
    let names = |names: Option<&Vec<String>>| match names {
        Some(names) if include => text(join_names(names, version)),
        _ => text(String::new()),
    };
    point
        .field(fields.ids, text(if include { list.ids.join(",") } else { String::new() }))
        .field(fields.names, names(list.names.as_ref().map(|names| &names.apps)))
        .field(fields.session_names, names(list.names.as_ref().map(|names| &names.session_apps)))
}

/// Version 1 has each name in quotes, the others not.
fn join_names(names: &[String], version: InfluxVersion) -> String {
    match version {
        InfluxVersion::V1 => {
            names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(",")
        }
        InfluxVersion::V2 | InfluxVersion::V3 => names.join(","),
    }
}

/// A count that the original wrote as integer, unsigned or not negative, by version.
fn gauge(number: Option<f64>, version: InfluxVersion) -> Option<FieldValue<'static>> {
    let number = number?;
    match version {
        InfluxVersion::V1 => integer(number),
        InfluxVersion::V2 => {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked")]
            let unsigned = (number < MAX_INTEGER).then(|| number.max(0.0).floor() as u64);
            unsigned.map(FieldValue::Unsigned)
        }
        InfluxVersion::V3 => positive(number),
    }
}

/// Rounded down; left out when no integer of 64 bits can hold it.
fn integer(number: f64) -> Option<FieldValue<'static>> {
    #[expect(clippy::cast_possible_truncation, reason = "checked")]
    let integer = (number.abs() < MAX_INTEGER).then(|| number.floor() as i64);
    integer.map(FieldValue::Integer)
}

/// As [`integer`], negative numbers raised to zero.
fn positive(number: f64) -> Option<FieldValue<'static>> {
    integer(number.max(0.0))
}

/// 2^63, the first number that a signed integer of 64 bits cannot hold.
const MAX_INTEGER: f64 = 9_223_372_036_854_775_808.0;
