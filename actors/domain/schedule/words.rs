//! The words of a schedule, in the grammar of texts that the library `later` has (section 7.5 of
//! the page on collecting). A file of the original must mean the same here.

use super::calendar::{Calendar, Unit, Way, Window};
use super::tokens::{month, weekday, year};

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

/// Reads clauses here, and the words they are made of in `tokens.rs`.
pub(super) struct Parser<'w> {
    pub(super) words: &'w [&'w str],
    /// The next word.
    pub(super) at: usize,
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
}

/// The values from one to another, over the end of the range where the other is before it. None is
/// beyond the range, whatever was written.
fn span((first, last): (u32, u32), (least, most): (u32, u32)) -> impl Iterator<Item = u32> {
    let (end, again) = if first <= last { (last.min(most), 0) } else { (most, last + 1) };
    (first..=end).chain(least..again.max(least))
}
