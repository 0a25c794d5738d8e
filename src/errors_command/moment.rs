//! Moments as people write them: `24h` ago, `1d12h` ago, `2026-11-25`, `2026-11-25 14:00`.

use actors::domain::point::Stamp;
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};

/// Which end of a period is meant. It decides what a day is: its beginning, or its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edge {
    /// `--since`
    Begin,
    /// `--until`
    End,
}

impl Edge {
    fn option(self) -> &'static str {
        match self {
            Self::Begin => "--since",
            Self::End => "--until",
        }
    }
}

/// The moment that `text` means at `now`: so long ago, a day, or a time, all of them in UTC unless
/// they have an offset.
///
/// # Errors
/// A message that names the option and what it takes.
pub(super) fn parse(edge: Edge, text: &str, now: DateTime<Utc>) -> Result<Stamp, String> {
    if let Some(seconds) = seconds(text) {
        let then = TimeDelta::try_seconds(seconds).and_then(|span| now.checked_sub_signed(span));
        // Further back than time can be told is: everything.
        return Ok(then.map_or(Stamp(i64::MIN), stamp));
    }
    let text = text.trim();
    if let Some(day) = day(text) {
        let day = match edge {
            Edge::Begin => Some(day),
            Edge::End => day.succ_opt(),
        };
        if let Some(day) = day {
            return Ok(stamp(day.and_time(NaiveTime::MIN).and_utc()));
        }
    }
    time(text).map(stamp).ok_or_else(|| {
        format!(
            "error: {} expects a time such as 90s, 15m, 24h, 7d, 2w or 1d12h, or a date such as \
             2026-11-25, \"2026-11-25 14:00\" or 2026-11-25T14:00:00+01:00, found {text:?}",
            edge.option()
        )
    })
}

/// The time that lies so many hours before a moment.
pub(super) fn hours_before(end: Stamp, hours: i64) -> Stamp {
    Stamp(end.0.saturating_sub(hours * 3_600 * 1_000_000_000))
}

fn stamp(time: DateTime<Utc>) -> Stamp {
    let beyond = if time.timestamp() < 0 { i64::MIN } else { i64::MAX };
    Stamp(time.timestamp_nanos_opt().unwrap_or(beyond))
}

fn day(text: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()
}

fn time(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.to_utc());
    }
    let text = text.strip_suffix(['Z', 'z']).unwrap_or(text);
    let forms =
        ["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f"];
    let time = forms.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())?;
    Some(time.and_utc())
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
        let since = |text| parse(Edge::Begin, text, now);
        assert_eq!(since("9999999999999w").unwrap(), Stamp(i64::MIN));
        assert!(since("yesterday").unwrap_err().contains("90s, 15m, 24h"));
    }

    #[test]
    fn dates_and_times_are_utc_unless_they_say_otherwise() {
        let now: DateTime<Utc> = "2026-11-25T15:30:00Z".parse().unwrap();
        for (text, begin, end) in [
            ("90m", "2026-11-25T14:00:00", "2026-11-25T14:00:00"),
            ("2026-11-24", "2026-11-24T00:00:00", "2026-11-25T00:00:00"),
            ("2026-11-24 14:05", "2026-11-24T14:05:00", "2026-11-24T14:05:00"),
            ("2026-11-24T14:05:07", "2026-11-24T14:05:07", "2026-11-24T14:05:07"),
            ("2026-11-24 14:05Z", "2026-11-24T14:05:00", "2026-11-24T14:05:00"),
            ("2026-11-24T14:05:07+01:00", "2026-11-24T13:05:07", "2026-11-24T13:05:07"),
        ] {
            for (edge, expected) in [(Edge::Begin, begin), (Edge::End, end)] {
                let found = parse(edge, text, now).unwrap().to_utc();
                assert_eq!(found.format("%Y-%m-%dT%H:%M:%S").to_string(), expected, "{text}");
            }
        }
        for text in ["2026-13-01", "25.11.2026", "14:00", "2026-11-24 25:00", "9999999-01-01"] {
            let error = parse(Edge::End, text, now).unwrap_err();
            assert!(error.starts_with("error: --until expects "), "{text}: {error}");
        }
    }
}
