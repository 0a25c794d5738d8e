//! Characters that make a text look like something else than it is.

/// Whether a character moves, hides or turns around what stands beside it: control characters, C1
/// included, separators of lines and paragraphs, and marks of direction.
pub fn is_invisible(char: char) -> bool {
    char.is_control()
        || matches!(
            char,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_seen_is_visible_in_any_script() {
        let hidden = [
            '\0', '\n', '\u{1b}', '\u{7f}', '\u{85}', '\u{9b}', '\u{61c}', '\u{200e}', '\u{200f}',
            '\u{2028}', '\u{2029}', '\u{202a}', '\u{202e}', '\u{2066}', '\u{2069}',
        ];
        assert!(hidden.iter().all(|char| is_invisible(*char)));
        let seen = "aä ß字א😀\u{a0}\u{301}\u{200d}\u{2027}\u{202f}\u{2065}\u{206a}";
        assert!(!seen.chars().any(is_invisible));
    }
}
