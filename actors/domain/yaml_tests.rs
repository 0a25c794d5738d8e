//! What stands in a file, and what becomes of it.

use super::*;

#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
struct Sample {
    flag: Field<bool>,
    number: Field<i64>,
    ms: Field<f64>,
    text: Field<String>,
    below: Section<Below>,
    list: List<Section<Below>>,
    names: Names,
    port: Field<i64>,
    token: Field<String>,
}

#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
struct Below {
    flag: Field<bool>,
}

fn sample(yaml: &str) -> Sample {
    serde_yaml::from_str(yaml).unwrap()
}

fn messages(problems: &Problems) -> Vec<String> {
    problems.take().iter().map(ToString::to_string).collect()
}

#[test]
fn nothing_that_is_written_stops_the_reading() {
    let written = "flag: [1, {a: b}]\nnumber: {x: 1}\ntext: null\nbelow: 7\nlist: no\nnames: [x]\n";
    let sample = sample(written);
    let problems = Problems::default();
    let at = problems.reader("R");
    at.key("flag").or(&sample.flag, true);
    at.key("number").or(&sample.number, 1);
    assert_eq!(at.key("text").optional(&sample.text), None);
    at.key("below").section(&sample.below);
    at.key("list").items(&sample.list);
    at.key("names").pairs(&sample.names);
    assert_eq!(
        messages(&problems),
        [
            "R.flag: expected true or false, found a list",
            "R.number: expected a whole number, found a map",
            "R.below: expected a map of keys, found number 7",
            "R.list: expected a list, found string \"no\"",
            "R.names: expected a map of names and values, found a list",
        ]
    );
}

#[test]
fn null_means_absent_at_every_level() {
    for yaml in ["flag:\nnumber: ~\nbelow:\nlist: null\nnames:\n", "{}"] {
        let sample = sample(yaml);
        let problems = Problems::default();
        let at = problems.reader("R");
        assert!(at.or(&sample.flag, true));
        assert_eq!(at.or(&sample.number, 7), 7);
        assert_eq!(at.section(&sample.below).flag, Field::Absent);
        assert!(at.items(&sample.list).is_empty());
        assert!(at.pairs(&sample.names).is_empty());
        assert!(messages(&problems).is_empty());
    }
}

#[test]
fn unusual_spellings_are_understood_with_a_warning() {
    let sample = sample("flag: yes\nnumber: '8086'\ntext: 1234567\nlist: [{flag: off}]\n");
    let problems = Problems::default();
    let at = problems.reader("R");
    assert!(at.key("flag").or(&sample.flag, false));
    assert_eq!(at.key("number").or(&sample.number, 1), 8086);
    assert_eq!(at.key("text").optional(&sample.text).as_deref(), Some("1234567"));
    let items = at.key("list").items(&sample.list);
    let (item, below) = &items[0];
    assert!(!item.key("flag").or(&item.section(below).flag, true));
    assert_eq!(problems.count(Severity::Error), 0);
    assert_eq!(
        messages(&problems),
        [
            "R.flag: expected true or false, found string \"yes\"; taken as that",
            "R.number: expected a whole number, found string \"8086\"; taken as that",
            "R.list[0].flag: expected true or false, found string \"off\"; taken as that",
        ]
    );
}

#[test]
fn numbers_are_held_to_their_limits() {
    let problems = Problems::default();
    let at = problems.reader("R.port");
    for (yaml, port) in [("port: 8086", 8086), ("port: 0", 1), ("port: 65536", 1), ("port: x", 1)] {
        assert_eq!(at.port(&sample(yaml).port, 1), port);
    }
    assert_eq!(at.milliseconds(&sample("ms: 0").ms, 5_000, 100).as_millis(), 100);
    assert_eq!(at.milliseconds(&sample("ms: 2e3").ms, 5_000, 100).as_millis(), 2_000);
    assert_eq!(problems.count(Severity::Error), 3);
    assert_eq!(problems.count(Severity::Warning), 1);
}

#[test]
fn milliseconds_with_a_fraction_are_rounded() {
    let largest = 10 * 365 * 24 * 3_600_000;
    for (written, ms, said) in [
        ("1500.5", 1_501, Some("1500.5 ms is rounded to 1501 ms")),
        ("1500.25", 1_500, Some("1500.25 ms is rounded to 1500 ms")),
        ("'1500.0'", 1_500, Some("expected a number, found string \"1500.0\"; taken as that")),
        ("30000.0", 30_000, None),
        ("30000", 30_000, None),
        ("99.9", 100, Some("99.9 ms is rounded to 100 ms")),
        ("1.5", 100, Some("1.5 ms is too short; 100 ms is used")),
        ("-7.5", 100, Some("-7.5 ms is too short; 100 ms is used")),
        ("1e99", largest, None),
        ("soon", 5_000, Some("expected a number of milliseconds, found string \"soon\"")),
        (".nan", 5_000, Some("expected a number of milliseconds, found number NaN")),
    ] {
        let problems = Problems::default();
        let read =
            problems.reader("R").milliseconds(&sample(&format!("ms: {written}")).ms, 5_000, 100);
        assert_eq!(read.as_millis(), ms, "{written}");
        let said: Vec<String> = said.iter().map(|said| format!("R: {said}")).collect();
        assert_eq!(messages(&problems), said, "{written}");
    }
}

#[test]
fn a_secret_is_not_shown_even_when_it_is_wrong() {
    let problems = Problems::default();
    let at = problems.reader("R.token");
    assert!(at.secret(&sample("token: [hunter2]").token).is_none());
    assert!(at.needed_secret(&sample("token:").token, "x is on").is_none());
    let all = messages(&problems).join("\n");
    assert!(!all.contains("hunter2"), "{all}");
    assert!(all.contains("put a text that begins with [ or { into single quotes"), "{all}");
    assert!(all.contains("is missing; needed because x is on"), "{all}");
}

#[test]
fn names_keep_their_order_and_scalar_values() {
    let sample = sample("names: {b: 1, a: true, empty: , c: 1.5, '10': x}");
    let problems = Problems::default();
    let pairs = problems.reader("R").pairs(&sample.names);
    let pairs: Vec<_> = pairs.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    assert_eq!(pairs, [("b", "1"), ("a", "true"), ("c", "1.5"), ("10", "x")]);
}

#[test]
fn a_long_value_is_cut_in_messages() {
    let sample = sample(&format!("flag: {}", "x".repeat(100)));
    let problems = Problems::default();
    problems.reader("R").or(&sample.flag, true);
    assert!(messages(&problems)[0].ends_with(&format!("\"{}\"…", "x".repeat(60))));
}
