//! How far back: `90s`, `15m`, `24h`, `7d`, `2w`, and sums of them.

use actors::domain::point::Stamp;
use chrono::{DateTime, TimeDelta, Utc};

/// The time that lies `span` before `now`.
pub(super) fn stamp_before(now: DateTime<Utc>, span: &str) -> Result<Stamp, String> {
    let seconds = seconds(span).ok_or_else(|| {
        format!(
            "error: --since expects a time such as 90s, 15m, 24h, 7d, 2w or 1d12h, found {span:?}"
        )
    })?;
    let since = TimeDelta::try_seconds(seconds).and_then(|span| now.checked_sub_signed(span));
    // Further back than time can be told is: everything.
    Ok(Stamp(since.and_then(|since| since.timestamp_nanos_opt()).unwrap_or(i64::MIN)))
}

fn seconds(span: &str) -> Option<i64> {
    let mut total: i64 = 0;
    let mut number = String::new();
    for c in span.trim().chars() {
        if c.is_ascii_digit() {
            number.push(c);
            continue;
        }
        let unit = match c.to_ascii_lowercase() {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            'w' => 604_800,
            _ => return None,
        };
        let count: i64 = number.parse().ok()?;
        total = total.checked_add(count.checked_mul(unit)?)?;
        number.clear();
    }
    (number.is_empty() && !span.trim().is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_numbers_with_units() {
        for (span, expected) in [
            ("90s", Some(90)),
            ("15m", Some(900)),
            ("24h", Some(86_400)),
            ("7D", Some(604_800)),
            ("2w", Some(1_209_600)),
            (" 1d12h ", Some(129_600)),
            ("", None),
            ("24", None),
            ("h", None),
            ("1y", None),
            ("-1h", None),
            ("99999999999999999999h", None),
        ] {
            assert_eq!(seconds(span), expected, "{span:?}");
        }
    }

    #[test]
    fn longer_than_ever_is_everything() {
        let now = Utc::now();
        assert_eq!(stamp_before(now, "9999999999999w").unwrap(), Stamp(i64::MIN));
        assert!(stamp_before(now, "yesterday").unwrap_err().contains("90s, 15m, 24h"));
    }
}
