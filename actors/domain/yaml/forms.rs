//! Small forms that many sections have.

use std::borrow::Cow;
use std::net::IpAddr;

use serde::Deserialize;
use url::{Position, Url};

use super::{Field, List, MASK, Reader, Section};

/// One `enable` and nothing else.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Switch {
    enable: Field<bool>,
}

impl Switch {
    /// Whether it is on.
    pub fn is_on(&self, at: &Reader, default: bool) -> bool {
        at.key("enable").or(&self.enable, default)
    }
}

/// A name with a value.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct NamedValue {
    name: Field<String>,
    value: Field<String>,
}

impl NamedValue {
    /// Names and values of a list.
    pub fn list(at: &Reader, list: &List<Section<Self>>) -> Vec<(String, String)> {
        at.items(list)
            .into_iter()
            .filter_map(|(at, item)| {
                let item = at.section(item);
                Self::pair(&at, &item.name, &item.value)
            })
            .collect()
    }

    /// The name and the value of one entry; both must be there.
    pub fn pair(
        at: &Reader,
        name: &Field<String>,
        value: &Field<String>,
    ) -> Option<(String, String)> {
        let why = "every entry has a name and a value";
        let name = at.key("name").needed(name, why);
        let value = at.key("value").needed(value, why);
        Some((name?, value?))
    }
}

/// Whether a text is an absolute `http` or `https` URL; a warning where it is not. It is never
/// shown, for paths can be secrets.
pub fn is_http_url(at: &Reader, url: &str) -> bool {
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

/// A user, by directory and id.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct User {
    directory: Field<String>,
    user_id: Field<String>,
}

impl User {
    /// Directory and id of the users of a list.
    pub fn list(at: &Reader, list: &List<Section<Self>>) -> Vec<(String, String)> {
        let why = "every entry names a user by both";
        at.items(list)
            .into_iter()
            .filter_map(|(at, user)| {
                let user = at.section(user);
                let directory = at.key("directory").needed(&user.directory, why);
                let user_id = at.key("userId").needed(&user.user_id, why);
                Some((directory?, user_id?))
            })
            .collect()
    }
}
