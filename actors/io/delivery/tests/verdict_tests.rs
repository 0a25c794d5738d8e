//! Servers that answer neither "stored" nor "refused": no point is lost, and it is said.

use super::*;

/// Pauses so short that a test sees many of them.
fn short(settings: &InfluxSettings) -> Policy {
    Policy { pause: Duration::from_millis(2), ..policy(settings, 1_000) }
}

/// A pause so long that a test sees one attempt only.
fn long(settings: &InfluxSettings) -> Policy {
    Policy { pause: Duration::from_secs(3_600), ..policy(settings, 1_000) }
}

fn start_with(
    settings: &InfluxSettings,
    policy: fn(&InfluxSettings) -> Policy,
) -> (InfluxDelivery, Events) {
    start(settings, policy(settings), Look::First)
}

fn is_write(seen: &RecordedRequest) -> bool {
    seen.target.contains("/write")
}

fn writes(server: &StandIn) -> usize {
    server.seen().iter().filter(|seen| is_write(seen)).count()
}

fn away(events: &Events) -> Vec<String> {
    let events = events.borrow();
    let messages = events.iter().filter_map(|event| match event {
        Event::Away { message, .. } => Some(message.clone()),
        _ => None,
    });
    messages.collect()
}

fn dropped(events: &Events) -> Vec<(usize, String)> {
    let events = events.borrow();
    let dropped = events.iter().filter_map(|event| match event {
        Event::Dropped { points, message, .. } => Some((*points, message.clone())),
        _ => None,
    });
    dropped.collect()
}

