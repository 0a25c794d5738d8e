//! What a single value can be.

use serde_json::{Value, json};

use super::definition::Secrecy;
use super::key_path::KeyPath;
use super::scalar::{Scalar, Written};
use super::tree::Tree;

/// What a single value is, and how it is read.
pub trait Kind: 'static {
    /// What the program gets.
    type Value;

    /// How a definition writes a default.
    type Literal: Copy + Into<Value>;

    /// Who may see it.
    const SECRECY: Secrecy = Secrecy::Open;

    /// The value that a default means.
    fn known(literal: Self::Literal) -> Self::Value;

    /// Reads what stands there, which is not null. `None` when it is something else, which was
    /// told, or when the default is to be used, which was told with its name.
    fn read(at: &KeyPath, tree: &Tree, default: Option<Self::Literal>) -> Option<Self::Value>;

    /// Keywords of JSON Schema for it.
    fn schema() -> Value;

    /// Whether somebody wrote nothing.
    fn is_empty(_: &Self::Value) -> bool {
        false
    }
}

/// A value as it is, with a warning where it is written in an unusual way and an error where it is
/// something else.
pub(super) fn scalar<T: Scalar>(at: &KeyPath, tree: &Tree) -> Option<T> {
    expected(at, tree, T::EXPECTED)
}

/// As [`scalar`], with other words for what was expected.
pub(super) fn expected<T: Scalar>(at: &KeyPath, tree: &Tree, wanted: &str) -> Option<T> {
    match T::read(tree) {
        Some((value, Written::Usually)) => Some(value),
        Some((value, Written::Unusually)) => {
            let found = at.shown(tree);
            at.warning(format!("expected {}, found {found}; taken as that", T::EXPECTED));
            Some(value)
        }
        None => {
            at.expected(wanted, tree);
            None
        }
    }
}

/// True or false.
#[derive(Debug, Clone, Copy)]
pub struct Flag;

impl Kind for Flag {
    type Value = bool;
    type Literal = bool;

    fn known(literal: bool) -> bool {
        literal
    }

    fn read(at: &KeyPath, tree: &Tree, _: Option<bool>) -> Option<bool> {
        scalar(at, tree)
    }

    fn schema() -> Value {
        json!({ "type": "boolean" })
    }
}
