//! The thirteen categories, and the rules that choose one where no type does.

use std::fmt;

/// What an error is about, the field `error_category` (the page's table "Categories").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the page says what each means")]
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

impl Category {
    /// The rules of the page's table for an answer with a status that is not success.
    pub(super) const fn of_status(status: u16) -> Self {
        match status {
            401 | 403 => Self::AuthError,
            404 => Self::NotFound,
            429 => Self::RateLimited,
            500.. => Self::Http5xx,
            400..=499 => Self::Http4xx,
            _ => Self::Unknown,
        }
    }

    /// The rules of the page's table for words, in its order: for what only a library knows. Words
    /// are compared with their letter case (decision E10).
    pub(super) fn of_text(message: &str) -> Self {
        if message.contains("timeout") {
            Self::Timeout
        } else if ["cert", "TLS", "SSL"].iter().any(|word| message.contains(word)) {
            Self::CertificateError
        } else if message.contains("mqtt") {
            Self::MqttError
        } else if message.contains("new relic") {
            Self::NewRelicError
        } else {
            Self::Unknown
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_the_page_decides_in_its_order() {
        for (status, category) in [
            (401, Category::AuthError),
            (403, Category::AuthError),
            (404, Category::NotFound),
            (429, Category::RateLimited),
            (500, Category::Http5xx),
            (599, Category::Http5xx),
            (600, Category::Http5xx),
            (400, Category::Http4xx),
            (418, Category::Http4xx),
            (302, Category::Unknown),
        ] {
            assert_eq!(Category::of_status(status), category, "{status}");
        }
        for (message, category) in [
            ("a timeout happened", Category::Timeout),
            ("timeout of our TLS cert", Category::Timeout),
            ("bad cert", Category::CertificateError),
            ("TLS alert", Category::CertificateError),
            ("SSL routines", Category::CertificateError),
            ("tls, ssl, Cert", Category::Unknown),
            ("mqtt broker", Category::MqttError),
            ("MQTT broker", Category::Unknown),
            ("new relic account", Category::NewRelicError),
            ("mqtt cert", Category::CertificateError),
            ("", Category::Unknown),
        ] {
            assert_eq!(Category::of_text(message), category, "{message:?}");
        }
    }

    #[test]
    fn every_category_is_found_by_its_own_text() {
        for category in Category::ALL {
            assert_eq!(Category::from_text(category.as_str()), Some(category));
        }
    }
}
