//! Single values: what can be read as what.

use std::fmt;

use super::plain::{self, Number};

/// What stands where something else was expected: type and value, the value cut at 60
/// characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found(pub(super) String);

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A scalar, list or map as the reader of the file hands it over.
#[derive(Debug, Clone)]
pub(super) enum Raw {
    Null,
    /// With the text that stands in the file.
    Boolean(bool, String),
    /// With the text that stands in the file.
    Number(Number, String),
    Text(String),
    List,
    Map,
}

impl Raw {
    /// What a text without quotes is. Which of the two counts, value or text, is decided by
    /// whoever wants it: a password `1e5` is no hundred thousand.
    pub(super) fn unquoted(text: String) -> Self {
        match (plain::boolean(&text), plain::number(&text)) {
            (Some(value), _) => Self::Boolean(value, text),
            (None, Some(number)) => Self::Number(number, text),
            (None, None) => Self::Text(text),
        }
    }

    pub(super) fn found(&self) -> Found {
        Found(match self {
            Self::Null => "nothing".to_owned(),
            Self::Boolean(value, _) => format!("boolean {value}"),
            Self::Number(_, text) => format!("number {text}"),
            Self::Text(text) => {
                let cut: String = text.chars().take(60).collect();
                let more = if cut.len() < text.len() { "…" } else { "" };
                format!("string {cut:?}{more}")
            }
            Self::List => "a list".to_owned(),
            Self::Map => "a map".to_owned(),
        })
    }
}

/// A type that a [`Field`](super::Field) can have.
pub trait Scalar: Sized {
    /// What to call it in a message, "a number" for example.
    const EXPECTED: &'static str;

    /// The value, and whether it was written in the usual way; `None` when it is another type.
    #[doc(hidden)]
    #[expect(private_interfaces, reason = "implemented in this module only")]
    fn read(raw: &Raw) -> Option<(Self, Written)>;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    Usually,
    Unusually,
}

#[expect(private_interfaces, reason = "implemented in this module only")]
impl Scalar for bool {
    const EXPECTED: &'static str = "true or false";

    fn read(raw: &Raw) -> Option<(Self, Written)> {
        match raw {
            Raw::Boolean(value, _) => Some((*value, Written::Usually)),
            Raw::Text(text) => match text.trim().to_ascii_lowercase().as_str() {
                "yes" | "on" | "true" => Some((true, Written::Unusually)),
                "no" | "off" | "false" => Some((false, Written::Unusually)),
                _ => None,
            },
            _ => None,
        }
    }
}

#[expect(private_interfaces, reason = "implemented in this module only")]
impl Scalar for f64 {
    const EXPECTED: &'static str = "a number";

    fn read(raw: &Raw) -> Option<(Self, Written)> {
        match raw {
            Raw::Number(number, _) => {
                let value = number.value();
                value.is_finite().then_some((value, Written::Usually))
            }
            Raw::Text(text) => {
                let value: f64 = text.trim().parse().ok()?;
                value.is_finite().then_some((value, Written::Unusually))
            }
            _ => None,
        }
    }
}

#[expect(private_interfaces, reason = "implemented in this module only")]
impl Scalar for i64 {
    const EXPECTED: &'static str = "a whole number";

    fn read(raw: &Raw) -> Option<(Self, Written)> {
        if let Raw::Number(Number::Whole(value), _) = raw {
            return Some((*value, Written::Usually));
        }
        let (value, written) = f64::read(raw)?;
        #[expect(clippy::cast_possible_truncation, reason = "checked to be whole and in range")]
        (value.fract() == 0.0 && value.abs() < 9e15).then_some((value as i64, written))
    }
}

#[expect(private_interfaces, reason = "implemented in this module only")]
impl Scalar for String {
    const EXPECTED: &'static str = "a string";

    fn read(raw: &Raw) -> Option<(Self, Written)> {
        let text = match raw {
            Raw::Text(text) | Raw::Boolean(_, text) | Raw::Number(_, text) => text.clone(),
            Raw::Null | Raw::List | Raw::Map => return None,
        };
        Some((text, Written::Usually))
    }
}

/// A text that may be a number or a boolean too, and then is written as the original writes it:
/// `1.10` is `1.1`. Only for what the original takes as any of them and has stored in databases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnyText(pub String);

#[expect(private_interfaces, reason = "implemented in this module only")]
impl Scalar for AnyText {
    const EXPECTED: &'static str = "a text, a number or a boolean";

    fn read(raw: &Raw) -> Option<(Self, Written)> {
        let text = match raw {
            Raw::Text(text) => text.clone(),
            Raw::Boolean(value, _) => value.to_string(),
            Raw::Number(number, _) => number.to_string(),
            Raw::Null | Raw::List | Raw::Map => return None,
        };
        Some((Self(text), Written::Usually))
    }
}
