//! Where InfluxDB is: `host` and `port`, or `url` for what those two cannot say.

use url::Url;

use crate::config::{KeyPath, without_login};

/// The base of every request from the key `url`: scheme, host, port and path, no trailing slash.
/// What is wrong is never shown: it may hold a password.
pub(super) fn of_url(at: &KeyPath, text: &str) -> Option<String> {
    let url = match Url::parse(text.trim()) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => url,
        Ok(_) | Err(url::ParseError::RelativeUrlWithoutBase) => {
            at.error("expected a URL that begins with http:// or https://");
            return None;
        }
        Err(error) => {
            at.error(format!("expected a URL such as https://influx.example.com:8086: {error}"));
            return None;
        }
    };
    if !url.username().is_empty() || url.password().is_some() {
        at.error(
            "has a user or a password in it, and URLs end up in logs; they belong in \
             v1Config.auth, a token in v2Config.token or v3Config.token",
        );
        return None;
    }
    if url.query().is_some() || url.fragment().is_some() {
        at.error("expected a URL without ? and #; database and token have keys of their own");
        return None;
    }
    Some(url.as_str().trim_end_matches('/').to_owned())
}

/// The same from the keys `host`, read by `at`, and `port`.
pub(super) fn of_host(at: &KeyPath, host: &str, port: u16) -> Option<String> {
    let host = host.trim();
    if host.is_empty() || host.contains(['/', '@', '?', '#', ' ']) {
        let shown = without_login(host);
        at.error(format!(
            "expected a host name or address without scheme and path, found string {shown:?}"
        ));
        return None;
    }
    let host = if host.contains(':') && !host.starts_with('[') {
        format!("[{host}]")
    } else {
        host.to_owned()
    };
    Some(format!("http://{host}:{port}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Problems;

    fn of(text: &str) -> (Option<String>, String) {
        let problems = Problems::default();
        let base = of_url(&problems.at("url"), text);
        (base, problems.take().iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_url_is_the_base_of_every_request() {
        for (text, base) in [
            ("https://influx.example.com", "https://influx.example.com"),
            (" https://Influx.example.com:443/ ", "https://influx.example.com"),
            ("http://influx:8086/tsdb/", "http://influx:8086/tsdb"),
            ("https://[::1]:8086/a/b", "https://[::1]:8086/a/b"),
        ] {
            assert_eq!(of(text), (Some(base.to_owned()), String::new()), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_and_never_shown() {
        for (text, cure) in [
            ("https://planted:planted@influx", "v1Config.auth"),
            ("http://planted@influx", "v1Config.auth"),
            ("ftp://planted@influx", "begins with http:// or https://"),
            ("planted:8086", "begins with http:// or https://"),
            ("/planted", "begins with http:// or https://"),
            ("http://influx:planted", "invalid port number"),
            ("http://influx?token=planted", "without ? and #"),
            ("http://influx#planted", "without ? and #"),
        ] {
            let (base, problem) = of(text);
            assert_eq!(base, None, "{text}");
            assert!(problem.contains(cure) && !problem.contains("planted"), "{problem}");
        }
    }
}
