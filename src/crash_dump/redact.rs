//! Taking secrets and paths out of a text that somebody may send by mail.

use actors::config::is_secret;
use actors::domain::secrets::MASK;
use actors::io::quoted::without_secrets;

/// Words that introduce a credential.
const SCHEMES: [&str; 3] = ["bearer", "basic", "token"];

/// The text without the configured secrets, without credentials in URLs and headers, without values of names that mean secrets,
/// and with absolute paths cut to `[path]`. Blanks stay as they are.
pub fn redact(text: &str) -> String {
    let text = without_secrets(text);
    let mut result = String::with_capacity(text.len());
    // Whether the word before announces a secret.
    let mut announced = Announcement::No;
    for piece in text.split_inclusive(char::is_whitespace) {
        let word = piece.trim_end();
        let blank = &piece[word.len()..];
        let hidden = match announced {
            Announcement::Value => !word.is_empty(),
            Announcement::Credential => word.trim_matches(MARKS).len() >= 8,
            Announcement::No => false,
        };
        if hidden {
            result.push_str(MASK);
        } else {
            result.push_str(&redact_word(word));
        }
        if !word.is_empty() {
            announced = announces(word, hidden);
        }
        result.push_str(blank);
    }
    result
}

enum Announcement {
    No,
    /// The next word is a secret.
    Value,
    /// The next word is one if it is long enough.
    Credential,
}

/// What stands around a word and does not belong to it.
const MARKS: [char; 10] = ['"', '\'', ',', ';', '(', ')', '[', ']', '{', '}'];

fn announces(word: &str, hidden: bool) -> Announcement {
    let bare = word.trim_matches(MARKS);
    let name = bare.trim_end_matches([':', '=']).trim_matches(MARKS);
    if !hidden && name.len() < bare.len() && means_secret(name) {
        Announcement::Value
    } else if SCHEMES.contains(&bare.to_lowercase().as_str()) {
        Announcement::Credential
    } else {
        Announcement::No
    }
}

fn means_secret(name: &str) -> bool {
    let lower = name.to_lowercase();
    is_secret(name) || lower.ends_with("auth") || lower.contains("credential")
}

fn redact_word(word: &str) -> String {
    let begin = word.len() - word.trim_start_matches(MARKS).len();
    let bare = word.trim_matches(MARKS);
    let end = begin + bare.len();
    let (before, after) = (&word[..begin], &word[end.min(word.len())..]);
    if let Some((scheme, rest)) = bare.split_once("://") {
        let authority = rest.split('/').next().unwrap_or_default();
        if let Some((_, host)) = authority.rsplit_once('@') {
            let path = &rest[authority.len()..];
            return format!("{before}{scheme}://{MASK}@{host}{path}{after}");
        }
    }
    for separator in ['=', ':'] {
        if let Some((name, value)) = bare.split_once(separator)
            && !value.is_empty()
            && means_secret(name.trim_matches(MARKS).rsplit(['?', '&', '"']).next().unwrap_or(name))
        {
            return format!("{before}{name}{separator}{MASK}{after}");
        }
    }
    if is_absolute(bare) { format!("{before}[path]{after}") } else { word.to_owned() }
}

/// `/home/me`, `C:\Users`, but not `/` alone and not the path of a URL.
fn is_absolute(word: &str) -> bool {
    let bytes = word.as_bytes();
    let unix = bytes.len() > 1 && bytes[0] == b'/' && bytes[1].is_ascii_alphanumeric();
    let windows = bytes.len() > 3
        && bytes[0].is_ascii_alphabetic()
        && bytes[1] == b':'
        && matches!(bytes[2], b'\\' | b'/');
    unix || windows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configured_secrets_are_taken_out_wherever_they_stand() {
        let mut secrets = actors::domain::secrets::Secrets::default();
        // Kept for the whole process, so nothing that another test could say.
        secrets.add("kept-by-the-test-of-dumps");
        actors::io::quoted::keep_secret(secrets);
        let text = "the server said \"kept-by-the-test-of-dumps\" 3 times";
        assert_eq!(redact(text), "the server said \"**********\" 3 times");
        let dumped = "x-authorization=a2VwdC1ieS10aGUtdGVzdC1vZi1kdW1wcw==";
        assert!(!redact(dumped).contains("a2VwdC1i"), "{}", redact(dumped));
    }

    #[test]
    fn secrets_and_paths_are_taken_out_and_the_rest_stays() {
        for (text, expected) in [
            ("nothing to hide at src/app.rs:10:4", "nothing to hide at src/app.rs:10:4"),
            ("Authorization: Token abcdefgh1", "Authorization: Token **********"),
            ("Bearer abc", "Bearer abc"),
            ("password=x, host=h", "password=**********, host=h"),
            ("password: hunter2 next", "password: ********** next"),
            ("{\"apiKey\":\"abc\",\"b\":1}", "{\"apiKey\":**********}"),
            ("{\"apiKey\": \"abc\", \"b\": 1}", "{\"apiKey\": ********** \"b\": 1}"),
            ("at https://u:p@h:1/x?y", "at https://**********@h:1/x?y"),
            ("open /etc/butler/key.pem: denied", "open [path] denied"),
            ("open 'C:\\certs\\key.pem'", "open '[path]'"),
            ("a / b", "a / b"),
        ] {
            assert_eq!(redact(text), expected, "{text}");
        }
    }
}
