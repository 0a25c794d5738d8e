//! The words of a schedule, in the grammar of texts that the library `later` has (section 7.5 of
//! the page on collecting). A file of the original must mean the same here.

use super::calendar::{Calendar, Unit, Way, Window};

/// What was read of a text.
#[derive(Debug, Default)]
pub(super) struct Sentence {
    pub(super) calendar: Calendar,
    /// The text is this and nothing else: "every" so many of a unit.
    pub(super) only_every: Option<(u32, Unit)>,
    /// The words that were understood.
    pub(super) understood: String,
    /// The words from the first one on that was not.
    pub(super) rest: String,
    /// What may not be what was meant, as ends of sentences that begin with the text.
    pub(super) remarks: Vec<&'static str>,
}

/// Reads as many clauses as can be understood.
pub(super) fn read(text: &str) -> Sentence {
    let text = text.to_lowercase().replace(',', " , ").replace('-', " - ").replace('@', " at ");
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut parser = Parser { words: &words, at: 0, only_every: None, remarks: Vec::new() };
    let mut calendar = Calendar::default();
    let (mut excepting, mut fresh) = (false, true);
    let (mut clauses, mut understood) = (0, 0);
    while parser.at < words.len() {
        if parser.take(&["and", ","]) {
            continue;
        }
        if matches!(parser.word(), "also" | "except") {
            (excepting, fresh) = (parser.word() == "except", true);
            parser.at += 1;
            continue;
        }
        let ways = if excepting { &mut calendar.exceptions } else { &mut calendar.ways };
        let mut way = if fresh { Way::default() } else { ways.pop().unwrap_or_default() };
        let before = way.clone();
        let is_clause = parser.clause(&mut way).is_some();
        if is_clause || !fresh {
            ways.push(if is_clause { way } else { before });
        }
        if !is_clause {
            break;
        }
        (fresh, understood) = (false, parser.at);
        clauses += 1;
    }
    let only_every = parser.only_every.filter(|_| clauses == 1);
    let mut remarks = parser.remarks;
    let stepped = parser.only_every.is_some_and(|(_, unit)| unit >= Unit::WeekOfMonth);
    if stepped && calendar.ways.iter().any(|way| way.has_times() && !way.has_days()) {
        remarks.push("runs on every day of those weeks, months or years: say on which");
    }
    let beyond = parser.only_every.is_some_and(|(number, unit)| number > unit.range().1);
    if clauses > 1 && beyond {
        remarks.push("has more of a unit than there are; only the first counts");
    }
    if !calendar.ways.is_empty() && calendar.is_never() {
        remarks.push("never comes, so nothing ever runs");
    }
    let (understood, rest) = words.split_at(understood);
    let (understood, rest) = (understood.join(" "), rest.join(" "));
    Sentence { calendar, only_every, understood, rest, remarks }
}

/// Said of times between which something runs.
const ALL_DAY: &str = "runs between those times only; the original ran it all day";
/// Said of "between" that belongs to a small unit.
const NOT_HOURS: &str = "has minutes or seconds between those numbers, not hours of the day";

struct Parser<'w> {
    words: &'w [&'w str],
    at: usize,
    /// The last "every" that is no weekday and has no limits.
    only_every: Option<(u32, Unit)>,
    remarks: Vec<&'static str>,
}

/// First and last have no number before their unit is known.
enum Ordinal {
    First,
    Last,
    Number(u32),
}

