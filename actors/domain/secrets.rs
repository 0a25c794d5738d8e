//! Taking the configured secrets out of a text, in whichever form somebody sends them back.

use std::borrow::Cow;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use hashbrown::HashMap;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// What is shown instead of a secret.
pub const MASK: &str = "**********";

/// Shorter ones are not looked for: they are parts of ordinary words.
const SHORTEST: usize = 4;

/// From this length on a secret is found inside of words too.
const LONG: usize = 8;

/// Secrets as somebody may know them.
#[derive(Default, Clone)]
pub struct Secrets(HashMap<[u8; SHORTEST], Vec<Box<str>>>);

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl Secrets {
    /// Adds a secret, and its forms in Base64, in quotation marks and in a URL. One of fewer than
    /// four bytes is left out.
    pub fn add(&mut self, secret: &str) {
        let secret = secret.trim();
        if secret.len() < SHORTEST {
            return;
        }
        let quoted = format!("{secret:?}");
        let json = serde_json::Value::from(secret).to_string();
        self.add_form(secret);
        self.add_form(&quoted[1..quoted.len() - 1]);
        self.add_form(&json[1..json.len() - 1]);
        self.add_form(&utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string());
        self.add_base64(secret);
        // What is behind the name of a scheme is a secret of its own.
        if let Some((scheme, credential)) = secret.split_once(' ')
            && ["basic", "bearer", "token", "api-key"]
                .iter()
                .any(|name| scheme.eq_ignore_ascii_case(name))
        {
            self.add(credential);
        }
    }

    /// Adds what a user and a password are in a header for HTTP.
    pub fn add_login(&mut self, user: &str, password: &str) {
        self.add_base64(&format!("{user}:{password}"));
    }

    fn add_base64(&mut self, text: &str) {
        self.add_form(&STANDARD_NO_PAD.encode(text));
        self.add_form(&URL_SAFE_NO_PAD.encode(text));
    }

    fn add_form(&mut self, form: &str) {
        let Some(begin) = begin(form.as_bytes()) else { return };
        let forms = self.0.entry(begin).or_default();
        if !forms.iter().any(|known| **known == *form) {
            forms.push(form.into());
            // Of two that begin alike the longer is found.
            forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
        }
    }

    /// The text with a mask in place of each secret. A secret of fewer than eight bytes is found
    /// as a whole word only.
    pub fn mask<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.0.is_empty() {
            return Cow::Borrowed(text);
        }
        let (mut masked, mut kept, mut at) = (String::new(), 0, 0);
        while let Some(begin) = begin(&text.as_bytes()[at..]) {
            match self.0.get(&begin).and_then(|forms| find(forms, text, at)) {
                Some(length) => {
                    masked.push_str(&text[kept..at]);
                    masked.push_str(MASK);
                    at += length;
                    kept = at;
                }
                None => at += 1,
            }
        }
        if kept == 0 {
            return Cow::Borrowed(text);
        }
        masked.push_str(&text[kept..]);
        Cow::Owned(masked)
    }
}

fn begin(bytes: &[u8]) -> Option<[u8; SHORTEST]> {
    bytes.first_chunk().copied()
}

/// The length of the form that stands in `text` at the byte `at`.
fn find(forms: &[Box<str>], text: &str, at: usize) -> Option<usize> {
    let (before, rest) = (&text.as_bytes()[..at], &text.as_bytes()[at..]);
    let in_word = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let form = forms.iter().find(|form| {
        let whole = || !in_word(before.last()) && !in_word(rest.get(form.len()));
        rest.starts_with(form.as_bytes()) && (form.len() >= LONG || whole())
    })?;
    Some(form.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_in_each_of_its_forms() {
        let mut secrets = Secrets::default();
        secrets.add("tok\"en\\=ä/1");
        secrets.add("Bearer abcdefgh1");
        secrets.add_login("me", "pw");
        for (text, expected) in [
            ("nothing of it", "nothing of it"),
            ("Token tok\"en\\=ä/1!", "Token **********!"),
            (r#"{"h":"tok\"en\\=ä/1"}"#, r#"{"h":"**********"}"#),
            ("?t=tok%22en%5C%3D%C3%A4%2F1", "?t=**********"),
            ("Basic bWU6cHc=", "Basic **********="),
            ("x dG9rImVuXD3DpC8x y", "x ********** y"),
            ("Bearer abcdefgh1", "**********"),
            ("bearer xabcdefgh1x", "bearer x**********x"),
            ("bWU6cHcx is longer", "bWU6cHcx is longer"),
            ("äbWU6cHc=ä", "ä**********=ä"),
        ] {
            assert_eq!(secrets.mask(text), expected, "{text}");
        }
    }

    #[test]
    fn short_secrets_are_words_and_the_shortest_are_not_looked_for() {
        let mut secrets = Secrets::default();
        for secret in ["", "abc", "admin", "admin-of-it", "  "] {
            secrets.add(secret);
        }
        for (text, expected) in [
            ("abc admin", "abc **********"),
            ("administrator", "administrator"),
            ("admin-of-it", "**********"),
            ("'admin'admin", "'**********'**********"),
        ] {
            assert_eq!(secrets.mask(text), expected, "{text}");
        }
        assert_eq!(format!("{secrets:?}"), MASK);
    }

    proptest::proptest! {
        #[test]
        fn nothing_but_secrets_is_touched(text in ".{0,60}", secret in "[a-z0-9/+ä]{8,12}") {
            let mut secrets = Secrets::default();
            secrets.add(&secret);
            let masked = secrets.mask(&text).into_owned();
            proptest::prop_assert!(masked == text || masked.contains(MASK));
            let around = format!("{text}{secret}{text}");
            proptest::prop_assert!(!secrets.mask(&around).contains(&secret), "{around}");
        }
    }
}
