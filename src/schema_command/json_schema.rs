//! The keys as JSON Schema (draft 7, which editors for YAML speak): completion, descriptions and
//! checks while somebody types.

use actors::config::{Catalog, Definition, Secrecy, Shape};
use serde_json::{Map, Value, json};

use crate::config::ROOT;

/// The schema of a whole file.
pub(super) fn text(catalog: &Catalog) -> String {
    let schema = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Butler SOS",
        "description": "The configuration file of Butler SOS",
        "type": "object",
        "properties": { ROOT: section(catalog, "", &catalog.keys) },
        "required": [ROOT],
        "additionalProperties": false,
    });
    format!("{schema:#}\n")
}

fn section(catalog: &Catalog, path: &str, keys: &[Definition]) -> Value {
    let mut properties = Map::new();
    for key in keys {
        properties.insert(key.name.to_owned(), property(catalog, &join(path, key.name), key));
    }
    let old = catalog.old_spellings().filter_map(|(from, to)| {
        let (above, name) = from.rsplit_once('.').unwrap_or(("", from));
        (above == path).then_some((name, to))
    });
    for (name, to) in old {
        let description = format!("Old spelling of {to}");
        properties
            .insert(name.to_owned(), json!({ "description": description, "deprecated": true }));
    }
    json!({
        "type": ["object", "null"],
        "properties": properties,
        "additionalProperties": false,
    })
}

fn property(catalog: &Catalog, path: &str, key: &Definition) -> Value {
    if key.retired {
        return json!({ "description": key.sentence, "deprecated": true });
    }
    let item = format!("{path}[]");
    let mut schema = match &key.shape {
        Shape::Value { schema, default, .. } => {
            let mut schema = or_null(schema.clone());
            if let Some(default) = default {
                schema["default"] = default.clone();
            }
            schema
        }
        Shape::Section(keys) | Shape::Switch { more: keys, .. } => section(catalog, path, keys),
        Shape::Values { item } => {
            json!({ "type": ["array", "null"], "items": or_null(item.clone()) })
        }
        Shape::Sections(keys) => {
            json!({ "type": ["array", "null"], "items": section(catalog, &item, keys) })
        }
        Shape::OneOrMany(keys) => {
            let one = section(catalog, &item, keys);
            json!({ "anyOf": [{ "type": ["array", "null"], "items": one }, one] })
        }
        Shape::Map { value, .. } => json!({
            "type": ["object", "null"],
            "additionalProperties": or_null(value.clone()),
        }),
    };
    if !key.sentence.is_empty() {
        schema["description"] = key.sentence.as_str().into();
    }
    if key.secrecy() != Secrecy::Open {
        schema["writeOnly"] = true.into();
    }
    schema
}

/// A key without a value counts as absent.
fn or_null(mut schema: Value) -> Value {
    for (word, null) in [("enum", Value::Null), ("anyOf", json!({ "type": "null" }))] {
        if let Some(Value::Array(choices)) = schema.get_mut(word) {
            choices.push(null);
        }
    }
    match schema.get_mut("type") {
        Some(Value::Array(types)) => types.push("null".into()),
        Some(one) => *one = json!([one.clone(), "null"]),
        None => {}
    }
    schema
}

fn join(above: &str, name: &str) -> String {
    if above.is_empty() { name.to_owned() } else { format!("{above}.{name}") }
}
