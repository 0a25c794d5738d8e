//! Refusals: what is named goes, everything else is stored, in few requests.

use test_support::Influx3;

use super::*;

/// One operation of several points.
fn operation(name: &str, lines: &str) -> Job {
    Job { bytes: lines.as_bytes().to_vec().into(), points: lines.lines().count(), ..job(name) }
}

fn of_version(server: &StandIn, version: InfluxVersion) -> InfluxSettings {
    let mut settings = InfluxSettings { max_batch_size: 1_000, ..settings(server) };
    settings.target = match version {
        InfluxVersion::V1 => InfluxTarget::V1 {
            database: "d".to_owned(),
            auth: None,
            policy: "10d".to_owned(),
            duration: "10d".to_owned(),
        },
        InfluxVersion::V2 => InfluxTarget::V2 {
            org: "o".to_owned(),
            bucket: "d".to_owned(),
            description: String::new(),
            token: Secret::from("token"),
            retention: None,
        },
        InfluxVersion::V3 => settings.target,
    };
    settings
}

/// Everything that leaves together, and what became of it: requests to write, points stored,
/// dropped, and the messages.
async fn result(settings: &InfluxSettings, jobs: Vec<Job>) -> (u64, u64, u64, Vec<String>) {
    let policy = Policy { linger: Duration::from_millis(50), ..policy(settings, 10_000) };
    let (stream, events) = start(settings, policy, Look::First);
    jobs.into_iter().for_each(|job| stream.push(job));
    until_async("everything", || (stream.stats().waiting == 0).then_some(())).await;
    let stats = stream.stats();
    let events = events.borrow();
    let messages = events.iter().filter_map(|event| match event {
        Event::Dropped { points, message, .. } => Some(format!("{points}: {message}")),
        Event::Away { message, .. } => Some(message.clone()),
        _ => None,
    });
    (stats.requests, stats.written, stats.dropped_refused, messages.collect())
}

/// Answers writes with what `refuse` says about the lines; all else is there already.
fn refusing(refuse: impl Fn(&[&str]) -> Option<Answer> + Send + 'static) -> StandIn {
    StandIn::start(move |seen| {
        if !seen.target.contains("/write?") {
            let found = r#"{"results":[{"series":[{"values":[["d"]]}]}],"buckets":[{"id":"1"}]}"#;
            return Answer::new(200, found);
        }
        let text = seen.text();
        refuse(&text.lines().collect::<Vec<_>>()).unwrap_or_else(|| Answer::new(204, ""))
    })
}

#[actix::test]
async fn a_line_that_is_quoted_is_found_at_once() {
    let server = refusing(|lines| {
        let bad: Vec<String> = lines
            .iter()
            .filter(|line| line.contains("t=bad"))
            .map(|line| format!("unable to parse '{line}': missing field value"))
            .collect();
        let body = serde_json::json!({ "code": "invalid", "message": bad.join("\n") });
        (!bad.is_empty()).then(|| Answer::new(400, body.to_string()))
    });
    let mut jobs: Vec<Job> = (0..500).map(|number| job(&format!("{number}"))).collect();
    jobs[100] = job("bad");
    jobs[300] = operation("x", "m,t=good f=1 1\nm,t=bad2 f= 1\n");
    let (requests, written, dropped, _) =
        result(&of_version(&server, InfluxVersion::V2), jobs).await;
    assert_eq!((requests, written, dropped), (2, 499, 2));
}

