//! Which bytes of a text have to be escaped somewhere: looked for once, when an event is decoded,
//! and not again by each format that it is written in.

/// What a text may have in it. Too much of it costs time, too little would be a mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Specials(u8);

impl Specials {
    /// Nothing: letters, digits, and marks that mean nothing anywhere.
    pub(super) const NONE: Self = Self(0);

    /// Quotes and backslashes.
    pub(super) const QUOTES: Self = Self(QUOTE);

    /// A blank, a comma, or an equals sign.
    pub(super) const SEPARATORS: Self = Self(SEPARATOR);

    /// Of a text.
    pub(super) fn of(text: &str) -> Self {
        let (chunks, rest) = text.as_bytes().as_chunks::<16>();
        let mut found = rest.iter().fold(0, |found, byte| found | TABLE[usize::from(*byte)]);
        if !chunks.is_empty() {
            // Byte by byte of sixteen, so that the compiler compares them at once.
            let mut lanes = [0; 16];
            for chunk in chunks {
                for (lane, byte) in lanes.iter_mut().zip(chunk) {
                    *lane |= special(*byte);
                }
            }
            let lanes = u128::from_ne_bytes(lanes);
            let lanes = (lanes >> 64 | lanes) as u64;
            let lanes = lanes >> 32 | lanes;
            let lanes = lanes >> 16 | lanes;
            found |= (lanes >> 8 | lanes) as u8;
        }
        Self(found)
    }

    /// Of both texts together.
    pub(super) fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Of a text from which the control characters were taken.
    pub(super) fn without_controls(self) -> Self {
        Self(self.0 & !CONTROL)
    }

    /// A control character of ASCII.
    pub fn control(self) -> bool {
        self.0 & CONTROL != 0
    }

    /// A quote or a backslash.
    pub fn quote(self) -> bool {
        self.0 & QUOTE != 0
    }

    /// What line protocol escapes in tags: a blank, a comma or an equals sign.
    pub fn separator(self) -> bool {
        self.0 & SEPARATOR != 0
    }
}

const CONTROL: u8 = 1;
const QUOTE: u8 = 2;
const SEPARATOR: u8 = 4;

const fn special(byte: u8) -> u8 {
    let control = (byte < 0x20) as u8 | (byte == 0x7f) as u8;
    let quote = (byte == b'"') as u8 | (byte == b'\\') as u8;
    let separator = (byte == b' ') as u8 | (byte == b',') as u8 | (byte == b'=') as u8;
    (control * CONTROL) | (quote * QUOTE) | (separator * SEPARATOR)
}

const TABLE: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = special(byte as u8);
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_special_byte_is_found_wherever_it_stands() {
        for length in 1..50 {
            for at in 0..length {
                for byte in 0..=127 {
                    let mut text = vec![b'x'; length];
                    text[at] = byte;
                    let found = Specials::of(std::str::from_utf8(&text).unwrap());
                    assert_eq!(found.control(), char::from(byte).is_ascii_control());
                    assert_eq!(found.quote(), matches!(byte, b'"' | b'\\'));
                    assert_eq!(found.separator(), matches!(byte, b' ' | b',' | b'='));
                }
            }
        }
        assert_eq!(Specials::of(&"ä😀".repeat(20)), Specials::NONE);
    }
}
