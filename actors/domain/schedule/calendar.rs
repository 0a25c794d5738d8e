//! Schedules that follow the calendar: sets of values of its fields, as the library `later` has
//! them. A time matches when it is in all the sets; what happens, happens at the start of each
//! period that matches.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, Utc, Weekday};

/// A field of the calendar, the finest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Unit {
    Second,
    Minute,
    Hour,
    DayOfMonth,
    /// 1 is Sunday.
    DayOfWeek,
    DayOfYear,
    /// Weeks begin on Sunday; the first has the first day of the month.
    WeekOfMonth,
    /// Weeks of ISO 8601: they begin on Monday.
    WeekOfYear,
    Month,
    Year,
}

impl Unit {
    /// The values that it can have.
    pub(super) fn range(self) -> (u32, u32) {
        match self {
            Self::Second | Self::Minute => (0, 59),
            Self::Hour => (0, 23),
            Self::DayOfMonth => (1, 31),
            Self::DayOfWeek => (1, 7),
            Self::DayOfYear => (1, 366),
            Self::WeekOfMonth => (1, 6),
            Self::WeekOfYear => (1, 53),
            Self::Month => (1, 12),
            Self::Year => (1970, 2450),
        }
    }

    /// The value that stands for the last one of the period around it.
    pub(super) fn last(self) -> u32 {
        match self {
            Self::DayOfMonth | Self::DayOfYear | Self::WeekOfMonth | Self::WeekOfYear => LAST,
            _ => self.range().1,
        }
    }

    /// Whether it is a part of a day.
    pub(super) fn is_time(self) -> bool {
        self <= Self::Hour
    }

    /// Its value on a day, and whether it is the last one.
    fn of(self, day: NaiveDate) -> (u32, bool) {
        match self {
            Self::DayOfMonth => (day.day(), day.day() == u32::from(day.num_days_in_month())),
            Self::DayOfWeek => (day.weekday().number_from_sunday(), false),
            Self::DayOfYear => {
                let year_has = if day.leap_year() { 366 } else { 365 };
                (day.ordinal(), day.ordinal() == year_has)
            }
            Self::WeekOfMonth => {
                let first = day.with_day(1).unwrap_or(day).weekday().num_days_from_sunday();
                let week = |day: u32| (day - 1 + first) / 7 + 1;
                let last = week(u32::from(day.num_days_in_month()));
                (week(day.day()), week(day.day()) == last)
            }
            Self::WeekOfYear => {
                let next = day.checked_add_days(Days::new(7)).unwrap_or(day);
                (day.iso_week().week(), next.iso_week().week() == 1)
            }
            Self::Month => (day.month(), false),
            Self::Year => (day.year().unsigned_abs(), false),
            Self::Second | Self::Minute | Self::Hour => (0, false),
        }
    }

    /// Whether a period of it begins on a day.
    fn begins(self, day: NaiveDate) -> bool {
        match self {
            Self::WeekOfMonth => day.weekday() == Weekday::Sun || day.day() == 1,
            Self::WeekOfYear => day.weekday() == Weekday::Mon,
            Self::Month => day.day() == 1,
            Self::Year => day.ordinal() == 1,
            _ => true,
        }
    }
}

/// The last one of a period whose length differs.
const LAST: u32 = 0;

/// Seconds of a day, both ends included; it goes over midnight when the end is before the begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) from: u32,
    pub(super) to: u32,
}

impl Window {
    fn has(self, second: u32) -> bool {
        match self.from <= self.to {
            true => (self.from..=self.to).contains(&second),
            false => second >= self.from || second <= self.to,
        }
    }
}

/// One way to match: values of some fields. No field matches always.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Way {
    fields: BTreeMap<Unit, BTreeSet<u32>>,
    /// Seconds of the day.
    times: BTreeSet<u32>,
    windows: Vec<Window>,
}

impl Way {
    /// Adds values of a field.
    pub(super) fn add(&mut self, unit: Unit, values: impl IntoIterator<Item = u32>) {
        self.fields.entry(unit).or_default().extend(values);
    }

    /// Keeps only the values of a field that pass.
    pub(super) fn keep(&mut self, unit: Unit, pass: impl Fn(u32) -> bool) {
        let (least, most) = unit.range();
        let values = self.fields.entry(unit).or_insert_with(|| (least..=most).collect());
        values.retain(|value| pass(*value));
    }

    /// Adds a time of the day.
    pub(super) fn add_time(&mut self, second: u32) {
        self.times.insert(second);
    }

    /// Restricts the time of the day.
    pub(super) fn add_window(&mut self, window: Window) {
        self.windows.push(window);
    }

