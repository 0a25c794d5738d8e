//! Small forms that many sections have.

use serde::Deserialize;

use super::{Field, List, Reader, Section};

/// One `enable` and nothing else.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Switch {
    enable: Field<bool>,
}

impl Switch {
    /// Whether it is on.
    pub fn is_on(&self, at: &Reader, default: bool) -> bool {
        at.key("enable").or(&self.enable, default)
    }
}

/// A name with a value.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct NamedValue {
    name: Field<String>,
    value: Field<String>,
}

impl NamedValue {
    /// Names and values of a list.
    pub fn list(at: &Reader, list: &List<Section<Self>>) -> Vec<(String, String)> {
        let why = "every entry has a name and a value";
        at.items(list)
            .into_iter()
            .filter_map(|(at, item)| {
                let item = at.section(item);
                let name = at.key("name").needed(&item.name, why);
                let value = at.key("value").needed(&item.value, why);
                Some((name?, value?))
            })
            .collect()
    }
}
