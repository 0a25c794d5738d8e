//! Numbers for Prometheus, and the text that it reads: exposition format 0.0.4.

mod destination;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

pub use destination::Destination;

/// What `Content-Type` says about the text.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// How a number behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only grows, from 0 when the program starts.
    Counter,
    /// Rises and falls.
    Gauge,
}

/// Names and values of labels, no name twice.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Labels(Vec<(Arc<str>, Arc<str>)>);

impl Labels {
    /// These labels.
    pub fn of(pairs: &[(&str, &str)]) -> Self {
        pairs.iter().fold(Self::default(), |labels, (name, value)| labels.with(name, *value))
    }

    /// One label more; an earlier one of the same name gives way. A name that cannot be a label is
    /// left out, so that the text stays readable.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Arc<str>>) -> Self {
        if is_label(name) {
            self.0.retain(|(other, _)| &**other != name);
            self.0.push((name.into(), value.into()));
        }
        self
    }
}

/// One number.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// What tells it from the others of its family.
    pub labels: Labels,
    /// The number.
    pub value: f64,
}

/// All numbers of one name.
#[derive(Debug, Clone, PartialEq)]
pub struct Family {
    /// The name, with its unit; that of a counter ends in `_total`.
    pub name: &'static str,
    /// A sentence about it.
    pub help: &'static str,
    /// How it behaves.
    pub kind: Kind,
    /// The numbers.
    pub samples: Vec<Sample>,
}

impl Family {
    /// A counter without numbers yet.
    pub const fn counter(name: &'static str, help: &'static str) -> Self {
        Self { name, help, kind: Kind::Counter, samples: Vec::new() }
    }

    /// A gauge without numbers yet.
    pub const fn gauge(name: &'static str, help: &'static str) -> Self {
        Self { name, help, kind: Kind::Gauge, samples: Vec::new() }
    }

    /// One number more.
    #[must_use]
    pub fn value(mut self, labels: Labels, value: f64) -> Self {
        self.samples.push(Sample { labels, value });
        self
    }

    /// One number more, counted.
    #[must_use]
    pub fn count(self, labels: Labels, count: u64) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "Prometheus has no other numbers")]
        self.value(labels, count as f64)
    }
}

/// Whether a text can be the name of a label. Two underscores in front are Prometheus' own.
pub fn is_label(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !name.starts_with("__")
}

/// The text of all families, sorted. Families of one name, which several actors gave, become one;
/// of numbers with the same labels the last counts. A family without numbers is left out.
pub fn encode(families: &[Family]) -> String {
    let mut sheet: BTreeMap<&str, (&Family, BTreeMap<String, f64>)> = BTreeMap::new();
    for family in families.iter().filter(|family| !family.samples.is_empty()) {
        let (_, samples) = sheet.entry(family.name).or_insert((family, BTreeMap::new()));
        samples.extend(family.samples.iter().map(|sample| (text(&sample.labels), sample.value)));
    }
    let mut page = String::new();
    for (name, (family, samples)) in sheet {
        let kind = match family.kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
        };
        let help = family.help.replace('\\', r"\\").replace('\n', r"\n");
        // Writing to a text cannot fail.
        _ = write!(page, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
        for (labels, value) in samples {
            _ = match value {
                f64::INFINITY => writeln!(page, "{name}{labels} +Inf"),
                f64::NEG_INFINITY => writeln!(page, "{name}{labels} -Inf"),
                value => writeln!(page, "{name}{labels} {value}"),
            };
        }
    }
    page
}

/// Labels in braces; nothing where there are none.
fn text(labels: &Labels) -> String {
    let pairs: Vec<String> = labels
        .0
        .iter()
        .map(|(name, value)| {
            let value = value.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n");
            format!("{name}=\"{value}\"")
        })
        .collect();
    if pairs.is_empty() { String::new() } else { format!("{{{}}}", pairs.join(",")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_of_one_name_become_one_in_a_stable_order() {
        let b =
            |queue, value| Family::gauge("b", "Second.").value(Labels::of(&[("q", queue)]), value);
        let families = [
            b("y", 1.0),
            Family::counter("a_total", "First.").count(Labels::default(), 12),
            b("x", 2.5),
            b("y", 3.0),
            Family::gauge("none", "Without numbers."),
        ];
        let expected = "# HELP a_total First.\n# TYPE a_total counter\na_total 12\n\
                        # HELP b Second.\n# TYPE b gauge\nb{q=\"x\"} 2.5\nb{q=\"y\"} 3\n";
        assert_eq!(encode(&families), expected);
    }

    #[test]
    fn texts_are_escaped() {
        let labels = Labels::of(&[("a", "C:\\x \"y\"\nz"), ("b", "")]);
        let family = Family::gauge("m", "A \\ and\na \"line\".").value(labels, 1.0);
        let expected = "# HELP m A \\\\ and\\na \"line\".\n# TYPE m gauge\n\
                        m{a=\"C:\\\\x \\\"y\\\"\\nz\",b=\"\"} 1\n";
        assert_eq!(encode(&[family]), expected);
    }

    #[test]
    fn every_number_has_a_text() {
        for (value, text) in [
            (0.0, "0"),
            (-1.5, "-1.5"),
            (1e21, "1000000000000000000000"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
        ] {
            let page = encode(&[Family::gauge("m", "h").value(Labels::default(), value)]);
            assert_eq!(page.lines().last().unwrap(), format!("m {text}"));
        }
    }

    #[test]
    fn no_label_stands_twice_and_none_is_impossible() {
        let labels = Labels::of(&[("host", "a"), ("my-tag", "b"), ("", "c"), ("_1", "d")])
            .with("host", "e")
            .with("__name__", "f")
            .with("1st", "g");
        assert_eq!(labels, Labels::of(&[("_1", "d"), ("host", "e")]));
    }
}
