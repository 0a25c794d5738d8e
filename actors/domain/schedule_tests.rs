//! Which texts mean what, and when that is.

use super::*;

fn next(text: &str, now: &str) -> String {
    let started = "2026-05-03T10:20:30Z".parse().unwrap();
    let schedule: Schedule = text.parse().unwrap();
    schedule.next(now.parse().unwrap(), started).to_rfc3339()
}

#[test]
fn intervals_that_fit_the_clock_are_aligned_to_it() {
    for (text, expected) in [
        ("every 15 minutes", "2026-05-03T16:15:00+00:00"),
        ("  Every 20 SECS ", "2026-05-03T16:10:20+00:00"),
        ("every 6 hours", "2026-05-03T18:00:00+00:00"),
        ("every 1 hours", "2026-05-03T17:00:00+00:00"),
        ("every minute", "2026-05-03T16:11:00+00:00"),
        ("every 0 minutes", "2026-05-03T16:11:00+00:00"),
        ("every 1 day", "2026-05-04T00:00:00+00:00"),
        ("at 06:30", "2026-05-04T06:30:00+00:00"),
        ("at 11:05 pm", "2026-05-03T23:05:00+00:00"),
        ("at 12:00 am", "2026-05-04T00:00:00+00:00"),
    ] {
        assert_eq!(next(text, "2026-05-03T16:10:09.420Z"), expected, "{text}");
    }
}

#[test]
fn other_intervals_count_from_the_start() {
    assert_eq!(next("every 90 minutes", "2026-05-03T10:20:30Z"), "2026-05-03T11:50:30+00:00");
    assert_eq!(next("every 7 hours", "2026-05-03T17:20:29Z"), "2026-05-03T17:20:30+00:00");
    assert_eq!(next("every 7 hours", "2026-05-03T17:20:30Z"), "2026-05-04T00:20:30+00:00");
}

#[test]
fn texts_that_meant_something_else_are_known() {
    for (text, there) in [
        ("every minute", Some("every hour")),
        ("Every Hour", Some("every day")),
        ("every 90 minutes", Some("every hour")),
        ("every 36 hours", Some("every day")),
        ("every 15 minutes", None),
        ("every 60 minutes", None),
        ("every 24 hours", None),
        ("at 06:30", None),
    ] {
        assert_eq!(read_differently(text), there, "{text}");
    }
}

#[test]
fn a_time_within_the_next_second_is_passed_over() {
    assert_eq!(next("every 1 minutes", "2026-05-03T16:59:59.500Z"), "2026-05-03T17:01:00+00:00");
    assert_eq!(next("every 1 minutes", "2026-05-03T16:59:59Z"), "2026-05-03T17:00:00+00:00");
}

#[test]
fn anything_else_is_no_schedule() {
    for text in [
        "",
        "every",
        "every x minutes",
        "every 5 fortnights",
        "at 25:00",
        "at 13:00 pm",
        "15 minutes",
        "weekday",
        "on 15 minutes please",
        "on the moon",
        "between 8 and 17",
        "every 15 minutes and",
        "every 5 minutes except",
        "except on sunday",
        "at 9",
        "at 9:5",
        "at 09:60",
        "every 2 hrs",
        "every 2 hours excluding sunday",
        "every -1 minutes",
        "every 99999999 days",
    ] {
        assert_eq!(text.parse::<Schedule>(), Err(NotASchedule), "{text}");
    }
}

/// The first three times after a Sunday afternoon.
fn times(text: &str) -> Vec<String> {
    let now = "2026-05-03T16:10:09.420Z".parse().unwrap();
    let schedule: Schedule = text.parse().unwrap_or_else(|_| panic!("{text} is no schedule"));
    let mut at = now;
    let mut next = || {
        at = schedule.next(at, now);
        at.format("%m-%dT%H:%M:%S").to_string()
    };
    vec![next(), next(), next()]
}

