//! The configuration as it may be shown: secrets, and names of machines, users and topics (section
//! 12 of the page on operations) are masked. Nothing of them stays, not even their beginning.

use std::collections::HashSet;

use serde_json::Value;

use super::catalog::{Catalog, any_index};
use super::definition::join;
use super::secret_words::is_secret;
use crate::domain::secrets::MASK;

/// The tree below the key `root` with everything masked that must not be shown, and all that is at
/// `secrets`, dotted paths that begin with `root`. Structure and nulls stay.
pub fn masked(catalog: &Catalog, root: &str, tree: &Value, secrets: &[String]) -> Value {
    let below = |path: &String| path.strip_prefix(root)?.strip_prefix('.').map(any_index);
    let secrets = secrets.iter().filter_map(below).collect();
    Masks { catalog, secrets }.mask(tree, "", false)
}

struct Masks<'c> {
    catalog: &'c Catalog,
    /// Paths with `[]` for any index.
    secrets: HashSet<String>,
}

impl Masks<'_> {
    fn mask(&self, value: &Value, path: &str, hidden: bool) -> Value {
        if !value.is_null() && self.secrets.contains(path) {
            return MASK.into();
        }
        let hidden = hidden || self.catalog.hidden(path).is_some();
        match value {
            Value::Object(members) => members
                .iter()
                .map(|(key, value)| (key.clone(), self.mask(value, &join(path, key), hidden)))
                .collect(),
            Value::Array(items) => {
                items.iter().map(|item| self.mask(item, &format!("{path}[]"), hidden)).collect()
            }
            Value::Null => Value::Null,
            _ if hidden || is_secret(path) => MASK.into(),
            shown => shown.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::config::{Key, Map, Optional, SecretText, SecretUrl, Section, SectionKeys, Text};
    use crate::keys;

    keys! {
        #[expect(dead_code, reason = "the definitions count")]
        struct Sample {
            /// x
            host: "host" Optional<Text>, masked;
            /// x
            hook: "hook" Optional<SecretUrl>;
            /// x
            level: "level" Key<Text> = "";
            /// x
            headers: "extra" Map<SecretText>;
            below: "below" Section<Below>;
        }
    }

    keys! {
        #[expect(dead_code, reason = "the definitions count")]
        struct Below {
            /// x
            user: "user" Optional<Text>, masked, was "../login";
        }
    }

    #[test]
    fn secrets_and_names_go_and_the_rest_stays() {
        // Somebody mistyped a key, which is told apart from others by its path.
        let mistyped = ["R.list[10].tokn".to_owned()];
        let catalog = Catalog::new(Sample::definitions());
        let tree = json!({
            "level": "info", "host": "sense1", "hook": "https://example.com/secret-path",
            "extra": { "X-A": "hidden" }, "login": "me",
            "below": { "user": "me", "password": null, "port": 8086 },
            "token": { "deep": ["x", null] }, "list": [{ "tokn": ["hidden"] }],
            "header": [{ "name": "X", "value": "hidden" }],
            "auditEvents": { "apiToken": "hidden", "port": 1 },
        });
        assert_eq!(
            masked(&catalog, "R", &tree, &mistyped),
            json!({
                "level": "info", "host": MASK, "hook": MASK,
                "extra": { "X-A": MASK }, "login": MASK,
                "below": { "user": MASK, "password": null, "port": 8086 },
                "token": { "deep": [MASK, null] }, "list": [{ "tokn": MASK }],
                "header": [{ "name": "X", "value": MASK }],
                "auditEvents": { "apiToken": MASK, "port": 1 },
            })
        );
    }
}
