//! The thirteen categories and the rules that choose one.

use std::fmt;

/// What an error is about, the field `error_category` (the page's table "Categories").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the rules in `categorise` say what each means")]
pub enum Category {
    Timeout,
    ConnectionRefused,
    HostNotFound,
    ConnectionReset,
    AuthError,
    NotFound,
    RateLimited,
    Http5xx,
    Http4xx,
    CertificateError,
    MqttError,
    NewRelicError,
    Unknown,
}

impl Category {
    /// All categories, in the order of the page.
    pub const ALL: [Self; 13] = [
        Self::Timeout,
        Self::ConnectionRefused,
        Self::HostNotFound,
        Self::ConnectionReset,
        Self::AuthError,
        Self::NotFound,
        Self::RateLimited,
        Self::Http5xx,
        Self::Http4xx,
        Self::CertificateError,
        Self::MqttError,
        Self::NewRelicError,
        Self::Unknown,
    ];

    /// The text on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::ConnectionRefused => "connection_refused",
            Self::HostNotFound => "host_not_found",
            Self::ConnectionReset => "connection_reset",
            Self::AuthError => "auth_error",
            Self::NotFound => "not_found",
            Self::RateLimited => "rate_limited",
            Self::Http5xx => "http_5xx",
            Self::Http4xx => "http_4xx",
            Self::CertificateError => "certificate_error",
            Self::MqttError => "mqtt_error",
            Self::NewRelicError => "new_relic_error",
            Self::Unknown => "unknown",
        }
    }

    /// The category with this text, if there is one.
    pub fn from_text(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|category| category.as_str() == text)
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The rules of the page's table, in its order; the first that holds decides. Words are compared
/// with their letter case (decision E10).
pub fn categorise(
    code: Option<&str>,
    name: Option<&str>,
    status: Option<u16>,
    message: &str,
) -> Category {
    match code {
        Some("ETIMEDOUT" | "ECONNABORTED") => return Category::Timeout,
        _ if message.contains("timeout") || name == Some("RequestTimedOutError") => {
            return Category::Timeout;
        }
        Some("ECONNREFUSED") => return Category::ConnectionRefused,
        Some("ENOTFOUND") => return Category::HostNotFound,
        Some("ECONNRESET") => return Category::ConnectionReset,
        _ => {}
    }
    match status {
        Some(401 | 403) => return Category::AuthError,
        Some(404) => return Category::NotFound,
        Some(429) => return Category::RateLimited,
        Some(500..) => return Category::Http5xx,
        Some(400..=499) => return Category::Http4xx,
        _ => {}
    }
    if ["cert", "TLS", "SSL"].iter().any(|word| message.contains(word)) {
        Category::CertificateError
    } else if message.contains("mqtt") {
        Category::MqttError
    } else if message.contains("new relic") {
        Category::NewRelicError
    } else {
        Category::Unknown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_the_page_decides_in_its_order() {
        let none = (None, None, None, "");
        let rows = [
            ((Some("ETIMEDOUT"), None, None, ""), Category::Timeout),
            ((Some("ECONNABORTED"), None, None, ""), Category::Timeout),
            ((None, None, None, "a timeout happened"), Category::Timeout),
            ((None, Some("RequestTimedOutError"), None, ""), Category::Timeout),
            ((Some("ECONNREFUSED"), None, None, "timeout"), Category::Timeout),
            ((Some("ECONNREFUSED"), None, None, ""), Category::ConnectionRefused),
            ((Some("ECONNREFUSED"), None, Some(401), "cert"), Category::ConnectionRefused),
            ((Some("ENOTFOUND"), None, None, ""), Category::HostNotFound),
            ((Some("ECONNRESET"), None, None, ""), Category::ConnectionReset),
            ((None, None, Some(401), ""), Category::AuthError),
            ((None, None, Some(403), "SSL"), Category::AuthError),
            ((None, None, Some(404), ""), Category::NotFound),
            ((None, None, Some(429), ""), Category::RateLimited),
            ((None, None, Some(500), ""), Category::Http5xx),
            ((None, None, Some(599), ""), Category::Http5xx),
            ((None, None, Some(600), ""), Category::Http5xx),
            ((None, None, Some(400), ""), Category::Http4xx),
            ((None, None, Some(418), "cert"), Category::Http4xx),
            ((None, None, Some(302), ""), Category::Unknown),
            ((None, None, None, "bad cert"), Category::CertificateError),
            ((None, None, None, "TLS alert"), Category::CertificateError),
            ((None, None, None, "SSL routines"), Category::CertificateError),
            ((None, None, None, "tls, ssl, Cert"), Category::Unknown),
            ((None, None, None, "mqtt broker"), Category::MqttError),
            ((None, None, None, "MQTT broker"), Category::Unknown),
            ((None, None, None, "new relic account"), Category::NewRelicError),
            ((None, None, None, "mqtt cert"), Category::CertificateError),
            ((Some("EAI_AGAIN"), None, None, ""), Category::Unknown),
            (none, Category::Unknown),
        ];
        for ((code, name, status, message), expected) in rows {
            let found = categorise(code, name, status, message);
            assert_eq!(found, expected, "{code:?} {name:?} {status:?} {message:?}");
        }
    }

    #[test]
    fn every_category_is_found_by_its_own_text() {
        for category in Category::ALL {
            assert_eq!(Category::from_text(category.as_str()), Some(category));
        }
    }
}