#[test]
fn texts_of_the_calendar_mean_what_they_say() {
    for (text, expected) in [
        ("every weekday", "05-04T00:00:00 05-05T00:00:00 05-06T00:00:00"),
        ("every weekday at 08:00", "05-04T08:00:00 05-05T08:00:00 05-06T08:00:00"),
        ("every weekend", "05-09T00:00:00 05-10T00:00:00 05-16T00:00:00"),
        ("on mon-fri at 08:00", "05-04T08:00:00 05-05T08:00:00 05-06T08:00:00"),
        ("On Sunday at 18:00", "05-03T18:00:00 05-10T18:00:00 05-17T18:00:00"),
        ("on mon, wed and friday at 6:15am", "05-04T06:15:00 05-06T06:15:00 05-08T06:15:00"),
        ("on fri to mon at 06:00", "05-04T06:00:00 05-08T06:00:00 05-09T06:00:00"),
        ("at 9:00 am and 5:00 pm", "05-03T17:00:00 05-04T09:00:00 05-04T17:00:00"),
        ("at 09:00, 17:00", "05-03T17:00:00 05-04T09:00:00 05-04T17:00:00"),
        ("at 10:00 also at 12:00 on tuesday", "05-04T10:00:00 05-05T10:00:00 05-05T12:00:00"),
        ("every 2 hours between 8 and 17", "05-04T08:00:00 05-04T10:00:00 05-04T12:00:00"),
        ("every 2 hours between 20 and 1", "05-03T20:00:00 05-03T22:00:00 05-04T00:00:00"),
        ("every 10 min between 8 and 17", "05-03T17:08:00 05-03T18:08:00 05-03T19:08:00"),
        ("every 25 minutes between 8:00 and 16:50", "05-03T16:25:00 05-03T16:50:00 05-04T08:00:00"),
        (
            "every 15 minutes starting on the 5th minute",
            "05-03T16:20:00 05-03T16:35:00 05-03T16:50:00",
        ),
        ("every 6 hours start at 5", "05-03T17:00:00 05-03T23:00:00 05-04T05:00:00"),
        ("every 1 week", "05-04T00:00:00 05-11T00:00:00 05-18T00:00:00"),
        ("every 2 weeks", "05-04T00:00:00 05-18T00:00:00 06-01T00:00:00"),
        ("every 2 weeks on tuesday at 07:00", "05-05T07:00:00 05-19T07:00:00 06-02T07:00:00"),
        ("every 3 months", "07-01T00:00:00 10-01T00:00:00 01-01T00:00:00"),
        ("every month", "06-01T00:00:00 07-01T00:00:00 08-01T00:00:00"),
        ("every year", "01-01T00:00:00 01-01T00:00:00 01-01T00:00:00"),
        ("on the last day of the month", "05-31T00:00:00 06-30T00:00:00 07-31T00:00:00"),
        ("last day of the month at 23:30", "05-31T23:30:00 06-30T23:30:00 07-31T23:30:00"),
        ("on the last day of february", "02-28T00:00:00 02-29T00:00:00 02-28T00:00:00"),
        ("on the last day of the year", "12-31T00:00:00 12-31T00:00:00 12-31T00:00:00"),
        ("on the first day of january and july", "07-01T00:00:00 01-01T00:00:00 07-01T00:00:00"),
        ("on the 1st and 15th day of the month", "05-15T00:00:00 06-01T00:00:00 06-15T00:00:00"),
        ("on the 2-4 day of the month", "05-04T00:00:00 06-02T00:00:00 06-03T00:00:00"),
        ("on the 2nd day of the week", "05-04T00:00:00 05-11T00:00:00 05-18T00:00:00"),
        ("on the first week of the month", "06-01T00:00:00 07-01T00:00:00 08-01T00:00:00"),
        ("on the last week of the year", "12-28T00:00:00 12-27T00:00:00 12-25T00:00:00"),
        ("every 2 hours on monday", "05-04T00:00:00 05-04T02:00:00 05-04T04:00:00"),
        ("every 6 hours except on sunday", "05-04T00:00:00 05-04T06:00:00 05-04T12:00:00"),
        ("every 1 hour after 20:00", "05-03T20:00:00 05-03T21:00:00 05-03T22:00:00"),
        ("every 8 hours before 12:00", "05-04T00:00:00 05-04T08:00:00 05-05T00:00:00"),
        ("every 20 minutes after 22 hour", "05-03T22:00:00 05-03T22:20:00 05-03T22:40:00"),
        ("every 30 seconds on monday", "05-04T00:00:00 05-04T00:00:30 05-04T00:01:00"),
        (
            "on the first day of march in 2028 and 2029 to 2030",
            "03-01T00:00:00 03-01T00:00:00 03-01T00:00:00",
        ),
    ] {
        assert_eq!(times(text).join(" "), expected, "{text}");
    }
    assert_eq!(next("in 2030", "2026-05-03T16:10:09Z"), "2030-01-01T00:00:00+00:00");
}

#[test]
fn what_was_understood_before_a_word_that_is_not_runs_as_in_the_original() {
    for (text, understood, rest) in [
        ("every 2 hours excluding sunday", "every 2 hours", "excluding sunday"),
        ("At 13:00 PM", "at 13:00", "pm"),
        ("every 15 minutes and", "every 15 minutes", "and"),
        ("on mon-fri at noon", "on mon - fri", "at noon"),
        ("every 5 fortnights", "", "every 5 fortnights"),
    ] {
        let reading = Reading::of(text);
        assert_eq!((&*reading.understood, &*reading.rest), (understood, rest));
        assert_eq!(reading.schedule, understood.parse().ok(), "{text}");
    }
}

#[test]
fn what_may_not_be_meant_is_remarked() {
    for (text, remark) in [
        ("every week", Some("the original ran every year")),
        ("every 10 min between 8 and 17", Some("not hours of the day")),
        ("every 10 min between 8:00 and 17:00", Some("the original ran it all day")),
        ("every 2 weeks at 08:00", Some("on every day of those weeks")),
        ("every 90 minutes on monday", Some("only the first counts")),
        ("on the 31st day of february", Some("never comes")),
        ("on the 40 to 4000000000 day of the month", Some("never comes")),
        ("at 10:00 except on mon-sun", Some("never comes")),
        ("on the 29th day of february", None),
        ("on the first day of may in 2100", None),
        ("every 2 weeks on monday at 08:00", None),
        ("every 2 hours between 8 and 17", None),
        ("every weekday at 08:00", None),
        ("every 15 minutes", None),
    ] {
        let remarks = Reading::of(text).remarks;
        assert_eq!(remarks.len(), usize::from(remark.is_some()), "{text}: {remarks:?}");
        assert!(remarks.concat().contains(remark.unwrap_or_default()), "{text}: {remarks:?}");
    }
}

#[test]
fn the_interval_is_that_between_the_third_and_the_fourth_time() {
    let now = "2026-05-03T16:10:09Z".parse().unwrap();
    for (text, hours) in [
        ("every 6 hours", 6),
        ("every weekday", 24),
        ("at 09:00 and 17:00", 16),
        ("every 3 months", 31 * 24 + 28 * 24 + 31 * 24),
        ("on the 31st day of february", 0),
    ] {
        let schedule: Schedule = text.parse().unwrap();
        assert_eq!(schedule.interval(now), Duration::from_secs(hours * 3600), "{text}");
    }
}
