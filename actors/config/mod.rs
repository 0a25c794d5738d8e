//! How a section of the configuration file is defined and read.
//!
//! A key is defined once, by [`keys!`](crate::keys): its name, type, default, old spellings and
//! its sentence stand together. From that definition follow reading and checking, unknown keys,
//! masking, the template, the page and the schema of the file.
//!
//! ```text
//! text ──compose──> Tree ──keys!──> …Keys (nothing judged yet) ──check──> …Settings
//! ```
//!
//! A value is judged when somebody asks for it, so that what is switched off may be wrong. Each
//! entry knows its dotted path and where problems are collected, so that all are told at once.

mod catalog;
mod compose;
mod configured_secrets;
mod definition;
mod entry;
mod forms;
mod key_path;
mod keys;
mod kind;
mod lists;
mod mask;
mod modern;
mod number;
mod plain;
mod problems;
mod scalar;
mod secret_words;
mod text;
mod times;
mod tree;
mod visit;

pub use catalog::Catalog;
pub use compose::{Mistake, compose};
pub use configured_secrets::configured_secrets;
pub use definition::{Definition, Secrecy, Shape, each};
pub use entry::{Entry, Key, Optional, Section, SectionKeys};
pub use forms::{AnyKeys, Header, NamedValue, Switch, User, is_host, is_http_url, without_login};
pub use key_path::KeyPath;
pub use kind::{Flag, Kind};
pub use lists::{Map, OneOrMany, Sections, Values};
pub use mask::masked;
pub use modern::modern;
pub use number::{Listener, Number, Port, Whole, Within};
pub use problems::{Problem, Problems, Severity};
pub use scalar::AnyText;
pub use secret_words::is_secret;
pub use text::{Any, Choice, Choices, Host, Measurement, SecretText, SecretUrl, Text};
pub use times::{Milliseconds, Times};
pub use tree::{Pair, Tree};
pub use visit::{Visit, VisitedSection, visit};

#[cfg(test)]
pub(crate) mod testing;

#[cfg(test)]
#[path = "entry_tests.rs"]
mod tests;
