//! User events (section 1.4 of the page on events).

use std::borrow::Cow;

use super::{UserAgent, text};

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
    /// slashes may be missing.
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
        Self::ALL.into_iter().find(|kind| kind.as_str().as_bytes() == &name[..length])
    }
}

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

    /// Cuts a datagram into fields; the last one runs to the end. `None` when there are too few.
    pub fn read(kind: UserEventKind, text: &'a str) -> Option<Self> {
        let mut fields = [""; FIELDS];
        let mut parts = text.splitn(FIELDS, ';');
        for field in &mut fields {
            *field = parts.next()?;
        }
        Some(Self { kind, fields })
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
        let owned = |value: Cow<'a, str>| value.into_owned();
        let context = text::clean(self.fields[6], 500);
        let message = text::clean(self.fields[7], 1000);
        let app = app_id(&context).map(|id| {
            let name = app_name(id).unwrap_or_else(|| UNKNOWN_APP.to_owned());
            (id.to_owned(), name)
        });
        let agent = UserAgent::in_message(&message).map(|agent| UserAgent::of(&agent));
        let (user_directory, user_id) = (self.user_directory(), self.user_id());
        UserEvent {
            kind: self.kind,
            host: owned(self.host()),
            command: owned(text::clean(self.fields[2], 100)),
            user_full: full_name(&user_directory, &user_id),
            user_directory: owned(user_directory),
            user_id: owned(user_id),
            origin: owned(self.origin()),
            context: owned(context),
            message: owned(message),
            app,
            agent: agent.unwrap_or_default(),
        }
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

/// A user event, decoded. Texts are cleaned and may be empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserEvent {
    /// Which kind.
    pub kind: UserEventKind,
    /// Windows machine name of the proxy node.
    pub host: String,
    /// `Start session`, `Stop session`, `Open connection`, `Close connection`, or another text.
    pub command: String,
    /// Directory of the user.
    pub user_directory: String,
    /// Id of the user.
    pub user_id: String,
    /// `DIR\id`; empty unless both are known (DR10).
    pub user_full: String,
    /// Where it came from, `AppAccess` for example.
    pub origin: String,
    /// Path in the client.
    pub context: String,
    /// Free text.
    pub message: String,
    /// Id and name of the app in the context.
    pub app: Option<(String, String)>,
    /// Browser and operating system.
    pub agent: UserAgent,
}

impl UserEvent {
    /// App, browser and operating system by their names on the wire; empty where not known.
    pub fn details(&self) -> [(&'static str, &str); 6] {
        let (id, name) = self.app.as_ref().map_or(("", ""), |(id, name)| (id, name));
        [
            ("appId", id),
            ("appName", name),
            ("uaBrowserName", self.agent.browser),
            ("uaBrowserMajorVersion", &self.agent.browser_major),
            ("uaOsName", self.agent.os),
            ("uaOsVersion", &self.agent.os_version),
        ]
    }
}

fn full_name(directory: &str, id: &str) -> String {
    if directory.is_empty() || id.is_empty() {
        String::new()
    } else {
        [directory, "\\", id].concat()
    }
}
