//! User events (section 1.4 of the page on events).

use std::borrow::Cow;

use super::agent::UserAgent;
use super::flaw::Flaw;
use super::text;
use super::texts::Texts;

/// Which kind of user event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UserEventKind {
    /// A session starts or stops.
    Session,
    /// A connection opens or closes.
    Connection,
}

impl UserEventKind {
    /// Both kinds.
    pub const ALL: [Self; 2] = [Self::Session, Self::Connection];

    /// The text on the wire, without slashes.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Session => "qseow-proxy-session",
            Self::Connection => "qseow-proxy-connection",
        }
    }

    /// The kind whose name begins a datagram. Letter case does not matter, and the first two
    /// slashes may be missing; so may `qseow-`, which log appenders of versions 5.5 to 6.1 did
    /// not send.
    fn of(first_field: &str) -> Option<Self> {
        let mut slashes = 0;
        let mut name = [0; 32];
        let mut length = 0;
        for byte in first_field.bytes() {
            if byte == b'/' && slashes < 2 {
                slashes += 1;
                continue;
            }
            *name.get_mut(length)? = byte.to_ascii_lowercase();
            length += 1;
        }
        let name = &name[..length];
        let is = |kind: &Self| {
            let whole = kind.as_str();
            name == whole.as_bytes() || Some(name) == whole.strip_prefix(NEWER).map(str::as_bytes)
        };
        Self::ALL.into_iter().find(is)
    }
}

/// What names on the wire begin with since version 7.
const NEWER: &str = "qseow-";

/// A datagram of a user event, cut into its fields.
#[derive(Debug, Clone, Copy)]
pub struct UserDatagram<'a> {
    kind: UserEventKind,
    fields: [&'a str; FIELDS],
}

const FIELDS: usize = 8;

impl<'a> UserDatagram<'a> {
    /// The kind that a datagram claims, by its first field.
    pub fn kind_of(text: &str) -> Option<UserEventKind> {
        UserEventKind::of(text.split(';').next()?)
    }

    /// Cuts a datagram into fields; the last one runs to the end.
    ///
    /// # Errors
    /// When there are too few fields.
    pub fn read(kind: UserEventKind, text: &'a str) -> Result<Self, Flaw> {
        let mut fields = [""; FIELDS];
        let mut parts = text.splitn(FIELDS, ';');
        for field in &mut fields {
            *field = parts.next().ok_or_else(|| Flaw::too_few_fields(FIELDS, text))?;
        }
        Ok(Self { kind, fields })
    }

    /// Host of a datagram that may be cut short.
    pub fn host_of(text: &str) -> Cow<'_, str> {
        text::clean(text.split(';').nth(1).unwrap_or_default(), 100)
    }

    /// Which kind.
    pub fn kind(&self) -> UserEventKind {
        self.kind
    }

    /// Cleaned.
    pub fn host(&self) -> Cow<'a, str> {
        text::clean(self.fields[1], 100)
    }

    /// Cleaned.
    pub fn user_directory(&self) -> Cow<'a, str> {
        text::clean(self.fields[3], 100)
    }

    /// Cleaned.
    pub fn user_id(&self) -> Cow<'a, str> {
        text::clean(self.fields[4], 100)
    }

    /// Cleaned; may be empty.
    pub fn origin(&self) -> Cow<'a, str> {
        text::clean(self.fields[5], 200)
    }

    /// The event. `app_name` knows the names of apps.
    pub fn event(&self, app_name: impl Fn(&str) -> Option<String>) -> UserEvent {
        let mut texts = Texts::with_room_for(&self.fields);
        let mut set = |key: UserKey, value: &str| texts.set(key as usize, value);
        set(UserKey::Host, &self.host());
        set(UserKey::Command, &text::clean(self.fields[2], 100));
        set(UserKey::Origin, &self.origin());
        let context = text::clean(self.fields[6], 500);
        set(UserKey::Context, &context);
        let message = text::clean(self.fields[7], 1000);
        set(UserKey::Message, &message);
        if let Some(id) = app_id(&context) {
            set(UserKey::AppId, id);
            set(UserKey::AppName, app_name(id).as_deref().unwrap_or(UNKNOWN_APP));
        }
        let (directory, id) = (self.user_directory(), self.user_id());
        set(UserKey::UserDirectory, &directory);
        set(UserKey::UserId, &id);
        if !directory.is_empty() && !id.is_empty() {
            let parts = [UserKey::UserDirectory, UserKey::UserId].map(|key| key as usize);
            texts.set_joined(UserKey::UserFull as usize, parts);
        }
        if let Some(agent) = UserAgent::in_message(&message) {
            let agent = UserAgent::of(&agent);
            texts.set(UserKey::BrowserName as usize, agent.browser);
            texts.set(UserKey::BrowserMajor as usize, agent.browser_major);
            texts.set(UserKey::OsName as usize, agent.os);
            texts.set(UserKey::OsVersion as usize, &agent.os_version);
        }
        UserEvent { kind: self.kind, texts }
    }
}

/// Name of an app that is not in the list of apps.
const UNKNOWN_APP: &str = "<unknown app name>";

/// The id of the app in a context `/app/<id>…`.
fn app_id(context: &str) -> Option<&str> {
    let rest = context.strip_prefix("/app/")?;
    let id = rest.split(['?', '/']).next().unwrap_or_default();
    text::is_real_uuid(id).then_some(id)
}

/// A text of a user event, cleaned; it may be empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserKey {
    /// Windows machine name of the proxy node.
    Host,
    /// `Start session`, `Stop session`, `Open connection`, `Close connection`, or another text.
    Command,
    /// Directory of the user.
    UserDirectory,
    /// Id of the user.
    UserId,
    /// `DIR\id`; empty unless both are known (DR10).
    UserFull,
    /// Where it came from, `AppAccess` for example.
    Origin,
    /// Path in the client.
    Context,
    /// Free text.
    Message,
    /// The app in the context; empty when there is none.
    AppId,
    /// Its name.
    AppName,
    /// `Chrome`; empty where the agent says nothing that is known, as all that follow.
    BrowserName,
    /// Leading digits of the browser's version.
    BrowserMajor,
    /// `Windows`.
    OsName,
    /// `NT 10.0`.
    OsVersion,
}

impl UserKey {
    const COUNT: usize = Self::OsVersion as usize + 1;
}

/// A user event, decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserEvent {
    /// Which kind.
    pub kind: UserEventKind,
    texts: Texts<{ UserKey::COUNT }>,
}

impl UserEvent {
    /// A text of the event.
    pub fn text(&self, key: UserKey) -> &str {
        self.texts.get(key as usize)
    }

    /// App, browser and operating system by their names on the wire, in the order of the page;
    /// empty where not known.
    pub fn details(&self) -> [(&'static str, &str); 6] {
        [
            ("appId", UserKey::AppId),
            ("appName", UserKey::AppName),
            ("uaBrowserName", UserKey::BrowserName),
            ("uaBrowserMajorVersion", UserKey::BrowserMajor),
            ("uaOsName", UserKey::OsName),
            ("uaOsVersion", UserKey::OsVersion),
        ]
        .map(|(name, key)| (name, self.text(key)))
    }
}
