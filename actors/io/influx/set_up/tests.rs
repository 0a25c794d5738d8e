//! What is asked before the first write, and what is made of the answers of real servers.

use std::time::Duration;

use test_support::{Answer, Influx3, RecordedRequest, StandIn};

use super::*;
use crate::domain::names::Secret;
use crate::io::influx::settings::{IncludeFields, InfluxSettings};

fn client(server: &StandIn, target: InfluxTarget) -> InfluxClient {
    InfluxClient::new(&InfluxSettings {
        base_url: format!("http://{}", server.address()),
        ca_file: None,
        target,
        max_batch_size: 1_000,
        include: IncludeFields::default(),
    })
}

fn v1() -> InfluxTarget {
    InfluxTarget::V1 {
        database: "d".to_owned(),
        auth: Some(("w".to_owned(), Secret::from("w"))),
        policy: "10d".to_owned(),
        duration: "10d".to_owned(),
    }
}

fn v2() -> InfluxTarget {
    InfluxTarget::V2 {
        org: "my org".to_owned(),
        bucket: "b".to_owned(),
        description: String::new(),
        token: Secret::from("token"),
        retention: Some(Duration::from_secs(864_000)),
    }
}

fn v3() -> InfluxTarget {
    let timeout = Duration::from_secs(10);
    InfluxTarget::V3 { database: "d".to_owned(), token: Secret::from("token"), timeout }
}

/// What was asked for: method, path, and the statement of version 1.
fn asked(server: &StandIn) -> Vec<String> {
    let question = |seen: &RecordedRequest| {
        let (path, query) = seen.target.split_once('?').unwrap_or((&seen.target, ""));
        let statement = query.strip_prefix("q=").map(|statement| {
            percent_encoding::percent_decode_str(statement).decode_utf8_lossy().into_owned()
        });
        format!("{} {}", seen.method, statement.as_deref().unwrap_or(path))
    };
    server.seen().iter().map(question).collect()
}

