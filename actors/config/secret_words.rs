//! Which keys hold what must never be shown, by their names.

/// Words that make a key secret wherever they stand in its name (section 12 of the page on
/// operations).
const WORDS: [&str; 10] = [
    "password",
    "passwd",
    "pwd",
    "secret",
    "token",
    "apikey",
    "apitoken",
    "accesskey",
    "passphrase",
    "clientsecret",
];

/// Whether the value at a dotted path is a secret: by the name of one of its keys, or because it
/// is a header that the administrator chose.
pub fn is_secret(path: &str) -> bool {
    let has = |key: &str| path.split('.').any(|part| part.split('[').next() == Some(key));
    // Also where something else than a list of headers stands.
    let chosen = has("headers") || (has("header") && !path.ends_with(".name"));
    chosen
        || path.split('.').any(|key| {
            let key: String =
                key.to_lowercase().chars().filter(|c| !matches!(c, '-' | '_')).collect();
            WORDS.iter().any(|word| key.contains(word))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_their_names() {
        for (path, secret) in [
            ("Butler-SOS.influxdbConfig.v2Config.token", true),
            ("Butler-SOS.influxdbConfig.v1Config.auth.password", true),
            ("Butler-SOS.cert.clientCertPassphrase", true),
            ("Butler-SOS.thirdPartyToolsCredentials.newRelic[0].insertApiKey", true),
            ("Butler-SOS.thirdPartyToolsCredentials.newRelic[0].accountName", false),
            ("Butler-SOS.audit.API_Key", true),
            ("Butler-SOS.tokens.any.where", true),
            ("Butler-SOS.serversToMonitor.servers[3].headers.X-Any", true),
            ("Butler-SOS.newRelic.event.header[0].value", true),
            ("Butler-SOS.newRelic.event.header[0].name", false),
            ("Butler-SOS.newRelic.event.header[0]", true),
            ("Butler-SOS.newRelic.event.header", true),
            ("Butler-SOS.serversToMonitor.servers[3].headers", true),
            ("Butler-SOS.influxdbConfig.host", false),
        ] {
            assert_eq!(is_secret(path), secret, "{path}");
        }
    }
}