    /// Whether it says which days of a week, month or year.
    pub(super) fn has_days(&self) -> bool {
        self.fields.keys().any(|unit| (Unit::DayOfMonth..=Unit::DayOfYear).contains(unit))
    }

    /// Whether it says when in the day.
    pub(super) fn has_times(&self) -> bool {
        !self.times.is_empty()
            || !self.windows.is_empty()
            || self.fields.keys().any(|unit| unit.is_time())
    }

    fn first_year(&self) -> Option<u32> {
        self.fields.get(&Unit::Year)?.first().copied()
    }

    fn has_day(&self, day: NaiveDate) -> bool {
        self.fields.iter().filter(|(unit, _)| !unit.is_time()).all(|(unit, values)| {
            let (value, last) = unit.of(day);
            values.contains(&value) || (last && values.contains(&unit.last()))
        })
    }

    /// Whether a period of the finest field begins on a day that matches.
    fn begins(&self, day: NaiveDate) -> bool {
        let Some(finest) = self.fields.keys().next() else { return true };
        let before = day.pred_opt();
        finest.begins(day) || before.is_none_or(|before| !self.has_day(before))
    }

    fn has_second(&self, second: u32) -> bool {
        let fields = [second % 60, second / 60 % 60, second / 3600];
        let units = [Unit::Second, Unit::Minute, Unit::Hour];
        let in_fields = units.into_iter().zip(fields).all(|(unit, value)| {
            self.fields.get(&unit).is_none_or(|values| values.contains(&value))
        });
        in_fields && self.windows.iter().all(|window| window.has(second))
    }

    fn matches(&self, day: NaiveDate, second: u32) -> bool {
        let at_time = self.times.is_empty() || self.times.contains(&second);
        self.has_day(day) && at_time && self.has_second(second)
    }

    /// The times of a day from `from` on that match, earliest first.
    fn seconds(&self, from: u32) -> Box<dyn Iterator<Item = u32> + '_> {
        let fields = |unit: &Unit| self.fields.contains_key(unit);
        let matching = |second: &u32| self.has_second(*second);
        if !self.times.is_empty() {
            return Box::new(self.times.range(from..).copied().filter(matching));
        }
        let step = match () {
            () if fields(&Unit::Second) => 1,
            () if fields(&Unit::Minute) => 60,
            () if fields(&Unit::Hour) => 3600,
            // Only windows: what they allow begins where they do.
            () => {
                let begins: BTreeSet<u32> = self.windows.iter().map(|window| window.from).collect();
                let later = begins.into_iter().filter(move |second| *second >= from);
                return Box::new(later.filter(matching));
            }
        };
        let whole = from.div_ceil(step) * step;
        Box::new((whole..86_400).step_by(step as usize).filter(matching))
    }
}

/// Ways to match, and exceptions from them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Calendar {
    pub(super) ways: Vec<Way>,
    pub(super) exceptions: Vec<Way>,
}

/// Who waits for longer waits for ever: leap years come after eight years at most, and the
/// calendar repeats itself after 28.
const FURTHEST_DAYS: usize = 30 * 366;

impl Calendar {
    /// The first time that matches and is not before `earliest`; `None` when there is none within
    /// thirty years.
    pub(super) fn next(&self, earliest: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.ways.iter().filter_map(|way| self.next_of(way, earliest)).min()
    }

    /// Whether no time will ever match.
    pub(super) fn is_never(&self) -> bool {
        let first = self.ways.iter().filter_map(Way::first_year).min().unwrap_or(2000);
        let first = i32::try_from(first).ok().and_then(|year| NaiveDate::from_ymd_opt(year, 1, 1));
        first.is_some_and(|day| self.next(day.and_time(NaiveTime::MIN).and_utc()).is_none())
    }

    fn next_of(&self, way: &Way, earliest: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let (today, midnight) = (earliest.date_naive(), NaiveTime::MIN);
        let passed = (earliest.time() - midnight).num_milliseconds();
        let passed = u32::try_from((passed + 999) / 1000).unwrap_or(0);
        for (index, day) in today.iter_days().take(FURTHEST_DAYS).enumerate() {
            if !way.has_day(day) {
                continue;
            }
            let from = if index == 0 { passed } else { 0 };
            let mut times: Box<dyn Iterator<Item = u32>> = match way.has_times() {
                true => way.seconds(from),
                false => Box::new((from == 0 && way.begins(day)).then_some(0).into_iter()),
            };
            let excepted = |second: u32| self.exceptions.iter().any(|e| e.matches(day, second));
            if let Some(second) = times.find(|second| !excepted(*second)) {
                let time = NaiveTime::from_num_seconds_from_midnight_opt(second, 0)?;
                return Some(day.and_time(time).and_utc());
            }
        }
        None
    }
}
