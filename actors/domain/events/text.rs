//! Rules that every field follows (section 1.3 of the page on events; the names DR3 to DR9 are
//! those of the page).

use std::borrow::Cow;

use super::flaw::Flaw;
use super::specials::Specials;

/// Written by log4net where a property is not set.
const NULL: &str = "(null)";

/// DR4: whether a field was written without anything in it.
pub(super) fn is_nothing(value: &str) -> bool {
    value.is_empty() || value == NULL
}

/// DR3 and DR4: without control characters, at most `most` UTF-16 code units, never half a
/// character; log4net's null text is the empty text.
pub(super) fn clean(value: &str, most: usize) -> Cow<'_, str> {
    clean_of(value, Specials::of(value), most)
}

/// The same of a text in which there are these.
pub(super) fn clean_of(value: &str, specials: Specials, most: usize) -> Cow<'_, str> {
    let value = if specials.control() { without_controls(value) } else { Cow::Borrowed(value) };
    let cleaned = cut(value, most);
    if cleaned == NULL { Cow::Borrowed("") } else { cleaned }
}

fn is_control(byte: u8) -> bool {
    byte < 0x20 || byte == 0x7f
}

#[cold]
fn without_controls(value: &str) -> Cow<'_, str> {
    Cow::Owned(value.chars().filter(|c| !(c.is_ascii() && is_control(*c as u8))).collect())
}

fn cut(value: Cow<'_, str>, most: usize) -> Cow<'_, str> {
    // No text has more UTF-16 code units than bytes.
    if value.len() <= most {
        return value;
    }
    let mut units = 0;
    let end = value.char_indices().find(|(_, c)| {
        units += c.len_utf16();
        units > most
    });
    match (end.map(|(at, _)| at), value) {
        (None, value) => value,
        (Some(end), Cow::Borrowed(value)) => Cow::Borrowed(&value[..end]),
        (Some(end), Cow::Owned(mut value)) => {
            value.truncate(end);
            Cow::Owned(value)
        }
    }
}

/// DR5: white space, sign and leading digits; the rest is ignored. `None` without a digit, or
/// when 64 bits cannot hold it.
pub(super) fn integer(value: &str) -> Option<i64> {
    let value = value.trim_start();
    let signed = usize::from(value.starts_with(['+', '-']));
    let digits = value[signed..].bytes().take_while(u8::is_ascii_digit).count();
    value[..signed + digits].parse().ok()
}

/// DR6: a time or an amount of memory. `None` where nothing was written, or a number that no
/// computer can hold; zero has no sign.
pub(super) fn measure(value: &str, field: &'static str) -> Result<Option<f64>, Flaw> {
    let value = value.trim();
    if is_nothing(value) {
        return Ok(None);
    }
    let number: f64 = value.parse().map_err(|_| Flaw::not_a_number(field))?;
    // Adding zero takes the sign from a zero, and only from that.
    Ok(Some(number + 0.0).filter(|number| number.is_finite()))
}

/// DR7: whether the whole value is a GUID, of any version.
pub(super) fn is_uuid(value: &str) -> bool {
    let Ok(bytes) = <&[u8; UUID.len()]>::try_from(value.as_bytes()) else { return false };
    // Folded instead of searched: without an early exit the compiler compares many bytes at once.
    bytes.iter().zip(UUID).fold(true, |fits, (byte, wanted)| {
        let hex = byte.wrapping_sub(b'0') < 10 || (byte | 0x20).wrapping_sub(b'a') < 6;
        fits & if wanted == b'-' { *byte == b'-' } else { hex }
    })
}

/// The shape of a GUID.
const UUID: [u8; 36] = *b"xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

/// DR7: a GUID in lower case, else nothing.
pub(super) fn uuid(value: &str) -> Cow<'_, str> {
    if value.len() < UUID.len() {
        return Cow::Borrowed("");
    }
    if !is_uuid(value) {
        let cleaned = without_controls(value);
        return if is_uuid(&cleaned) { cleaned.to_ascii_lowercase().into() } else { "".into() };
    }
    if value.bytes().fold(false, |upper, byte| upper | byte.is_ascii_uppercase()) {
        Cow::Owned(value.to_ascii_lowercase())
    } else {
        Cow::Borrowed(value)
    }
}

/// Whether a GUID has a version from 1 to 8 and the usual variant, or is the nil or the max GUID.
pub(super) fn is_real_uuid(value: &str) -> bool {
    let bytes = value.as_bytes();
    is_uuid(value)
        && ((matches!(bytes[14], b'1'..=b'8')
            && matches!(bytes[19], b'8' | b'9' | b'a' | b'b' | b'A' | b'B'))
            || value.bytes().all(|byte| matches!(byte, b'0' | b'-'))
            || value.bytes().all(|byte| matches!(byte, b'f' | b'F' | b'-')))
}

