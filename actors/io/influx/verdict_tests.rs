//! Answers as they come, from InfluxDB and from others.

use super::*;
use crate::domain::errors::{Category, RequestUrl};

fn answer(status: u16, body: &str) -> Answer {
    Answer {
        status,
        retry_after: None,
        content_type: None,
        redirected_to: None,
        redirects_to: None,
        body: body.to_owned().into(),
    }
}

fn asked() -> Question<'static> {
    let request = RequestFacts { url: RequestUrl::sanitised("http://i/write"), timeout: None };
    Question { server: "http://i", login: "influxdbConfig.v2Config.token", request }
}

/// The verdict in a word.
fn verdict(status: u16, body: &str) -> &'static str {
    match judge(&asked(), &answer(status, body)) {
        Verdict::Stored => "stored",
        Verdict::Refused { .. } => "refused",
        Verdict::Missing(_) => "missing",
        Verdict::Away(SendError { suspicion: Some(_), .. }) => "away, or the points",
        Verdict::Away(_) => "away",
    }
}

#[test]
fn only_influxdb_stores_and_refuses() {
    let page = "<html><body>hello</body></html>";
    let rows = [
        (204, "", "stored"),
        (200, "", "away, or the points"),
        (200, page, "away, or the points"),
        (200, r#"{"error":"x"}"#, "away, or the points"),
        (202, "", "away, or the points"),
        (302, "", "away, or the points"),
        (400, r#"{"error":"unable to parse 'x': bad"}"#, "refused"),
        (422, r#"{"code":"unprocessable entity","message":"partial write: x"}"#, "refused"),
        (413, r#"{"error":"Request Entity Too Large"}"#, "refused"),
        (413, page, "away, or the points"),
        (400, page, "away, or the points"),
        (400, "Client sent an HTTP request to an HTTPS server.", "away, or the points"),
        (400, r#"{"message":"Bad request"}"#, "away, or the points"),
        (400, r#"{"code":"invalid","message":"Please provide either orgID or org"}"#, "away"),
        (400, r#"{"error":"unable to parse 'a org=database is required': x"}"#, "refused"),
        (401, "", "away"),
        (403, r#"{"error":"not authorized"}"#, "away"),
        (403, page, "away, or the points"),
        (404, r#"{"error":"database not found: \"x\""}"#, "missing"),
        (404, "404 page not found", "away"),
        (404, page, "away"),
        (429, r#"{"code":"too many requests","message":"x"}"#, "away"),
        (500, r#"{"error":"retention policy not found: 10d"}"#, "missing"),
        (500, r#"{"error":"timeout"}"#, "away, or the points"),
        (
            500,
            r#"{"code":"internal error","message":"unexpected error writing points to database: partial write: points beyond retention policy dropped=1"}"#,
            "refused",
        ),
        (503, "partial write", "away, or the points"),
        (500, "", "away, or the points"),
    ];
    for (status, body, expected) in rows {
        assert_eq!(verdict(status, body), expected, "{status} {body}");
    }
}

#[test]
fn the_words_of_strangers_choose_no_category() {
    let page = "<html><title>TLS cert timeout mqtt</title></html>";
    for (status, category) in
        [(200, Category::Unknown), (302, Category::Unknown), (400, Category::Http4xx)]
    {
        let outage = outage(&asked(), &answer(status, page));
        assert_eq!(outage.failure.category(), category, "{status}");
        assert!(outage.message.contains("TLS cert timeout mqtt"), "{}", outage.message);
    }
}

#[test]
fn the_line_says_what_answered_and_what_to_look_at() {
    let message = |status, body: &str| outage(&asked(), &answer(status, body)).message;
    assert_eq!(
        message(200, "\u{feff}<!DOCTYPE HTML>\n<HTML><TITLE lang=en>\nSign in\n</TITLE>"),
        "http://i: status 200 where InfluxDB gives another answer, a web page titled \"Sign in\"; \
         this is not InfluxDB, which answers 204: check influxdbConfig for host and port, and \
         whether a proxy or a sign-in is in between"
    );
    assert_eq!(
        message(401, r#"{"code":"unauthorized","message":"unauthorized access"}"#),
        "http://i: request failed with status code 401, \"unauthorized access\"; check \
         influxdbConfig.v2Config.token"
    );
    let redirect = Answer {
        redirects_to: Some("https://sso.example.com/sign-in".to_owned()),
        ..answer(302, "<html><title>Moved</title></html>")
    };
    let line = outage(&asked(), &redirect).message;
    let said = "status code 302, a redirect to https://sso.example.com/sign-in, a web page titled";
    assert!(line.contains(said), "{line}");
    let long = message(503, &"é\n".repeat(3_000));
    assert!(long.chars().count() < 1_200 && !long.contains('\n'), "{long}");
}