impl Parser<'_> {
    /// The next word; empty at the end.
    fn word(&self) -> &str {
        self.words.get(self.at).copied().unwrap_or_default()
    }

    /// Takes the next word if it is one of these.
    fn take(&mut self, any: &[&str]) -> bool {
        let found = any.contains(&self.word());
        self.at += usize::from(found);
        found
    }

    /// Takes these words if all of them come next.
    fn take_all(&mut self, all: &[&str]) -> bool {
        let found = self.words.get(self.at..).is_some_and(|words| words.starts_with(all));
        self.at += if found { all.len() } else { 0 };
        found
    }

    /// Takes what `read` takes, or nothing.
    fn try_to<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let before = self.at;
        let found = read(self);
        if found.is_none() {
            self.at = before;
        }
        found
    }

    fn clause(&mut self, way: &mut Way) -> Option<()> {
        if self.take(&["every"]) {
            return self.every(way);
        }
        if self.take(&["at"]) {
            let times = self.list(|parser| parser.time().map(|time| (time, time)))?;
            times.into_iter().for_each(|(time, _)| way.add_time(time));
            return Some(());
        }
        if self.take(&["of"]) {
            return self.names(way, Unit::Month, month);
        }
        if self.take(&["in"]) {
            return self.names(way, Unit::Year, year);
        }
        if self.take(&["between"]) {
            return self.window(way);
        }
        for (word, is_after) in [("after", true), ("before", false)] {
            if self.take(&[word]) {
                return self.limit(way, is_after);
            }
        }
        // "last day of the month" is clear, "15 minutes" is not: "every" may be missing.
        if !self.take(&["on"]) && !matches!(self.word(), "the" | "first" | "last") {
            return None;
        }
        let names = |parser: &mut Self| parser.names(way, Unit::DayOfWeek, weekday);
        if self.try_to(names).is_some() {
            return Some(());
        }
        self.ordinals(way)
    }

    fn every(&mut self, way: &mut Way) -> Option<()> {
        if self.take(&["weekday", "weekdays"]) {
            way.add(Unit::DayOfWeek, 2..=6);
            return Some(());
        }
        if self.take(&["weekend", "weekends"]) {
            way.add(Unit::DayOfWeek, [1, 7]);
            return Some(());
        }
        let number = self.number().unwrap_or(1).max(1);
        let unit = self.unit()?;
        let (least, most) = unit.range();
        let step = number as usize;
        if self.take(&["start", "starting"]) {
            self.take(&["at", "on"]);
            self.take(&["the"]);
            let first = self.number()?;
            self.try_to(Self::unit);
            way.add(unit, (first..=most).step_by(step));
        } else if let Some((first, last)) = self.try_to(Self::between) {
            if unit < Unit::Hour {
                self.remarks.push(NOT_HOURS);
            }
            way.add(unit, span((first, last), (least, most)).step_by(step));
        } else {
            self.only_every = Some((number, unit));
            way.add(unit, (least..=most).step_by(step));
        }
        Some(())
    }

    /// "between" two numbers, which are of the unit before it.
    fn between(&mut self) -> Option<(u32, u32)> {
        self.take(&["between"]).then_some(())?;
        self.take(&["the"]);
        let first = self.number()?;
        self.take(&["and", "to", "-"]).then_some(())?;
        Some((first, self.number()?))
    }

    /// Two times, after "between".
    fn window(&mut self, way: &mut Way) -> Option<()> {
        let from = self.time()?;
        self.take(&["and", "to", "-"]).then_some(())?;
        way.add_window(Window { from, to: self.time()? });
        self.remarks.push(ALL_DAY);
        Some(())
    }

    /// A time or a number of a unit, after "after" or "before".
    fn limit(&mut self, way: &mut Way, is_after: bool) -> Option<()> {
        if let Some(time) = self.try_to(Self::time) {
            let window = match is_after {
                true => Window { from: time, to: 86_399 },
                false => Window { from: 0, to: time.checked_sub(1)? },
            };
            way.add_window(window);
            return Some(());
        }
        let number = self.number()?;
        way.keep(self.unit()?, |value| (value >= number) == is_after);
        Some(())
    }

    /// "the first", "the last" or numbers, with their unit.
    fn ordinals(&mut self, way: &mut Way) -> Option<()> {
        self.take(&["the"]);
        let one = |parser: &mut Self| {
            if parser.take(&["first"]) {
                return Some((Ordinal::First, Ordinal::First));
            }
            if parser.take(&["last"]) {
                return Some((Ordinal::Last, Ordinal::Last));
            }
            let (first, last) = parser.range(Self::number)?;
            Some((Ordinal::Number(first), Ordinal::Number(last)))
        };
        let ordinals = self.list(one)?;
        let unit = self.unit()?;
        let value = |ordinal| match ordinal {
            Ordinal::First => unit.range().0,
            Ordinal::Last => unit.last(),
            Ordinal::Number(number) => number,
        };
        for (first, last) in ordinals {
            way.add(unit, span((value(first), value(last)), unit.range()));
        }
        Some(())
    }

    /// Names of days, months or years, and ranges of them.
    fn names(&mut self, way: &mut Way, unit: Unit, value: fn(&str) -> Option<u32>) -> Option<()> {
        let one = |parser: &mut Self| {
            let found = value(parser.word())?;
            parser.at += 1;
            Some(found)
        };
        for range in self.list(|parser| parser.range(one))? {
            way.add(unit, span(range, unit.range()));
        }
        Some(())
    }

    /// One or more, with "and" or a comma between them.
    fn list<T>(&mut self, one: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
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
    fn range(&mut self, one: impl Fn(&mut Self) -> Option<u32>) -> Option<(u32, u32)> {
        let first = one(self)?;
        let last = self.try_to(|parser| {
            parser.take(&["-", "to", "through"]).then_some(())?;
            one(parser)
        });
        Some((first, last.unwrap_or(first)))
    }

    /// 15, 1st, 2nd.
    fn number(&mut self) -> Option<u32> {
        let word = self.word();
        let digits = word.find(|c: char| !c.is_ascii_digit()).unwrap_or(word.len());
        let (digits, end) = word.split_at(digits);
        let number = digits.parse().ok()?;
        matches!(end, "" | "st" | "nd" | "rd" | "th").then_some(())?;
        self.at += 1;
        Some(number)
    }

    fn unit(&mut self) -> Option<Unit> {
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
    fn time(&mut self) -> Option<u32> {
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

/// The values from one to another, over the end of the range where the other is before it.
fn span((first, last): (u32, u32), (least, most): (u32, u32)) -> impl Iterator<Item = u32> {
    let (one, other) =
        if first <= last { (first..=last, 1..=0) } else { (first..=most, least..=last) };
    #[expect(clippy::reversed_empty_ranges, reason = "there is no second part")]
    one.chain(other)
}

/// Sunday is 1.
fn weekday(word: &str) -> Option<u32> {
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

fn month(word: &str) -> Option<u32> {
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

fn year(word: &str) -> Option<u32> {
    let (least, most) = Unit::Year.range();
    word.parse().ok().filter(|year| word.len() == 4 && (least..=most).contains(year))
}
