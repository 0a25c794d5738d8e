//! The secrets that a configuration holds.

use std::collections::HashSet;

use serde_json::{Map, Value};
use url::{Position, Url};

use super::catalog::{Catalog, Hidden, any_index};
use super::definition::join;
use super::secret_words::is_secret;
use crate::domain::secrets::Secrets;

/// Values of headers and parts of URLs that are shorter are words such as `https`.
const SHORTEST_PART: usize = 8;

/// Every secret below the key `root`, and all that is at `mistyped`, dotted paths that begin with
/// `root`; each in all forms that somebody may send back.
pub fn configured_secrets(
    catalog: &Catalog,
    root: &str,
    tree: &Value,
    mistyped: &[String],
) -> Secrets {
    let below = |path: &String| path.strip_prefix(root)?.strip_prefix('.').map(any_index);
    let mistyped = mistyped.iter().filter_map(below).collect();
    let mut found = Found { catalog, mistyped, secrets: Secrets::default() };
    found.walk(tree, "", false);
    found.secrets
}

struct Found<'c> {
    catalog: &'c Catalog,
    /// With any index in lists.
    mistyped: HashSet<String>,
    secrets: Secrets,
}

impl Found<'_> {
    fn walk(&mut self, value: &Value, path: &str, secret: bool) {
        let hidden = self.catalog.hidden(&any_index(path));
        let secret = secret
            || matches!(hidden, Some(Hidden::Secret | Hidden::SecretUrl))
            || self.mistyped.contains(&any_index(path));
        match value {
            Value::Object(members) => {
                self.login(members);
                if members.get("name").and_then(Value::as_str).is_some_and(is_harmless) {
                    return;
                }
                for (key, value) in members {
                    let harmless = path.ends_with(".headers") && is_harmless(key);
                    if !harmless {
                        self.walk(value, &join(path, key), secret);
                    }
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.walk(item, &format!("{path}[{index}]"), secret);
                }
            }
            Value::Null | Value::Bool(_) => {}
            Value::String(_) | Value::Number(_) if secret || is_secret(path) => {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                match hidden {
                    Some(Hidden::SecretUrl) => self.add_url(&text),
                    _ => self.add(&text, path),
                }
            }
            Value::String(_) | Value::Number(_) => {}
        }
    }

    fn add(&mut self, text: &str, path: &str) {
        let of_header = path.contains(".headers.") || path.contains(".header[");
        if !of_header || text.trim().len() >= SHORTEST_PART {
            self.secrets.add(text);
        }
    }

    /// The whole, what is behind the host, and each part of that which can be a key.
    fn add_url(&mut self, text: &str) {
        self.secrets.add(text);
        let Ok(url) = Url::parse(text) else { return };
        self.secrets.add(url.password().unwrap_or_default());
        let path = &url[Position::BeforePath..];
        let parts = path.split(['/', '?', '&', '=', '#']).chain([path]);
        for part in parts.filter(|part| part.len() > SHORTEST_PART) {
            self.secrets.add(part);
        }
    }

    fn login(&mut self, members: &Map<String, Value>) {
        let text = |names: [&str; 2]| {
            names.iter().find_map(|name| members.get(*name)).and_then(|value| match value {
                Value::String(text) => Some(text.clone()),
                Value::Number(number) => Some(number.to_string()),
                _ => None,
            })
        };
        if let (Some(user), Some(password)) =
            (text(["username", "user"]), text(["password", "pwd"]))
        {
            self.secrets.add_login(&user, &password);
        }
    }
}

/// Headers whose values say how, not who.
fn is_harmless(header: &str) -> bool {
    let header = header.to_ascii_lowercase();
    ["accept", "content-", "user-agent"].iter().any(|begin| header.starts_with(begin))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::config::{Optional, SecretUrl, Section, SectionKeys};
    use crate::keys;

    keys! {
        #[expect(dead_code, reason = "the definitions count")]
        struct Sample {
            heartbeat: "heartbeat" Section<Heartbeat>;
        }
    }

    keys! {
        #[expect(dead_code, reason = "the definitions count")]
        struct Heartbeat {
            /// x
            url: "remoteURL" Optional<SecretUrl>;
        }
    }

    #[test]
    fn all_that_is_secret_is_found_and_nothing_else() {
        let tree = json!({
            "logLevel": "loglevel-1",
            "cert": { "clientCertPassphrase": "pass-phrase", "clientCert": "/a/cert-file" },
            "influxdbConfig": {
                "v1Config": { "auth": { "username": "writer", "password": 12_345_678 } },
                "v2Config": { "token": ["in a list"] },
            },
            "heartbeat": { "remoteURL": "https://hc.example.com/ping/0123456789ab?x=1" },
            "newRelic": { "event": { "header": [
                { "name": "Content-Type", "value": "application/json" },
                { "name": "X-License", "value": "license-1" },
            ] } },
            "serversToMonitor": { "servers": [{
                "headers": { "X-Proto": "https", "X-Key": "header-key", "Accept": "text/plain" },
            }] },
            "tokn": { "deep": "mistyped-1" },
        });
        let secrets = configured_secrets(
            &Catalog::new(Sample::definitions()),
            "R",
            &tree,
            &["R.tokn".to_owned()],
        );
        for secret in [
            "pass-phrase",
            "12345678",
            "d3JpdGVyOjEyMzQ1Njc4",
            "in a list",
            "0123456789ab",
            "/ping/0123456789ab?x=1",
            "license-1",
            "header-key",
            "mistyped-1",
        ] {
            assert_eq!(secrets.mask(secret), "**********", "{secret}");
        }
        for known in [
            "loglevel-1",
            "/a/cert-file",
            "writer",
            "hc.example.com",
            "application/json",
            "https",
            "text/plain",
        ] {
            assert_eq!(secrets.mask(known), known);
        }
    }
}
