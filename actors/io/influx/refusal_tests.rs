//! Refusals of real servers, word for word.

use super::*;

fn read(body: &str) -> Refusal {
    let message = influx_message(body.as_bytes()).unwrap();
    Refusal::read(400, &message, body.as_bytes())
}

fn indices(refusal: &Refusal) -> Vec<usize> {
    refusal.lines.iter().map(|line| line.index).collect()
}

#[test]
fn the_answers_of_three_versions_are_understood() {
    let refusal = read(r#"{"error":"partial write: points beyond retention policy dropped=3"}"#);
    assert!(refusal.partial);
    assert_eq!((refusal.dropped, refusal.conflict), (Some(3), None));

    let v2 = r#"{"code":"unprocessable entity","message":"failure writing points to database: partial write: field type conflict: input field \"a\" on measurement \"m\" is type integer, already exists as type float dropped=1"}"#;
    assert_eq!(read(v2).conflict.unwrap().field, "a");

    let v3 = r#"{"error":"partial write of line protocol occurred","data":[{"original_line":"m f=x","line_number":2,"error_message":"invalid"},{"line_number":0}]}"#;
    let refusal = read(v3);
    assert_eq!((refusal.partial, indices(&refusal)), (true, vec![1]));
    assert_eq!(refusal.lines[0].message, "invalid");
    assert_eq!(refusal.lines[0].text.as_deref(), Some("m f=x"));
}

#[test]
fn one_line_is_named_in_four_ways() {
    let whole = r#"{"error":"parsing failed for write_lp endpoint","data":{"error_message":"No fields were provided","line_number":3,"original_line":"m,t=a f= 3"}}"#;
    assert_eq!((read(whole).partial, indices(&read(whole))), (false, vec![2]));

    let hosted = r#"{"code":"invalid","message":"partial write error (1 accepted): 2/3 points rejected; first error: at line 3:13: expected field value"}"#;
    let refusal = read(hosted);
    assert_eq!((refusal.partial, refusal.dropped, indices(&refusal)), (true, Some(2), vec![2]));

    let numbered = r#"{"code":"invalid","message":"no data written","line":7}"#;
    assert_eq!(indices(&read(numbered)), [6]);

    let parsed = r#"{"error":"partial write: unable to parse 'm f=bogus= 17': invalid boolean\nunable to parse 'm g=\"it's': so\" 3': missing field value dropped=0"}"#;
    let refusal = read(parsed);
    assert_eq!(refusal.quoted, ["m f=bogus= 17", "m g=\"it's': so\" 3"]);
    assert_eq!(refusal.dropped, Some(0));
}

#[test]
fn what_is_too_old_is_counted_and_bounded() {
    let v1 = read(r#"{"error":"partial write: points beyond retention policy dropped=2"}"#);
    assert_eq!(v1.too_old, Some(TooOld { points: 2, bound: None }));

    let v2 = r#"{"code":"unprocessable entity","message":"failure writing points to database: partial write: dropped 1 points outside retention policy of duration 240h0m0s - oldest point m,t=old at 2026-11-14T07:55:57.55335266Z dropped because it violates a Retention Policy Lower Bound at 2026-11-15T07:55:57.744250498Z, newest point m,t=old at 2026-11-14T07:55:57.55335266Z dropped because it violates a Retention Policy Lower Bound at 2026-11-15T07:55:57.744250498Z"}"#;
    let v2 = read(v2);
    let bound = Some(1_794_729_357_744_250_498);
    assert_eq!(v2.too_old, Some(TooOld { points: 1, bound }));
    assert_eq!(v2.dropped, Some(1), "no `dropped=` in it");
}

#[test]
fn a_refusal_can_name_nothing() {
    let v3 = read(
        r#"{"code":"invalid","message":"write buffer error: parsing for line protocol failed"}"#,
    );
    assert!(v3.names_nothing() && !v3.partial && !v3.too_large);
    let body =
        r#"{"code":"request too large","message":"max request size (10485760 bytes) exceeded"}"#;
    let message = influx_message(body.as_bytes()).unwrap();
    assert!(Refusal::read(413, &message, body.as_bytes()).too_large);
}

#[test]
fn only_influxdb_speaks_like_this() {
    for body in [
        "",
        "404 page not found",
        "<html><title>Log in</title></html>",
        r#"{"message":"Forbidden"}"#,
        r#"{"error":"Bad Request","status":400,"path":"/write"}"#,
        r#"{"code":400,"message":"no route"}"#,
        r#"["error"]"#,
        "null",
    ] {
        assert_eq!(influx_message(body.as_bytes()), None, "{body}");
    }
    assert_eq!(influx_message(br#"{"error":"timeout"}"#).as_deref(), Some("timeout"));
}

#[test]
fn a_message_for_the_log_is_bounded() {
    assert_eq!(for_log(&"x".repeat(1_000)).chars().count(), 301);
    assert_eq!(for_log(" "), "");
    let long = format!(r#"{{"error":"{}"}}"#, "y".repeat(100_000));
    assert_eq!(read(&long).message.chars().count(), 301);
}
