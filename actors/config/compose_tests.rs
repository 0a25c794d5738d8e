//! Documents, and what is no document.

use super::*;

fn json(text: &str) -> String {
    match compose(text) {
        Ok(tree) => tree.to_json().to_string(),
        Err(mistake) => format!("{}:{} {}", mistake.at.0, mistake.at.1, mistake.reason),
    }
}

#[test]
fn documents_are_read_as_yaml_1_2_has_them() {
    for (text, expected) in [
        ("", "null"),
        ("# only a comment\n", "null"),
        ("a: 1\nb: [x, 'y']\n", r#"{"a":1,"b":["x","y"]}"#),
        (
            "---\na: >\n  folded\n  text\nb: |\n  kept\n...\n",
            r#"{"a":"folded text\n","b":"kept\n"}"#,
        ),
        ("a: &x {b: 1}\nc: *x\n", r#"{"a":{"b":1},"c":{"b":1}}"#),
        ("a: !!str 1\nb: ! 2\nc: !!int '3'\nd: !!null ''\n", r#"{"a":"1","b":"2","c":3,"d":null}"#),
        ("a: !!seq [1]\nb: !!map {c: 1}\n", r#"{"a":[1],"b":{"c":1}}"#),
        ("? a\n: 1\n", r#"{"a":1}"#),
        ("a: \"x\\ty\"\n", r#"{"a":"x\ty"}"#),
    ] {
        assert_eq!(json(text), expected, "{text:?}");
    }
}

#[test]
fn merge_keys_bring_in_what_is_not_there() {
    for (text, expected) in [
        ("x: &x {a: 1, b: 1}\ny: {b: 2, <<: *x, c: 2}\n", r#""y":{"b":2,"c":2,"a":1}"#),
        ("x: &x {a: 1}\nz: &z {a: 2, b: 2}\ny: {<<: [*x, *z]}\n", r#""y":{"a":1,"b":2}"#),
        ("x: &x {a: 1}\nz: &z {<<: *x, b: 2}\ny: {<<: *z}\n", r#""y":{"b":2,"a":1}"#),
        ("x: {'<<': 1}\n", r#"{"<<":1}"#),
    ] {
        assert!(json(text).contains(expected), "{text:?}: {}", json(text));
    }
}

#[test]
fn what_is_no_configuration_is_refused_with_its_place() {
    for (text, expected) in [
        ("a: 1\n---\nb: 2\n", "2:1 a second document begins; one is the whole file"),
        ("a: 1\nb: {c: 1, c: 2}\n", "2:11 duplicate entry with key \"c\""),
        ("a: 1\n'a': 2\n", "2:1 duplicate entry with key \"a\""),
        ("a: 1\nb: x\u{7}y\n", "2:5 control characters are not allowed"),
        ("a: 1\r\nb: x\u{9f}y\r\n", "2:5 control characters are not allowed"),
        ("a: &a {b: *a}\n", "1:11 a reference to what it is part of"),
        ("a: *nothing\n", "1:4 while parsing node, found unknown anchor"),
        ("a: {<<: 1}\n", "1:5 a merge key << takes a map, or a list of maps"),
        ("a: {<<: [1]}\n", "1:5 a merge key << takes a map, or a list of maps"),
        ("a: !secret x\n", "1:4 a tag that is not known: a word that begins with !"),
        ("a: !!binary x\n", "1:4 a tag that is not known: a word that begins with !"),
        ("a: !mine [x]\n", "1:4 a tag that is not known: a word that begins with !"),
    ] {
        assert_eq!(json(text), expected, "{text:?}");
    }
}

#[test]
fn references_do_not_unfold_without_end() {
    let mut text = format!("a0: &a0 [{}]\n", ["x"; 10].join(", "));
    for level in 1..9 {
        let below = vec![format!("*a{}", level - 1); 10].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{below}]\n"));
    }
    assert!(json(&text).ends_with("repetition limit exceeded"));
}
