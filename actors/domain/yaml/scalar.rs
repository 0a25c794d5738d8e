//! Single values: what can be read as what.

use std::fmt;

/// What stands where something else was expected: type and value, the value cut at 60
/// characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found(pub(super) String);

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A scalar, list or map as the YAML parser hands it over.
#[derive(Debug, Clone)]
pub(super) enum Raw {
    Null,
    Boolean(bool),
    Integer(i64),
    Float(f64),
    Text(String),
    List,
    Map,
}

impl Raw {
    pub(super) fn found(&self) -> Found {
        Found(match self {
            Self::Null => "nothing".to_owned(),
            Self::Boolean(value) => format!("boolean {value}"),
            Self::Integer(value) => format!("number {value}"),
            Self::Float(value) => format!("number {value}"),
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
            Raw::Boolean(value) => Some((*value, Written::Usually)),
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
            #[expect(clippy::cast_precision_loss, reason = "limits are far below 2^53")]
            Raw::Integer(value) => Some((*value as f64, Written::Usually)),
            Raw::Float(value) if value.is_finite() => Some((*value, Written::Usually)),
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
        if let Raw::Integer(value) = raw {
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
            Raw::Text(text) => text.clone(),
            Raw::Boolean(value) => value.to_string(),
            Raw::Integer(value) => value.to_string(),
            Raw::Float(value) => value.to_string(),
            Raw::Null | Raw::List | Raw::Map => return None,
        };
        Some((text, Written::Usually))
    }
}
