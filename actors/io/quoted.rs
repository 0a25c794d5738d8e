//! Text of strangers inside a sentence of ours: certificates, headers, answers. What they send may
//! be what we sent them, so the configured secrets are taken out of it, before it is cut.

use std::borrow::Cow;
use std::sync::OnceLock;

use crate::domain::secrets::Secrets;
use crate::domain::text::is_invisible;

/// The secrets of the configuration that this process runs on.
static SECRETS: OnceLock<Secrets> = OnceLock::new();

/// Keeps the secrets of the configuration, once for the life of the process: what is logged and
/// stored from now on is without them. Later calls change nothing.
pub fn keep_secret(secrets: Secrets) {
    _ = SECRETS.set(secrets);
}

/// The text without the secrets that are kept.
pub fn without_secrets(text: &str) -> Cow<'_, str> {
    SECRETS.get().map_or(Cow::Borrowed(text), |secrets| secrets.mask(text))
}

/// At most `longest` characters, nothing but visible ones, and no quotation mark that ends the
/// quotation it stands in.
pub(in crate::io) fn quotable(text: &str, longest: usize) -> String {
    without_secrets(text)
        .chars()
        .take(longest)
        .map(|char| if is_invisible(char) || char == '"' { '?' } else { char })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_a_stranger_is_bounded_and_cannot_leave_its_quotation() {
        let long = "x".repeat(1_000);
        assert_eq!(quotable(&long, 64).len(), 64);
        assert_eq!(quotable("a\"b\nc\u{7f}", 64), "a?b?c?");
        assert_eq!(quotable("a\u{202e}b\u{2028}c\u{85}", 64), "a?b?c?");
    }
}
