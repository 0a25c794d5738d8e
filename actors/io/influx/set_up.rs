//! Making sure that the database or bucket exists, with the retention that is configured. One
//! that exists is left alone.

use serde_json::{Value, json};

use super::client::{InfluxClient, encoded};
use super::settings::InfluxTarget;
use crate::io::http::{Answer, Request};

impl InfluxClient {
    /// Creates what is missing; the text says what was created, or what stands in the way.
    pub(super) async fn set_up(&self) -> Result<Option<String>, String> {
        match &self.settings.target {
            InfluxTarget::V1 { database, policy, duration, .. } => {
                self.set_up_v1(database, policy, duration).await
            }
            InfluxTarget::V2 { org, bucket, .. } => self.set_up_v2(org, bucket).await,
            InfluxTarget::V3 { .. } => self.look_at_v3().await,
        }
    }

    async fn set_up_v1(
        &self,
        database: &str,
        policy: &str,
        duration: &str,
    ) -> Result<Option<String>, String> {
        let url = format!("{}/query?q={}", self.settings.base_url, encoded("SHOW DATABASES"));
        let databases = self.success(Request::get(url)).await?;
        let exists = databases["results"][0]["series"][0]["values"]
            .as_array()
            .is_some_and(|rows| rows.iter().any(|row| row[0] == database));
        if exists {
            return Ok(None);
        }
        let (name, rule) = (identifier(database), identifier(policy));
        self.query_v1(&format!("CREATE DATABASE {name}")).await?;
        self.query_v1(&format!(
            "CREATE RETENTION POLICY {rule} ON {name} DURATION {duration} REPLICATION 1 DEFAULT"
        ))
        .await?;
        Ok(Some(format!("created database {database:?} that keeps points for {duration}")))
    }

    async fn query_v1(&self, query: &str) -> Result<(), String> {
        let url = format!("{}/query?q={}", self.settings.base_url, encoded(query));
        let answer = self.success(Request::post(url, "")).await?;
        match answer["results"][0]["error"].as_str() {
            Some(error) => Err(format!("{query}: {error}")),
            None => Ok(()),
        }
    }

    async fn set_up_v2(&self, org: &str, bucket: &str) -> Result<Option<String>, String> {
        let base = &self.settings.base_url;
        let orgs = format!("{base}/api/v2/orgs?org={}", encoded(org));
        let orgs = self.success(Request::get(orgs)).await?;
        let Some(org_id) = orgs["orgs"][0]["id"].as_str() else {
            return Err(format!("there is no organisation {org:?}"));
        };
        let url =
            format!("{base}/api/v2/buckets?orgID={}&name={}", encoded(org_id), encoded(bucket));
        let answer = self.ask(Request::get(url)).await?;
        let missing = answer.status == 404
            || self.json(&answer)?["buckets"].as_array().is_none_or(Vec::is_empty);
        if !missing {
            return Ok(None);
        }
        self.create_bucket(org_id, bucket).await
    }

    async fn create_bucket(&self, org_id: &str, bucket: &str) -> Result<Option<String>, String> {
        let InfluxTarget::V2 { description, retention, .. } = &self.settings.target else {
            return Ok(None);
        };
        let rules = match retention {
            Some(keep) => json!([{ "type": "expire", "everySeconds": keep.as_secs() }]),
            None => json!([]),
        };
        let body = json!({
            "orgID": org_id,
            "name": bucket,
            "description": description,
            "retentionRules": rules,
        });
        let request = Request::post(
            format!("{}/api/v2/buckets", self.settings.base_url),
            body.to_string().into_bytes(),
        )
        .header("Content-Type", "application/json");
        let answer = self.ask(request).await?;
        match answer.status {
            // 422: another program was faster.
            200..=299 | 422 => Ok(Some(format!("created bucket {bucket:?}"))),
            _ => Err(self.complaint(&answer)),
        }
    }

    /// Version 3 makes the database at the first write, so this only says early what is wrong.
    async fn look_at_v3(&self) -> Result<Option<String>, String> {
        let request = Request::get(format!("{}/health", self.settings.base_url));
        let answer = self.ask(request).await?;
        if answer.is_success() {
            return Ok(None);
        }
        Err(self.complaint(&answer))
    }

    async fn success(&self, request: Request) -> Result<Value, String> {
        let answer = self.ask(request).await?;
        self.json(&answer)
    }

    fn json(&self, answer: &Answer) -> Result<Value, String> {
        if !answer.is_success() {
            return Err(self.complaint(answer));
        }
        serde_json::from_slice(&answer.body)
            .map_err(|_| "the answer is not JSON; is this an InfluxDB?".to_owned())
    }
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
}
