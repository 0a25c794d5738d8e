//! Text of strangers inside a sentence of ours: certificates, headers.

/// At most `longest` characters, nothing but visible ones, and no quotation mark that ends the
/// quotation it stands in.
pub(in crate::io) fn quotable(text: &str, longest: usize) -> String {
    text.chars()
        .take(longest)
        .map(|char| if char.is_control() || char == '"' { '?' } else { char })
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
    }
}
