//! A YAML document as it was written, each value with its line. Texts without quotes keep their
//! letters, for whether `1.10` is a number or a name is known only to whoever reads it.

use std::rc::Rc;

use serde_json::Value;

use super::plain::{Number, boolean, number};

/// A value with everything below it. Cheap to clone: what anchors stand for is shared.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Tree {
    /// Nothing, `~` or `null`.
    #[default]
    Null,
    /// A text without quotes.
    Plain(Rc<str>),
    /// A text in quotes, or a block of lines.
    Text(Rc<str>),
    /// Items, each with its line, from 1.
    List(Rc<[(usize, Tree)]>),
    /// In written order; no key twice.
    Map(Rc<[Pair]>),
}

/// A key with its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// Line of the key, from 1.
    pub line: usize,
    /// Mostly a text.
    pub key: Tree,
    /// What is behind the colon.
    pub value: Tree,
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
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Plain(text) | Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The pairs of a map; none of anything else.
    pub(super) fn pairs(&self) -> &[Pair] {
        if let Self::Map(pairs) = self { pairs } else { &[] }
    }

    /// Keys that are texts: line, name and value.
    pub fn entries(&self) -> impl Iterator<Item = (usize, &str, &Self)> {
        self.pairs().iter().filter_map(|pair| Some((pair.line, pair.key.text()?, &pair.value)))
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entries().find(|(_, name, _)| *name == key).map(|(.., value)| value)
    }

    /// The same as JSON. A number that JSON would write otherwise is the text that was written.
    pub fn to_json(&self) -> Value {
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
            Self::List(items) => items.iter().map(|(_, item)| item.to_json()).collect(),
            Self::Map(_) => {
                self.entries().map(|(_, key, value)| (key.to_owned(), value.to_json())).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn as_json_it_is_what_was_written() {
        let plain = |text: &str| Tree::Plain(text.into());
        let pair = Pair { line: 1, key: plain("7"), value: plain("x") };
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
            (Tree::List([(1, plain("1")), (1, plain("x"))].into()), json!([1, "x"])),
            (Tree::Map([pair].into()), json!({ "7": "x" })),
        ] {
            assert_eq!(tree.to_json(), json, "{tree:?}");
        }
    }
}
