//! How a configuration file is saved: UTF-8 as YAML wants it, or as Windows editors do.

use actors::config::is_secret;
use encoding_rs::{Encoding, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// Text of a file that is not UTF-8, or not everywhere.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Notice {
    /// Line of the first letter that is written otherwise, from 1.
    pub(super) line: Option<usize>,
    /// What is to be told.
    pub(super) message: String,
}

/// The text of a file, with what is to be told about how it is saved.
///
/// # Errors
/// When it is no text: a sentence that follows the name of the file.
pub(super) fn decode(bytes: Vec<u8>) -> Result<(String, Option<Notice>), String> {
    if let Some(encoding) = utf_16(&bytes) {
        return decode_utf_16(&bytes, encoding);
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok((text, None)),
        Err(error) => Ok(decode_windows_1252(error.as_bytes())),
    }
}

/// UTF-16 is known by its byte order mark, or by the zeros between the ASCII letters that every
/// configuration begins with.
fn utf_16(bytes: &[u8]) -> Option<&'static Encoding> {
    match *bytes {
        [0xFF, 0xFE, ..] => Some(UTF_16LE),
        [0xFE, 0xFF, ..] => Some(UTF_16BE),
        [a, 0, b, 0, ..] if a != 0 && b != 0 => Some(UTF_16LE),
        [0, a, 0, b, ..] if a != 0 && b != 0 => Some(UTF_16BE),
        _ => None,
    }
}

fn decode_utf_16(
    bytes: &[u8],
    encoding: &'static Encoding,
) -> Result<(String, Option<Notice>), String> {
    let (text, broken) = encoding.decode_with_bom_removal(bytes);
    // UTF-32 begins with the same mark and a zero.
    if broken || text.starts_with('\0') {
        return Err("is not UTF-8 text, nor UTF-16 without mistakes: save it as UTF-8".to_owned());
    }
    let message = "is UTF-16 text, which some editors call Unicode, and is read as that: save the \
                   file as UTF-8"
        .to_owned();
    Ok((text.into_owned(), Some(Notice { line: None, message })))
}

/// What is UTF-8 stays; every other byte is a letter of Windows-1252, so that a file to which two
/// editors wrote is right too.
fn decode_windows_1252(bytes: &[u8]) -> (String, Option<Notice>) {
    let mut text = String::with_capacity(bytes.len() + bytes.len() / 8);
    // Line and letter, the first of each line.
    let mut found: Vec<(usize, char)> = Vec::new();
    let mut line = 1;
    for chunk in bytes.utf8_chunks() {
        line += chunk.valid().matches('\n').count();
        text.push_str(chunk.valid());
        let (letters, _) = WINDOWS_1252.decode_without_bom_handling(chunk.invalid());
        if let Some(letter) =
            letters.chars().next().filter(|_| found.last().is_none_or(|l| l.0 < line))
        {
            found.push((line, letter));
        }
        text.push_str(&letters);
    }
    let notice = found.first().map(|(line, letter)| {
        let written = text.lines().nth(line - 1).unwrap_or_default();
        let letter = if is_secret(written) { "a letter".to_owned() } else { format!("{letter:?}") };
        let more = match found.len() - 1 {
            0 => String::new(),
            1 => ", and 1 more line has such letters".to_owned(),
            more => format!(", and {more} more lines have such letters"),
        };
        let message = format!(
            "is not UTF-8 text: here {letter} is saved as in Windows-1252, and is read as \
             that{more}; save the file as UTF-8"
        );
        Notice { line: Some(*line), message }
    });
    (text, notice)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf_16(text: &str, mark: bool, little: bool) -> Vec<u8> {
        let mark = if mark { "\u{feff}" } else { "" };
        let units: Vec<u16> = mark.encode_utf16().chain(text.encode_utf16()).collect();
        let bytes = |unit: u16| if little { unit.to_le_bytes() } else { unit.to_be_bytes() };
        units.into_iter().flat_map(bytes).collect()
    }

    #[test]
    fn utf_8_is_taken_without_a_word() {
        for text in ["", "a: 1\n", "a: ö 😀\n", "\u{feff}a: 1\n"] {
            assert_eq!(decode(text.into()), Ok((text.to_owned(), None)));
        }
    }

    #[test]
    fn utf_16_is_read_in_both_orders_with_a_mark_or_without() {
        let text = "Butler-SOS:\r\n  a: Köln 😀\r\n";
        for (mark, little) in [(true, true), (true, false), (false, true), (false, false)] {
            let (read, notice) = decode(utf_16(text, mark, little)).unwrap();
            assert_eq!(read, text, "{mark} {little}");
            let message = notice.unwrap().message;
            assert!(message.contains("UTF-16") && message.contains("save the file as UTF-8"));
        }
        for broken in [&b"\xff\xfea\0\x00\xd8b\0"[..], b"\xff\xfe\0\0a\0\0\0", b"\xff\xfea"] {
            let error = decode(broken.to_vec()).unwrap_err();
            assert!(error.contains("save it as UTF-8"), "{error}");
        }
    }

    #[test]
    fn windows_1252_is_read_with_line_and_letter() {
        let decoded = |bytes: &[u8]| {
            let (text, notice) = decode(bytes.to_vec()).unwrap();
            let notice = notice.unwrap();
            (text, notice.line.unwrap(), notice.message)
        };
        for (bytes, text, line, said) in [
            (&b"a: 1\nb: K\xf6ln\n"[..], "a: 1\nb: Köln\n", 2, "here 'ö' is saved"),
            (b"# \x80 \x93x\x94\r\n", "# € “x”\r\n", 1, "here '€' is saved"),
            (
                b"a: \xfc\nb: \xc3\xb6\nc: \xdf\xdf\n",
                "a: ü\nb: ö\nc: ßß\n",
                1,
                "and 1 more line has",
            ),
            (b"\xe4\n\xe4\n\xe4\n", "ä\nä\nä\n", 1, "and 2 more lines have"),
            (b"\xef\xbb\xbfa: \xe5\n", "\u{feff}a: å\n", 1, "here 'å' is saved"),
            (b"password: s\xe9cret\n", "password: sécret\n", 1, "here a letter is saved"),
        ] {
            let (read, at, message) = decoded(bytes);
            assert_eq!((read.as_str(), at), (text, line));
            assert!(message.contains(said), "{message}");
            assert!(message.ends_with("save the file as UTF-8"), "{message}");
        }
    }
}
