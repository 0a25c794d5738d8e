//! The configuration as it may be shown: secrets are masked, names keep their first letters
//! (section 12 of the page on operations).

use std::collections::HashSet;

use serde_json::Value;

use super::secrets::{MASK, is_secret};

/// How many letters of a value stay, by path below `Butler-SOS`; `[]` stands for any index.
const KEPT: [(usize, &str); 29] = [
    (3, "configVisualisation.host"),
    (3, "thirdPartyToolsCredentials.newRelic[].accountId"),
    (3, "userEvents.udpServerConfig.serverHost"),
    (3, "logEvents.udpServerConfig.serverHost"),
    (3, "mqttConfig.brokerHost"),
    (3, "mqttConfig.username"),
    (3, "prometheus.host"),
    (3, "prometheus.nodeMetricsHost"),
    (3, "influxdbConfig.host"),
    // The scheme: a user and a password could follow.
    (7, "influxdbConfig.url"),
    (3, "influxdbConfig.v2Config.org"),
    (3, "influxdbConfig.v2Config.bucket"),
    (3, "influxdbConfig.v1Config.auth.username"),
    (3, "appNames.hostIP"),
    (3, "serversToMonitor.servers[].host"),
    (3, "serversToMonitor.servers[].userSessions.host"),
    (3, "serversToMonitor.servers[].userSessions.virtualProxies[].virtualProxy"),
    (5, "logEvents.enginePerformanceMonitor.monitorFilter.appSpecific.app[].include[].appId"),
    (5, "logEvents.enginePerformanceMonitor.monitorFilter.appSpecific.app[].include[].appName"),
    (10, "heartbeat.remoteURL"),
    (10, "userEvents.sendToMQTT.postTo.everythingTopic.topic"),
    (10, "userEvents.sendToMQTT.postTo.sessionStartTopic.topic"),
    (10, "userEvents.sendToMQTT.postTo.sessionStopTopic.topic"),
    (10, "userEvents.sendToMQTT.postTo.connectionOpenTopic.topic"),
    (10, "userEvents.sendToMQTT.postTo.connectionCloseTopic.topic"),
    (10, "logEvents.sendToMQTT.baseTopic"),
    (10, "cert.clientCert"),
    (10, "cert.clientCertKey"),
    (10, "cert.clientCertCA"),
];

/// The tree below the key `root` with everything masked that must not be shown, and all that is at
/// `secrets`, dotted paths that begin with `root`. Structure and nulls stay.
pub fn masked(root: &str, tree: &Value, secrets: &[String]) -> Value {
    let below = |path: &String| path.strip_prefix(root)?.strip_prefix('.').map(any_index);
    let secrets: HashSet<String> = secrets.iter().filter_map(below).collect();
    mask(tree, "", &secrets)
}

/// `list[3].key` as `list[].key`.
fn any_index(path: &str) -> String {
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
    let kept = KEPT.iter().find(|(_, known)| *known == path);
    if let Some((kept, _)) = kept {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let length = text.chars().count();
        // A prefix that is the whole value would mask nothing.
        let kept = if length > *kept { *kept } else { 1 };
        return format!("{}{MASK}", text.chars().take(kept).collect::<String>()).into();
    }
    if is_secret(path) { MASK.into() } else { value.clone() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_go_names_keep_their_beginning_and_the_rest_stays() {
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
                    "host": "inf**********", "port": 8086,
                    "v2Config": { "org": "o**********", "token": { "deep": [MASK, null] } },
                    "v1Config": { "auth": { "username": "m**********", "password": null } },
                },
                "heartbeat": { "remoteURL": "https://ex**********" },
                "newRelic": { "event": { "header": [{ "name": "X", "value": MASK }] } },
                "serversToMonitor": { "servers": [{
                    "host": "sen**********", "headers": { "X-A": MASK }, "tokn": MASK,
                    "userSessions": { "virtualProxies": [{ "virtualProxy": "/**********" }] },
                }] },
                "auditEvents": { "apiToken": MASK, "port": 1 },
            })
        );
    }
}
