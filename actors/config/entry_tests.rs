//! What stands in a file, and what becomes of it.

use serde_json::json;

use super::testing::{messages, section};
use super::*;
use crate::keys;

keys! {
    struct Sample {
        /// A flag
        flag: "flag" Key<Flag> = true, was "flg";
        /// A number
        number: "number" Key<Number<1, 100>> = 7;
        /// A number
        within: "within" Key<Within<1, 100>> = 7;
        /// A time
        ms: "ms" Key<Milliseconds<100>> = 5_000;
        /// A text
        /// on two lines
        text: "text" Optional<Text>, example "example";
        below: "below" Section<Below>;
        /// A list
        list: "list" Sections<Below>, required;
        /// Names
        names: "names" Map<Text>;
        /// A port
        port: "port" Key<Port> = 1;
        /// A token
        token: "token" Optional<SecretText>;
        /// Levels
        levels: "levels" Values<Choice<Size>>;
    }
}

keys! {
    struct Below {
        /// A flag below
        flag: "flag" Key<Flag> = true, was "flg", masked;
        /// A topic
        topic: "topic" Optional<Text>, was "../oldTopic";
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Size {
    Small,
    Large,
}

impl Choices for Size {
    const CHOICES: &'static [(&'static str, Self)] =
        &[("small", Self::Small), ("large", Self::Large)];
}

fn sample(text: &str) -> (Sample, Problems) {
    section("R", text)
}

#[test]
fn nothing_that_is_written_stops_the_reading() {
    let (sample, problems) = sample(
        "flag: [1, {a: b}]\nnumber: {x: 1}\ntext: null\nbelow: 7\nlist: no\nnames: [x]\n\
         levels: [Small, ' LARGE ', huge]",
    );
    assert!(sample.flag.get());
    assert_eq!(sample.number.get(), 7);
    assert_eq!(sample.text.get(), None);
    assert!(sample.below.get().flag.get());
    assert!(sample.list.items().is_empty());
    assert!(sample.names.get().is_empty());
    assert_eq!(sample.levels.get(), [Size::Small, Size::Large]);
    // Who asks twice is told once.
    sample.number.get();
    assert_eq!(
        messages(&problems),
        [
            "R.flag: expected true or false, found a list",
            "R.number: expected a whole number, found a map",
            "R.below: expected a map of keys, found number 7",
            "R.list: expected a list, found string \"no\"",
            "R.names: expected a map of names and values, found a list",
            "R.levels[2]: expected one of small, large, found string \"huge\"",
        ]
    );
}

#[test]
fn null_means_absent_at_every_level() {
    for text in ["flag:\nnumber: ~\nbelow:\nlist: null\nnames:\n", "{}", "below: {flag: }"] {
        let (sample, problems) = sample(text);
        assert!(sample.flag.get() && sample.flag.is_absent());
        assert_eq!(sample.number.get(), 7);
        assert!(sample.below.is_absent() && sample.below.get().flag.get());
        assert!(sample.list.is_empty() && sample.list.items().is_empty());
        assert!(sample.names.is_absent() && sample.names.get().is_empty());
        assert_eq!(messages(&problems), Vec::<String>::new());
    }
}

#[test]
fn unusual_spellings_are_understood_with_a_warning() {
    let (sample, problems) =
        sample("flag: no\nnumber: '80'\ntext: 1234567\nlist: [{flag: off}]\nport: '8086'\n");
    assert!(!sample.flag.get());
    assert_eq!(sample.number.get(), 80);
    assert_eq!(sample.text.get().as_deref(), Some("1234567"));
    assert!(!sample.list.items()[0].flag.get());
    assert_eq!(sample.port.get(), 8086);
    assert_eq!(problems.count(Severity::Error), 0);
    assert_eq!(
        messages(&problems),
        [
            "R.flag: expected true or false, found string \"no\"; taken as that",
            "R.number: expected a whole number, found string \"80\"; taken as that",
            "R.list[0].flag: expected true or false, found string \"off\"; taken as that",
            "R.port: expected a whole number, found string \"8086\"; taken as that",
        ]
    );
}

