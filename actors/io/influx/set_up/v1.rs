//! Version 1: a database with a default retention policy, made by one statement.

use std::time::Duration;

use serde_json::Value;

use super::{SHOWN_LATER, for_how_long};
use crate::io::delivery::SendError;
use crate::io::http::Request;
use crate::io::influx::client::{InfluxClient, Reply, encoded};
use crate::io::influx::settings::duration;

/// What the configuration wants.
#[derive(Clone, Copy)]
pub(super) struct DatabasePlan<'s> {
    pub(super) database: &'s str,
    pub(super) policy: &'s str,
    /// An InfluxDB duration.
    pub(super) duration: &'s str,
}

/// A retention policy that is there.
struct Policy {
    name: String,
    keep: Option<Duration>,
    default: bool,
}

const KEY: &str = "influxdbConfig.v1Config.retentionPolicy";

/// See [`InfluxClient::set_up`].
pub(super) async fn set_up(
    client: &InfluxClient,
    wanted: DatabasePlan<'_>,
    missing: bool,
) -> Result<Vec<String>, SendError> {
    let url = format!("{}/query?q={}", client.settings.base_url, encoded("SHOW DATABASES"));
    let reply = client.ask(Request::get(url)).await?;
    if reply.is_away() || reply.answer.status == 401 {
        return Err(reply.outage());
    }
    let Some(databases) = reply.json() else {
        return Ok(vec![reply.unchecked(&format!("database {:?}", wanted.database), SHOWN_LATER)]);
    };
    let exists = databases["results"][0]["series"][0]["values"]
        .as_array()
        .is_some_and(|rows| rows.iter().any(|row| row[0] == wanted.database));
    if exists {
        return look_at_policies(client, wanted).await;
    }
    let DatabasePlan { database, .. } = wanted;
    let reply = statement(client, &wanted.creation()).await?;
    match reply.succeeded() {
        true => Ok(vec![format!("created database {database:?}, {}", wanted.keeps())]),
        // A user who may write and nothing else sees no database either.
        false if reply.is_forbidden() && !missing => {
            Ok(vec![reply.unchecked(&format!("database {database:?}"), SHOWN_LATER)])
        }
        false => {
            Err(reply.refused(&format!("database {database:?} cannot be made"), wanted.key(&reply)))
        }
    }
}

/// A database without a default policy refuses every write, so that is put right. Any other
/// policy is left alone.
async fn look_at_policies(
    client: &InfluxClient,
    wanted: DatabasePlan<'_>,
) -> Result<Vec<String>, SendError> {
    let DatabasePlan { database, policy, .. } = wanted;
    let name = identifier(database);
    let query = encoded(&format!("SHOW RETENTION POLICIES ON {name}"));
    let url = format!("{}/query?q={query}", client.settings.base_url);
    let reply = client.ask(Request::get(url)).await?;
    let what = || format!("the retention policies of database {database:?}");
    let Some(policies) = reply.json().as_ref().and_then(policies) else {
        return Ok(vec![reply.unchecked(&what(), "how long points are kept was not checked")]);
    };
    if let Some(default) = policies.iter().find(|policy| policy.default) {
        return Ok(default.difference(wanted).into_iter().collect());
    }
    let rule = identifier(policy);
    let repair = match policies.iter().any(|there| there.name == policy) {
        true => format!("ALTER RETENTION POLICY {rule} ON {name} DEFAULT"),
        false => format!(
            "CREATE RETENTION POLICY {rule} ON {name} DURATION {} REPLICATION 1 DEFAULT",
            wanted.in_statement()
        ),
    };
    let reply = statement(client, &repair).await?;
    if !reply.succeeded() {
        let what = format!(
            "database {database:?} has no default retention policy, and {policy:?} cannot be made \
             its default"
        );
        return Err(reply.refused(&what, wanted.key(&reply)));
    }
    Ok(vec![format!(
        "database {database:?} had no default retention policy and refused every point; it has \
         {policy:?} now, {}",
        wanted.keeps()
    )])
}

async fn statement<'c>(client: &'c InfluxClient, query: &str) -> Result<Reply<'c>, SendError> {
    let url = format!("{}/query?q={}", client.settings.base_url, encoded(query));
    client.ask(Request::post(url, "")).await
}

impl Reply<'_> {
    fn succeeded(&self) -> bool {
        self.json().is_some() && self.error().is_none()
    }
}

impl DatabasePlan<'_> {
    /// One statement, so that no database is left without its policy when something breaks. It
    /// does nothing where all of it is there already.
    fn creation(&self) -> String {
        format!(
            "CREATE DATABASE {} WITH DURATION {} REPLICATION 1 NAME {}",
            identifier(self.database),
            self.in_statement(),
            identifier(self.policy)
        )
    }

    /// The duration as a statement wants it, where `0` is none.
    fn in_statement(&self) -> &str {
        match duration(self.duration) {
            Some(keep) if keep.is_zero() => "INF",
            _ => self.duration.trim(),
        }
    }

    fn keeps(&self) -> String {
        match duration(self.duration) {
            Some(keep) => format!("points are kept {}", for_how_long(keep)),
            None => format!("points are kept for {}", self.duration),
        }
    }

    /// What to look at after a refusal.
    fn key(&self, reply: &Reply<'_>) -> &'static str {
        match reply.is_forbidden() {
            true => "the rights of the user of influxdbConfig.v1Config.auth",
            false => KEY,
        }
    }
}

impl Policy {
    /// What is otherwise than wanted.
    fn difference(&self, wanted: DatabasePlan<'_>) -> Option<String> {
        let (keep, configured) = (self.keep?, duration(wanted.duration)?);
        (keep != configured).then(|| {
            format!(
                "database {:?} keeps points {} (its retention policy {:?}), {KEY}.duration says \
                 {}; the database is left as it is",
                wanted.database,
                for_how_long(keep),
                self.name,
                for_how_long(configured)
            )
        })
    }
}

/// The rows of `SHOW RETENTION POLICIES`; `None` when it is something else.
fn policies(answer: &Value) -> Option<Vec<Policy>> {
    let series = &answer["results"][0]["series"][0];
    let columns = series["columns"].as_array()?;
    let column = |name: &str| columns.iter().position(|column| column == name);
    let (name, keep, default) = (column("name")?, column("duration")?, column("default")?);
    // Without any policy there are no values.
    let rows = series["values"].as_array().map_or(&[][..], Vec::as_slice);
    let policy = |row: &Value| {
        Some(Policy {
            name: row[name].as_str()?.to_owned(),
            keep: row[keep].as_str().and_then(duration),
            default: row[default].as_bool()?,
        })
    };
    Some(rows.iter().filter_map(policy).collect())
}

/// An InfluxQL identifier in quotes.
fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_cannot_leave_their_quotes() {
        assert_eq!(identifier(r#"a"; DROP DATABASE b; \"#), r#""a\"; DROP DATABASE b; \\""#);
    }

    #[test]
    fn for_ever_is_inf_in_a_statement() {
        let wanted = |duration| DatabasePlan { database: "d", policy: "p", duration };
        let creation = |duration| wanted(duration).creation();
        assert!(creation("0").contains(" DURATION INF "));
        assert!(creation("inf").contains(" DURATION INF "));
        assert!(creation(" 1d12h ").contains(" DURATION 1d12h "));
    }
}
