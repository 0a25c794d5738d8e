//! Maps with names that the administrator chooses.

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess};

use super::scalar::{Found, Raw, Scalar};
use super::{Field, FromMap, Shape, Unwanted, node};

/// A map with names that the administrator chooses; values are scalars. In written order.
#[derive(Debug, Clone, PartialEq)]
pub enum Names<T = String> {
    /// Names and values.
    Pairs(Vec<(String, Field<T>)>),
    /// Something else.
    Wrong(Found),
}

impl Names {
    /// The value of a name, as text.
    pub fn value(&self, name: &str) -> Option<&str> {
        let Self::Pairs(pairs) = self else { return None };
        pairs.iter().find(|(found, _)| found == name).and_then(|(_, value)| match value {
            Field::Value(text) | Field::Unusual(text, _) => Some(text.as_str()),
            _ => None,
        })
    }
}

impl<T> Default for Names<T> {
    fn default() -> Self {
        Self::Pairs(Vec::new())
    }
}

impl<T: Scalar> FromMap for Vec<(String, Field<T>)> {
    fn from_map<'de, A: MapAccess<'de>>(mut map: A) -> Result<Self, A::Error> {
        let mut pairs = Self::new();
        while let Some((Field::Value(name) | Field::Unusual(name, _), value)) =
            map.next_entry::<Field<String>, _>()?
        {
            pairs.push((name, value));
        }
        Ok(pairs)
    }
}

impl<'de, T: Scalar> Deserialize<'de> for Names<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(match node::<D, Vec<(String, Field<T>)>, Unwanted>(from)? {
            Shape::Raw(Raw::Null) => Self::default(),
            Shape::Map(pairs) => Self::Pairs(pairs),
            Shape::Raw(raw) => Self::Wrong(raw.found()),
            Shape::List(_) => Self::Wrong(Raw::List.found()),
        })
    }
}