/// Whether a value has the shape of a pattern: `0` stands for a digit, everything else for itself.
fn shaped<'v, const N: usize>(value: &'v str, pattern: &[u8; N]) -> Option<&'v str> {
    let (head, rest) = value.split_at_checked(N)?;
    let head: &[u8; N] = head.as_bytes().try_into().ok()?;
    // Without an early exit, as above.
    let fits = head.iter().zip(pattern).fold(true, |fits, (byte, wanted)| {
        let most = if *wanted == b'0' { 9 } else { 0 };
        fits & (byte.wrapping_sub(*wanted) <= most)
    });
    fits.then_some(rest)
}

fn is_zone(zone: &str) -> bool {
    let Some(offset) = zone.strip_prefix(['+', '-']) else { return zone == "Z" };
    shaped(offset, b"0000") == Some("") || shaped(offset, b"00:00") == Some("")
}

fn is_hyphenated(value: &str) -> bool {
    shaped(value, b"0000-00-00T00:00:00.000").is_some_and(is_zone)
}

/// DR8: a time with its zone, kept as it is; else nothing.
pub(super) fn iso_time(value: &str) -> &str {
    let compact = || shaped(value, b"00000000T000000.000").is_some_and(is_zone);
    if compact() || is_hyphenated(value) { value } else { "" }
}

/// DR9: a local time, or one with a zone; else nothing.
pub(super) fn local_time(value: &str) -> &str {
    let local = shaped(value, b"0000-00-00 00:00:00,000") == Some("");
    if local || is_hyphenated(value) { value } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_cleaned_then_cut() {
        assert_eq!(clean("a\u{1}b\u{7f}c\u{80}d\n", 10), "abc\u{80}d");
        assert_eq!(clean("\u{1}\u{1}abc", 2), "ab");
        assert_eq!(clean("ab😀", 3), "ab");
        assert_eq!(clean("ab😀", 4), "ab😀");
        assert_eq!(clean("ääää", 4), "ääää");
        assert_eq!(clean("(null)", 10), "");
        assert_eq!(clean("(nu\nll)", 10), "");
        assert_eq!(clean(" x ", 10), " x ");
    }

    #[test]
    fn numbers_are_read_as_far_as_they_go() {
        for (text, number) in [
            ("12abc", Some(12)),
            (" -7", Some(-7)),
            ("+3.9", Some(3)),
            ("", None),
            ("x1", None),
            ("-", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(integer(text), number, "{text:?}");
        }
    }

    #[test]
    fn times_and_memory_are_numbers_or_nothing() {
        for (text, number) in [
            ("12.5", Some(12.5)),
            (" 12 ", Some(12.0)),
            (".5", Some(0.5)),
            ("5.", Some(5.0)),
            ("-1e3", Some(-1000.0)),
            ("1e999", None),
            ("NaN", None),
            ("inf", None),
            ("(null)", None),
            ("", None),
        ] {
            assert_eq!(measure(text, "f"), Ok(number), "{text:?}");
        }
        for text in ["12.5ms", "x", "1e", ".", "12,5", "6b1d9a40-2f57-4c31-8e0b-d4a7c2f95e18"] {
            let flaw = measure(text, "work_time").unwrap_err();
            assert_eq!(flaw.to_string(), "work_time is not a number", "{text:?}");
        }
        assert_eq!(measure("-0.0", "f").unwrap().map(f64::is_sign_negative), Some(false));
    }

    #[test]
    fn ids_are_whole_and_lower_case() {
        assert_eq!(
            uuid("0F3A1C52-7d64-4b8e-9a21-5c0d9e7f1b23"),
            "0f3a1c52-7d64-4b8e-9a21-5c0d9e7f1b23"
        );
        for text in ["0", "", "0f3a1c52-7d64-4b8e-9a21-5c0d9e7f1b2", " 0f3a1c52"] {
            assert_eq!(uuid(text), "");
        }
        for same in ["0", "f", "F"] {
            assert!(is_real_uuid(&"xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx".replace('x', same)));
        }
        assert!(!is_real_uuid("0f3a1c52-7d64-0b8e-9a21-5c0d9e7f1b23"));
        assert!(!is_real_uuid("0f3a1c52-7d64-4b8e-7a21-5c0d9e7f1b23"));
    }

    #[test]
    fn times_are_kept_by_shape() {
        for text in [
            "20260314T091502.118+0100",
            "20260314T091502.118-0500",
            "20260314T091502.118Z",
            "20260314T091502.118-05:00",
            "2026-03-14T09:15:02.118+01:00",
            "2026-03-14T09:15:02.118-0100",
        ] {
            assert_eq!(iso_time(text), text);
        }
        for text in
            ["", "20260314T091502.118", "2026-03-14 09:15:02,118", "x", "20260314T091502.118+01"]
        {
            assert_eq!(iso_time(text), "", "{text}");
        }
        for text in ["2026-03-14 09:15:02,118", "2026-03-14T09:15:02.118Z"] {
            assert_eq!(local_time(text), text);
        }
        assert_eq!(local_time("2026-03-14 09:15:02,118Z"), "");
    }
}
