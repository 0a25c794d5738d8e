//! Version 2: a bucket of an organisation, asked for by both names: tokens for one bucket may see
//! nothing else.

use std::time::Duration;

use serde_json::{Value, json};

use super::{SHOWN_LATER, for_how_long};
use crate::io::delivery::SendError;
use crate::io::http::Request;
use crate::io::influx::client::{InfluxClient, Reply, encoded};

/// What the configuration wants.
#[derive(Clone, Copy)]
pub(super) struct BucketPlan<'s> {
    pub(super) org: &'s str,
    pub(super) bucket: &'s str,
    pub(super) description: &'s str,
    /// `None` keeps points for ever.
    pub(super) retention: Option<Duration>,
}

const RIGHTS: &str = "the rights of the token influxdbConfig.v2Config.token";

/// See [`InfluxClient::set_up`].
pub(super) async fn set_up(
    client: &InfluxClient,
    wanted: BucketPlan<'_>,
    missing: bool,
) -> Result<Vec<String>, SendError> {
    let BucketPlan { org, bucket, .. } = wanted;
    let base = &client.settings.base_url;
    let url = format!("{base}/api/v2/buckets?org={}&name={}", encoded(org), encoded(bucket));
    let reply = client.ask(Request::get(url)).await?;
    if reply.is_away() || reply.answer.status == 401 {
        return Err(reply.outage());
    }
    match buckets(&reply) {
        Buckets::There(found) => return Ok(wanted.difference(&found).into_iter().collect()),
        Buckets::Missing => {}
        Buckets::Unseen if missing => {}
        Buckets::Unseen => {
            return Ok(vec![format!(
                "the token influxdbConfig.v2Config.token may not look at bucket {bucket:?}, so how \
                 long it keeps points was not checked; the first write will show that it is there"
            )]);
        }
        Buckets::Unknown => {
            return Ok(vec![reply.unchecked(&format!("bucket {bucket:?}"), SHOWN_LATER)]);
        }
    }
    let org_id = organisation(client, wanted).await?;
    create(client, wanted, &org_id).await
}

/// What the server says about buckets of that name.
enum Buckets {
    There(Value),
    /// A token that may see all buckets sees none.
    Missing,
    /// The bucket may be there, and this token may not see it.
    Unseen,
    /// Not the answer of an InfluxDB 2.
    Unknown,
}

fn buckets(reply: &Reply<'_>) -> Buckets {
    if reply.is_missing() {
        return Buckets::Missing;
    }
    if reply.is_forbidden() {
        return Buckets::Unseen;
    }
    match reply.json().map(|mut json| json["buckets"].take()) {
        Some(Value::Array(found)) => match found.into_iter().next() {
            Some(bucket) => Buckets::There(bucket),
            None => Buckets::Unseen,
        },
        _ => Buckets::Unknown,
    }
}

/// The id of the organisation, which is needed to make a bucket.
async fn organisation(client: &InfluxClient, wanted: BucketPlan<'_>) -> Result<String, SendError> {
    let BucketPlan { org, bucket, .. } = wanted;
    let url = format!("{}/api/v2/orgs?org={}", client.settings.base_url, encoded(org));
    let reply = client.ask(Request::get(url)).await?;
    if reply.is_away() {
        return Err(reply.outage());
    }
    let id = reply.json().and_then(|json| json["orgs"][0]["id"].as_str().map(str::to_owned));
    id.ok_or_else(|| match reply.is_missing() {
        true => reply
            .refused(&format!("there is no organisation {org:?}"), "influxdbConfig.v2Config.org"),
        false => reply.refused(
            &format!(
                "there is no bucket {bucket:?}, and this token cannot make one: it may not see the \
                 organisation {org:?}"
            ),
            RIGHTS,
        ),
    })
}

async fn create(
    client: &InfluxClient,
    wanted: BucketPlan<'_>,
    org_id: &str,
) -> Result<Vec<String>, SendError> {
    let BucketPlan { bucket, description, retention, .. } = wanted;
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
    let url = format!("{}/api/v2/buckets", client.settings.base_url);
    let request = Request::post(url, body.to_string().into_bytes());
    let reply = client.ask(request.header("Content-Type", "application/json")).await?;
    match reply.answer.status {
        200..=299 => {
            let keeps = for_how_long(retention.unwrap_or_default());
            Ok(vec![format!("created bucket {bucket:?}, points are kept {keeps}")])
        }
        // Another program was faster.
        422 if reply.code().as_deref() == Some("conflict") => Ok(vec![]),
        _ if reply.is_away() && reply.code().is_none() => Err(reply.outage()),
        401 | 403 => Err(reply.refused(&format!("bucket {bucket:?} cannot be made"), RIGHTS)),
        _ => {
            Err(reply
                .refused(&format!("bucket {bucket:?} cannot be made"), "influxdbConfig.v2Config"))
        }
    }
}

impl Reply<'_> {
    /// The code that InfluxDB 2 gives its errors.
    fn code(&self) -> Option<String> {
        let json: Value = serde_json::from_slice(&self.answer.body).ok()?;
        json["code"].as_str().map(str::to_owned)
    }

    /// Whether InfluxDB says that there is no such thing; a server that does not know the path
    /// says it without a code.
    fn is_missing(&self) -> bool {
        self.answer.status == 404 && self.code().is_some()
    }
}

impl BucketPlan<'_> {
    /// What is otherwise than wanted about a bucket that is there.
    fn difference(&self, bucket: &Value) -> Option<String> {
        let rules = bucket["retentionRules"].as_array()?;
        let seconds = rules.first().and_then(|rule| rule["everySeconds"].as_u64()).unwrap_or(0);
        let (keep, configured) = (Duration::from_secs(seconds), self.retention.unwrap_or_default());
        (keep != configured).then(|| {
            format!(
                "bucket {:?} keeps points {}, influxdbConfig.v2Config.retentionDuration says {}; \
                 the bucket is left as it is",
                self.bucket,
                for_how_long(keep),
                for_how_long(configured)
            )
        })
    }
}