/// A server of version 1 with these databases and policies, which carries out what `may` allows.
fn server_1(databases: &str, policies: &str, may: bool) -> StandIn {
    let series = |name: &str, columns: &str, values: &str| {
        let values =
            if values.is_empty() { String::new() } else { format!(r#","values":[{values}]"#) };
        format!(
            r#"{{"results":[{{"statement_id":0,"series":[{{{name}"columns":[{columns}]{values}}}]}}]}}"#
        )
    };
    let databases = series(r#""name":"databases","#, r#""name""#, databases);
    let columns = r#""name","duration","shardGroupDuration","replicaN","default""#;
    let policies = series("", columns, policies);
    StandIn::start(move |seen| match seen.target.as_str() {
        query if query.contains("SHOW%20DATABASES") => Answer::new(200, databases.clone()),
        query if query.contains("SHOW%20RETENTION") => Answer::new(200, policies.clone()),
        _ if may => Answer::new(200, r#"{"results":[{"statement_id":0}]}"#),
        _ => Answer::new(
            403,
            r#"{"error":"error authorizing query: w not authorized to execute statement, requires admin privilege"}"#,
        ),
    })
}

#[actix::test]
async fn version_1_makes_a_database_by_one_statement() {
    let server = server_1(r#"["other"]"#, "", true);
    let notes = client(&server, v1()).set_up(false).await.unwrap();
    assert_eq!(notes, ["created database \"d\", points are kept for 10d"]);
    assert_eq!(
        asked(&server),
        [
            "GET SHOW DATABASES",
            "POST CREATE DATABASE \"d\" WITH DURATION 10d REPLICATION 1 NAME \"10d\"",
        ]
    );
}

#[actix::test]
async fn version_1_looks_at_what_is_there() {
    let other = r#"["7d","168h0m0s","24h0m0s",1,false]"#;
    let create = "POST CREATE RETENTION POLICY \"10d\" ON \"d\" DURATION 10d REPLICATION 1 DEFAULT";
    let repaired = "database \"d\" had no default retention policy and refused every point; it \
                    has \"10d\" now, points are kept for 10d";
    for (policies, note, statement) in [
        (r#"["10d","240h0m0s","24h0m0s",1,true]"#.to_owned(), None, None),
        (r#"["main","240h0m0s","24h0m0s",1,true]"#.to_owned(), None, None),
        (
            r#"["autogen","0s","168h0m0s",1,true]"#.to_owned(),
            Some(
                "database \"d\" keeps points for ever (its retention policy \"autogen\"), \
                 influxdbConfig.v1Config.retentionPolicy.duration says for 10d; the database is \
                 left as it is",
            ),
            None,
        ),
        (String::new(), Some(repaired), Some(create)),
        (other.to_owned(), Some(repaired), Some(create)),
        (
            format!(r#"{other},["10d","240h0m0s","24h0m0s",1,false]"#),
            Some(repaired),
            Some("POST ALTER RETENTION POLICY \"10d\" ON \"d\" DEFAULT"),
        ),
    ] {
        let server = server_1(r#"["d"]"#, &policies, true);
        let notes = client(&server, v1()).set_up(false).await.unwrap();
        assert_eq!(notes, note.into_iter().collect::<Vec<_>>(), "{policies}");
        let asked = asked(&server);
        assert_eq!(asked[1], "GET SHOW RETENTION POLICIES ON \"d\"");
        assert_eq!(asked.get(2).map(String::as_str), statement, "{policies}");
    }
}

#[actix::test]
async fn version_1_with_a_user_who_may_only_write() {
    // A user sees only databases with a right.
    let server = server_1("", "", false);
    let notes = client(&server, v1()).set_up(false).await.unwrap();
    assert_eq!(notes.len(), 1);
    assert!(notes[0].starts_with("database \"d\" could not be looked at (status 403"), "{notes:?}");
    assert!(notes[0].ends_with("the first write will show whether it is there"), "{notes:?}");
    // The write has shown it.
    let outage = client(&server, v1()).set_up(true).await.unwrap_err();
    assert!(outage.message.contains("database \"d\" cannot be made"), "{}", outage.message);
    assert!(outage.message.ends_with("rights of the user of influxdbConfig.v1Config.auth"));

    let server = server_1(r#"["d"]"#, "", false);
    let outage = client(&server, v1()).set_up(false).await.unwrap_err();
    assert!(outage.message.contains("has no default retention policy"), "{}", outage.message);
}

#[actix::test]
async fn version_1_says_why_a_statement_was_not_carried_out() {
    let server = StandIn::start(|seen| match seen.method.as_str() {
        "GET" => Answer::new(200, r#"{"results":[{"series":[{"columns":["name"]}]}]}"#),
        _ => Answer::new(
            200,
            r#"{"results":[{"statement_id":0,"error":"retention policy duration must be at least 1h0m0s"}]}"#,
        ),
    });
    let outage = client(&server, v1()).set_up(false).await.unwrap_err();
    assert_eq!(
        outage.message,
        format!(
            "http://{}: database \"d\" cannot be made, \"retention policy duration must be at \
             least 1h0m0s\"; check influxdbConfig.v1Config.retentionPolicy",
            server.address()
        )
    );
}

fn server_2(
    buckets: (u16, &'static str),
    orgs: (u16, &'static str),
    created: (u16, &'static str),
) -> StandIn {
    StandIn::start(move |seen| {
        let (status, body) = match (seen.method.as_str(), seen.target.starts_with("/api/v2/orgs")) {
            ("GET", true) => orgs,
            ("GET", false) => buckets,
            _ => created,
        };
        Answer::new(status, body)
    })
}

const NO_BUCKET: (u16, &str) = (404, r#"{"code":"not found","message":"bucket \"b\" not found"}"#);
const ORG: (u16, &str) = (200, r#"{"orgs":[{"id":"aa","name":"my org"}]}"#);
const CREATED: (u16, &str) = (201, "{}");

#[actix::test]
async fn version_2_asks_for_the_bucket_by_both_names() {
    let there = r#"{"buckets":[{"id":"1","name":"b","retentionRules":[{"type":"expire","everySeconds":864000}]}]}"#;
    let server = server_2((200, there), ORG, CREATED);
    assert_eq!(client(&server, v2()).set_up(false).await.unwrap(), Vec::<String>::new());
    let seen = server.seen();
    assert_eq!(seen.len(), 1, "nobody asks for the organisation");
    assert_eq!(seen[0].target, "/api/v2/buckets?org=my%20org&name=b");

    for (rules, keeps) in
        [("[]", "for ever"), (r#"[{"type":"expire","everySeconds":7200}]"#, "for 2h")]
    {
        let body = format!(r#"{{"buckets":[{{"id":"1","name":"b","retentionRules":{rules}}}]}}"#);
        let server = StandIn::start(move |_| Answer::new(200, body.clone()));
        let notes = client(&server, v2()).set_up(false).await.unwrap();
        let note = format!(
            "bucket \"b\" keeps points {keeps}, influxdbConfig.v2Config.retentionDuration says \
             for 10d; the bucket is left as it is"
        );
        assert_eq!(notes, [note]);
    }
}

#[actix::test]
async fn version_2_with_a_token_for_one_bucket() {
    let server = server_2((200, r#"{"buckets":[]}"#), (200, r#"{"orgs":[]}"#), CREATED);
    let notes = client(&server, v2()).set_up(false).await.unwrap();
    assert_eq!(notes.len(), 1);
    assert!(notes[0].contains("may not look at bucket \"b\""), "{notes:?}");
    assert_eq!(server.seen().len(), 1);
    // A write was told that there is none, and this token cannot make one.
    let outage = client(&server, v2()).set_up(true).await.unwrap_err();
    assert!(
        outage.message.contains("may not see the organisation \"my org\""),
        "{}",
        outage.message
    );
}

#[actix::test]
async fn version_2_makes_a_bucket_that_is_missing() {
    let server = server_2(NO_BUCKET, ORG, CREATED);
    let notes = client(&server, v2()).set_up(false).await.unwrap();
    assert_eq!(notes, ["created bucket \"b\", points are kept for 10d"]);
    // An empty list is no proof, the answer to a write is.
    let server = server_2((200, r#"{"buckets":[]}"#), ORG, CREATED);
    assert_eq!(client(&server, v2()).set_up(true).await.unwrap().len(), 1);
    let there = (422, r#"{"code":"conflict","message":"bucket with name b already exists"}"#);
    let server = server_2(NO_BUCKET, ORG, there);
    assert_eq!(client(&server, v2()).set_up(false).await.unwrap(), Vec::<String>::new());
}

#[actix::test]
async fn version_2_says_why_a_bucket_cannot_be_made() {
    let gone = (404, r#"{"code":"not found","message":"organization name \"my org\" not found"}"#);
    let name = (400, r#"{"code":"invalid","message":"bucket name _x is invalid"}"#);
    let short = (
        500,
        r#"{"code":"internal error","message":"retention policy duration must be at least 1h0m0s"}"#,
    );
    let right =
        (401, r#"{"code":"unauthorized","message":"write:orgs/aa/buckets is unauthorized"}"#);
    for (buckets, orgs, created, words, status) in [
        (gone, gone, CREATED, "there is no organisation \"my org\"", 404),
        (NO_BUCKET, ORG, name, "cannot be made, \"bucket name _x is invalid\"", 400),
        (NO_BUCKET, ORG, short, "must be at least 1h0m0s", 500),
        (NO_BUCKET, ORG, right, "check the rights of the token", 401),
    ] {
        let server = server_2(buckets, orgs, created);
        let outage = client(&server, v2()).set_up(false).await.unwrap_err();
        assert!(outage.message.contains(words), "{}", outage.message);
        assert_eq!(outage.failure.status(), Some(status), "{}", outage.message);
    }
}

#[actix::test]
async fn version_3_has_nothing_to_make() {
    let mut influx = Influx3::with_token("token");
    let server = StandIn::start(move |seen| influx.answer(seen));
    assert_eq!(client(&server, v3()).set_up(false).await.unwrap(), Vec::<String>::new());
    let mut influx = Influx3::with_token("another");
    server.respond(move |seen| influx.answer(seen));
    let outage = client(&server, v3()).set_up(false).await.unwrap_err();
    assert!(
        outage.message.ends_with("; check influxdbConfig.v3Config.token"),
        "{}",
        outage.message
    );
}

#[actix::test]
async fn strangers_are_not_believed() {
    let page = "<html><title>Log in</title></html>";
    let text = "unsupported path requested: \"/api/v2/buckets\"";
    for target in [v1, v2, v3] {
        for (answer, away) in [
            (Answer::new(200, page), true),
            (Answer::new(302, ""), true),
            (Answer::new(503, ""), true),
            (Answer::new(401, ""), true),
            (Answer::HangUp, true),
            // A server that speaks the write API and nothing else.
            (Answer::new(400, text), false),
            (Answer::new(404, "404 page not found"), false),
        ] {
            let told = format!("{:?} {answer:?}", target());
            let server = StandIn::start(move |_| answer.clone());
            match client(&server, target()).set_up(false).await {
                Err(_) => assert!(away, "{told}"),
                Ok(notes) => {
                    assert!(
                        !away && notes[0].contains("could not be looked at"),
                        "{told} {notes:?}"
                    );
                }
            }
        }
    }
}
