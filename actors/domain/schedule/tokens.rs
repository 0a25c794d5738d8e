//! Words of a schedule one by one: numbers, units, times, names, lists and ranges of them.

use super::calendar::Unit;
use super::words::Parser;

impl Parser<'_> {
    /// The next word; empty at the end.
    pub(super) fn word(&self) -> &str {
        self.words.get(self.at).copied().unwrap_or_default()
    }

    /// Takes the next word if it is one of these.
    pub(super) fn take(&mut self, any: &[&str]) -> bool {
        let found = any.contains(&self.word());
        self.at += usize::from(found);
        found
    }

    /// Takes these words if all of them come next.
    pub(super) fn take_all(&mut self, all: &[&str]) -> bool {
        let found = self.words.get(self.at..).is_some_and(|words| words.starts_with(all));
        self.at += if found { all.len() } else { 0 };
        found
    }

    /// Takes what `read` takes, or nothing.
    pub(super) fn try_to<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let before = self.at;
        let found = read(self);
        if found.is_none() {
            self.at = before;
        }
        found
    }

    /// One or more, with "and" or a comma between them.
    pub(super) fn list<T>(&mut self, one: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let mut all = vec![one(self)?];
        let next = |parser: &mut Self| {
            parser.take(&["and", ","]).then_some(())?;
            one(parser)
        };
        while let Some(another) = self.try_to(next) {
            all.push(another);
        }
        Some(all)
    }

    /// One, or one to another.
    pub(super) fn range(&mut self, one: impl Fn(&mut Self) -> Option<u32>) -> Option<(u32, u32)> {
        let first = one(self)?;
        let last = self.try_to(|parser| {
            parser.take(&["-", "to", "through"]).then_some(())?;
            one(parser)
        });
        Some((first, last.unwrap_or(first)))
    }

    /// 15, 1st, 2nd.
    pub(super) fn number(&mut self) -> Option<u32> {
        let word = self.word();
        let digits = word.find(|c: char| !c.is_ascii_digit()).unwrap_or(word.len());
        let (digits, end) = word.split_at(digits);
        let number = digits.parse().ok()?;
        matches!(end, "" | "st" | "nd" | "rd" | "th").then_some(())?;
        self.at += 1;
        Some(number)
    }

    pub(super) fn unit(&mut self) -> Option<Unit> {
        let unit = match self.word() {
            "s" | "sec" | "secs" | "second" | "seconds" => Unit::Second,
            "m" | "min" | "mins" | "minute" | "minutes" => Unit::Minute,
            "h" | "hour" | "hours" => Unit::Hour,
            "day" | "days" => Unit::DayOfMonth,
            "week" | "weeks" => Unit::WeekOfYear,
            "month" | "months" => Unit::Month,
            "year" | "years" => Unit::Year,
            _ => return None,
        };
        self.at += 1;
        for (of, period, exact) in [
            (Unit::DayOfMonth, "month", Unit::DayOfMonth),
            (Unit::DayOfMonth, "week", Unit::DayOfWeek),
            (Unit::DayOfMonth, "year", Unit::DayOfYear),
            (Unit::WeekOfYear, "year", Unit::WeekOfYear),
            (Unit::WeekOfYear, "month", Unit::WeekOfMonth),
        ] {
            if unit == of && self.take_all(&["of", "the", period]) {
                return Some(exact);
            }
        }
        Some(unit)
    }

    /// `6:30`, `18:30`, `6:30 pm` or `6:30pm`, as seconds of the day.
    pub(super) fn time(&mut self) -> Option<u32> {
        let word = self.word();
        let (clock, half) = match word.len().checked_sub(2).and_then(|at| word.split_at_checked(at))
        {
            Some((clock, half @ ("am" | "pm"))) => (clock, Some(half)),
            _ => (word, None),
        };
        let (hour, minute) = clock.split_once(':')?;
        let is_number = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        if hour.len() > 2 || minute.len() != 2 || !is_number(hour) || !is_number(minute) {
            return None;
        }
        let (hour, minute): (u32, u32) = (hour.parse().ok()?, minute.parse().ok()?);
        let twelve = (1..=12).contains(&hour);
        let next = self.words.get(self.at + 1).copied().filter(|_| half.is_none() && twelve);
        let apart = next.filter(|word| matches!(*word, "am" | "pm"));
        let hour = match half.or(apart) {
            Some(_) if !twelve => return None,
            Some(half) => hour % 12 + if half == "pm" { 12 } else { 0 },
            None => hour,
        };
        self.at += if apart.is_some() { 2 } else { 1 };
        (hour < 24 && minute < 60).then_some(hour * 3600 + minute * 60)
    }
}

/// Sunday is 1.
pub(super) fn weekday(word: &str) -> Option<u32> {
    let short = word.strip_suffix("day").unwrap_or(word);
    Some(match short {
        "sun" => 1,
        "mon" => 2,
        "tue" | "tues" => 3,
        "wed" | "wednes" => 4,
        "thu" | "thur" | "thurs" => 5,
        "fri" => 6,
        "sat" | "satur" => 7,
        _ => return None,
    })
}

pub(super) fn month(word: &str) -> Option<u32> {
    const NAMES: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let is_name = |name: &&str| {
        *name == word || name[..3] == *word || (word == "sept" && name.starts_with(word))
    };
    NAMES.iter().position(is_name).and_then(|index| u32::try_from(index + 1).ok())
}

pub(super) fn year(word: &str) -> Option<u32> {
    let (least, most) = Unit::Year.range();
    word.parse().ok().filter(|year| word.len() == 4 && (least..=most).contains(year))
}
