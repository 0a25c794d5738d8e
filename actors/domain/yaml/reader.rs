//! Checking: from what was written to what the program runs on.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use super::forms::{is_host, without_login};
use super::problems::{Problem, Problems, Severity};
use super::{Field, Found, List, MASK, Names, Scalar, Section, is_secret};
use crate::domain::measurement_name::MeasurementName;
use crate::domain::names::Secret;

/// Reads the keys at and below one dotted path.
#[derive(Debug, Clone)]
pub struct Reader {
    path: String,
    problems: Problems,
}

impl Problems {
    /// A reader for the key `root`; what it finds is added here.
    pub fn reader(&self, root: &str) -> Reader {
        Reader { path: root.to_owned(), problems: self.clone() }
    }
}

impl Reader {
    /// The reader of a key below this one.
    pub fn key(&self, name: &str) -> Self {
        Self { path: format!("{}.{name}", self.path), problems: self.problems.clone() }
    }

    /// The reader of one item of this list, the first is 0.
    pub fn item(&self, index: usize) -> Self {
        Self { path: format!("{}[{index}]", self.path), problems: self.problems.clone() }
    }

    /// Notes what stops the start.
    pub fn error(&self, message: impl Into<String>) {
        self.problem(Severity::Error, message.into());
    }

    /// Notes what is put right or done without.
    pub fn warning(&self, message: impl Into<String>) {
        self.problem(Severity::Warning, message.into());
    }

    /// Says what may not be what was meant.
    pub fn note(&self, message: impl Into<String>) {
        self.problem(Severity::Note, message.into());
    }

    /// The dotted path.
    pub fn path(&self) -> &str {
        &self.path
    }

    fn problem(&self, severity: Severity, message: String) {
        let problem = Problem { severity, path: self.path.clone(), line: None, message };
        self.problems.add(problem);
    }

    pub(super) fn wrong(&self, expected: &str, found: &Found) {
        self.error(format!("expected {expected}, found {}", self.shown(found)));
    }

