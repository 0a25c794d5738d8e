//! Numbers as text without the formatting machinery: every line and every event has several.

use std::io::Write;

/// Appends the decimal digits of a number.
pub fn write_integer(out: &mut Vec<u8>, number: i64) {
    if number < 0 {
        out.push(b'-');
    }
    write_natural(out, number.unsigned_abs(), 1);
}

/// Appends a number with at least `least` digits.
fn write_natural(out: &mut Vec<u8>, number: u64, least: usize) {
    let mut digits = [b'0'; MOST_DIGITS];
    let mut at = MOST_DIGITS;
    let mut rest = number;
    while rest > 0 || MOST_DIGITS - at < least {
        at -= 1;
        digits[at] = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
    }
    out.extend_from_slice(&digits[at..]);
}

/// Digits of the largest number of 64 bits.
const MOST_DIGITS: usize = 20;

/// Appends the shortest text that reads back as the same number, without an exponent: what
/// `Display` writes.
///
/// Most are a whole number over a small power of ten. With at most 15 digits that quotient is
/// exact (both are whole numbers that a float can hold, and a division is rounded once), and no
/// two decimals of 15 digits are the same float, so no shorter text can mean it.
pub fn write_float(out: &mut Vec<u8>, number: f64) {
    let size = number.abs();
    for (decimals, power) in POWERS.into_iter().enumerate() {
        let scaled = size * power as f64;
        // Also ends here: what is not finite.
        if scaled.is_nan() || scaled >= 1e15 {
            break;
        }
        #[expect(clippy::cast_possible_truncation, reason = "below 1e15")]
        let whole = (scaled + 0.5) as i64;
        #[expect(clippy::cast_precision_loss, reason = "up to 1e15")]
        let same = whole as f64 / power as f64 == size;
        if same {
            if number.is_sign_negative() {
                out.push(b'-');
            }
            let (whole, power) = (whole.unsigned_abs(), power.unsigned_abs());
            write_natural(out, whole / power, 1);
            if decimals > 0 {
                out.push(b'.');
                write_natural(out, whole % power, decimals);
            }
            return;
        }
    }
    _ = write!(out, "{number}");
}

/// Milliseconds with up to six decimals; with more of them looking costs more than it saves.
const POWERS: [i64; 7] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn float(number: f64) -> String {
        let mut out = Vec::new();
        write_float(&mut out, number);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn numbers_at_the_limits_are_written_as_by_the_standard_library() {
        for number in [0, 1, -1, 9, 10, -10, i64::MAX, i64::MIN] {
            let mut out = Vec::new();
            write_integer(&mut out, number);
            assert_eq!(String::from_utf8(out).unwrap(), number.to_string());
        }
        for number in [
            0.0,
            -0.0,
            0.5,
            0.05,
            1.5,
            12.1,
            2310.75,
            -7.25,
            0.1 + 0.2,
            1e15,
            1e15 - 1.0,
            1e16,
            999_999_999.999_999,
            123_456_789_012_345.6,
            0.000_001,
            0.000_000_1,
            1e300,
            5e-324,
            f64::MAX,
            f64::MIN_POSITIVE,
            f64::EPSILON,
        ] {
            assert_eq!(float(number), number.to_string());
        }
    }

    proptest! {
        #[test]
        fn any_float_is_written_as_by_the_standard_library(bits in any::<u64>()) {
            let number = f64::from_bits(bits);
            prop_assert_eq!(float(number), number.to_string());
        }

        #[test]
        fn any_decimal_is_written_as_by_the_standard_library(
            whole in -999_999_999_999_999_i64..=999_999_999_999_999, decimals in 0..9_i32
        ) {
            let number = whole as f64 / 10_f64.powi(decimals);
            prop_assert_eq!(float(number), number.to_string());
            // Its neighbours are no short decimals.
            for near in [number.next_up(), number.next_down()] {
                prop_assert_eq!(float(near), near.to_string());
            }
        }
    }
}
