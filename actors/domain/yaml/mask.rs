//! The configuration as it may be shown: secrets, and names of machines, users and topics (section
//! 12 of the page on operations) are masked. Nothing of them stays, not even their beginning.

use std::collections::HashSet;

use serde_json::Value;

use super::secrets::{MASK, is_secret};

/// Values that are masked though they are no secrets, by path below `Butler-SOS`; `[]` stands for
/// any index.
const NAMES: [&str; 29] = [
    "configVisualisation.host",
    "thirdPartyToolsCredentials.newRelic[].accountId",
    "userEvents.udpServerConfig.serverHost",
    "logEvents.udpServerConfig.serverHost",
    "mqttConfig.brokerHost",
    "mqttConfig.username",
    "prometheus.host",
    "prometheus.nodeMetricsHost",
    "influxdbConfig.host",
    "influxdbConfig.url",
    "influxdbConfig.v2Config.org",
    "influxdbConfig.v2Config.bucket",
    "influxdbConfig.v1Config.auth.username",
    "appNames.hostIP",
    "serversToMonitor.servers[].host",
    "serversToMonitor.servers[].userSessions.host",
    "serversToMonitor.servers[].userSessions.virtualProxies[].virtualProxy",
    "logEvents.enginePerformanceMonitor.monitorFilter.appSpecific.app[].include[].appId",
    "logEvents.enginePerformanceMonitor.monitorFilter.appSpecific.app[].include[].appName",
    "heartbeat.remoteURL",
    "userEvents.sendToMQTT.postTo.everythingTopic.topic",
    "userEvents.sendToMQTT.postTo.sessionStartTopic.topic",
    "userEvents.sendToMQTT.postTo.sessionStopTopic.topic",
    "userEvents.sendToMQTT.postTo.connectionOpenTopic.topic",
    "userEvents.sendToMQTT.postTo.connectionCloseTopic.topic",
    "logEvents.sendToMQTT.baseTopic",
    "cert.clientCert",
    "cert.clientCertKey",
    "cert.clientCertCA",
];

/// The tree below the key `root` with everything masked that must not be shown, and all that is at
/// `secrets`, dotted paths that begin with `root`. Structure and nulls stay.
pub fn masked(root: &str, tree: &Value, secrets: &[String]) -> Value {
    let below = |path: &String| path.strip_prefix(root)?.strip_prefix('.').map(any_index);
    let secrets: HashSet<String> = secrets.iter().filter_map(below).collect();
    mask(tree, "", &secrets)
}

/// `list[3].key` as `list[].key`.
pub(super) fn any_index(path: &str) -> String {
    let mut in_index = false;
    let mut keep = |c: char| {
        in_index = c == '[' || (in_index && c.is_ascii_digit());
        c == '[' || !in_index
    };
    path.chars().filter(|c| keep(*c)).collect()
}

fn mask(value: &Value, path: &str, secrets: &HashSet<String>) -> Value {
    if !value.is_null() && secrets.contains(path) {
        return MASK.into();
    }
    match value {
        Value::Object(members) => members
            .iter()
            .map(|(key, value)| {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                (key.clone(), mask(value, &path, secrets))
            })
            .collect(),
        Value::Array(items) => {
            items.iter().map(|item| mask(item, &format!("{path}[]"), secrets)).collect()
        }
        Value::Null => Value::Null,
        shown => shown_value(shown, path),
    }
}

fn shown_value(value: &Value, path: &str) -> Value {
    if is_secret(path) || NAMES.contains(&path) { MASK.into() } else { value.clone() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_and_names_go_and_the_rest_stays() {
        // Somebody mistyped a key, which is told apart from others by its path.
        let mistyped = ["R.serversToMonitor.servers[10].tokn".to_owned()];
        let tree = json!({
            "logLevel": "info",
            "influxdbConfig": {
                "host": "influx.example.com", "port": 8086,
                "v2Config": { "org": "o", "token": { "deep": ["x", null] } },
                "v1Config": { "auth": { "username": "me", "password": null } },
            },
            "heartbeat": { "remoteURL": "https://example.com/secret-path" },
            "newRelic": { "event": { "header": [{ "name": "X", "value": "hidden" }] } },
            "serversToMonitor": { "servers": [{
                "host": "sense1:4747", "headers": { "X-A": "hidden" }, "tokn": ["hidden"],
                "userSessions": { "virtualProxies": [{ "virtualProxy": "/hr" }] },
            }] },
            "auditEvents": { "apiToken": "hidden", "port": 1 },
        });
        assert_eq!(
            masked("R", &tree, &mistyped),
            json!({
                "logLevel": "info",
                "influxdbConfig": {
                    "host": MASK, "port": 8086,
                    "v2Config": { "org": MASK, "token": { "deep": [MASK, null] } },
                    "v1Config": { "auth": { "username": MASK, "password": null } },
                },
                "heartbeat": { "remoteURL": MASK },
                "newRelic": { "event": { "header": [{ "name": "X", "value": MASK }] } },
                "serversToMonitor": { "servers": [{
                    "host": MASK, "headers": { "X-A": MASK }, "tokn": MASK,
                    "userSessions": { "virtualProxies": [{ "virtualProxy": MASK }] },
                }] },
                "auditEvents": { "apiToken": MASK, "port": 1 },
            })
        );
    }
}
