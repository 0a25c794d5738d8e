//! Events become rows.

use rusqlite::{Connection, params};

use super::schema::COLUMNS;
use crate::domain::errors::{DestinationHost, ErrorCode, ErrorPoint, Module};
use crate::domain::names::{Host, ServerName, VirtualProxy};

/// Writes events in one transaction; their numbers, in their order.
pub(super) fn points(
    connection: &mut Connection,
    points: &[ErrorPoint],
) -> rusqlite::Result<Vec<i64>> {
    let transaction = connection.transaction()?;
    let mut numbers = Vec::with_capacity(points.len());
    {
        let mut insert = transaction.prepare_cached(&format!(
            "INSERT INTO errors ({COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
        ))?;
        for point in points {
            let (origin, failure) = (point.origin(), point.failure());
            let request = failure.request();
            let timeout = request.and_then(|request| request.timeout);
            let number = insert.insert(params![
                point.stamp().0,
                origin.error_type().as_str(),
                origin.server().map_or("", ServerName::as_str),
                origin.host().map(Host::as_str),
                origin.virtual_proxy().map(VirtualProxy::as_str),
                origin.destination_host().map(DestinationHost::as_str),
                origin.module().map(Module::as_str),
                point.category().as_str(),
                failure.code().map_or("", ErrorCode::as_str),
                failure.status(),
                request.map(|request| request.url.as_str()),
                timeout.map(|timeout| i64::try_from(timeout.as_millis()).unwrap_or(i64::MAX)),
                failure.remote().map(|remote| remote.ip().to_string()),
                failure.remote().map(|remote| remote.port()),
                failure.syscall(),
                failure.message(),
            ])?;
            numbers.push(number);
        }
    }
    transaction.commit()?;
    Ok(numbers)
}