#[actix::test]
async fn nothing_but_204_is_stored() {
    let page = "<!DOCTYPE html><html><head><title>Log in</title></head></html>";
    let tls = "Client sent an HTTP request to an HTTPS server.\n";
    for (answer, words) in [
        (
            Answer::new(200, page),
            "status 200 where InfluxDB gives another answer, a web page titled \"Log in\"",
        ),
        (Answer::new(200, "{}"), "status 200 where InfluxDB gives another answer, \"{}\""),
        (Answer::new(201, ""), "status 201 where"),
        (
            Answer::Http(302, "Location: https://sso.example.com/\r\n", String::new()),
            "status code 302, a redirect to https://sso.example.com/; this is not InfluxDB",
        ),
        (
            Answer::new(400, page),
            "status code 400, a web page titled \"Log in\"; this is not InfluxDB",
        ),
        (Answer::new(400, tls), "begin influxdbConfig.url with https"),
        (Answer::new(404, "404 page not found"), "check host, port and the path"),
        (Answer::new(401, ""), "status code 401; check influxdbConfig.v3Config.token"),
        (Answer::new(403, r#"{"message":"Forbidden"}"#), "status code 403"),
        (
            Answer::new(
                500,
                r#"{"code":"internal error","message":"An internal error has occurred - check server logs"}"#,
            ),
            "check server logs",
        ),
    ] {
        let told = answer.clone();
        let server = StandIn::start(move |seen| match is_write(seen) {
            true => answer.clone(),
            false => Answer::new(200, "OK"),
        });
        let (stream, events) = start_with(&settings(&server), long);
        (0..4).for_each(|number| stream.push(job(&format!("{number}"))));
        until_async("the outage", || (not_stored(&events).len() == 4).then_some(())).await;
        let stats = stream.stats();
        assert_eq!((stats.written, stats.dropped_refused, stats.waiting), (0, 0, 4), "{told:?}");
        let obstacle = stream.obstacle().unwrap();
        assert!(obstacle.contains(words), "{obstacle}");
        assert_eq!(away(&events), [obstacle], "said once");
        let page = crate::domain::metrics::encode(&stream.families("influxdb"));
        assert!(page.contains("butlersos_destination_up{destination=\"influxdb\"} 0"), "{page}");
        assert_eq!(writes(&server), 1, "{told:?}");
        server.respond(|_| Answer::new(204, ""));
        assert_eq!(flush(&stream).await, 0);
        assert_eq!((stream.stats().written, stream.obstacle()), (4, None), "{told:?}");
    }
}

#[actix::test]
async fn a_refusal_that_is_the_same_for_every_part_is_not_about_points() {
    let server = StandIn::start(|seen| match is_write(seen) {
        true => Answer::new(400, r#"{"code":"invalid","message":"not in the mood"}"#),
        false => Answer::new(200, "OK"),
    });
    let large = InfluxSettings { max_batch_size: 1_000, ..settings(&server) };
    let (stream, events) =
        start(&large, Policy { linger: Duration::from_millis(50), ..long(&large) }, Look::First);
    (0..24).for_each(|number| stream.push(job(&format!("{number}"))));
    until_async("the outage", || stream.obstacle()).await;
    assert_eq!(not_stored(&events).len(), 24);
    assert!(stream.obstacle().unwrap().ends_with("whichever of the points are sent"));
    let stats = stream.stats();
    assert_eq!((stats.dropped_refused, stats.waiting), (0, 24));
    assert!(stats.requests <= 5, "{} requests", stats.requests);
    server.respond(|_| Answer::new(204, ""));
    assert_eq!(flush(&stream).await, 0);
    assert_eq!(stream.stats().written, 24);
}

#[actix::test]
async fn a_request_that_is_asked_wrongly_costs_no_point() {
    for message in [
        r#"{"code":"invalid","message":"Please provide either orgID or org"}"#,
        r#"{"error":"database is required"}"#,
        r#"{"code":"invalid","message":"namespace name 'a b/' contains invalid character, character number 1 is not whitelisted"}"#,
    ] {
        let server = StandIn::start(move |_| Answer::new(400, message));
        let (stream, _) = start_with(&settings(&server), long);
        stream.push(job("a"));
        until_async("the outage", || stream.obstacle()).await;
        assert_eq!((stream.stats().dropped_refused, stream.stats().waiting), (0, 1), "{message}");
    }
}

/// Fails whatever has the point `bad` in it, as an ill storage does.
fn poisoned(seen: &RecordedRequest) -> Answer {
    match is_write(seen) && seen.text().contains("t=bad ") {
        true => Answer::new(500, r#"{"error":"engine: shard 7: unexpected end of block"}"#),
        false => Answer::new(204, ""),
    }
}

#[actix::test]
async fn five_equal_answers_while_others_are_stored_find_the_bad_line() {
    let server = StandIn::start(poisoned);
    let large = InfluxSettings { max_batch_size: 1_000, ..settings(&server) };
    let (stream, events) =
        start(&large, Policy { linger: Duration::from_millis(20), ..short(&large) }, Look::First);
    (0..20).for_each(|number| {
        stream.push(job(&if number == 7 { "bad".to_owned() } else { format!("n{number}") }));
    });
    let mut others = 0;
    until_async("the bad line to be set aside", || {
        if stream.stats().waiting < 24 && stream.stats().dropped_refused == 0 {
            stream.push(job(&format!("o{others}")));
            others += 1;
        }
        (stream.stats().dropped_refused == 1).then_some(())
    })
    .await;
    assert_eq!(flush(&stream).await, 0);
    let stats = stream.stats();
    assert_eq!((stats.written, stats.dropped_refused), (19 + others, 1));
    let good = stored(&server, |seen| !seen.text().contains("t=bad "));
    for number in (0..20).filter(|number| *number != 7) {
        assert!(good.contains(&format!("m,t=n{number} f=1 1")), "{number}");
    }
    let seen = server.seen();
    let has = |seen: &RecordedRequest, name: &str| is_write(seen) && seen.text().contains(name);
    let whole =
        seen.iter().filter(|seen| ["t=n0 ", "t=bad ", "t=n19 "].iter().all(|n| has(seen, n)));
    assert!(whole.clone().count() <= 6, "the whole batch was sent {} times", whole.count());
    let dropped = dropped(&events);
    assert_eq!(dropped.len(), 1, "{dropped:?}");
    assert!(
        dropped[0].0 == 1 && dropped[0].1.contains("a line of m has this answer"),
        "{dropped:?}"
    );
    assert!(dropped[0].1.contains("unexpected end of block"), "{dropped:?}");
    assert_eq!(not_stored(&events).iter().filter(|name| *name == "bad").count(), 1);
}

#[actix::test]
async fn without_others_the_parts_of_the_batch_show_which_line_it_is() {
    let server = StandIn::start(poisoned);
    let large = InfluxSettings { max_batch_size: 1_000, ..settings(&server) };
    let (stream, _) =
        start(&large, Policy { linger: Duration::from_millis(20), ..short(&large) }, Look::First);
    ["a", "b", "c", "bad", "d"].iter().for_each(|name| stream.push(job(name)));
    until_async("everything", || (stream.stats().waiting == 0).then_some(())).await;
    assert_eq!((stream.stats().written, stream.stats().dropped_refused), (4, 1));
}

#[actix::test]
async fn a_server_that_is_ill_costs_no_point() {
    let server = StandIn::start(|seen| match is_write(seen) {
        true => Answer::new(500, r#"{"error":"timeout"}"#),
        false => Answer::new(204, ""),
    });
    let (stream, events) = start_with(&settings(&server), short);
    (0..10).for_each(|number| stream.push(job(&format!("{number}"))));
    until_async("many attempts", || (writes(&server) >= 30).then_some(())).await;
    assert_eq!((stream.stats().dropped_refused, stream.stats().waiting), (0, 10));
    assert_eq!(away(&events).len(), 1, "{:?}", away(&events));
    server.respond(|_| Answer::new(204, ""));
    until_async("the end", || (stream.stats().waiting == 0).then_some(())).await;
    assert_eq!(stream.stats().written, 10);
    let waited = events.borrow().iter().find_map(|event| match event {
        Event::Back { backlog_points } => Some(*backlog_points),
        _ => None,
    });
    assert_eq!(waited, Some(10), "with those that the first request has stored");
}

#[actix::test]
async fn another_cause_of_the_same_outage_is_news() {
    let server = StandIn::start(|_| Answer::HangUp);
    let (stream, events) = start_with(&settings(&server), short);
    stream.push(job("a"));
    until_async("the outage", || stream.obstacle()).await;
    server.respond(|_| Answer::new(401, ""));
    until_async("another cause", || (away(&events).len() == 2).then_some(())).await;
    assert!(away(&events)[1].contains("status code 401"), "{:?}", away(&events));
}

#[actix::test]
async fn a_server_that_is_silent_is_away_before_anything_is_written() {
    let server = StandIn::start(|_| Answer::Silence);
    let mut quick = settings(&server);
    if let InfluxTarget::V3 { timeout, .. } = &mut quick.target {
        *timeout = Duration::from_millis(100);
    }
    let (stream, events) = start_with(&quick, long);
    stream.push(job("a"));
    until_async("the report", || (not_stored(&events).len() == 1).then_some(())).await;
    assert!(stream.obstacle().is_some());
    assert_eq!(writes(&server), 0, "the first question was enough");
}

#[actix::test]
async fn an_outage_ends_although_there_is_nothing_to_write() {
    let server = StandIn::start(|_| Answer::HangUp);
    let (stream, events) = start_with(&settings(&server), short);
    until_async("the outage", || stream.obstacle()).await;
    server.respond(|_| Answer::new(200, "OK"));
    until_async("the end", || stream.obstacle().is_none().then_some(())).await;
    assert!(events.borrow().contains(&Event::Back { backlog_points: 0 }));
    assert_eq!(writes(&server), 0);
}

#[actix::test]
async fn a_page_for_some_points_alone_costs_none_and_holds_nobody_up() {
    let server = StandIn::start(|seen| match is_write(seen) && seen.text().contains("t=bad ") {
        true => Answer::new(200, "<html><title>Request blocked</title></html>"),
        false => Answer::new(204, ""),
    });
    let single = InfluxSettings { max_batch_size: 1, ..settings(&server) };
    let (stream, events) = start_with(&single, short);
    ["a", "bad", "b", "c"].iter().for_each(|name| stream.push(job(name)));
    let goes_on = || (stream.stats().written == 3 && stream.obstacle().is_none()).then_some(());
    until_async("the others", goes_on).await;
    let so_far = writes(&server);
    until_async("further attempts", || (writes(&server) > so_far + 8).then_some(())).await;
    let stats = stream.stats();
    assert_eq!((stats.written, stats.dropped_refused, stats.waiting), (3, 0, 1));
    assert_eq!(stream.obstacle(), None, "the others show that it works");
    assert_eq!(away(&events).len(), 1);
    server.respond(|_| Answer::new(204, ""));
    until_async("the last", || (stream.stats().written == 4).then_some(())).await;
}