    /// What was found, unless nobody may see it.
    fn shown<'f>(&self, found: &'f Found) -> Cow<'f, str> {
        if is_secret(&self.path) {
            return Cow::Borrowed(MASK);
        }
        let key = self.path.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
        let of_host = ["host", "url", "server", "address"].iter().any(|word| key.contains(word));
        if of_host { without_login(&found.0) } else { Cow::Borrowed(&found.0) }
    }

    /// A value that may be absent.
    pub fn optional<T: Scalar + Clone>(&self, field: &Field<T>) -> Option<T> {
        match field {
            Field::Absent => None,
            Field::Value(value) => Some(value.clone()),
            Field::Unusual(value, found) => {
                let found = self.shown(found);
                self.warning(format!("expected {}, found {found}; taken as that", T::EXPECTED));
                Some(value.clone())
            }
            Field::Wrong(found) => {
                self.wrong(T::EXPECTED, found);
                None
            }
        }
    }

    /// A value that has a default.
    pub fn or<T: Scalar + Clone>(&self, field: &Field<T>, default: T) -> T {
        self.optional(field).unwrap_or(default)
    }

    /// A text that must be there, because of `why`. An empty one counts as there and is warned
    /// about.
    pub fn needed(&self, field: &Field<String>, why: &str) -> Option<String> {
        let text = self.optional(field);
        match &text {
            None if matches!(field, Field::Absent) => {
                self.error(format!("is missing; needed because {why}"));
            }
            Some(text) if text.trim().is_empty() => self.warning("is an empty text"),
            _ => {}
        }
        text
    }

    /// A text that must never be shown: what stands in a wrong place is not printed either.
    pub fn secret(&self, field: &Field<String>) -> Option<Secret> {
        match field {
            Field::Value(text) | Field::Unusual(text, _) if !text.is_empty() => {
                Some(Secret::from(text.as_str()))
            }
            Field::Wrong(_) => {
                self.error(
                    "expected a string, found something else: **********; put a text that begins \
                     with [ or { into single quotes",
                );
                None
            }
            _ => None,
        }
    }

    /// A secret that must be there, because of `why`.
    pub fn needed_secret(&self, field: &Field<String>, why: &str) -> Option<Secret> {
        if *field == Field::Absent {
            self.error(format!("is missing; needed because {why}"));
        }
        let secret = self.secret(field);
        if secret.is_none() && matches!(field, Field::Value(_)) {
            self.warning("is an empty text");
            return Some(Secret::from(""));
        }
        secret
    }

    /// A TCP port, 1 to 65535.
    pub fn port(&self, field: &Field<i64>, default: u16) -> u16 {
        let expected = "a port number 1-65535";
        match field {
            Field::Wrong(found) => self.wrong(expected, found),
            _ => match self.optional(field) {
                None => {}
                Some(number) => match u16::try_from(number) {
                    Ok(port) if port > 0 => return port,
                    _ => self.error(format!("expected {expected}, found number {number}")),
                },
            },
        }
        default
    }

    /// One of several texts, compared without letter case and surrounding blanks.
    pub fn choice<T: Copy>(&self, field: &Field<String>, choices: &[(&str, T)], default: T) -> T {
        let Some(text) = self.optional(field) else {
            return default;
        };
        let wanted = text.trim().to_lowercase();
        if let Some((_, value)) = choices.iter().find(|(name, _)| *name == wanted) {
            return *value;
        }
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        self.error(format!("expected one of {}, found string {text:?}", names.join(", ")));
        default
    }

    /// The keys of a section; all absent when there is something else, which is a problem.
    pub fn section<T: Default + Clone>(&self, section: &Section<T>) -> T {
        match section {
            Section::Keys(keys) => keys.clone(),
            Section::Wrong(found) => {
                self.wrong("a map of keys", found);
                T::default()
            }
        }
    }

    /// The items of a list, each with its reader; none when there is something else, which is a
    /// problem.
    pub fn items<'l, T>(&self, list: &'l List<T>) -> Vec<(Self, &'l T)> {
        match list {
            List::Items(items) => {
                items.iter().enumerate().map(|(i, item)| (self.item(i), item)).collect()
            }
            List::Wrong(found) => {
                self.wrong("a list", found);
                Vec::new()
            }
        }
    }

    /// Names and values of a map whose names the administrator chooses. A name without a value is
    /// left out; the caller may warn.
    pub fn pairs<T: Scalar + Clone>(&self, names: &Names<T>) -> Vec<(String, T)> {
        match names {
            Names::Pairs(pairs) => pairs
                .iter()
                .filter_map(|(name, value)| {
                    let value = self.key(name).optional(value)?;
                    Some((name.clone(), value))
                })
                .collect(),
            Names::Wrong(found) => {
                self.wrong("a map of names and values", found);
                Vec::new()
            }
        }
    }

    /// A number within limits; what is outside is moved to the nearest limit with a warning.
    pub fn number(&self, field: &Field<i64>, default: i64, limits: RangeInclusive<i64>) -> i64 {
        let number = self.or(field, default);
        let kept = number.clamp(*limits.start(), *limits.end());
        if kept != number {
            self.warning(format!(
                "expected {} to {}, found number {number}; {kept} is used",
                limits.start(),
                limits.end()
            ));
        }
        kept
    }

    /// The name of a measurement; an empty one is warned about and the default is used.
    pub fn measurement(&self, field: &Field<String>, default: &'static str) -> MeasurementName {
        let name = self.or(field, default.to_owned());
        if name.trim().is_empty() {
            self.warning(format!("is an empty text; {default:?} is used"));
            return MeasurementName::known(default);
        }
        MeasurementName::new(&name).unwrap_or_else(|objection| {
            let expected = "expected a name for a measurement of InfluxDB";
            self.error(format!("{expected}, found string {name:?}: {objection}"));
            MeasurementName::known(default)
        })
    }

    /// The port of a listener: 0 lets the system choose.
    pub fn listener(&self, field: &Field<i64>, default: u16) -> u16 {
        if *field == Field::Value(0) { 0 } else { self.port(field, default) }
    }

    /// A host name or address without scheme and port.
    pub fn host(&self, field: &Field<String>, default: &str) -> String {
        let text = self.or(field, default.to_owned());
        let host = text.trim();
        if !host.is_empty() && !is_host(host) {
            let shown = without_login(&text);
            self.error(format!("expected a host name or address, found string {shown:?}"));
        }
        host.to_owned()
    }

    /// A host that must be there, because of `why`.
    pub fn needed_host(&self, field: &Field<String>, why: &str) -> Option<String> {
        self.needed(field, why)?;
        Some(self.host(field, ""))
    }

    /// The texts of a list; those without a value are left out.
    pub fn texts(&self, list: &List<Field<String>>) -> Vec<String> {
        self.items(list).into_iter().filter_map(|(at, text)| at.optional(text)).collect()
    }
}