#[actix::test]
async fn points_that_are_too_old_go_at_once() {
    let bound = 1_794_729_357_744_250_498_i64;
    let stamp = |line: &str| line.rsplit(' ').next().unwrap().parse::<i64>().unwrap();
    let lines: String =
        (0..1_000).map(|n| format!("m,t={n} f=1 {}\n", bound - 500_000 + 1_000 * n)).collect();
    let jobs =
        || lines.lines().map(|line| operation("x", &format!("{line}\n"))).collect::<Vec<_>>();
    let told = refusing(move |lines| {
        let old = lines.iter().filter(|line| stamp(line) < bound).count();
        let message = format!(
            "failure writing points to database: partial write: dropped {old} points outside retention policy of duration 240h0m0s - oldest point m,t=old at 2026-11-14T07:55:57.55335266Z dropped because it violates a Retention Policy Lower Bound at 2026-11-15T07:55:57.744250498Z, newest point m,t=old at 2026-11-14T07:55:57.55335266Z dropped because it violates a Retention Policy Lower Bound at 2026-11-15T07:55:57.744250498Z"
        );
        let body = serde_json::json!({ "code": "unprocessable entity", "message": message });
        (old > 0).then(|| Answer::new(422, body.to_string()))
    });
    let (requests, written, dropped, messages) =
        result(&of_version(&told, InfluxVersion::V2), jobs()).await;
    assert_eq!((requests, written, dropped), (2, 500, 500));
    assert_eq!(messages.len(), 1, "{messages:?}");
    assert!(messages[0].starts_with("500: "), "{messages:?}");

    // Version 1 says how many, and not since when.
    let counted = refusing(move |lines| {
        let old = lines.iter().filter(|line| stamp(line) < bound).count();
        let body =
            format!(r#"{{"error":"partial write: points beyond retention policy dropped={old}"}}"#);
        (old > 0).then(|| Answer::new(400, body))
    });
    let (requests, written, dropped, messages) =
        result(&of_version(&counted, InfluxVersion::V1), jobs()).await;
    assert_eq!((requests, written, dropped, messages.len()), (3, 500, 500, 1));
}

#[actix::test]
async fn a_permanent_cause_behind_an_error_of_the_server_is_a_refusal() {
    let server = refusing(|lines| {
        let body = r#"{"code":"internal error","message":"unexpected error writing points to database: partial write: points beyond retention policy dropped=1"}"#;
        lines.iter().any(|line| line.contains("poison")).then(|| Answer::new(500, body))
    });
    let mut jobs: Vec<Job> = (0..50).map(|number| job(&format!("{number}"))).collect();
    jobs[30] = operation("x", "m,t=a f=1 1\nm,t=poison f=1 1\nm,t=b f=1 1\n");
    let (requests, written, dropped, messages) =
        result(&of_version(&server, InfluxVersion::V2), jobs).await;
    assert_eq!((written, dropped), (51, 1));
    assert!(requests < 20, "{requests}");
    assert_eq!(messages.len(), 1, "{messages:?}");
    assert!(messages[0].starts_with("1: unexpected error writing points"), "{messages:?}");
}

#[actix::test]
async fn a_type_that_cannot_be_given_costs_the_lines_that_have_it() {
    let server = refusing(|lines| {
        let bad = lines.iter().filter(|line| line.contains("f=\"text\"")).count();
        let body = format!(
            r#"{{"error":"partial write: field type conflict: input field \"f\" on measurement \"m\" is type string, already exists as type float dropped={bad}"}}"#
        );
        (bad > 0).then(|| Answer::new(400, body))
    });
    let mut jobs: Vec<Job> = (0..100).map(|number| job(&format!("{number}"))).collect();
    jobs[5] = operation("x", "m,t=a f=\"text\" 1\nm,t=b f=1 1\n");
    jobs[77] = operation("y", "m,t=c f=\"text\" 1\n");
    let (requests, written, dropped, _) =
        result(&of_version(&server, InfluxVersion::V1), jobs).await;
    assert_eq!((requests, written, dropped), (2, 99, 2));
}

#[actix::test]
async fn what_a_full_database_drops_is_counted() {
    let server = refusing(|lines| {
        let bad = lines.iter().filter(|line| line.contains("t=new")).count();
        let body = format!(
            r#"{{"error":"partial write: max-values-per-tag limit exceeded (100000/100000): measurement=\"m\" tag=\"t\" value=\"new\" dropped={bad}"}}"#
        );
        (bad > 0).then(|| Answer::new(400, body))
    });
    let one = operation("x", "m,t=a f=1 1\nm,t=new f=1 1\nm,t=b f=1 1\nm,t=new f=1 2\n");
    let (requests, written, dropped, _) =
        result(&of_version(&server, InfluxVersion::V1), vec![one]).await;
    assert_eq!((requests, written, dropped), (1, 2, 2));
}

#[actix::test]
async fn a_body_that_is_too_large_is_cut() {
    let server = refusing(|lines| {
        let body = r#"{"code":"request too large","message":"max request size (10485760 bytes) exceeded"}"#;
        (lines.len() > 10).then(|| Answer::new(413, body))
    });
    let jobs = (0..500).map(|number| job(&format!("{number}"))).collect();
    let (_, written, dropped, messages) =
        result(&of_version(&server, InfluxVersion::V3), jobs).await;
    assert_eq!((written, dropped, messages), (500, 0, vec![]));
}

#[actix::test]
async fn version_3_is_asked_once_more_and_names_its_lines() {
    let mut influx =
        Influx3::with_token("token").column("m", "f", "float").column("m", "g", "integer");
    let server = StandIn::start(move |seen| influx.answer(seen));
    let mut jobs: Vec<Job> = (0..200).map(|number| job(&format!("{number}"))).collect();
    jobs[17] = operation("x", "m,t=a f=5i 1\nm,t=b f= 1\nm,t=c f=1,g=2.5 1\nm,t=d f=\"text\" 1\n");
    let (requests, written, dropped, messages) =
        result(&of_version(&server, InfluxVersion::V3), jobs).await;
    assert_eq!((requests, written, dropped), (3, 201, 2));
    assert_eq!(
        messages,
        [
            "1: No fields were provided",
            "1: invalid column type for column 'f', expected iox::column_type::field::float, got \
             iox::column_type::field::string"
        ]
    );
    let seen = server.seen();
    let paths: Vec<&str> = seen
        .iter()
        .map(|seen| seen.target.as_str())
        .filter(|target| *target != "/health")
        .collect();
    let v2 = "/api/v2/write?bucket=d&precision=ns";
    let v3 = "/api/v3/write_lp?db=d&precision=nanosecond&accept_partial=true";
    assert_eq!(paths, [v2, v3, v2]);
    let again = seen.last().unwrap().text();
    assert_eq!(again, "m,t=a f=5 1\nm,t=c f=1,g=2i 1\n", "with the types of the columns");
}

#[actix::test]
async fn where_nobody_names_lines_the_batch_is_halved() {
    for elsewhere in [
        Answer::new(404, ""),
        Answer::new(405, "Method Not Allowed"),
        Answer::new(200, "<!doctype html><title>InfluxDB</title>"),
    ] {
        let server = StandIn::start(move |seen| match seen.target.split('?').next() {
            Some("/api/v2/write") if seen.text().contains("t=bad ") => Answer::new(
                400,
                r#"{"code":"invalid","message":"write buffer error: parsing for line protocol failed"}"#,
            ),
            Some("/api/v3/write_lp") => elsewhere.clone(),
            _ => Answer::new(204, ""),
        });
        let mut jobs: Vec<Job> = (0..64).map(|number| job(&format!("{number}"))).collect();
        jobs[0] = job("bad");
        let (requests, written, dropped, _) =
            result(&of_version(&server, InfluxVersion::V3), jobs).await;
        assert_eq!((requests, written, dropped), (14, 63, 1));
        let asked = server.seen().iter().filter(|seen| seen.target.contains("write_lp")).count();
        assert_eq!(asked, 1, "once is enough");
    }
}
