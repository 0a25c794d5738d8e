//! What a text without quotes can be: YAML 1.2, core schema (section 10.3.2), and `0b`. As the
//! original has it, `1_000` and `007` are texts.

use std::fmt;

/// A number of a configuration file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    /// Without fraction and exponent, and within 64 bits.
    Whole(i64),
    /// Any other; infinite and not-a-number can be written too.
    Other(f64),
}

impl Number {
    /// The value, near enough where 53 bits do not hold it.
    pub(super) fn value(self) -> f64 {
        match self {
            #[expect(clippy::cast_precision_loss, reason = "limits are far below 2^53")]
            Self::Whole(value) => value as f64,
            Self::Other(value) => value,
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(value) => value.fmt(f),
            Self::Other(value) => value.fmt(f),
        }
    }
}

/// The boolean that a text without quotes is.
pub(super) fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "TRUE" => Some(true),
        "false" | "False" | "FALSE" => Some(false),
        _ => None,
    }
}

/// The number that a text without quotes is.
pub(super) fn number(text: &str) -> Option<Number> {
    let (minus, digits) = match text.strip_prefix(['-', '+']) {
        Some(rest) => (text.starts_with('-'), rest),
        None => (false, text),
    };
    let infinite = if minus { f64::NEG_INFINITY } else { f64::INFINITY };
    match digits {
        ".inf" | ".Inf" | ".INF" => return Some(Number::Other(infinite)),
        ".nan" | ".NaN" | ".NAN" if digits == text => return Some(Number::Other(f64::NAN)),
        _ => {}
    }
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(digits) = digits.strip_prefix(prefix) {
            // The sign again would be taken by the parser, and is no digit.
            let value = (!digits.starts_with(['+', '-'])).then_some(digits);
            let value = value.and_then(|digits| i64::from_str_radix(digits, radix).ok())?;
            return Some(Number::Whole(if minus { -value } else { value }));
        }
    }
    let all_digits = digits.bytes().all(|b| b.is_ascii_digit());
    if all_digits && digits.len() > 1 && digits.starts_with('0') {
        return None;
    }
    if let Some(whole) = all_digits.then(|| text.parse().ok()).flatten() {
        return Some(Number::Whole(whole));
    }
    let begins = digits.starts_with(|c: char| c == '.' || c.is_ascii_digit());
    let allowed = |b: u8| b.is_ascii_digit() || b"+-.eE".contains(&b);
    let value = text.parse().ok().filter(|_| begins && digits.bytes().all(allowed))?;
    Some(Number::Other(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_core_schema() {
        for (text, expected) in [
            ("0", Some(Number::Whole(0))),
            ("8086", Some(Number::Whole(8086))),
            ("+1", Some(Number::Whole(1))),
            ("-12", Some(Number::Whole(-12))),
            ("0x1F", Some(Number::Whole(31))),
            ("-0x1f", Some(Number::Whole(-31))),
            ("0o17", Some(Number::Whole(15))),
            ("0b101", Some(Number::Whole(5))),
            ("1.10", Some(Number::Other(1.1))),
            (".5", Some(Number::Other(0.5))),
            ("-.5", Some(Number::Other(-0.5))),
            ("1.", Some(Number::Other(1.0))),
            ("1e5", Some(Number::Other(100_000.0))),
            ("1E-3", Some(Number::Other(0.001))),
            ("12345678901234567890", Some(Number::Other(12_345_678_901_234_567_890.0))),
            ("-.INF", Some(Number::Other(f64::NEG_INFINITY))),
            ("1_000", None),
            ("007", None),
            ("-007", None),
            ("0x", None),
            ("0x-1", None),
            ("0xZZ", None),
            ("e5", None),
            (".", None),
            ("-", None),
            ("", None),
            ("+-1", None),
            ("1.2.3", None),
            ("inf", None),
            ("nan", None),
            ("1e", None),
            ("10.0.0.1", None),
            ("2024-01-01", None),
        ] {
            assert_eq!(number(text), expected, "{text:?}");
        }
        assert!(number(".nan").is_some_and(|number| number.value().is_nan()));
    }

    #[test]
    fn only_true_and_false_are_booleans() {
        for (text, expected) in
            [("true", Some(true)), ("FALSE", Some(false)), ("yes", None), ("tRUE", None)]
        {
            assert_eq!(boolean(text), expected, "{text}");
        }
    }
}
