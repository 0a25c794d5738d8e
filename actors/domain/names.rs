//! Names that an administrator configured, each with a type of its own so that none is mistaken
//! for another. All are cheap to clone: errors and measurements carry them by the thousand.

use std::fmt;
use std::sync::Arc;

/// Declares a shared, immutable text with a meaning.
macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The text as configured.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &*self.0)
            }
        }
    };
}

name! {
    /// `serversToMonitor.servers[].serverName`: how a Qlik Sense server is called everywhere.
    ServerName
}
name! {
    /// A virtual proxy prefix as configured: `/prefix`, and `/` or nothing for the default one.
    VirtualProxy
}
name! {
    /// A host name or IP address, never with a port (decision E3).
    Host
}

impl VirtualProxy {
    /// As lines of the log name it: an empty one can be seen.
    pub fn shown(&self) -> &str {
        if self.0.is_empty() { "''" } else { &self.0 }
    }
}

impl Host {
    /// The host part of `name[:port]`. Only a trailing `:<digits>` is a port, and an IPv6
    /// address loses its brackets, which belong to URLs: `[::1]:4747` is the host `::1`.
    pub fn of_authority(authority: &str) -> Self {
        let host = match authority.rsplit_once(':') {
            Some((host, port))
                if !port.is_empty()
                    && port.bytes().all(|b| b.is_ascii_digit())
                    && (!host.contains(':') || host.ends_with(']')) =>
            {
                host
            }
            _ => authority,
        };
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        bare.unwrap_or(host).into()
    }
}

/// A Qlik Sense server as measurements and errors name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonitoredServer {
    /// Unique configured name, the tag `server_name`.
    pub name: ServerName,
    /// `servers[].host` without its port, the tag `host`.
    pub host: Host,
    /// Configured description, the tag `server_description`; may be empty.
    pub description: Arc<str>,
    /// `servers[].serverTags` in configured order, values as text. A tag may repeat one of the
    /// three names above and then wins.
    pub tags: Vec<(Arc<str>, Arc<str>)>,
}

/// A text that must never be shown: token, password, passphrase.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Arc<str>);

impl Secret {
    /// The text itself, for the one place that sends it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("**********")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_trailing_port_is_cut_from_a_host() {
        for (authority, host) in [
            ("sense1.example.com:4747", "sense1.example.com"),
            ("sense1", "sense1"),
            ("10.1.2.3:443", "10.1.2.3"),
            ("[::1]:4747", "::1"),
            ("[fe80::1]", "fe80::1"),
            ("fe80::1", "fe80::1"),
            ("host:", "host:"),
        ] {
            assert_eq!(Host::of_authority(authority).as_str(), host, "{authority}");
        }
    }

    #[test]
    fn a_secret_is_never_printed() {
        assert_eq!(format!("{:?}", Secret::from("s3cret")), "**********");
    }
}
