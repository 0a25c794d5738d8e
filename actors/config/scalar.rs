//! Single values: what can be read as what.

use super::plain::{self, Number};
use super::tree::Tree;

/// What stands where something else was expected: type and value, the value cut at 60
/// characters.
pub(super) fn found(tree: &Tree) -> String {
    match Raw::of(tree) {
        Raw::Null => "nothing".to_owned(),
        Raw::Boolean(value, _) => format!("boolean {value}"),
        Raw::Number(_, text) => format!("number {text}"),
        Raw::Text(text) => {
            let cut: String = text.chars().take(60).collect();
            let more = if cut.len() < text.len() { "…" } else { "" };
            format!("string {cut:?}{more}")
        }
        Raw::List => "a list".to_owned(),
        Raw::Map => "a map".to_owned(),
    }
}

/// A value as YAML has it.
enum Raw<'t> {
    Null,
    /// With the text that stands in the file.
    Boolean(bool, &'t str),
    /// With the text that stands in the file.
    Number(Number, &'t str),
    Text(&'t str),
    List,
    Map,
}

impl<'t> Raw<'t> {
    /// Whether value or text counts of a text without quotes is decided by whoever wants it: a
    /// password `1e5` is no hundred thousand.
    fn of(tree: &'t Tree) -> Self {
        match tree {
            Tree::Null => Self::Null,
            Tree::Text(text) => Self::Text(text),
            Tree::Plain(text) => match (plain::boolean(text), plain::number(text)) {
                (Some(value), _) => Self::Boolean(value, text),
                (None, Some(number)) => Self::Number(number, text),
                (None, None) => Self::Text(text),
            },
            Tree::List(_) => Self::List,
            Tree::Map(_) => Self::Map,
        }
    }
}

/// A type that a single value can be read as.
pub(super) trait Scalar: Sized {
    /// What to call it in a message, "a number" for example.
    const EXPECTED: &'static str;

    /// The value, and whether it was written in the usual way; `None` when it is another type.
    fn read(tree: &Tree) -> Option<(Self, Written)>;
}

/// Whether a value was written in the usual way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    /// As everybody writes it.
    Usually,
    /// Understood: `yes` for `true`, `"8086"` for `8086`.
    Unusually,
}

impl Scalar for bool {
    const EXPECTED: &'static str = "true or false";

    fn read(tree: &Tree) -> Option<(Self, Written)> {
        match Raw::of(tree) {
            Raw::Boolean(value, _) => Some((value, Written::Usually)),
            Raw::Text(text) => match text.trim().to_ascii_lowercase().as_str() {
                "yes" | "on" | "true" => Some((true, Written::Unusually)),
                "no" | "off" | "false" => Some((false, Written::Unusually)),
                _ => None,
            },
            _ => None,
        }
    }
}

impl Scalar for f64 {
    const EXPECTED: &'static str = "a number";

    fn read(tree: &Tree) -> Option<(Self, Written)> {
        match Raw::of(tree) {
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

impl Scalar for i64 {
    const EXPECTED: &'static str = "a whole number";

    fn read(tree: &Tree) -> Option<(Self, Written)> {
        if let Raw::Number(Number::Whole(value), _) = Raw::of(tree) {
            return Some((value, Written::Usually));
        }
        let (value, written) = f64::read(tree)?;
        #[expect(clippy::cast_possible_truncation, reason = "checked to be whole and in range")]
        (value.fract() == 0.0 && value.abs() < 9e15).then_some((value as i64, written))
    }
}

impl Scalar for String {
    const EXPECTED: &'static str = "a string";

    fn read(tree: &Tree) -> Option<(Self, Written)> {
        let text = match Raw::of(tree) {
            Raw::Text(text) | Raw::Boolean(_, text) | Raw::Number(_, text) => text.to_owned(),
            Raw::Null | Raw::List | Raw::Map => return None,
        };
        Some((text, Written::Usually))
    }
}

/// A text that may be a number or a boolean too, and then is written as the original writes it:
/// `1.10` is `1.1`. Only for what the original takes as any of them and has stored in databases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnyText(pub String);

impl Scalar for AnyText {
    const EXPECTED: &'static str = "a text, a number or a boolean";

    fn read(tree: &Tree) -> Option<(Self, Written)> {
        let text = match Raw::of(tree) {
            Raw::Text(text) => text.to_owned(),
            Raw::Boolean(value, _) => value.to_string(),
            Raw::Number(number, _) => number.to_string(),
            Raw::Null | Raw::List | Raw::Map => return None,
        };
        Some((Self(text), Written::Usually))
    }
}