#[test]
fn numbers_are_held_to_their_limits() {
    for (text, number, within) in [("0", 1, 7), ("101", 100, 7), ("-5", 1, 7), ("50", 50, 50)] {
        let (sample, problems) = sample(&format!("number: {text}\nwithin: {text}"));
        assert_eq!((sample.number.get(), sample.within.get()), (number, within), "{text}");
        let expected = format!("expected 1 to 100, found number {text}");
        let told = messages(&problems);
        match text {
            "50" => assert_eq!(told, Vec::<String>::new()),
            _ => assert_eq!(
                told,
                [
                    format!("R.number: {expected}; {number} is used"),
                    format!("R.within: {expected}; 7 is used")
                ]
            ),
        }
    }
    for (text, port, errors) in [("8086", 8086, 0), ("0", 1, 1), ("65536", 1, 1), ("x", 1, 1)] {
        let (sample, problems) = sample(&format!("port: {text}"));
        assert_eq!(sample.port.get(), port, "{text}");
        assert_eq!(problems.count(Severity::Error), errors, "{text}");
    }
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
        ("0", 100, Some("0 ms is too short; 100 ms is used")),
        ("2e3", 2_000, None),
        ("1e99", largest, None),
        ("soon", 5_000, Some("expected a number of milliseconds, found string \"soon\"")),
        (".nan", 5_000, Some("expected a number of milliseconds, found number .nan")),
    ] {
        let (sample, problems) = sample(&format!("ms: {written}"));
        assert_eq!(sample.ms.get().as_millis(), ms, "{written}");
        let said: Vec<String> = said.iter().map(|said| format!("R.ms: {said}")).collect();
        assert_eq!(messages(&problems), said, "{written}");
    }
}

#[test]
fn a_secret_is_not_shown_even_when_it_is_wrong() {
    let mut all = Vec::new();
    for text in ["token: [hunter2]", "token:", "token: ''"] {
        let (sample, problems) = sample(text);
        assert!(sample.token.filled().is_none());
        sample.token.needed("x is on");
        all.extend(messages(&problems));
    }
    let all = all.join("\n");
    assert!(!all.contains("hunter2"), "{all}");
    assert!(all.contains("put a text that begins with [ or { into single quotes"), "{all}");
    assert!(all.contains("is missing; needed because x is on"), "{all}");
    assert!(all.contains("is an empty text"), "{all}");
}

#[test]
fn names_keep_their_order_and_scalar_values() {
    let (sample, problems) = sample("names: {b: 1, a: true, empty: , c: 1.5, '10': x}");
    let pairs = sample.names.get();
    let pairs: Vec<_> = pairs.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    assert_eq!(pairs, [("b", "1"), ("a", "true"), ("c", "1.5"), ("10", "x")]);
    assert_eq!(messages(&problems), Vec::<String>::new());
}

#[test]
fn old_spellings_are_read_and_told_when_somebody_asks() {
    let (sample, problems) = sample("flg: off\noldTopic: a\nlist: [{flg: no}, {flag: no}]");
    assert_eq!(problems.count(Severity::Warning), 0, "nobody has asked");
    assert!(!sample.flag.get() && sample.flag.at.is_old());
    assert_eq!(sample.below.get().topic.get().as_deref(), Some("a"));
    assert!(sample.list.items().iter().all(|item| !item.flag.get()));
    let old: Vec<String> =
        messages(&problems).into_iter().filter(|told| told.contains("old spelling")).collect();
    assert_eq!(
        old,
        [
            "R.flg: old spelling, read as R.flag",
            "R.oldTopic: old spelling, read as R.below.topic",
            "R.list[0].flg: old spelling, read as R.list[0].flag",
        ]
    );
    let (sample, problems) = self::sample("flg: false\nflag: true\noldTopic: a\nbelow: 7");
    assert!(sample.flag.get() && !sample.flag.at.is_old() && sample.flag.at.has_old());
    assert_eq!(sample.below.get().topic.get(), None);
    assert_eq!(
        messages(&problems),
        [
            "R.flg: old spelling, ignored because R.flag is there",
            "R.below: expected a map of keys, found number 7",
            "R.oldTopic: old spelling, ignored because R.below.topic is there",
        ]
    );
}

#[test]
fn everything_else_follows_from_the_definitions() {
    let catalog = Catalog::new(Sample::definitions());
    let paths = catalog.paths();
    assert_eq!(paths[..7], ["flag", "number", "within", "ms", "text", "below", "below.flag"]);
    assert!(paths.contains(&"list[].flag".to_owned()));
    for old in ["flg", "below.flg", "list[].flg", "oldTopic"] {
        assert!(catalog.retired().contains(&old.to_owned()), "{old}");
    }
    assert_eq!(catalog.required(), ["list"]);
    assert!(catalog.is_secret("token") && !catalog.is_secret("text"));
    let text = &catalog.keys[4];
    assert_eq!(
        (text.sentence.as_str(), &text.example),
        ("A text on two lines", &Some(json!("example")))
    );
}

#[test]
fn keys_that_nobody_reads_and_empty_lists_are_noticed() {
    let tree = compose(
        "{flga: 1, names: {any: 1}, levels: , list: [{}, {enabel: true}], below: {x: {y: 2}, flg: 1}}",
    );
    let visit = visit(&Catalog::new(Sample::definitions()), &tree.unwrap(), "R");
    let unknown: Vec<String> = visit
        .sections
        .iter()
        .flat_map(|section| section.unknown.iter().map(|key| format!("{}.{key}", section.path)))
        .collect();
    assert_eq!(unknown, ["R.list[1].enabel", "R.below.x", "R.flga"]);
    assert_eq!(visit.empty_lists, ["R.levels"]);
}
