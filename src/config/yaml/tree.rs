//! A YAML document as it was written: texts without quotes keep their letters, for whether `1.10`
//! is a number or a name is known only to whoever reads it.

use std::rc::Rc;

use actors::domain::yaml::{Number, boolean, number};
use serde::de::value::{Error, MapDeserializer, SeqDeserializer};
use serde::de::{Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::Value;

/// A value with everything below it. Cheap to clone: what anchors stand for is shared.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::config) enum Tree {
    /// Nothing, `~` or `null`.
    Null,
    /// A text without quotes.
    Plain(Rc<str>),
    /// A text in quotes, or a block of lines.
    Text(Rc<str>),
    /// Items.
    List(Rc<[Tree]>),
    /// Keys with values, in written order; no key twice.
    Map(Rc<[(Tree, Tree)]>),
}

impl Tree {
    /// A text without quotes, or nothing.
    pub(super) fn plain(text: &str) -> Self {
        match text {
            "" | "~" | "null" | "Null" | "NULL" => Self::Null,
            _ => Self::Plain(text.into()),
        }
    }

    /// The text of a scalar.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Plain(text) | Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Keys that are texts, with their values.
    pub(in crate::config) fn pairs(&self) -> impl Iterator<Item = (&str, &Self)> {
        let pairs: &[(Self, Self)] = if let Self::Map(pairs) = self { pairs } else { &[] };
        pairs.iter().filter_map(|(key, value)| Some((key.text()?, value)))
    }

    /// The value of a key.
    pub(in crate::config) fn get(&self, key: &str) -> Option<&Self> {
        self.pairs().find(|(name, _)| *name == key).map(|(_, value)| value)
    }

    /// The same as JSON. A number that JSON would write otherwise is the text that was written.
    pub(super) fn to_json(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Text(text) => Value::from(&**text),
            Self::Plain(text) => {
                let value = match (boolean(text), number(text)) {
                    (Some(value), _) => Value::Bool(value),
                    (None, Some(Number::Whole(value))) => Value::from(value),
                    (None, Some(Number::Other(value))) => Value::from(value),
                    (None, None) => Value::Null,
                };
                let shown = value.to_string();
                if value.is_boolean() || shown == **text { value } else { Value::from(&**text) }
            }
            Self::List(items) => items.iter().map(Self::to_json).collect(),
            Self::Map(_) => {
                self.pairs().map(|(key, value)| (key.to_owned(), value.to_json())).collect()
            }
        }
    }
}

/// Texts without quotes are handed over as "something that may be a text"; all else as what it is.
impl<'de> Deserializer<'de> for &'de Tree {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Tree::Null => visitor.visit_unit(),
            Tree::Plain(text) => visitor.visit_some((**text).into_deserializer()),
            Tree::Text(text) => visitor.visit_borrowed_str(text),
            Tree::List(items) => visitor.visit_seq(SeqDeserializer::new(items.iter())),
            Tree::Map(pairs) => {
                let pairs = pairs.iter().map(|(key, value)| (Key(key), value));
                visitor.visit_map(MapDeserializer::new(pairs))
            }
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, Error> for &'de Tree {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// A key is a text whatever it looks like.
struct Key<'de>(&'de Tree);

impl<'de> Deserializer<'de> for Key<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0.text() {
            Some(text) => visitor.visit_borrowed_str(text),
            None => self.0.deserialize_any(visitor),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, Error> for Key<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn as_json_it_is_what_was_written() {
        let plain = |text: &str| Tree::Plain(text.into());
        for (tree, json) in [
            (Tree::plain("~"), json!(null)),
            (plain("8086"), json!(8086)),
            (plain("1.5"), json!(1.5)),
            (plain("1.10"), json!("1.10")),
            (plain("0x1F"), json!("0x1F")),
            (plain("12345678901234567890"), json!("12345678901234567890")),
            (plain(".nan"), json!(".nan")),
            (plain("True"), json!(true)),
            (Tree::Text("true".into()), json!("true")),
            (Tree::List([plain("1"), plain("x")].into()), json!([1, "x"])),
            (Tree::Map([(plain("7"), plain("x"))].into()), json!({ "7": "x" })),
        ] {
            assert_eq!(tree.to_json(), json, "{tree:?}");
        }
    }
}
