//! Texts, and names that are texts.

use serde_json::{Value, json};

use super::definition::Secrecy;
use super::forms::{is_host, without_login};
use super::key_path::KeyPath;
use super::kind::{Kind, scalar};
use super::scalar::AnyText;
use super::tree::Tree;
use crate::domain::measurement_name::MeasurementName;
use crate::domain::names::Secret;
use crate::domain::secrets::MASK;

/// Any text; what looks like a number or a boolean stays as it is written.
#[derive(Debug, Clone, Copy)]
pub struct Text;

impl Kind for Text {
    type Value = String;
    type Literal = &'static str;

    fn known(literal: &'static str) -> String {
        literal.to_owned()
    }

    fn read(at: &KeyPath, tree: &Tree, _: Option<&'static str>) -> Option<String> {
        scalar(at, tree)
    }

    fn schema() -> Value {
        json!({ "type": ["string", "number", "boolean"] })
    }

    fn is_empty(value: &String) -> bool {
        value.trim().is_empty()
    }
}

/// A text, number or boolean, written as the original writes it: see [`AnyText`].
#[derive(Debug, Clone, Copy)]
pub struct Any;

impl Kind for Any {
    type Value = AnyText;
    type Literal = &'static str;

    fn known(literal: &'static str) -> AnyText {
        AnyText(literal.to_owned())
    }

    fn read(at: &KeyPath, tree: &Tree, _: Option<&'static str>) -> Option<AnyText> {
        scalar(at, tree)
    }

    fn schema() -> Value {
        Text::schema()
    }
}

/// A text that must never be shown: what stands in a wrong place is not printed either.
#[derive(Debug, Clone, Copy)]
pub struct SecretText;

impl Kind for SecretText {
    type Value = Secret;
    type Literal = &'static str;

    const SECRECY: Secrecy = Secrecy::Secret;

    fn known(literal: &'static str) -> Secret {
        literal.into()
    }

    fn read(at: &KeyPath, tree: &Tree, _: Option<&'static str>) -> Option<Secret> {
        if matches!(tree, Tree::List(_) | Tree::Map(_)) {
            at.error(
                "expected a string, found something else: **********; put a text that begins \
                 with [ or { into single quotes",
            );
            return None;
        }
        scalar::<String>(at, tree).map(|text| text.as_str().into())
    }

    fn schema() -> Value {
        Text::schema()
    }

    fn is_empty(value: &Secret) -> bool {
        value.reveal().is_empty()
    }
}

/// A URL whose path is a secret.
#[derive(Debug, Clone, Copy)]
pub struct SecretUrl;

impl Kind for SecretUrl {
    type Value = String;
    type Literal = &'static str;

    const SECRECY: Secrecy = Secrecy::SecretUrl;

    fn known(literal: &'static str) -> String {
        literal.to_owned()
    }

    fn read(at: &KeyPath, tree: &Tree, _: Option<&'static str>) -> Option<String> {
        let text = tree.text();
        if text.is_none() {
            at.error(format!("expected a string, found {MASK}"));
        }
        text.map(str::to_owned)
    }

    fn schema() -> Value {
        json!({ "type": "string" })
    }

    fn is_empty(value: &String) -> bool {
        value.trim().is_empty()
    }
}

/// A host name or address without scheme and port, without blanks around it.
#[derive(Debug, Clone, Copy)]
pub struct Host;

impl Kind for Host {
    type Value = String;
    type Literal = &'static str;

    fn known(literal: &'static str) -> String {
        literal.to_owned()
    }

    fn read(at: &KeyPath, tree: &Tree, _: Option<&'static str>) -> Option<String> {
        let text: String = scalar(at, tree)?;
        let host = text.trim();
        if !host.is_empty() && !is_host(host) {
            let shown = without_login(&text);
            at.error(format!("expected a host name or address, found string {shown:?}"));
        }
        Some(host.to_owned())
    }

    fn schema() -> Value {
        Text::schema()
    }

    fn is_empty(value: &String) -> bool {
        value.is_empty()
    }
}

/// The name of a measurement; for an empty one the default is used with a warning.
#[derive(Debug, Clone, Copy)]
pub struct Measurement;

impl Kind for Measurement {
    type Value = MeasurementName;
    type Literal = &'static str;

    fn known(literal: &'static str) -> MeasurementName {
        MeasurementName::known(literal)
    }

    fn read(at: &KeyPath, tree: &Tree, default: Option<&'static str>) -> Option<MeasurementName> {
        let name: String = scalar(at, tree)?;
        if name.trim().is_empty() {
            let used = default.map_or_else(String::new, |used| format!("; {used:?} is used"));
            at.warning(format!("is an empty text{used}"));
            return None;
        }
        let read = MeasurementName::new(&name);
        if let Err(objection) = &read {
            let expected = "expected a name for a measurement of InfluxDB";
            at.error(format!("{expected}, found string {name:?}: {objection}"));
        }
        read.ok()
    }

    fn schema() -> Value {
        Text::schema()
    }
}

/// Something that is one of several texts.
pub trait Choices: Copy + 'static {
    /// The texts, in small letters, and what they mean.
    const CHOICES: &'static [(&'static str, Self)];
}

/// One of several texts, compared without letter case and surrounding blanks.
#[derive(Debug, Clone, Copy)]
pub struct Choice<T>(std::marker::PhantomData<T>);

impl<T: Choices> Choice<T> {
    fn find(text: &str) -> Option<T> {
        let wanted = text.trim().to_lowercase();
        T::CHOICES.iter().find(|(name, _)| *name == wanted).map(|(_, value)| *value)
    }
}

impl<T: Choices> Kind for Choice<T> {
    type Value = T;
    type Literal = &'static str;

    fn known(literal: &'static str) -> T {
        // A definition that names another is found by the test that reads every default.
        Self::find(literal).unwrap_or(T::CHOICES[0].1)
    }

    fn read(at: &KeyPath, tree: &Tree, _: Option<&'static str>) -> Option<T> {
        let text: String = scalar(at, tree)?;
        let found = Self::find(&text);
        if found.is_none() {
            let names: Vec<&str> = T::CHOICES.iter().map(|(name, _)| *name).collect();
            at.error(format!("expected one of {}, found string {text:?}", names.join(", ")));
        }
        found
    }

    /// The names, for completion, and any letter case of them.
    fn schema() -> Value {
        let names: Vec<&str> = T::CHOICES.iter().map(|(name, _)| *name).collect();
        let letter = |c: char| format!("[{c}{}]", c.to_uppercase());
        let any_case = |name: &&str| name.chars().map(letter).collect::<String>();
        let any_case = names.iter().map(any_case).collect::<Vec<_>>().join("|");
        let pattern = format!("^\\s*({any_case})\\s*$");
        json!({ "anyOf": [{ "enum": names }, { "type": "string", "pattern": pattern }] })
    }
}
