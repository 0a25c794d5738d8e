//! Small forms that many sections have.

use std::borrow::Cow;
use std::net::IpAddr;

use url::{Position, Url};

use super::definition::{Definition, Shape};
use super::entry::{Entry, Key, Optional, Section, SectionKeys};
use super::key_path::KeyPath;
use super::kind::Flag;
use super::lists::Sections;
use super::text::{SecretText, Text};
use super::tree::Tree;
use crate::domain::names::Secret;
use crate::domain::secrets::MASK;
use crate::keys;

/// A section with one `enable` and nothing else; what it switches is said where it is defined.
#[derive(Debug, Clone)]
pub struct Switch {
    section: Section<AnyKeys>,
    on: bool,
}

impl Switch {
    /// Its `enable`.
    pub fn enable(&self) -> Key<Flag> {
        self.section.get().entry("enable", self.on)
    }

    /// Whether it is on.
    pub fn is_on(&self) -> bool {
        self.enable().get()
    }
}

impl Entry for Switch {
    type Default = bool;

    fn take(at: KeyPath, tree: Tree, on: bool) -> Self {
        Self { section: Section::take(at, tree, ()), on }
    }

    fn shape(on: bool) -> Shape {
        Shape::Switch { on, more: Vec::new() }
    }
}

/// A section whose defaults are known where it is defined.
#[derive(Debug, Clone)]
pub struct AnyKeys {
    at: KeyPath,
    tree: Tree,
}

impl AnyKeys {
    /// What stands behind a name.
    pub fn entry<E: Entry>(&self, name: &str, default: E::Default) -> E {
        E::take(self.at.key(name), self.tree.get(name).cloned().unwrap_or_default(), default)
    }
}

impl SectionKeys for AnyKeys {
    fn take(at: KeyPath, tree: &Tree) -> Self {
        Self { at, tree: tree.clone() }
    }

    fn definitions() -> Vec<Definition> {
        Vec::new()
    }
}

keys! {
    /// A name with a value.
    pub struct NamedValue {
        /// Its name
        name: "name" Optional<Text>;
        /// Its value
        value: "value" Optional<Text>;
    }
}

/// Why an entry without one of both is an error.
const BOTH: &str = "every entry has a name and a value";

impl NamedValue {
    /// Names and values of a list; both must be there.
    pub fn pairs(list: &Sections<Self>) -> Vec<(String, String)> {
        let pair = |entry: Self| {
            let (name, value) = (entry.name.needed(BOTH), entry.value.needed(BOTH));
            Some((name?, value?))
        };
        list.items().into_iter().filter_map(pair).collect()
    }
}

keys! {
    /// A header of HTTP.
    pub struct Header {
        /// Its name
        name: "name" Optional<Text>;
        /// Its value, treated as a secret
        value: "value" Optional<SecretText>;
    }
}

impl Header {
    /// Names and values of a list; both must be there.
    pub fn pairs(list: &Sections<Self>) -> Vec<(String, Secret)> {
        let pair = |entry: Self| {
            let (name, value) = (entry.name.needed(BOTH), entry.value.needed(BOTH));
            Some((name?, value?))
        };
        list.items().into_iter().filter_map(pair).collect()
    }
}

/// Whether a text is an absolute `http` or `https` URL; a warning where it is not. It is never
/// shown, for paths can be secrets.
pub fn is_http_url(at: &KeyPath, url: &str) -> bool {
    // A parser as browsers have it would take the first word of the path for the host.
    let no_host = url.split_once("://").is_none_or(|(_, rest)| rest.starts_with(['/', '\\']));
    let parsed = Url::parse(url);
    let is_one = !no_host && parsed.is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    if !is_one {
        at.warning("expected a URL that begins with http:// or https://");
    }
    is_one
}

/// Whether a text can be a host name or address, with a port or without, as it stands in a URL.
pub fn is_host(text: &str) -> bool {
    let in_url = |text: &str| {
        // Line breaks and tabs a URL parser takes out.
        let whole = !text.contains(|char: char| char.is_whitespace() || char.is_control());
        whole
            && Url::parse(&format!("https://{text}")).is_ok_and(|url| {
                let bare = url.username().is_empty() && url.password().is_none();
                bare && url[Position::BeforePath..] == *"/" && !text.contains(['/', '\\', '@'])
            })
    };
    text.parse::<IpAddr>().is_ok() || in_url(text)
}

/// The text without what may be a user and a password in front of a host.
pub fn without_login(text: &str) -> Cow<'_, str> {
    match text.rsplit_once('@') {
        Some((_, host)) => format!("{MASK}@{host}").into(),
        None => text.into(),
    }
}

keys! {
    /// A user, by directory and id.
    pub struct User {
        /// User directory, compared exactly
        directory: "directory" Optional<Text>;
        /// User id, compared exactly
        user_id: "userId" Optional<Text>;
    }
}

impl User {
    /// Directory and id of the users of a list.
    pub fn pairs(list: &Sections<Self>) -> Vec<(String, String)> {
        let why = "every entry names a user by both";
        let pair = |user: Self| {
            let (directory, id) = (user.directory.needed(why), user.user_id.needed(why));
            Some((directory?, id?))
        };
        list.items().into_iter().filter_map(pair).collect()
    }
}
