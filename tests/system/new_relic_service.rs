//! A stand-in for New Relic that holds every request against the published forms of its two
//! interfaces: Metric API (`/metric/v1`) and Event API (`/v1/accounts/<id>/events`).

use std::sync::{Arc, Mutex};

use serde_json::{Map, Value};
use test_support::{Answer, RecordedRequest, StandIn, until_async};

/// See the module.
pub(crate) struct Service {
    server: StandIn,
    mistakes: Arc<Mutex<Vec<String>>>,
}

/// Limits that New Relic publishes.
const MOST_BYTES: usize = 1_000_000;
const MOST_ATTRIBUTES: usize = 255;
const LONGEST_NAME: usize = 255;
const LONGEST_VALUE: usize = 4_096;

impl Service {
    /// A service that answers what `answer` says, whatever it thinks of the request.
    pub(crate) fn start(
        mut answer: impl FnMut(&RecordedRequest) -> Answer + Send + 'static,
    ) -> Self {
        let mistakes = Arc::<Mutex<Vec<String>>>::default();
        let noted = Arc::clone(&mistakes);
        let server = StandIn::start(move |seen| {
            if let Err(mistake) = check(seen) {
                noted.lock().unwrap().push(format!(
                    "{mistake} in {}: {}",
                    seen.target,
                    seen.text()
                ));
            }
            answer(seen)
        });
        Self { server, mistakes }
    }

    /// A service that takes everything.
    pub(crate) fn healthy() -> Self {
        Self::start(|_| Answer::new(202, r#"{"requestId":"1"}"#))
    }

    /// `http://127.0.0.1:port`.
    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.server.address())
    }

    /// `127.0.0.1:port`.
    pub(crate) fn address(&self) -> std::net::SocketAddr {
        self.server.address()
    }

    /// All requests, of which none may be wrong.
    pub(crate) fn seen(&self) -> Vec<RecordedRequest> {
        assert_eq!(*self.mistakes.lock().unwrap(), Vec::<String>::new());
        self.server.seen()
    }

    /// Waits for a request with `text` in its body; the body.
    pub(crate) async fn body_with(&self, text: &str) -> String {
        let found =
            || self.seen().iter().map(RecordedRequest::text).find(|body| body.contains(text));
        until_async(&format!("a body with {text:?}"), found).await
    }
}

fn check(seen: &RecordedRequest) -> Result<(), String> {
    let is = |name: &str, value: &str| match seen.header(name) {
        Some(found) if found == value => Ok(()),
        found => Err(format!("{name} is {found:?}")),
    };
    is("Content-Type", "application/json")?;
    is("Content-Encoding", "gzip")?;
    expect(seen.method == "POST", "a POST")?;
    expect(seen.header("Api-Key").is_some_and(|key| !key.is_empty()), "a key")?;
    expect(seen.body.len() <= MOST_BYTES, "a body of at most 1,000,000 bytes")?;
    let body: Value = serde_json::from_str(&seen.text()).map_err(|error| error.to_string())?;
    if seen.target == "/metric/v1" {
        return metrics(&body);
    }
    let id =
        seen.target.strip_prefix("/v1/accounts/").and_then(|rest| rest.strip_suffix("/events"));
    let id = id.ok_or("an unknown path")?;
    expect(!id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()), "digits as account")?;
    match &body {
        Value::Array(events) => {
            expect(events.len() > 1, "several events in an array")?;
            events.iter().try_for_each(event)
        }
        one => event(one),
    }
}

fn metrics(body: &Value) -> Result<(), String> {
    let [one] = body.as_array().map(Vec::as_slice).unwrap_or_default() else {
        return Err("no array of one object".to_owned());
    };
    let one = members(one, &["common", "metrics"])?;
    let common = members(&one["common"], &["timestamp", "interval.ms", "attributes"])?;
    expect(common["timestamp"].is_u64(), "a whole timestamp")?;
    expect(common["interval.ms"].as_u64().is_some_and(|ms| ms > 0), "a whole interval")?;
    attributes(common["attributes"].as_object().ok_or("no attributes")?)?;
    let metrics = one["metrics"].as_array().ok_or("no list of metrics")?;
    expect(!metrics.is_empty(), "a metric at least")?;
    for metric in metrics {
        let metric = members(metric, &["name", "type", "value"])?;
        expect(metric["name"].as_str().is_some_and(|name| name.starts_with("qs_")), "a name")?;
        expect(metric["type"] == "gauge", "a gauge")?;
        expect(metric["value"].is_number(), "a number")?;
    }
    Ok(())
}

fn event(event: &Value) -> Result<(), String> {
    let event = event.as_object().ok_or("an event is no object")?;
    attributes(event)?;
    expect(event.get("timestamp").is_some_and(Value::is_u64), "a whole timestamp")?;
    let kind = event.get("eventType").and_then(Value::as_str).unwrap_or_default();
    let letter = |c: char| c.is_ascii_alphanumeric() || c == ':' || c == '_';
    expect(!kind.is_empty() && kind.len() <= 255 && kind.chars().all(letter), "an event type")
}

fn attributes(attributes: &Map<String, Value>) -> Result<(), String> {
    expect(attributes.len() <= MOST_ATTRIBUTES, "at most 255 attributes")?;
    for (name, value) in attributes {
        expect(!name.is_empty() && name.len() <= LONGEST_NAME, "a name of an attribute")?;
        match value {
            Value::String(text) => expect(text.len() <= LONGEST_VALUE, "a value of 4096 bytes")?,
            Value::Number(_) | Value::Bool(_) => {}
            _ => return Err(format!("{name} is neither text nor number")),
        }
    }
    Ok(())
}

fn members<'v>(value: &'v Value, names: &[&str]) -> Result<&'v Map<String, Value>, String> {
    let object = value.as_object().ok_or("no object")?;
    let found: Vec<&String> = object.keys().collect();
    expect(found == names, &format!("{names:?}, found {found:?}"))?;
    Ok(object)
}

fn expect(right: bool, what: &str) -> Result<(), String> {
    if right { Ok(()) } else { Err(format!("expected {what}")) }
}
