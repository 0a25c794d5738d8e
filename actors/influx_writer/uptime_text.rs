//! How long an engine has been up, from the text in which Qlik Sense says when it started.

use chrono::{DateTime, FixedOffset, NaiveDate, TimeZone, Utc};

/// `3 days, 4h 07m 09s`; empty when `started` cannot be read, zero when it lies ahead.
pub(super) fn uptime_text(started: &str, now: DateTime<Utc>) -> String {
    let Some(started) = parse(started) else {
        return String::new();
    };
    let seconds = (now - started).num_seconds().max(0);
    let (minutes, seconds) = (seconds / 60, seconds % 60);
    let (hours, minutes) = (minutes / 60, minutes % 60);
    let (days, hours) = (hours / 24, hours % 24);
    format!("{days} days, {hours}h {minutes:02}m {seconds:02}s")
}

/// Reads `20260412T063015.208+0200`; fraction and offset may be missing, no offset means UTC.
fn parse(text: &str) -> Option<DateTime<Utc>> {
    let number = |from: usize, to: usize| -> Option<u32> {
        let digits = text.get(from..to)?;
        digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
    };
    let year = i32::try_from(number(0, 4)?).ok()?;
    let date = NaiveDate::from_ymd_opt(year, number(4, 6)?, number(6, 8)?)?;
    let time = date.and_hms_opt(number(9, 11)?, number(11, 13)?, number(13, 15)?)?;
    offset(text.get(15..)?)?.from_local_datetime(&time).single().map(|time| time.to_utc())
}

/// The offset at the end of the text: `+0200`, `-0330`, `+02:00`, `Z` or nothing.
fn offset(rest: &str) -> Option<FixedOffset> {
    let rest = rest.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
    let (sign, digits) = match rest.split_at_checked(1) {
        None | Some(("Z" | "z", "")) => return FixedOffset::east_opt(0),
        Some(("+", digits)) => (1, digits.replace(':', "")),
        Some(("-", digits)) => (-1, digits.replace(':', "")),
        Some(_) => return None,
    };
    let hours: i32 = digits.get(0..2)?.parse().ok()?;
    let minutes: i32 = digits.get(2..4).unwrap_or("0").parse().ok()?;
    FixedOffset::east_opt(sign * (hours * 3600 + minutes * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uptime_follows_the_offset_that_sense_sends() {
        let now = "2026-04-15T08:37:24Z".parse().unwrap();
        for (started, text) in [
            ("20260412T063015.208+0200", "3 days, 4h 07m 09s"),
            ("20260412T043015Z", "3 days, 4h 07m 09s"),
            ("20260412T043015", "3 days, 4h 07m 09s"),
            ("20260412T010015.208-0330", "3 days, 4h 07m 09s"),
            ("20260415T083724.000Z", "0 days, 0h 00m 00s"),
            ("20270101T000000.000Z", "0 days, 0h 00m 00s"),
            ("2026-04-12 06:30:15", ""),
            ("20261312T063015", ""),
            ("soon", ""),
            ("", ""),
            ("20260412T06301ü", ""),
        ] {
            assert_eq!(uptime_text(started, now), text, "{started}");
        }
    }
}
