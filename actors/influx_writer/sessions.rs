//! The three session measurements (section 3.3 of the page on InfluxDB).

use crate::domain::errors::InfluxVersion;
use crate::domain::point::{FieldValue, Point, Text};
use crate::domain::telemetry::{ProxySession, ProxySessions};
use crate::runtime::clock::Clock;

/// Summary, list, and one detail point for each session that is not excluded.
pub(super) fn points(
    answer: &ProxySessions,
    version: InfluxVersion,
    clock: &Clock,
) -> Vec<Point<'static>> {
    let start = |measurement| {
        super::server_point(measurement, &answer.server, clock)
            .tag("user_session_virtual_proxy", answer.virtual_proxy.as_str().to_owned())
            .tag("user_session_host", answer.session_host.clone())
    };
    let users = FieldValue::Text(user_list(&answer.sessions).into());
    let count = count(answer.sessions.len(), version);
    let list = start("user_session_list").field("session_user_id_list", users.clone());
    let mut points = vec![
        start("user_session_summary")
            .field("session_count", count.clone())
            .field("session_user_id_list", users),
        // The original never wrote the count of this measurement to version 1.
        if version == InfluxVersion::V1 { list } else { list.field("session_count", count) },
    ];
    for session in answer.sessions.iter().filter(|session| !session.excluded) {
        let text = |value: &String| FieldValue::Text(value.clone().into());
        let tag = |value: &String| Text::from(value.clone());
        points.push(
            start("user_session_details")
                .tag("user_session_id", tag(&session.session_id))
                .tag("user_session_user_directory", tag(&session.directory))
                .tag("user_session_user_id", tag(&session.user_id))
                .field("session_id", text(&session.session_id))
                .field("user_directory", text(&session.directory))
                .field("user_id", text(&session.user_id)),
        );
    }
    points
}

fn count(sessions: usize, version: InfluxVersion) -> FieldValue<'static> {
    match version {
        InfluxVersion::V2 => FieldValue::Unsigned(sessions as u64),
        InfluxVersion::V1 | InfluxVersion::V3 => {
            FieldValue::Integer(i64::try_from(sessions).unwrap_or(i64::MAX))
        }
    }
}

/// Distinct `DIR\user`, first seen first, excluded users included; a session without either is in
/// none.
fn user_list(sessions: &[ProxySession]) -> String {
    let mut seen = std::collections::HashSet::new();
    let mut list = String::new();
    let named =
        |session: &&ProxySession| !session.directory.is_empty() || !session.user_id.is_empty();
    for session in sessions.iter().filter(named) {
        if seen.insert((&session.directory, &session.user_id)) {
            if !list.is_empty() {
                list.push(',');
            }
            list.push_str(&session.directory);
            list.push('\\');
            list.push_str(&session.user_id);
        }
    }
    list
}
