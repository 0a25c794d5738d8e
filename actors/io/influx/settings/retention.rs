//! How long InfluxDB keeps points: durations as its versions 1 and 2 take them.

use std::time::Duration;

use crate::config::KeyPath;

/// What InfluxDB keeps points for at least.
const HOUR: Duration = Duration::from_secs(3600);

/// The retention of a bucket of version 2; `None` keeps points for ever, or is wrong.
pub(super) fn of_bucket(at: &KeyPath, text: &str) -> Option<Duration> {
    checked(at, text).filter(|duration| !duration.is_zero())
}

/// The retention of a policy of version 1, as `CREATE RETENTION POLICY` takes it (a text, for
/// weeks may mean weeks to whoever reads them); `None` is wrong.
pub(super) fn of_policy(at: &KeyPath, text: &str) -> Option<String> {
    let kept = checked(at, text)?;
    Some(match kept {
        Duration::ZERO => "INF".to_owned(),
        HOUR => "1h".to_owned(),
        // It knows microseconds by one letter only.
        _ => text.trim().replace("µs", "u").replace("us", "u"),
    })
}

/// A duration; zero is for ever, and less than an hour is an hour with a warning.
fn checked(at: &KeyPath, text: &str) -> Option<Duration> {
    match duration(text) {
        Some(wanted) if !wanted.is_zero() && wanted < HOUR => {
            at.warning("InfluxDB keeps points for at least 1h; 1h is used");
            Some(HOUR)
        }
        Some(wanted) => Some(wanted),
        None => {
            at.error(format!(
                "expected a duration such as 10d, 1d12h or 0 for ever, found string {text:?}"
            ));
            None
        }
    }
}

/// An InfluxDB duration: numbers with the units `ns u us µ µs ms s m h d w`, one after the other,
/// at most 2^63 nanoseconds. `0`, `inf` and the empty text are zero, which means for ever.
pub(in crate::io::influx) fn duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    if matches!(text, "" | "0") || text.eq_ignore_ascii_case("inf") {
        return Some(Duration::ZERO);
    }
    let mut total: i64 = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: i64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let unit_len = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let nanos: i64 = match &rest[..unit_len] {
            "ns" => 1,
            "u" | "us" | "µ" | "µs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60 * 1_000_000_000,
            "h" => 3_600 * 1_000_000_000,
            "d" => 86_400 * 1_000_000_000,
            "w" => 604_800 * 1_000_000_000,
            _ => return None,
        };
        total = total.checked_add(nanos.checked_mul(number)?)?;
        rest = &rest[unit_len..];
    }
    u64::try_from(total).ok().map(Duration::from_nanos)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Problems;

    #[test]
    fn durations_are_those_of_influxdb() {
        for (text, seconds) in
            [("10d", 864_000), ("1d12h", 129_600), ("2w", 1_209_600), ("0", 0), ("inf", 0)]
        {
            assert_eq!(duration(text), Some(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["10", "d", "10x", "-1d", "1d 2h", "99999999999999w"] {
            assert_eq!(duration(text), None, "{text}");
        }
    }

    /// The text for version 1, the seconds for version 2, and what is told about both.
    fn kept(text: &str) -> (Option<String>, Option<u64>, Vec<String>) {
        let (problems, others) = (Problems::default(), Problems::default());
        let policy = of_policy(&problems.at("R"), text);
        let told = problems.take().iter().map(ToString::to_string).collect::<Vec<_>>();
        let bucket = of_bucket(&others.at("R"), text).map(|duration| duration.as_secs());
        let again: Vec<String> = others.take().iter().map(ToString::to_string).collect();
        assert_eq!(told, again, "both versions are told the same about {text:?}");
        (policy, bucket, told)
    }

    #[test]
    fn policies_and_buckets_take_the_same_texts() {
        for (text, policy, bucket) in [
            ("10d", "10d", Some(864_000)),
            (" 1d12h ", "1d12h", Some(129_600)),
            ("15000w", "15000w", Some(9_072_000_000)),
            ("7200000000us", "7200000000u", Some(7_200)),
            ("7200000000µs", "7200000000u", Some(7_200)),
            ("7200000000µ", "7200000000µ", Some(7_200)),
            ("60m", "1h", Some(3_600)),
            ("", "INF", None),
            ("0", "INF", None),
            ("0s", "INF", None),
            ("Inf", "INF", None),
        ] {
            assert_eq!(kept(text), (Some(policy.to_owned()), bucket, vec![]), "{text:?}");
        }
        let short = vec!["R: InfluxDB keeps points for at least 1h; 1h is used".to_owned()];
        assert_eq!(kept("59m"), (Some("1h".to_owned()), Some(3_600), short));
        for text in ["soon", "10", "10D", "1.5d", "+1d", "1d 2h", "16000w", "10d; DROP DATABASE x"]
        {
            let (policy, bucket, told) = kept(text);
            assert_eq!((policy, bucket, told.len()), (None, None, 1), "{text:?}");
            assert!(told[0].contains("expected a duration such as 10d, "), "{told:?}");
            assert!(told[0].ends_with(&format!("found string {text:?}")), "{told:?}");
        }
    }
}
