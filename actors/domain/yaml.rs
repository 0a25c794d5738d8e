//! How a section of the configuration file is read: as written first, then checked.
//!
//! A `Config` struct mirrors the file with [`Field`], [`Section`] and [`List`] members. Reading
//! one never fails, whatever stands in the file; each member remembers what was found instead.
//! Checking turns a `Config` into `Settings` through a [`Reader`], which knows the dotted path
//! and collects every problem, so that all are told at once.

mod configured;
mod forms;
mod mask;
mod moved;
mod names;
mod plain;
mod problems;
mod reader;
mod scalar;
mod secrets;
mod times;
mod trace;

pub use configured::configured_secrets;
pub use forms::{NamedValue, Switch, User, is_host, is_http_url, without_login};
pub use mask::masked;
pub use names::Names;
pub use plain::{Number, boolean, number};
pub use problems::{Problem, Problems, Severity};
pub use reader::Reader;
pub use scalar::{AnyText, Found, Scalar};
pub use secrets::{MASK, is_secret};
pub use trace::{Noticed, Visited, known_keys, traced};

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use self::scalar::{Raw, Written};

/// One key with a single value, as written. Null counts as absent.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Field<T> {
    /// Not in the file, or without a value.
    #[default]
    Absent,
    /// As it should be.
    Value(T),
    /// Understood, though written in an unusual way: `yes` for `true`, `"8086"` for `8086`.
    Unusual(T, Found),
    /// Something else.
    Wrong(Found),
}

/// A key with keys below it, as written. Null counts as a section without keys.
#[derive(Debug, Clone, PartialEq)]
pub enum Section<T> {
    /// The keys below; all absent when the section is.
    Keys(T),
    /// Something else.
    Wrong(Found),
}

/// A key with a list below it, as written. Null counts as an empty list.
#[derive(Debug, Clone, PartialEq)]
pub enum List<T> {
    /// The items.
    Items(Vec<T>),
    /// Something else.
    Wrong(Found),
}

/// A key with a list of sections below it that was one section in older files.
#[derive(Debug, Clone, PartialEq)]
pub enum OneOrMany<T> {
    /// A map, as in older files.
    One(T),
    /// A list, or nothing.
    Many(List<Section<T>>),
}

impl<T: Default> Default for Section<T> {
    fn default() -> Self {
        Self::Keys(T::default())
    }
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self::Items(Vec::new())
    }
}

impl<T> Default for OneOrMany<T> {
    fn default() -> Self {
        Self::Many(List::default())
    }
}

/// Either a raw value or, where the visitor can take it, a map or a list already read.
struct Node<M, L> {
    _kinds: PhantomData<(M, L)>,
}

enum Shape<M, L> {
    Raw(Raw),
    Map(M),
    List(L),
}

/// What to do with the keys of a map.
trait FromMap: Sized {
    fn from_map<'de, A: MapAccess<'de>>(map: A) -> Result<Self, A::Error>;
}

/// What to do with the items of a list.
trait FromList: Sized {
    fn from_list<'de, A: SeqAccess<'de>>(list: A) -> Result<Self, A::Error>;
}

/// A map or list nobody wants here: its content is passed over.
struct Unwanted;

impl FromMap for Unwanted {
    fn from_map<'de, A: MapAccess<'de>>(mut map: A) -> Result<Self, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Self)
    }
}

impl FromList for Unwanted {
    fn from_list<'de, A: SeqAccess<'de>>(mut list: A) -> Result<Self, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Self)
    }
}

/// The keys of a struct.
struct Keys<T>(T);

impl<T: DeserializeOwned> FromMap for Keys<T> {
    fn from_map<'de, A: MapAccess<'de>>(map: A) -> Result<Self, A::Error> {
        trace::keys(map).map(Self)
    }
}

impl<T: DeserializeOwned> FromList for Vec<T> {
    fn from_list<'de, A: SeqAccess<'de>>(list: A) -> Result<Self, A::Error> {
        trace::items(list)
    }
}

impl<'de, M: FromMap, L: FromList> Visitor<'de> for Node<M, L> {
    type Value = Shape<M, L>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Shape::Raw(Raw::Null))
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(Shape::Raw(Raw::Null))
    }

    /// A text without quotes, whose meaning depends on what is wanted.
    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        String::deserialize(from).map(|text| Shape::Raw(Raw::unquoted(text)))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Shape::Raw(Raw::Boolean(value, value.to_string())))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Shape::Raw(Raw::unquoted(value.to_string())))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Shape::Raw(Raw::unquoted(value.to_string())))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Shape::Raw(Raw::Number(Number::Other(value), value.to_string())))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Shape::Raw(Raw::Text(value.to_owned())))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        M::from_map(map).map(Shape::Map)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
        L::from_list(list).map(Shape::List)
    }
}

fn node<'de, D: Deserializer<'de>, M: FromMap, L: FromList>(
    from: D,
) -> Result<Shape<M, L>, D::Error> {
    from.deserialize_any(Node { _kinds: PhantomData })
}

impl<'de, T: Scalar> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let raw = match node::<D, Unwanted, Unwanted>(from)? {
            Shape::Raw(Raw::Null) => return Ok(Self::Absent),
            Shape::Raw(raw) => raw,
            Shape::Map(_) => Raw::Map,
            Shape::List(_) => Raw::List,
        };
        Ok(match T::read(&raw) {
            Some((value, Written::Usually)) => Self::Value(value),
            Some((value, Written::Unusually)) => Self::Unusual(value, raw.found()),
            None => Self::Wrong(raw.found()),
        })
    }
}

impl<'de, T: DeserializeOwned + Default> Deserialize<'de> for Section<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(match node::<D, Keys<T>, Unwanted>(from)? {
            Shape::Raw(Raw::Null) => Self::default(),
            Shape::Map(Keys(keys)) => Self::Keys(keys),
            Shape::Raw(raw) => Self::Wrong(raw.found()),
            Shape::List(_) => Self::Wrong(Raw::List.found()),
        })
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(match node::<D, Unwanted, Vec<T>>(from)? {
            Shape::Raw(Raw::Null) => {
                trace::empty_list();
                Self::default()
            }
            Shape::List(items) => Self::Items(items),
            Shape::Raw(raw) => Self::Wrong(raw.found()),
            Shape::Map(_) => Self::Wrong(Raw::Map.found()),
        })
    }
}

impl<'de, T: DeserializeOwned + Default> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(match node::<D, Keys<T>, Vec<Section<T>>>(from)? {
            Shape::Raw(Raw::Null) => Self::default(),
            Shape::Map(Keys(keys)) => Self::One(keys),
            Shape::List(items) => Self::Many(List::Items(items)),
            Shape::Raw(raw) => Self::Many(List::Wrong(raw.found())),
        })
    }
}

#[cfg(test)]
#[path = "yaml_tests.rs"]
mod tests;
